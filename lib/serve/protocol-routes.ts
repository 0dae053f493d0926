// Health, metadata and inference of the Open Inference Protocol v2.
import type { FastifyInstance } from 'fastify';
import { ask, askedModel, findModel, modelPaths } from './asked-model';
import { inputName, outputName, parseInferRequest } from './infer-request';
import { formatInferResponse } from './infer-response';
import { Refusal } from './refusal';
import type { Service } from './service';

export function addProtocolRoutes(app: FastifyInstance, service: Service): void {
  const { store, options } = service;
  app.get('/v2', async () => ({ name: 'addernet', version: options.version, extensions: ['binary_tensor_data'] }));

  const open = { config: { open: true } };
  app.get('/v2/health/live', open, async () => ({ live: true }));
  // Every network that was asked for: a new server with a broken file must not take the place of one that is whole.
  app.get('/v2/health/ready', open, async () => {
    if (service.isEnding) throw new Refusal(503, 'the server is ending');
    const broken = store.broken().map(({ name, error }) => `${name}: ${error}`);
    if (broken.length > 0) throw new Refusal(503, `not all models could be loaded: ${broken.join('; ')}`);
    return { ready: true };
  });

  // The listing of the model repository extension.
  app.post('/v2/repository/index', async () =>
    store.all().map((model) => ({
      name: model.name,
      version: model.version,
      ...('error' in model ? { state: 'UNAVAILABLE', reason: model.error } : { state: 'READY' }),
    })),
  );

  for (const path of modelPaths('/ready')) app.get(path, open, async (request) => ({ name: askedModel(store, request).name, ready: true }));

  for (const path of modelPaths(''))
    app.get(path, async (request) => {
      const { name, bits, metadata } = askedModel(store, request);
      const { unit, dataset, classNames } = metadata;
      return {
        name,
        versions: store.versions(name),
        platform: 'addernet',
        inputs: [{ name: inputName, datatype: 'FP32', shape: [-1, ...metadata.inputShape] }],
        outputs: [{ name: outputName, datatype: 'FP32', shape: [-1, metadata.classes] }],
        parameters: { unit, bits, dataset, class_names: classNames },
      };
    });

  for (const path of modelPaths('/infer'))
    app.post(path, { config: { inference: 'infer' }, onRequest: findModel(store) }, async (request, reply) => {
      const model = request.served!;
      const body = (request.body ?? Buffer.alloc(0)) as Buffer;
      const asked = parseInferRequest(body, request.headers['inference-header-content-length'] as string | undefined, model.metadata);
      const { y } = await ask(asked.x, request, reply, options.timeout);
      const response = formatInferResponse(model, asked, y);
      if (response.headerLength !== undefined) reply.header('inference-header-content-length', response.headerLength);
      return reply.type(response.contentType).send(response.body);
    });
}

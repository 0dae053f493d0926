// Health, metadata and inference of the Open Inference Protocol v2.
import type { FastifyInstance } from 'fastify';
import { answer, askedModel, findModel, modelPaths } from './asked-model';
import { checkReady, modelMetadata, serverMetadata } from './descriptions';
import { parseInferRequest } from './infer-request';
import { formatInferResponse } from './infer-response';
import type { Service } from './service';

export function addProtocolRoutes(app: FastifyInstance, service: Service): void {
  const { store, options } = service;
  app.get('/v2', async () => serverMetadata(service));

  const open = { config: { open: true } };
  app.get('/v2/health/live', open, async () => ({ live: true }));
  app.get('/v2/health/ready', open, async () => {
    checkReady(service);
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

  for (const path of modelPaths('')) app.get(path, async (request) => modelMetadata(store, askedModel(store, request)));

  for (const path of modelPaths('/infer'))
    app.post(path, { config: { inference: 'infer' }, onRequest: findModel(store) }, async (request, reply) => {
      const model = request.served!;
      const body = (request.body ?? Buffer.alloc(0)) as Buffer;
      const asked = parseInferRequest(body, request.headers['inference-header-content-length'] as string | undefined, model.metadata);
      const y = await answer(asked.x, request, reply, options.timeout);
      const response = formatInferResponse(model, asked, y);
      if (response.headerLength !== undefined) reply.header('inference-header-content-length', response.headerLength);
      return reply.type(response.contentType).send(response.body);
    });
}

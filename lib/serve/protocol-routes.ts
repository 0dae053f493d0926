// Routes of the Open Inference Protocol v2 and its extensions: health, metadata and inference.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { throwIfAborted } from '../session/abort';
import type { Tensor } from '../tensor';
import {
  checkReady,
  loadingNotSupported,
  modelConfig,
  modelMetadata,
  modelStatistics,
  repositoryIndex,
  serverMetadata,
} from './descriptions';
import { badRequest, HttpError } from './http-error';
import { isForm } from './image-body';
import { checkBinaryLength, type InferRequest, parseInferRequest } from './infer-request';
import { formatInferResponse } from './infer-response';
import { parseRequestJson, valueText } from './request-json';
import { findModel, infer, modelPaths, routeModel } from './route-model';
import type { Service } from './service';

export function addProtocolRoutes(app: FastifyInstance, service: Service): void {
  const { store } = service;
  app.get('/v2', async () => serverMetadata(service));

  const open = { config: { open: true } };
  app.get('/v2/health/live', open, async () => ({ live: true }));
  app.get('/v2/health/ready', open, async () => {
    checkReady(service);
    return { ready: true };
  });

  for (const path of modelPaths('/ready')) app.get(path, async (request) => ({ name: routeModel(store, request).name, ready: true }));
  for (const path of modelPaths('')) app.get(path, async (request) => modelMetadata(store, routeModel(store, request)));
  for (const path of modelPaths('/config')) app.get(path, async (request) => modelConfig(service, routeModel(store, request)));
  for (const path of ['/v2/models/stats', ...modelPaths('/stats')])
    app.get(path, async (request) => {
      const { model, version } = request.params as { model?: string; version?: string };
      return modelStatistics(store, model, version);
    });

  addRepositoryRoutes(app, service);
  addInferRoute(app, service);
}

/** The model repository extension. */
function addRepositoryRoutes(app: FastifyInstance, { store }: Service): void {
  app.post('/v2/repository/index', async ({ body }) => {
    const { ready } = body === undefined || (body as Buffer).length === 0 ? {} : parseRequestJson(body as Buffer);
    if (ready !== undefined && ready !== null && typeof ready !== 'boolean')
      throw badRequest(`ready is ${valueText(ready)}, expected true or false`);
    return repositoryIndex(store, ready === true);
  });
  for (const end of ['load', 'unload'])
    app.post(`/v2/repository/models/:model/${end}`, async () => {
      throw loadingNotSupported();
    });
}

function addInferRoute(app: FastifyInstance, { store, options }: Service): void {
  const checkLength = async ({ headers, servedModel }: FastifyRequest) =>
    checkBinaryLength(headers, servedModel!.metadata, options.maxQueue);
  for (const path of modelPaths('/infer'))
    app.post(path, { config: { inference: 'infer' }, onRequest: [findModel(store), checkLength] }, async (request, reply) => {
      const model = request.servedModel!;
      if (isForm(request)) throw new HttpError(415, 'the body is a form, expected JSON or tensors; …/classify takes images');
      const length = request.headers['inference-header-content-length'] as string | undefined;
      let parsed!: InferRequest;
      const input = async (signal: AbortSignal): Promise<Tensor> => {
        parsed = await parseInferRequest((request.body ?? Buffer.alloc(0)) as Buffer, length, model.metadata, options.maxQueue, signal);
        throwIfAborted(signal);
        // The bytes are not needed any more, but the numbers are.
        request.body = undefined;
        request.heldBytes?.grow(parsed.x.data.byteLength);
        return parsed.x;
      };
      const y = await infer(input, request, reply, options.timeout);
      const response = formatInferResponse(model, parsed, y);
      if (response.headerLength !== undefined) reply.header('inference-header-content-length', response.headerLength);
      return reply.type(response.contentType).send(response.body);
    });
}

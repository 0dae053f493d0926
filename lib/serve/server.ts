// The service: an HTTP server with the routes of the Open Inference Protocol v2, of pictures, of metrics, and a page to try it.
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AdderNetError } from '../errors';
import { answerError, answerNoHttp } from './answer-error';
import { checkToken } from './authorization';
import { addClassifyRoute } from './classify-route';
import type { GrpcServer } from './grpc/grpc-server';
import { createMetrics, type Metrics } from './metrics';
import { ModelStore } from './model-store';
import { addPageRoutes } from './page-routes';
import { addProtocolRoutes } from './protocol-routes';
import { Refusal } from './refusal';
import type { ServerOptions, Service } from './service';

export interface InferenceServer {
  readonly app: FastifyInstance;
  readonly store: ModelStore;
  /** Over gRPC, too. Errors as of startGrpc. */
  listenGrpc(address: { host: string; port: number }): Promise<GrpcServer>;
  /**
   * Takes no new connections, answers what it has accepted, and frees the networks.
   * @param drain milliseconds before, in which it answers as ever but says that it is not ready: time for whoever sends requests to notice.
   */
  close(drain?: number): Promise<void>;
}

/**
 * Loads the networks and makes the server; it does not listen yet.
 * @throws {AdderNetError} as a rejection: ERR_PEER_MISSING if fastify or prom-client is not installed; ERR_ARGUMENT if no network could be loaded
 */
export async function createServer(options: ServerOptions): Promise<InferenceServer> {
  const [{ default: Fastify }, Prometheus] = await loadPackages();
  const app = Fastify({
    logger: { level: options.logLevel, redact: ['req.headers.authorization'] },
    bodyLimit: options.maxBody,
    requestTimeout: options.timeout,
    http: { requireHostHeader: false, headersTimeout: options.timeout, connectionsCheckingInterval: Math.min(1000, options.timeout) },
    // A server that is ending cuts off idle connections alone, and answers what still comes on others.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    clientErrorHandler: answerNoHttp,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
  });
  app.server.maxConnections = options.maxConnections;

  let isEnding = false;
  const metrics = createMetrics(Prometheus, () => store);
  const store = await ModelStore.load(options.weights, {
    ...options,
    onBatch: ({ name, version }, images) => metrics.batch({ model: name, version }, images),
  });
  for (const { name, version, error } of store.broken()) app.log.error({ model: name, version }, error);
  if (store.ready().length === 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `serve: no network could be loaded: ${store
        .broken()
        .map(({ error }) => error)
        .join('; ')}`,
    );

  // Bodies are taken as bytes, whatever their type: routes know what they expect.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('served', null);
  app.addHook('onRequest', async (request) => {
    if (request.raw.httpVersion === '1.1' && !request.headers.host) throw new Refusal(400, 'the request has no Host');
    if (options.token !== undefined && !request.routeOptions.config.open) checkToken(request.headers.authorization, options.token);
  });
  // What was asked before the end is answered after it: its connection would stay open.
  app.addHook('onSend', async (_request, reply) => {
    if (isEnding) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => observe(metrics, request, reply));
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: `there is no ${request.method} ${request.url.split('?')[0]}` }));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));

  const service: Service = {
    store,
    metrics,
    options,
    get isEnding() {
      return isEnding;
    },
  };
  addProtocolRoutes(app, service);
  addClassifyRoute(app, service);
  addPageRoutes(app);
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));

  let grpc: GrpcServer | undefined;
  return {
    app,
    store,
    async listenGrpc(address) {
      const { startGrpc } = await import('./grpc/grpc-server.js');
      grpc = await startGrpc(service, address, (error) => app.log.error(error));
      return grpc;
    },
    async close(drain = 0) {
      isEnding = true;
      await setTimeout(drain);
      await Promise.all([app.close(), grpc?.close()]);
      store.dispose();
    },
  };
}

function observe(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  const { inference } = request.routeOptions.config;
  if (inference === undefined) return;
  const { name = 'unknown', version = '' } = request.served ?? {};
  metrics.request({ model: name, version, route: inference, code: reply.statusCode }, reply.elapsedTime / 1000);
}

async function loadPackages() {
  try {
    return await Promise.all([import('fastify'), import('prom-client')] as const);
  } catch (cause) {
    throw new AdderNetError('ERR_PEER_MISSING', 'serve: needs the packages fastify and prom-client: npm i fastify prom-client', { cause });
  }
}

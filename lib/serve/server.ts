// The HTTP server: routes of the Open Inference Protocol v2, for images and for metrics, and a page for trying the networks.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AdderNetError } from '../errors';
import { packageError } from '../optional-package';
import { escapeControls } from '../quoted';
import { checkToken } from './authorization';
import { addClassifyRoute } from './classify-route';
import { Connections } from './connections';
import { checkEncoding, compressResponse } from './content-encoding';
import { handleClientError, handleError } from './error-handler';
import { FairBudget } from './fair-budget';
import { type GrpcServer, startGrpc } from './grpc/grpc-server';
import { HeldBytes } from './held-bytes';
import { hostCheck } from './host-check';
import { HttpError } from './http-error';
import { createHttpServer } from './http-server';
import { addRoutesWithMethods } from './method-not-allowed';
import { createMetrics, type Metrics } from './metrics';
import { ModelStore } from './model-store';
import { checkNodeFlags } from './node-flags';
import { affordableConnections } from './open-files';
import { addPageRoutes } from './page-routes';
import { addProtocolRoutes } from './protocol-routes';
import { readBody } from './request-body';
import { responseJson } from './response-json';
import { checkServerOptions, type ServerOptions, type Service } from './service';

/** Writes a line of the log, JSON that a terminal may show: paths and names in it come from clients. */
const writeLog = (line: string): void => void process.stdout.write(`${escapeControls(line.trimEnd())}\n`);

/** Two tokens of RFC 9110, and parameters. */
const mediaType = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

export interface InferenceServer {
  readonly app: FastifyInstance;
  readonly store: ModelStore;
  /** The bytes of requests that are held now, at most `maxInFlight`. */
  readonly bytesHeld: number;
  /** Also serves gRPC. Throws what startGrpc throws. */
  listenGrpc(address: { host: string; port: number }): Promise<GrpcServer>;
  /**
   * Takes no new connections, answers the requests already accepted, and frees the networks. Connections that are still open after the grace
   * period of the options are closed by force.
   * @param drain how many milliseconds before that the server still answers but reports that it is not ready, so that load balancers notice
   */
  close(drain?: number): Promise<void>;
}

/**
 * Loads the networks and creates the server, which does not listen yet.
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is wrong or no network could be loaded;
 *   ERR_PEER_MISSING if fastify or prom-client is not installed, ERR_PEER_BROKEN if one does not load, or not with the flags of this process
 */
export async function createServer(options: ServerOptions): Promise<InferenceServer> {
  checkServerOptions(options);
  const { fastify } = loadFastify();
  checkNodeFlags();
  const metrics = createMetrics(loadPrometheus(), () => store);
  const maxConnections = Math.min(options.maxConnections, affordableConnections());
  const connections = new Connections(maxConnections);
  const bytes = new FairBudget(options.maxInFlight);
  const app = fastify({
    logger: { level: options.logLevel, redact: ['req.headers.authorization'], stream: { write: writeLog } },
    serverFactory: (handler) => createHttpServer(handler, connections, options.timeout, (error) => app.log.error(error)),
    // During shutdown, only idle connections are closed; requests on the others are still answered.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    clientErrorHandler: handleClientError,
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
  });

  if (maxConnections < options.maxConnections)
    app.log.warn(`the limit of open files (ulimit -n) leaves ${maxConnections} of ${options.maxConnections} connections`);

  const shutdown = new AbortController();
  const store = await ModelStore.load(options.weights, {
    ...options,
    showsErrors: options.token !== undefined,
    onBatch: ({ name, version }, images) => metrics.batch({ model: name, version }, images),
  });
  const broken = store.broken();
  for (const { name, version, error } of broken) app.log.error({ model: name, version }, error);
  if (store.ready().length === 0)
    throw new AdderNetError('ERR_ARGUMENT', `serve: no network could be loaded: ${broken.map(({ error }) => error).join('; ')}`);

  app.decorateRequest('servedModel', null);
  app.decorateRequest('heldBytes', null);
  app.decorateRequest('isUnderWay', false);
  const checkHost = hostCheck(options.hosts);
  app.addHook('onRequest', async ({ raw, headers, routeOptions }) => {
    if (raw.httpVersion === '1.1' && !headers.host) throw new HttpError(400, 'the request has no Host header');
    if (routeOptions.config.open) return;
    if (options.token === undefined) checkHost(headers);
    else checkToken(headers.authorization, options.token);
  });
  app.addHook('onRequest', checkEncoding);
  // Every body is read as bytes, whatever its content type: the routes know what they expect.
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', (request, reply, _body, done) => {
    // Fastify would refuse the request, without saying why.
    const { 'content-type': type } = request.headers;
    if (type !== undefined && !mediaType.test(type)) delete request.headers['content-type'];
    request.heldBytes = new HeldBytes(bytes, request, reply);
    done();
  });
  app.addContentTypeParser('*', async (request: FastifyRequest) => readBody(request, request.heldBytes!, options.maxBody));
  // A connection is kept while a complete request is under way.
  app.addHook('preHandler', (request, _reply, done) => {
    request.isUnderWay = true;
    connections.get(request.raw.socket)?.begin();
    done();
  });
  app.setReplySerializer(responseJson);
  app.addHook('onSend', compressResponse);
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.isUnderWay) connections.get(request.raw.socket)?.end();
    request.isUnderWay = false;
    // A response that is sent during shutdown must close its connection, which would otherwise stay open.
    if (shutdown.signal.aborted) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onResponse', async (request, reply) => observe(metrics, request, reply));
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: `there is no ${request.method} ${request.url.split('?')[0]}` }));
  app.setErrorHandler((error, request, reply) => handleError(error, request, reply));

  const service: Service = { store, metrics, options, connections, bytes, shutdown: shutdown.signal };
  addRoutesWithMethods(app, () => {
    addProtocolRoutes(app, service);
    addClassifyRoute(app, service);
    addPageRoutes(app);
    app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  });

  let grpc: GrpcServer | undefined;
  return {
    app,
    store,
    get bytesHeld() {
      return bytes.used;
    },
    async listenGrpc(address) {
      grpc = await startGrpc(service, address, (error) => app.log.error(error));
      return grpc;
    },
    async close(drain = 0) {
      shutdown.abort();
      await sleep(drain);
      connections.destroyUnused();
      const force = setTimeout(() => {
        app.log.warn(`${connections.destroyAll()} connections were cut: they were still open after ${options.grace} ms`);
      }, options.grace);
      try {
        await Promise.all([app.close(), grpc?.close()]);
      } finally {
        clearTimeout(force);
      }
      store.dispose();
    },
  };
}

function observe(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  const { inference } = request.routeOptions.config;
  if (inference === undefined) return;
  const { name = 'unknown', version = '' } = request.servedModel ?? {};
  metrics.request({ model: name, version, route: inference, code: reply.statusCode }, reply.elapsedTime / 1000);
}

const packages = ['fastify', 'prom-client'];

function loadFastify() {
  try {
    return require('fastify') as typeof import('fastify');
  } catch (cause) {
    throw packageError('fastify', 'serve', cause, packages);
  }
}

function loadPrometheus() {
  try {
    return require('prom-client') as typeof import('prom-client');
  } catch (cause) {
    throw packageError('prom-client', 'serve', cause, packages);
  }
}

// The same service over gRPC: GRPCInferenceService of the Open Inference Protocol v2.
import { join } from 'node:path';
import type * as Grpc from '@grpc/grpc-js';
import { AdderNetError } from '../../errors';
import { ask, clientHasGone } from '../ask';
import { checkToken } from '../authorization';
import { checkReady, modelMetadata, serverMetadata } from '../descriptions';
import type { ServedModel } from '../model-store';
import { Refusal } from '../refusal';
import type { Service } from '../service';
import { inputOf, responseOf } from './infer-messages';
import type { ModelInferRequest, ModelInferResponse, ModelOfVersion } from './messages';

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls, and answers what it has accepted. */
  close(): Promise<void>;
}

/**
 * Listens.
 * @param log what went wrong that was not meant to
 * @throws {AdderNetError} as a rejection: ERR_PEER_MISSING if @grpc/grpc-js or @grpc/proto-loader is not installed; ERR_ARGUMENT if it cannot listen there
 */
export async function startGrpc(
  service: Service,
  address: { host: string; port: number },
  log: (error: unknown) => void,
): Promise<GrpcServer> {
  const [grpc, { loadSync }] = await loadPackages();
  const definition = loadSync(join(__dirname, 'inference.proto'), { keepCase: true, longs: Number, defaults: true });
  const { inference } = grpc.loadPackageDefinition(definition) as unknown as {
    inference: { GRPCInferenceService: Grpc.ServiceClientConstructor };
  };
  const server = new grpc.Server({ 'grpc.max_receive_message_length': service.options.maxBody });
  server.addService(inference.GRPCInferenceService.service, handlers(grpc, service, log));
  const { host, port } = address;
  const bound = await new Promise<number>((resolve, reject) => {
    const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(target, grpc.ServerCredentials.createInsecure(), (error, boundPort) => (error ? reject(error) : resolve(boundPort)));
  }).catch((cause: Error) => {
    throw new AdderNetError('ERR_ARGUMENT', `serve: cannot listen on ${host} port ${port} for gRPC: ${cause.message}`, { cause });
  });
  return { port: bound, close: () => new Promise((resolve) => server.tryShutdown(() => resolve())) };
}

type Call<Request> = Grpc.ServerUnaryCall<Request, unknown>;
type Handler<Request = never> = (call: Call<Request>) => unknown;

function handlers(grpc: typeof Grpc, service: Service, log: (error: unknown) => void): Grpc.UntypedServiceImplementation {
  const { store, options } = service;
  const isReady = (check: () => unknown): { ready: boolean } => {
    try {
      check();
      return { ready: true };
    } catch {
      return { ready: false };
    }
  };
  const asked = ({ name, version }: ModelOfVersion): ServedModel => store.get(name, version === '' ? undefined : version);
  const open: Record<string, Handler> = {
    ServerLive: () => ({ live: true }),
    ServerReady: () => isReady(() => checkReady(service)),
    ModelReady: ({ request }: Call<ModelOfVersion>) => isReady(() => asked(request)),
  };
  const guarded: Record<string, Handler> = {
    ServerMetadata: () => serverMetadata(service),
    ModelMetadata: ({ request }: Call<ModelOfVersion>) => modelMetadata(store, asked(request)),
    ModelInfer: (call: Call<ModelInferRequest>) => infer(service, call),
  };
  const withToken =
    (handler: Handler): Handler =>
    (call: Call<never>) => {
      if (options.token !== undefined) checkToken(call.metadata.get('authorization')[0]?.toString(), options.token);
      return handler(call);
    };
  const answered =
    (handler: Handler): Grpc.handleUnaryCall<never, unknown> =>
    async (call, callback) => {
      try {
        callback(null, await handler(call));
      } catch (error) {
        const code = codeOf(grpc, error);
        if (code === grpc.status.INTERNAL) log(error);
        callback({ code, details: code === grpc.status.INTERNAL ? 'internal error, see the log of the server' : (error as Error).message });
      }
    };
  return Object.fromEntries([
    ...Object.entries(open).map(([name, handler]) => [name, answered(handler)]),
    ...Object.entries(guarded).map(([name, handler]) => [name, answered(withToken(handler))]),
  ]);
}

async function infer({ store, options, metrics }: Service, call: Call<ModelInferRequest>): Promise<ModelInferResponse> {
  const { request } = call;
  const began = performance.now();
  let [name, version] = ['unknown', ''];
  let code = 200;
  const client = new AbortController();
  call.on('cancelled', () => client.abort(clientHasGone()));
  try {
    const model = store.get(request.model_name, request.model_version === '' ? undefined : request.model_version);
    ({ name, version } = model);
    const { y } = await ask(model, inputOf(request, model.metadata), options.timeout, client);
    return responseOf(model, request, y);
  } catch (error) {
    code = (error as { statusCode?: number }).statusCode ?? 500;
    throw error;
  } finally {
    metrics.request({ model: name, version, route: 'grpc', code }, (performance.now() - began) / 1000);
  }
}

function codeOf({ status }: typeof Grpc, error: unknown): Grpc.status {
  const codes: Record<number, Grpc.status> = {
    400: status.INVALID_ARGUMENT,
    401: status.UNAUTHENTICATED,
    404: status.NOT_FOUND,
    499: status.CANCELLED,
    503: status.UNAVAILABLE,
  };
  return (error instanceof Refusal && codes[error.statusCode]) || status.INTERNAL;
}

async function loadPackages() {
  try {
    return await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')] as const);
  } catch (cause) {
    throw new AdderNetError('ERR_PEER_MISSING', 'serve: gRPC needs its packages: npm i @grpc/grpc-js @grpc/proto-loader', { cause });
  }
}

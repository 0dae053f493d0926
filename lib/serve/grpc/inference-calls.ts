// GRPCInferenceService: health, metadata and inference, with the same behavior as over HTTP.
import type * as Grpc from '@grpc/grpc-js';
import { clientKey } from '../client-key';
import {
  checkReady,
  loadingNotSupported,
  modelConfig,
  modelMetadata,
  modelStatistics,
  repositoryIndex,
  serverMetadata,
} from '../descriptions';
import { clientDisconnected, inferWithTimeout, type WaitingClient } from '../infer-with-timeout';
import type { ServedModel } from '../model-store';
import type { Service } from '../service';
import { inputOf, outputOf, responseOf } from './infer-messages';
import type { ModelInferRequest, ModelInferResponse, ModelOfVersion } from './messages';
import { drained, type OpenStreams } from './open-streams';
import { authorize, statusOf } from './status';

type Call<Request> = Grpc.ServerUnaryCall<Request, unknown>;
type Handler<Request = never> = (call: Call<Request>) => unknown;
type Log = (error: unknown) => void;

export function inferenceCalls(grpc: typeof Grpc, service: Service, streams: OpenStreams, log: Log): Grpc.UntypedServiceImplementation {
  const { store } = service;
  const isReady = (check: () => unknown): { ready: boolean } => {
    try {
      check();
      return { ready: true };
    } catch {
      return { ready: false };
    }
  };
  const modelOf = ({ name, version }: ModelOfVersion): ServedModel => store.get(name, given(version));
  const open: Record<string, Handler> = {
    ServerLive: () => ({ live: true }),
    ServerReady: () => isReady(() => checkReady(service)),
    ModelReady: ({ request }: Call<ModelOfVersion>) => isReady(() => modelOf(request)),
  };
  const guarded: Record<string, Handler> = {
    ServerMetadata: () => serverMetadata(service),
    ModelMetadata: ({ request }: Call<ModelOfVersion>) => modelMetadata(store, modelOf(request)),
    ModelInfer: (call: Call<ModelInferRequest>) => infer(service, call.request, clientOf(call)),
    ModelConfig: ({ request }: Call<ModelOfVersion>) => ({ config: modelConfig(service, modelOf(request)) }),
    ModelStatistics: ({ request: { name, version } }: Call<ModelOfVersion>) => modelStatistics(store, given(name), given(version)),
    RepositoryIndex: ({ request: { ready } }: Call<{ ready: boolean }>) => ({ models: repositoryIndex(store, ready) }),
    RepositoryModelLoad: () => {
      throw loadingNotSupported();
    },
    RepositoryModelUnload: () => {
      throw loadingNotSupported();
    },
  };
  const withToken =
    (handler: Handler): Handler =>
    (call) => {
      authorize(service, call.metadata);
      return handler(call);
    };
  const answered =
    (handler: Handler): Grpc.handleUnaryCall<never, unknown> =>
    async (call, callback) => {
      try {
        callback(null, await handler(call));
      } catch (error) {
        callback(statusOf(grpc, error, log));
      }
    };
  return {
    ...Object.fromEntries([
      ...Object.entries(open).map(([name, handler]) => [name, answered(handler)]),
      ...Object.entries(guarded).map(([name, handler]) => [name, answered(withToken(handler))]),
    ]),
    ModelStreamInfer: streamInfer(grpc, service, streams, log),
  };
}

/** In protocol buffers, a missing text is an empty one. */
const given = (text: string): string | undefined => (text === '' ? undefined : text);

/** The client of a call, whose signal is aborted when it cancels the call. */
function clientOf(call: { getPeer(): string; on(event: 'cancelled', listener: () => void): unknown }): WaitingClient {
  const client = new AbortController();
  call.on('cancelled', () => client.abort(clientDisconnected()));
  return { key: clientKey({ remoteAddress: call.getPeer().replace(/:\d+$/, '') }), signal: client.signal };
}

async function infer({ store, options, metrics }: Service, request: ModelInferRequest, client: WaitingClient): Promise<ModelInferResponse> {
  const began = performance.now();
  let [name, version] = ['unknown', ''];
  let code = 200;
  try {
    const model = store.get(request.model_name, given(request.model_version));
    ({ name, version } = model);
    const output = outputOf(request);
    const { y } = await inferWithTimeout(model, inputOf(request, model.metadata, options.maxQueue), options.timeout, client);
    return responseOf(model, request, y, output);
  } catch (error) {
    code = (error as { statusCode?: number }).statusCode ?? 500;
    throw error;
  } finally {
    metrics.request({ model: name, version, route: 'grpc', code }, (performance.now() - began) / 1000);
  }
}

/** Answers the requests of a stream in order. A request that fails gets an error message, and the stream goes on. */
function streamInfer(
  grpc: typeof Grpc,
  service: Service,
  streams: OpenStreams,
  log: Log,
): Grpc.handleBidiStreamingCall<ModelInferRequest, unknown> {
  return async (call) => {
    let answering = Promise.resolve<unknown>(undefined);
    const client = clientOf(call);
    streams.add(call, () => answering);
    try {
      authorize(service, call.metadata);
      for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<ModelInferRequest>) {
        answering = infer(service, request, client).then(
          // Triton marks the last response of a request this way.
          (response) => call.write({ infer_response: { ...response, parameters: { triton_final_response: { bool_param: true } } } }),
          (error) => {
            const { id, model_name } = request;
            call.write({ error_message: statusOf(grpc, error, log).details, infer_response: { id, model_name } });
          },
        );
        await answering;
        await drained(call);
      }
      call.end();
    } catch (error) {
      if (!client.signal.aborted) call.emit('error', statusOf(grpc, error, log));
    }
  };
}

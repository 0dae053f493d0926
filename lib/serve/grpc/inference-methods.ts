// GRPCInferenceService: health, metadata and inference, with the same behavior as over HTTP.
import { elementCount } from '../../shape';
import {
  checkReady,
  isReady,
  loadingNotSupported,
  modelConfig,
  modelMetadata,
  modelStatistics,
  repositoryIndex,
  serverMetadata,
} from '../descriptions';
import { checkId } from '../infer-request';
import { inferWithTimeout } from '../infer-with-timeout';
import type { ServedModel } from '../model-store';
import type { Service } from '../service';
import { type CountedFields, checkFields } from './field-limit';
import { inputOf, isRaw, outputOf, responseOf } from './infer-messages';
import type { ModelInferRequest, ModelInferResponse, ModelOfVersion } from './messages';
import { type Answer, type AnsweredCall, type MethodImplementation, unary } from './method';
import { statusOf } from './status';

// The numbers are those of inference.proto. Texts take twice their bytes once they are read, and an id is sent back: theirs count as fields.
const parameters: CountedFields = { 1: 0, 2: { 3: 0 } };
/** int_contents and uint_contents have pixels, which take up to two bytes, fp32_contents floats; no image is in the other arrays. */
const contents: CountedFields = { 1: 0, 2: 2, 3: 0, 4: 2, 5: 0, 6: 4, 7: 0 };
export const inferRequest: CountedFields = {
  ...{ 1: 0, 2: 0, 3: 0, 4: parameters },
  5: { 1: 0, 2: 0, 3: 0, 4: parameters, 5: contents },
  6: { 1: 0, 2: parameters },
};

export function inferenceMethods(service: Service, log: (error: unknown) => void): Record<string, MethodImplementation> {
  const { store, options } = service;
  const modelOf = ({ name, version }: ModelOfVersion): ServedModel => store.get(name, given(version));
  const open = <Request>(answer: (request: Request) => unknown): MethodImplementation => ({ answer: unary(answer), isOpen: true });
  const guarded = <Request>(answer: (request: Request) => unknown): MethodImplementation => ({ answer: unary(answer) });
  const maxNumbers = options.maxQueue * Math.max(...store.ready().map(({ metadata }) => elementCount(metadata.inputShape)));
  const check = (message: Buffer): void => checkFields(message, inferRequest, maxNumbers);
  const inferring = (answer: Answer): MethodImplementation => ({ answer, maxMessage: options.maxBody, check });
  const noLoading = guarded(() => {
    throw loadingNotSupported();
  });
  return {
    ServerLive: open(() => ({ live: true })),
    ServerReady: open(() => ({ ready: isReady(() => checkReady(service)) })),
    ModelReady: guarded((model: ModelOfVersion) => ({ ready: isReady(() => modelOf(model)) })),
    ServerMetadata: guarded(() => serverMetadata(service)),
    ModelMetadata: guarded((model: ModelOfVersion) => modelMetadata(store, modelOf(model))),
    ModelInfer: inferring(unary((request: ModelInferRequest, call) => infer(service, request, call))),
    ModelStreamInfer: inferring(streamInfer(service, log)),
    ModelConfig: guarded((model: ModelOfVersion) => ({ config: modelConfig(service, modelOf(model)) })),
    ModelStatistics: guarded(({ name, version }: ModelOfVersion) => modelStatistics(store, given(name), given(version))),
    RepositoryIndex: guarded(({ ready }: { ready: boolean }) => ({ models: repositoryIndex(store, ready) })),
    RepositoryModelLoad: noLoading,
    RepositoryModelUnload: noLoading,
  };
}

/** In protocol buffers, a missing text is an empty one. */
const given = (text: string): string | undefined => (text === '' ? undefined : text);

async function infer({ store, options, metrics }: Service, request: ModelInferRequest, call: AnsweredCall): Promise<ModelInferResponse> {
  const began = performance.now();
  let [name, version] = ['unknown', ''];
  let code = 200;
  try {
    const model = store.get(request.model_name, given(request.model_version));
    ({ name, version } = model);
    checkId(request.id);
    const output = outputOf(request);
    const x = inputOf(request, model.metadata, options.maxQueue);
    // Elements outside of raw bytes were read as numbers of eight bytes.
    call.hold(x.data.byteLength * (isRaw(request) ? 1 : 3));
    const { y } = await inferWithTimeout(model, x, options.timeout, call);
    return responseOf(model, request, y, output);
  } catch (error) {
    code = (error as { statusCode?: number }).statusCode ?? 500;
    throw error;
  } finally {
    metrics.request({ model: name, version, route: 'grpc', code }, (performance.now() - began) / 1000);
  }
}

/** Answers the requests of a stream in order. A request that fails gets an error message, and the stream goes on. */
const streamInfer = (service: Service, log: (error: unknown) => void): Answer =>
  async function* (requests: AsyncIterable<ModelInferRequest>, call) {
    for await (const request of requests) {
      const { id, model_name } = request;
      yield await infer(service, request, call).then(
        // Triton marks the last response of a request this way.
        (response) => ({ infer_response: { ...response, parameters: { triton_final_response: { bool_param: true } } } }),
        (error) => ({ error_message: statusOf(error, log).details, infer_response: { id, model_name } }),
      );
    }
  };

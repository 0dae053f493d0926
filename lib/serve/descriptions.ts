// Metadata of the server and its networks, for HTTP and gRPC.
import { HttpError } from './http-error';
import { inputName, outputName } from './input-tensor';
import type { ModelStore, ServedModel } from './model-store';
import type { Service } from './service';

/** Of the model repository extension, only the index is supported: networks are loaded when the server starts. */
const extensions = ['binary_tensor_data', 'classification', 'model_configuration', 'model_repository(index)', 'statistics'];

export const serverMetadata = ({ options: { version } }: Service) => ({ name: 'addernet', version, extensions });

export function modelMetadata(store: ModelStore, { name, bits, metadata }: ServedModel) {
  const { kind, dataset, classNames, inputShape, classes } = metadata;
  return {
    name,
    versions: store.versions(name),
    platform: 'addernet',
    inputs: [{ name: inputName, datatype: 'FP32', shape: [-1, ...inputShape] }],
    outputs: [{ name: outputName, datatype: 'FP32', shape: [-1, classes] }],
    parameters: { kind, bits, dataset, class_names: classNames },
  };
}

/** The response of the model configuration extension. Shapes are those of one image. */
export function modelConfig({ options: { maxBatch, maxDelay } }: Service, { name, metadata: { inputShape, classes } }: ServedModel) {
  return {
    name,
    platform: 'addernet',
    backend: 'addernet',
    version_policy: { all: {} },
    max_batch_size: maxBatch,
    input: [{ name: inputName, data_type: 'TYPE_FP32', format: 'FORMAT_NHWC', dims: inputShape }],
    output: [{ name: outputName, data_type: 'TYPE_FP32', dims: [classes], label_filename: '' }],
    instance_group: [{ name: `${name}_0`, kind: 'KIND_CPU', count: 1 }],
    dynamic_batching: { preferred_batch_size: [maxBatch], max_queue_delay_microseconds: Math.round(1000 * maxDelay) },
  };
}

/**
 * Statistics of all networks, of all versions of one, or of one version.
 * @throws {HttpError} what ModelStore.get throws, if none match
 */
export function modelStatistics(store: ModelStore, name?: string, version?: string) {
  const selected = store
    .ready()
    .filter((model) => (name === undefined || model.name === name) && (version === undefined || model.version === version));
  if (name !== undefined && selected.length === 0) store.get(name, version);
  return { model_stats: selected.map(({ name, version, statistics }) => ({ name, version, ...statistics.report() })) };
}

/** @param onlyReady leaves out networks that could not be loaded */
export const repositoryIndex = (store: ModelStore, onlyReady: boolean) =>
  (onlyReady ? store.ready() : store.all()).map((model) => ({
    name: model.name,
    version: model.version,
    ...('error' in model ? { state: 'UNAVAILABLE', reason: model.reason } : { state: 'READY' }),
  }));

export const loadingNotSupported = (): HttpError =>
  new HttpError(501, 'models cannot be loaded or unloaded while the server runs: start it with the models in --weights');

/** Whether `check` does not throw. */
export function isReady(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/**
 * The server is ready only if every network was loaded: a new server with a broken file must not replace one that works.
 * @throws {HttpError} 503
 */
export function checkReady({ shutdown, store }: Service): void {
  if (shutdown.aborted) throw new HttpError(503, 'the server is shutting down');
  // Probes have no token, so neither names nor errors are reported to them.
  if (store.broken().length > 0)
    throw new HttpError(503, 'not all models could be loaded: the log of the server and POST /v2/repository/index say which');
}

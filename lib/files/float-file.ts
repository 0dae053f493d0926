// Float networks as safetensors. Besides the weights, a file has JSON in its metadata:
//   addernet          ModelMetadata: name, classes, input shape, normalization and so on; in version 1 `kind` is called `unit`
//   addernet.network  { version, layers }: the layers and their options (lib/layers/describe.ts). The first files lack it; their layers are
//                     those of the network in the registry with that name
import { unitToKind } from '../conv-kind';
import { AdderNetError } from '../errors';
import { parseJson } from '../io/json';
import type { TensorFile } from '../io/tensor-file';
import { checkVersion, formatVersion } from '../io/version';
import { type LayerDescription, Sequential } from '../layers';
import { buildLayer } from '../layers/build';
import { describeLayer } from '../layers/describe';
import { createModel, Model, type ModelMetadata } from '../models';
import { classesOf } from '../models/identify';
import { checkMetadata, metadataNames } from '../models/metadata';
import { check, isRecord, objectWith, text } from '../schema';
import { elementCount } from '../shape';

const metadataKey = 'addernet';
const networkKey = 'addernet.network';

/** Describes a network for the metadata of its file. @throws {AdderNetError} ERR_ARGUMENT if a layer cannot be described */
export function describeModel(model: Model, metadata: ModelMetadata): Record<string, string> {
  let layers: LayerDescription;
  try {
    layers = describeLayer(model);
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError('ERR_ARGUMENT', `save: ${model.name} cannot be saved: ${cause.message}. Nothing was written`, { cause });
  }
  return { [metadataKey]: JSON.stringify(metadata), [networkKey]: JSON.stringify({ version: formatVersion, layers }) };
}

/**
 * Returns the metadata of a network that this package saved; undefined for other files.
 * @throws {AdderNetError} ERR_CORRUPT if they cannot be read
 */
export function storedMetadata({ name: file, metadata }: TensorFile): ModelMetadata | undefined {
  const json = metadata[metadataKey];
  if (json === undefined) return undefined;
  const what = `${file}: its metadata '${metadataKey}'`;
  const parsed = parseJson(json, what);
  check(what, parsed, objectWith({ name: text(200) }));
  return knownMetadata(parsed);
}

/** Drops what later versions may have added, and keeps the order of the file, so that it is saved again as it was. */
export const knownMetadata = (parsed: object): ModelMetadata =>
  Object.fromEntries(Object.entries(unitToKind(parsed)).filter(([key]) => metadataNames.includes(key))) as unknown as ModelMetadata;

/**
 * Builds the network of a file that this package saved.
 * @throws {AdderNetError} ERR_FORMAT if its metadata describe no network, or a later version wrote it; ERR_CORRUPT if layers and weights do not
 *   fit each other
 */
export function storedNetwork(file: TensorFile, metadata: ModelMetadata): Model {
  const description = file.metadata[networkKey];
  if (description !== undefined) return describedNetwork(file, metadata, description);
  const model = registryNetwork(file, metadata);
  model.loadStateDict(file);
  return model;
}

function registryNetwork(file: TensorFile, metadata: ModelMetadata): Model {
  const { name, kind, classes } = metadata;
  return orFormatError(file, () => {
    const seen = classesOf(file);
    if (classes !== seen)
      throw new AdderNetError('ERR_FORMAT', `classes is ${String(classes).slice(0, 20)}, but its classifier has ${seen ?? 'none'}`);
    return new Model(createModel(name, { kind, classes, seed: null }), metadata);
  });
}

function describedNetwork(file: TensorFile, metadata: ModelMetadata, json: string): Model {
  const description = parseJson(json, `${file.name}: its metadata '${networkKey}'`);
  const { version, layers }: Record<string, unknown> = isRecord(description) ? description : {};
  checkVersion(file.name, version);
  orFormatError(file, () => checkMetadata(metadata));
  const elements = [...file.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const built = withFileName(file, () => buildLayer(layers, { random: null, elements }));
  if (!(built instanceof Sequential)) throw damaged(file, 'the network is a single layer, expected a Sequential');
  try {
    const model = new Model(built, metadata);
    model.loadStateDict(file);
    return model;
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw damaged(file, cause.message, cause);
  }
}

function withFileName<T>(file: TensorFile, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError(cause.code, damaged(file, cause.message).message, { cause });
  }
}

const damaged = ({ name }: TensorFile, why: string, cause?: unknown): AdderNetError =>
  new AdderNetError('ERR_CORRUPT', `${name}: its metadata '${networkKey}' describe no network of these weights: ${why}`, { cause });

function orFormatError<T>({ name }: TensorFile, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError('ERR_FORMAT', `${name}: its metadata '${metadataKey}' describes no network: ${cause.message}`, { cause });
  }
}

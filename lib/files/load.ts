// From a weights file to the network in it, whatever wrote it.

import { AdderNetError } from '../errors';
import type { FileSource } from '../io/file-source';
import type { TensorFile } from '../io/tensor-file';
import { type FloatPretrained, Model, type ModelMetadata, type QuantizedPretrained } from '../models';
import { checkOptions } from '../options';
import { QuantizedModel } from '../quantize';
import { shown } from '../quoted';
import { checkContradiction, foreignNetwork } from './foreign-file';
import { type LoadOptions, loadOptionNames } from './load-options';
import { ownMetadata, ownNetwork } from './own-file';
import { quantizedKey, quantizedNetwork } from './quantized-file';
import { readWeights } from './read-weights';

/** Of lib/train/checkpoint.ts, which stands above this. */
const checkpointKey = 'addernet.training';

/**
 * A network with the weights of a file: a float one to train, compile or quantize, or one in 8 bits. Files that this package saved hold all
 * that is known of it, its layers as well, so custom networks come back; of others, such as a PyTorch state dict of one of the package's
 * networks, what is not in the file is assumed, and said to `onNote`. Nothing in a file is executed.
 *
 * @param source the path of a .safetensors or .pth file, a file: URL, the bytes of one (Uint8Array, ArrayBuffer, Blob), or the name of a
 *   network that comes with the package, such as lenet5-bn-mnist
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if there is no such file, or an option is unknown or contradicts it; ERR_FORMAT if it
 *   is of another kind, of no known network, of other numbers than `dtype`, or of a newer version; ERR_CORRUPT if it is damaged; ERR_SHAPE if
 *   images of `inputShape` do not fit the layers
 */
export async function load(source: FloatPretrained, options?: LoadOptions & { dtype?: 'f32' | undefined }): Promise<Model>;
export async function load(source: QuantizedPretrained, options?: LoadOptions & { dtype?: 'u8' | undefined }): Promise<QuantizedModel>;
export async function load(source: FileSource, options: LoadOptions & { dtype: 'f32' }): Promise<Model>;
export async function load(source: FileSource, options: LoadOptions & { dtype: 'u8' }): Promise<QuantizedModel>;
export async function load(source: FileSource, options?: LoadOptions): Promise<Model | QuantizedModel>;
export async function load(source: FileSource, options: LoadOptions = {}): Promise<Model | QuantizedModel> {
  checkOptions('load', options, loadOptionNames);
  const { dtype, onNote = warn } = options;
  if (dtype !== undefined && dtype !== 'f32' && dtype !== 'u8')
    throw new AdderNetError('ERR_ARGUMENT', `load: dtype is '${String(dtype)}', expected 'f32' or 'u8'`);
  if (typeof onNote !== 'function') throw new AdderNetError('ERR_ARGUMENT', `load: onNote is ${shown(onNote)}, expected a function`);
  checkGiven(options);
  const file = await readWeights(source, options);
  if (checkpointKey in file.metadata)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name} is the checkpoint of a training, from which fit and \`addernet train --resume\` go on; the network is in the model.safetensors that a training leaves`,
    );
  const isQuantized = quantizedKey in file.metadata;
  if (dtype === 'f32' && isQuantized)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name}: a quantized network, where a float one is needed: take the file it was made of, or load with dtype 'u8'`,
    );
  if (dtype === 'u8' && !isQuantized)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name}: no quantized network, but a float one: load with dtype 'f32', or quantize it first`,
    );
  const notes = file.notes.map((note) => `${file.name}: ${note}`);
  const network = isQuantized ? quantizedFrom(file, options) : floatFrom(file, options, (note) => notes.push(note));
  for (const note of notes) onNote(note);
  return network;
}

/** As `load` with dtype 'u8'. */
export const loadQuantized = (source: FileSource, options: Omit<LoadOptions, 'dtype'> = {}): Promise<QuantizedModel> =>
  load(source, { ...options, dtype: 'u8' });

const warn = (note: string): void =>
  process.emitWarning(`${note} Options of load say such things; onNote takes these notes.`, {
    type: 'AdderNetWarning',
    code: 'ADDERNET_ASSUMED',
  });

function floatFrom(file: TensorFile, options: LoadOptions, note: (text: string) => void): Model {
  const metadata = ownMetadata(file);
  if (metadata === undefined || (options.model !== undefined && options.model !== metadata.name))
    return foreignNetwork(file, options, note);
  checkContradictions(file, metadata, options);
  const model = ownNetwork(file, metadata);
  const given = givenMetadata(options);
  return given ? new Model(model, { ...model.metadata, ...given }) : model;
}

function quantizedFrom(file: TensorFile, options: LoadOptions): QuantizedModel {
  const model = quantizedNetwork(file);
  const { metadata, bits, graph, inputShape } = model;
  checkContradictions(file, metadata, options);
  checkContradiction(file, 'model', options.model, metadata.name);
  checkContradiction(file, 'inputShape', options.inputShape, inputShape);
  const given = givenMetadata(options);
  return given ? new QuantizedModel({ ...metadata, ...given }, bits, graph) : model;
}

function checkContradictions(file: TensorFile, metadata: ModelMetadata, { kind, classes }: LoadOptions): void {
  checkContradiction(file, 'kind', kind, metadata.kind);
  checkContradiction(file, 'classes', classes, metadata.classes);
}

/** What stands in the place of something else may not count as left out. */
function checkGiven({ normalization, classNames, inputShape }: LoadOptions): void {
  for (const [name, value] of Object.entries({ normalization, classNames, inputShape }))
    if (value !== undefined && (typeof value !== 'object' || value === null))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `load: ${name} is ${shown(value)}, expected ${name === 'normalization' ? '{ mean, std }' : 'a list'}`,
      );
}

function givenMetadata({ normalization, classNames, inputShape }: LoadOptions): Partial<ModelMetadata> | undefined {
  if (!normalization && !classNames && !inputShape) return undefined;
  return { ...(normalization && { normalization }), ...(classNames && { classNames }), ...(inputShape && { inputShape }) };
}

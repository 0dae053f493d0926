// Networks are loaded from files of this package and of other programs.

import { AdderNetError } from '../errors';
import type { FileSource } from '../io/file-source';
import type { TensorFile } from '../io/tensor-file';
import { type FloatPretrained, Model, type ModelMetadata, type QuantizedPretrained } from '../models';
import { checkOptions } from '../options';
import { QuantizedModel } from '../quantize';
import { shown } from '../quoted';
import { warn } from '../warning';
import { storedMetadata, storedNetwork } from './float-file';
import { checkContradiction, foreignNetwork } from './foreign-file';
import { type LoadOptions, loadOptionNames } from './load-options';
import { quantizedKey, quantizedNetwork } from './quantized-file';
import { readWeights } from './read-weights';

/** The key of lib/train/checkpoint.ts, which may not be imported here. */
const checkpointKey = 'addernet.training';

/**
 * Loads a network: a float one to train, compile or quantize, or a quantized one. Files that this package saved describe the whole network,
 * including its layers, so custom networks come back. For other files, such as a PyTorch state dict of one of the package's networks, what is
 * not in the file is assumed and reported to `onNote`. Nothing in a file is executed.
 *
 * @param source the path of a .safetensors or .pth file, a file: URL, the bytes of one (Uint8Array, ArrayBuffer, Blob), or the name of a
 *   pretrained model, such as lenet5-bn-mnist
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if there is no such file, or an option is unknown or contradicts it; ERR_FORMAT if it
 *   has another format, is of an unknown network or a newer version, or does not match `dtype`; ERR_CORRUPT if it is damaged; ERR_SHAPE if
 *   images of `inputShape` do not fit the layers
 */
export async function load(source: FloatPretrained, options?: LoadOptions & { dtype?: 'f32' | undefined }): Promise<Model>;
export async function load(source: QuantizedPretrained, options?: LoadOptions & { dtype?: 'u8' | undefined }): Promise<QuantizedModel>;
export async function load(source: FileSource, options: LoadOptions & { dtype: 'f32' }): Promise<Model>;
export async function load(source: FileSource, options: LoadOptions & { dtype: 'u8' | 'i16' }): Promise<QuantizedModel>;
export async function load(source: FileSource, options?: LoadOptions): Promise<Model | QuantizedModel>;
export async function load(source: FileSource, options: LoadOptions = {}): Promise<Model | QuantizedModel> {
  checkOptions('load', options, loadOptionNames);
  return await loadNetwork(source, options, options.dtype !== undefined && options.dtype !== 'f32');
}

async function loadNetwork(source: FileSource, options: LoadOptions, needsQuantized: boolean): Promise<Model | QuantizedModel> {
  const { dtype, onNote = warnOfAssumption } = options;
  if (dtype !== undefined && dtype !== 'f32' && dtype !== 'u8' && dtype !== 'i16')
    throw new AdderNetError('ERR_ARGUMENT', `load: dtype is '${String(dtype)}', expected 'f32', 'u8' or 'i16'`);
  if (typeof onNote !== 'function') throw new AdderNetError('ERR_ARGUMENT', `load: onNote is ${shown(onNote)}, expected a function`);
  checkGiven(options);
  const file = await readWeights(source, options);
  if (checkpointKey in file.metadata)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name} is the checkpoint of a training run, which fit and \`addernet train --resume\` continue; addernet train writes the network to model.safetensors beside it`,
    );
  const isQuantized = quantizedKey in file.metadata;
  if (dtype === 'f32' && isQuantized)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name}: a quantized network, but a float one is needed: load the file that it was made from, or leave dtype out`,
    );
  if (needsQuantized && !isQuantized)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name}: a float network, but a quantized one is needed: load with dtype 'f32', or quantize it first`,
    );
  const notes = file.notes.map((note) => `${file.name}: ${note}`);
  const network = isQuantized ? quantizedFrom(file, options) : floatFrom(file, options, (note) => notes.push(note));
  for (const note of notes) onNote(note);
  return network;
}

/** Loads a quantized network, of any bits: `load` with a narrower type. */
export async function loadQuantized(source: FileSource, options: Omit<LoadOptions, 'dtype'> = {}): Promise<QuantizedModel> {
  checkOptions('loadQuantized', options, loadOptionNames);
  return (await loadNetwork(source, options, true)) as QuantizedModel;
}

const warnOfAssumption = (note: string): void =>
  warn('ADDERNET_ASSUMED', `${note} Pass what you know as options of load; onNote receives these notes.`);

function floatFrom(file: TensorFile, options: LoadOptions, note: (text: string) => void): Model {
  const metadata = storedMetadata(file);
  if (metadata === undefined || (options.model !== undefined && options.model !== metadata.name))
    return foreignNetwork(file, options, note);
  checkContradictions(file, metadata, options);
  const model = storedNetwork(file, metadata);
  const given = givenMetadata(options);
  return given ? new Model(model, { ...model.metadata, ...given }) : model;
}

function quantizedFrom(file: TensorFile, options: LoadOptions): QuantizedModel {
  const model = quantizedNetwork(file);
  const { metadata, bits, dtype, graph, inputShape } = model;
  if (options.dtype !== undefined && options.dtype !== dtype)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file.name}: a network of ${bits} bits, which is ${dtype}, but dtype is '${options.dtype}': leave it out, or quantize the float network again`,
    );
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

/** A value of the wrong type must not count as left out. */
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

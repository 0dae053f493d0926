// Weights files: the package's own .safetensors, whose metadata names the network, and PyTorch's .pth, whose keys do.
import { readFile } from 'node:fs/promises';
import { AdderNetError } from '../errors';
import { parsePytorch } from '../io/pytorch';
import { formatSafetensors, parseSafetensors } from '../io/safetensors';
import { writeFileAtomic } from '../io/write-file';
import type { LoadedState } from '../layers';
import { identify } from './identify';
import type { Model, ModelMetadata, Training } from './model';
import { createModel } from './registry';
import { shippedModels, weightsPath } from './shipped';
import type { Unit } from './unit';

/** Where the metadata of a model stands in a safetensors file, as JSON. */
const metadataKey = 'addernet';
/** Where that of a quantised network stands, whose tensors are steps (lib/quantize). */
export const quantizedKey = 'addernet.quantized';

export interface WeightsFile {
  readonly format: 'safetensors' | 'pytorch';
  readonly tensors: LoadedState;
  /** Of a safetensors file; free text of its writer. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a weights file, whatever network it is for. The format is told by its first bytes, not by its name. Filters of PyTorch files become
 * [co,kh,kw,ci].
 * @throws {AdderNetError} ERR_ARGUMENT if there is no such file; ERR_FORMAT or ERR_CORRUPT if it cannot be read
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  const bytes = await readBytes(path);
  const pytorch = bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b); // a pickle, or a zip of one
  if (pytorch) return { format: 'pytorch', tensors: parsePytorch(bytes, path), metadata: {} };
  return { format: 'safetensors', ...parseSafetensors(bytes, path) };
}

export interface LoadOptions {
  /** Name of the network, where the file does not tell it or tells another one. */
  model?: string | undefined;
  /** What its layers compute with, where the file does not tell: a PyTorch file of a binary network looks like one of multiplications. */
  unit?: Unit | undefined;
}

/**
 * A network with the weights of a file.
 * @param path a .safetensors file of this package; or a PyTorch state dict of one of its networks, such as the authors' .pth; or the name of a
 *   network that comes with the package, such as lenet5-bn-mnist
 * @throws {AdderNetError} ERR_ARGUMENT if there is no such file or network; ERR_FORMAT or ERR_CORRUPT if the file cannot be read or fits no
 *   network
 */
export async function load(path: string, options: LoadOptions = {}): Promise<Model> {
  const { tensors, metadata } = await readWeights(path);
  const network = networkOf(path, tensors, metadata, options);
  network.loadStateDict(tensors);
  return network;
}

export interface SaveOptions {
  /** Where the weights come from, if that is to be in the file. Default: what the file said that the model was loaded from. */
  training?: Training | undefined;
  /** Stores filters in 16-bit floats, for half the size: weights then are within 0.05 % of what they were. Default false. */
  half?: boolean | undefined;
}

/**
 * Writes a model's weights and metadata as safetensors: whole or not at all.
 * @throws {AdderNetError} ERR_ARGUMENT if the file cannot be written, or `half` is set and a weight is beyond 65504
 */
export async function save(model: Model, path: string, { training, half = false }: SaveOptions = {}): Promise<void> {
  const metadata: ModelMetadata = { ...model.metadata, ...(training && { training }) };
  const state = model.stateDict();
  const filters = new Set([...state].filter(([, { shape }]) => half && shape.length > 1).map(([name]) => name));
  const bytes = formatSafetensors(state, { [metadataKey]: JSON.stringify(metadata) }, filters);
  try {
    await writeFileAtomic(path, bytes);
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `cannot write the weights file '${path}': ${(cause as Error).message}`, { cause });
  }
}

function networkOf(path: string, tensors: LoadedState, metadata: WeightsFile['metadata'], { model, unit }: LoadOptions): Model {
  if (quantizedKey in metadata)
    throw new AdderNetError('ERR_FORMAT', `${path}: a quantised network, which loadQuantized() opens; load() takes float networks`);
  const stored = metadata[metadataKey];
  if (stored !== undefined && (model === undefined || model === parseMetadata(path, stored).name)) {
    const { name, inputShape, ...options } = parseMetadata(path, stored);
    try {
      return createModel(name, { ...options, seed: null });
    } catch (cause) {
      if (!(cause instanceof AdderNetError)) throw cause;
      throw new AdderNetError('ERR_FORMAT', `${path}: its metadata '${metadataKey}' describes no network: ${cause.message}`, { cause });
    }
  }
  if (model === undefined) {
    const { name, ...options } = identify(tensors);
    return createModel(name, { ...options, ...(unit && { unit }), seed: null });
  }
  const classes = (tensors.get('fc.adder') ?? tensors.get('fc.weight'))?.shape[0];
  const seen: Unit = [...tensors.keys()].some((name) => name.endsWith('.adder')) ? 'adder' : 'conv';
  return createModel(model, { unit: unit ?? seen, seed: null, ...(classes !== undefined && { classes }) });
}

function parseMetadata(path: string, text: string): ModelMetadata {
  try {
    const metadata = JSON.parse(text);
    if (typeof metadata?.name === 'string') return metadata;
  } catch {}
  throw new AdderNetError('ERR_CORRUPT', `${path}: its metadata '${metadataKey}' is not the JSON of a model: ${text.slice(0, 80)}`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(weightsPath(path));
  } catch (cause) {
    const shipped = `networks that come with the package: ${shippedModels().join(', ') || 'none here'}`;
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the weights file '${path}': ${(cause as Error).message} (${shipped})`, { cause });
  }
}

// Networks are saved as safetensors.
import { AdderNetError } from '../errors';
import { sourcePath } from '../io/file-source';
import { formatSafetensors } from '../io/safetensors';
import { writeFileAtomic } from '../io/write-file';
import type { Model, ModelMetadata, Training } from '../models';
import { checkMetadata } from '../models/metadata';
import { checkModel } from '../models/model';
import { checkOptions, optionNames } from '../options';
import { QuantizedModel } from '../quantize';
import { describeModel } from './float-file';
import { formatQuantized } from './quantized-file';

/** Options of `save`. */
export interface SaveOptions {
  /** How the weights were trained, for the file. Default: what the file says that the model was loaded from. */
  training?: Training | undefined;
  /**
   * For a float network: stores filters in 16-bit floats, at half the size. Weights are then within 0.05 % of what they were. Default false.
   */
  half?: boolean | undefined;
}
const names = optionNames<SaveOptions>({ training: true, half: true });

/**
 * Writes a network atomically as safetensors: its weights, its metadata and its layers, from which `load` makes the same network. The file does
 * not say which parameters are frozen.
 * @param path where to write, or a file: URL
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if it is not a network of the package's layers, an option is unknown or does not
 *   apply, the file cannot be written, or `half` is set and a weight exceeds 65504
 */
export async function save(model: Model | QuantizedModel, path: string | URL, options: SaveOptions = {}): Promise<void> {
  checkOptions('save', options, names);
  const { training, half = false } = options;
  if (typeof half !== 'boolean') throw new AdderNetError('ERR_ARGUMENT', `save: half is ${JSON.stringify(half)}, expected true or false`);
  const target = sourcePath('save', path);
  if (target === undefined)
    throw new AdderNetError('ERR_ARGUMENT', 'save: the path is bytes, expected the path of the file to write, or a file: URL');
  const foreign = /\.(pth?|onnx|npy|npz|h5|ckpt|pkl|pickle|bin|tflite|gguf|json)$/i.exec(target)?.[0];
  if (foreign !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', `save: '${target}' has the extension of another format, expected .safetensors`);
  if (model instanceof QuantizedModel && half)
    throw new AdderNetError('ERR_ARGUMENT', 'save: half applies to float networks; a quantized network stores its filters as integers');
  if (!(model instanceof QuantizedModel)) checkModel('save', model);
  const metadata: ModelMetadata = { ...model.metadata, ...(training !== undefined && { training }) };
  checkMetadata(metadata);
  const bytes = model instanceof QuantizedModel ? formatQuantized(model, metadata) : formatModel(model, metadata, half);
  await writeFileAtomic(target, bytes, 'the weights file');
}

/**
 * Saves a quantized network: `save` with a narrower type.
 * @param training how the weights were trained, for the file
 * @throws {AdderNetError} what save throws
 */
export async function saveQuantized(model: QuantizedModel, path: string | URL, training?: Training): Promise<void> {
  if (!(model instanceof QuantizedModel))
    throw new AdderNetError('ERR_ARGUMENT', 'saveQuantized: expected a quantized network from quantize(); save() accepts both kinds');
  await save(model, path, { training });
}

function formatModel(model: Model, metadata: ModelMetadata, half: boolean): Uint8Array {
  const state = model.stateDict();
  const filters = new Set([...state].filter(([, { shape }]) => half && shape.length > 1).map(([name]) => name));
  return formatSafetensors(state, describeModel(model, metadata), filters);
}

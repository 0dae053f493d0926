// Quantised networks as safetensors: the arrays of the steps as tensors `<step>.<name>`, everything else as JSON in the metadata.
import { AdderNetError } from '../errors';
import { formatSafetensors } from '../io/safetensors';
import { writeFileAtomic } from '../io/write-file';
import type { LoadedState } from '../layers';
import type { ModelMetadata, Training } from '../models';
import { quantizedKey, readWeights } from '../models/model-file';
import type { QuantizedStep } from '../session/steps';
import { Tensor, type TensorData } from '../tensor';
import { QuantizedModel } from './quantized-model';

interface Description {
  readonly metadata: ModelMetadata;
  readonly bits: number;
  readonly output: number;
  /** Without their arrays. */
  readonly steps: readonly Record<string, unknown>[];
}

/**
 * Writes a quantised network: whole or not at all. Loaded back it gives the same bits.
 * @param training where the weights come from, if that is to be in the file
 * @throws {AdderNetError} ERR_ARGUMENT if the file cannot be written
 */
export async function saveQuantized(model: QuantizedModel, path: string, training?: Training): Promise<void> {
  const tensors = new Map<string, Tensor<TensorData>>();
  const steps = model.steps.map((step, i) => {
    const plain: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(step))
      if (ArrayBuffer.isView(value)) tensors.set(`${i}.${name}`, new Tensor(value as TensorData, [(value as TensorData).length]));
      else plain[name] = value;
    return plain;
  });
  const metadata: ModelMetadata = { ...model.metadata, ...(training && { training }) };
  const description: Description = { metadata, bits: model.bits, output: model.output, steps };
  const bytes = formatSafetensors(tensors, { [quantizedKey]: JSON.stringify(description) });
  try {
    await writeFileAtomic(path, bytes);
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `cannot write the weights file '${path}': ${(cause as Error).message}`, { cause });
  }
}

/**
 * A quantised network from its file, or by the name of one that comes with the package.
 * @throws {AdderNetError} ERR_ARGUMENT if there is no such file; ERR_FORMAT if it holds none; ERR_CORRUPT if it is damaged
 */
export async function loadQuantized(path: string): Promise<QuantizedModel> {
  const { tensors, metadata } = await readWeights(path);
  const text = metadata[quantizedKey];
  if (text === undefined) throw new AdderNetError('ERR_FORMAT', `${path}: no quantised network, but weights for load() or another file`);
  return parseQuantized(tensors, text, path);
}

/**
 * @param tensors of the file
 * @param text    the description in its metadata
 * @param path    for messages
 * @throws {AdderNetError} ERR_CORRUPT if they do not describe a network
 */
function parseQuantized(tensors: LoadedState, text: string, path: string): QuantizedModel {
  let description: Description;
  try {
    description = JSON.parse(text);
    if (!Array.isArray(description.steps) || !Number.isInteger(description.bits)) throw new Error('no steps');
  } catch (cause) {
    throw new AdderNetError('ERR_CORRUPT', `${path}: its metadata '${quantizedKey}' describes no quantised network`, { cause });
  }
  const steps = description.steps.map((plain) => ({ ...plain }));
  for (const [key, { data }] of tensors) {
    const [, index, name] = /^(\d+)\.(\w+)$/.exec(key) ?? [];
    const step = steps[Number(index)];
    if (!step || name === undefined) throw new AdderNetError('ERR_CORRUPT', `${path}: the tensor ${key} belongs to no step of the network`);
    step[name] = data;
  }
  checkSteps(steps, path);
  return new QuantizedModel(description.metadata, description.bits, steps as unknown as QuantizedStep[], description.output);
}

/** Arrays that a step cannot do without, and their types. */
const [floats, geometry] = [[Float32Array], [Int32Array]];
const arrays: Record<string, Record<string, readonly (new (length: number) => TensorData)[]>> = {
  'quantized convolution': { filters: [Uint8Array, Int8Array], scale: floats, shift: floats, geometry },
  convolution: { filters: floats, geometry },
  normalize: { mean: floats, scale: floats, shift: floats },
  pool: { geometry },
  quantize: {},
  relu: {},
  add: {},
};

function checkSteps(steps: readonly Record<string, unknown>[], path: string): void {
  const known = new Set([0]);
  for (const [i, step] of steps.entries()) {
    const needed = arrays[String(step.op)];
    const wrong = needed ? Object.entries(needed).find(([name, types]) => !types.some((Type) => step[name] instanceof Type))?.[0] : 'op';
    const reads = [step.x, ...(step.residual === undefined ? [] : [step.residual])];
    if (wrong !== undefined || !reads.every((value) => known.has(value as number)))
      throw new AdderNetError('ERR_CORRUPT', `${path}: step ${i} of the network is damaged${wrong === undefined ? '' : `: its ${wrong}`}`);
    known.add(step.output as number);
  }
}

// Quantized networks as safetensors: the arrays of the steps as tensors `<step>.<name>`, everything else as JSON in the metadata.
import { convKinds } from '../conv-kind';
import { AdderNetError } from '../errors';
import { formatSafetensors } from '../io/safetensors';
import type { TensorFile } from '../io/tensor-file';
import type { ModelMetadata } from '../models';
import { checkMetadata } from '../models/model';
import { QuantizedModel } from '../quantize';
import { quoted } from '../quoted';
import type { QuantizedStep } from '../session/steps';
import { Tensor, type TensorData } from '../tensor';
import { knownMetadata } from './own-file';
import { checkVersion, formatVersion } from './version';

/** Where the description of a quantized network stands in the metadata of a file. */
export const quantizedKey = 'addernet.quantized';

interface Description {
  /** Absent in the first files. */
  readonly version?: number;
  readonly metadata: ModelMetadata;
  readonly bits: number;
  readonly output: number;
  /** Without their arrays. */
  readonly steps: readonly Record<string, unknown>[];
}

/** The bytes of a file. A network loaded from them is bit-identical. */
export function formatQuantized(model: QuantizedModel, metadata: ModelMetadata): Uint8Array {
  const tensors = new Map<string, Tensor<TensorData>>();
  const steps = model.steps.map((step, i) => {
    const plain: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(step))
      if (ArrayBuffer.isView(value)) tensors.set(`${i}.${name}`, new Tensor(value as TensorData, [(value as TensorData).length]));
      else plain[name] = value;
    return plain;
  });
  const description: Description = { version: formatVersion, metadata, bits: model.bits, output: model.output, steps };
  return formatSafetensors(tensors, { [quantizedKey]: JSON.stringify(description) });
}

/** @throws {AdderNetError} ERR_CORRUPT if tensors and metadata do not describe a network, ERR_FORMAT if a newer version wrote them */
export function quantizedNetwork(file: TensorFile): QuantizedModel {
  const { name: path } = file;
  let description: Description;
  try {
    description = Object(JSON.parse(file.metadata[quantizedKey]!));
  } catch (cause) {
    throw damaged(path, cause);
  }
  const { bits, version = 1 } = description;
  checkVersion(path, version);
  const isObject = (step: unknown): step is Record<string, unknown> => typeof step === 'object' && step !== null;
  if (!Array.isArray(description.steps) || !description.steps.every(isObject) || !Number.isInteger(bits) || bits < 2 || bits > 8)
    throw damaged(path);
  const steps: Record<string, unknown>[] = description.steps.map(version < 2 ? inVersion2 : (step) => ({ ...step }));
  for (const [key, { data }] of file) {
    const [, index, name] = /^(\d+)\.(\w+)$/.exec(key) ?? [];
    const step = steps[Number(index)];
    if (!step || name === undefined)
      throw new AdderNetError('ERR_CORRUPT', `${path}: the tensor ${quoted(key)} belongs to no step of the network`);
    step[name] = name === 'geometry' && data instanceof Int32Array ? withAllSides(data) : data;
  }
  checkSteps(steps, description.output, path);
  try {
    const metadata = knownMetadata(Object(description.metadata));
    checkMetadata(metadata);
    const { scale, geometry = [] } = steps.find(({ output }) => output === description.output) ?? {};
    const outputs = (scale as Float32Array | undefined)?.length ?? (geometry as Int32Array)[4];
    if (outputs !== undefined && outputs !== metadata.classes)
      throw new AdderNetError('ERR_CORRUPT', `it gives ${outputs} numbers for ${metadata.classes} classes`);
    return new QuantizedModel(metadata, bits, steps as unknown as QuantizedStep[], description.output);
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** Version 1 calls the kind of a convolution `product`, and the mode of a pooling `kind`. */
function inVersion2(step: Record<string, unknown>): Record<string, unknown> {
  if (step.op === 'convolution') return { ...step, kind: step.product };
  if (step.op === 'pool') return { ...step, mode: step.kind };
  return { ...step };
}

/** The first files have 14 numbers, with one padding for each axis, where there are 16 now, with one for each side. */
const withAllSides = (geometry: Int32Array): Int32Array =>
  geometry.length === 14 ? Int32Array.of(...geometry.subarray(0, 11), ...geometry.subarray(9)) : geometry;

function damaged(path: string, cause?: unknown): AdderNetError {
  const why = cause instanceof AdderNetError ? `: ${cause.message}` : '';
  return new AdderNetError('ERR_CORRUPT', `${path}: its metadata '${quantizedKey}' describes no quantized network${why}`, { cause });
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

/** A word that is not known would be taken for one that is. */
function isKnownKind({ op, kind, mode }: Record<string, unknown>): boolean {
  if (op === 'pool') return mode === 'max' || mode === 'average';
  return op !== 'convolution' || (convKinds as readonly unknown[]).includes(kind);
}

function checkSteps(steps: readonly Record<string, unknown>[], output: unknown, path: string): void {
  const known = new Set([0]);
  for (const [i, step] of steps.entries()) {
    const needed = typeof step.op === 'string' && Object.hasOwn(arrays, step.op) ? arrays[step.op] : undefined;
    const wrong =
      needed && isKnownKind(step)
        ? Object.entries(needed).find(([name, types]) => !types.some((Type) => step[name] instanceof Type))?.[0]
        : 'op';
    const reads = [step.x, ...(step.residual === undefined ? [] : [step.residual])];
    if (wrong !== undefined || !reads.every((value) => known.has(value as number)))
      throw new AdderNetError('ERR_CORRUPT', `${path}: step ${i} of the network is damaged${wrong === undefined ? '' : `: its ${wrong}`}`);
    known.add(step.output as number);
  }
  if (!known.has(output as number)) throw new AdderNetError('ERR_CORRUPT', `${path}: no step of the network makes its output`);
}

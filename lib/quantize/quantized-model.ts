// A quantized network, and its plain reference: integer sums by the exact integer kernels, everything else as lib/session/steps.ts defines it.
import { AdderNetError } from '../errors';
import type { ModelMetadata, Normalization } from '../models';
import { adderConv2d, int8Conv2d } from '../ops';
import type { Quantize, QuantizedConvolution, QuantizedNetwork, QuantizedStep } from '../session/steps';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { runFloatStep, unpack } from './float-steps';
import { clamp, roundHalfEven } from './quantized-steps';

/** Bytes or floats, by how the value is stored. */
type Stored = Tensor | Tensor<Uint8Array>;

/** A network in 8 bits or fewer, for inference: `quantize` makes it, `compile` makes it fast, `save` and `load` keep it. */
export class QuantizedModel implements QuantizedNetwork {
  /** That of the float network. */
  readonly metadata: ModelMetadata;
  /** Of activations and filters, 2 to 8. */
  readonly bits: number;
  /** In an order that can be run; value 0 is the input. */
  readonly steps: readonly QuantizedStep[];
  /** The value that is the result. */
  readonly output: number;

  constructor(metadata: ModelMetadata, bits: number, steps: readonly QuantizedStep[], output: number) {
    this.metadata = metadata;
    this.bits = bits;
    this.steps = steps;
    this.output = output;
  }

  /** As metadata has it. */
  get name(): string {
    return this.metadata.name;
  }

  /** What its layers compute with. */
  get kind(): ModelMetadata['kind'] {
    return this.metadata.kind;
  }

  /** How many logits an image gives. */
  get classes(): number {
    return this.metadata.classes;
  }

  /** Of one image, [h,w,c]. */
  get inputShape(): readonly [number, number, number] {
    return this.metadata.inputShape;
  }

  /** How images are normalized. */
  get normalization(): Normalization {
    return this.metadata.normalization;
  }

  /** One name for each class, where they are known. */
  get classNames(): readonly string[] | undefined {
    return this.metadata.classNames;
  }

  /**
   * The definition of what the network computes: every other way gives the same bits.
   * @param x [n,h,w,c], float32, normalized
   * @returns logits [n,classes]
   * @throws {AdderNetError} ERR_SHAPE if x is of another size; ERR_ARGUMENT if it holds a number that is not finite
   */
  forward(x: Tensor): Tensor {
    const [n, ...image] = x.shape;
    if (n === undefined || shapeText(image) !== shapeText(this.inputShape))
      throw new AdderNetError('ERR_SHAPE', `${this.name}: x has shape ${shapeText(x.shape)}, expected [n,${this.inputShape.join(',')}]`);
    const levels = 2 ** this.bits - 1;
    const values = new Map<number, Stored>([[0, x]]);
    const read = (value: number): Stored => values.get(value)!;
    for (const step of this.steps) values.set(step.output, run(step, n, levels, read));
    return (read(this.output) as Tensor).reshape([n, this.classes]);
  }
}

function run(step: QuantizedStep, n: number, levels: number, read: (value: number) => Stored): Stored {
  if (step.op === 'quantized convolution') return convolve(step, n, levels, read);
  const x = read(step.x);
  if (step.op !== 'quantize') return runFloatStep(step, n, read as (value: number) => Tensor);
  return quantized(x as Tensor, step, levels);
}

function quantized({ data, shape }: Tensor, { step, zero }: Quantize, levels: number): Tensor<Uint8Array> {
  const q = new Uint8Array(data.length);
  for (let i = 0; i < q.length; i++) {
    const v = data[i]!;
    if (!Number.isFinite(v)) throw new AdderNetError('ERR_ARGUMENT', `quantized networks take finite numbers, but there is a ${v}`);
    q[i] = clamp(roundHalfEven(Math.fround(Math.fround(v / step) + zero)), 0, levels);
  }
  return new Tensor(q, shape);
}

function convolve(step: QuantizedConvolution, n: number, levels: number, read: (value: number) => Stored): Stored {
  const { input, filters: shape, options } = unpack(step.geometry);
  const x = (read(step.x) as Tensor<Uint8Array>).reshape([n, ...input]);
  const window = { ...options, padValue: step.padding };
  const sums =
    step.filters instanceof Int8Array
      ? int8Conv2d(x, new Tensor(step.filters, shape), window)
      : adderConv2d(x, new Tensor(step.filters, shape), window);
  const residual = step.residual === undefined ? undefined : read(step.residual).data;
  const y = affine(sums.data, step, residual);
  if (step.into === 'f32') return new Tensor(step.relu ? y.map((v) => Math.max(0, v)) : y, sums.shape);
  const q = new Uint8Array(y.length);
  for (let i = 0; i < q.length; i++) q[i] = clamp(roundHalfEven(y[i]!), 0, levels);
  return new Tensor(q, sums.shape);
}

/** scale * float(sum) + shift, then the residual: a double holds each product and sum of two floats well enough to round it once. */
function affine(sums: Int32Array, step: QuantizedConvolution, residual: Uint8Array | Float32Array | undefined): Float32Array {
  const { scale, shift, residualScale = 1 } = step;
  const factor = Math.fround(residual instanceof Uint8Array ? residualScale : 1);
  const v = new Float32Array(sums.length);
  for (let first = 0; first < v.length; first += scale.length)
    for (let c = 0; c < scale.length; c++) {
      const rescaled = Math.fround(Math.fround(scale[c]! * sums[first + c]!) + shift[c]!);
      v[first + c] = residual ? rescaled + Math.fround(factor * residual[first + c]!) : rescaled;
    }
  return v;
}

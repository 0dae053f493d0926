// Writes down the steps that layers emit, one after the other, with shapes checked and geometries worked out.
import { AdderNetError } from '../errors';
import type { ConvolutionStep, PlanBuilder, Statistics, Value } from '../layers';
import { checkFloat, checkShapeIs } from '../ops/out';
import { convGeometry, elementCount, type PoolWindow, poolGeometry, type Shape, shapeText } from '../shape';
import type { PlanStep } from './steps';

/** A step before it knows where it writes. */
type NewStep<S = PlanStep> = S extends PlanStep ? Omit<S, 'output'> : never;

export class StepRecorder implements PlanBuilder {
  readonly steps: PlanStep[] = [];
  readonly input: Value;
  readonly #numbers = new WeakMap<Value, number>();

  /** @param input shape of one image, with n = 1 */
  constructor(input: Shape) {
    this.input = this.#value(0, input);
  }

  /** @throws {AdderNetError} ERR_ARGUMENT if the value is not one of this recorder's */
  numberOf(value: Value): number {
    const number = this.#numbers.get(value);
    if (number === undefined)
      throw new AdderNetError('ERR_ARGUMENT', 'lower: a value is not one that this builder gave: pass on what its methods return');
    return number;
  }

  convolution(x: Value, { kind, filters, bias, ...options }: ConvolutionStep): Value {
    checkFloat('convolution', 'filters', filters);
    const { output, packed } = convGeometry('convolution', x.shape, filters.shape, options);
    if (bias) {
      checkFloat('convolution', 'bias', bias);
      checkShapeIs('convolution', 'bias', bias, [output[3]]);
    }
    const arrays = { filters: filters.data, bias: bias?.data };
    return this.#record({ op: 'convolution', x: this.numberOf(x), kind, ...arrays, geometry: packed }, output);
  }

  maxPool(x: Value, window: PoolWindow): Value {
    return this.#pool('max', x, window);
  }

  averagePool(x: Value, window: PoolWindow): Value {
    return this.#pool('average', x, window);
  }

  batchNorm(x: Value, { mean, variance, gamma, beta, epsilon }: Statistics): Value {
    for (const [name, statistic] of Object.entries({ mean, variance, gamma, beta })) {
      checkFloat('batchNorm', name, statistic);
      checkShapeIs('batchNorm', name, statistic, [x.shape.at(-1)!]);
    }
    const scale = gamma.data.map((factor, c) => factor / Math.sqrt(variance.data[c]! + epsilon));
    return this.#record({ op: 'normalize', x: this.numberOf(x), mean: mean.data, scale, shift: beta.data }, x.shape);
  }

  relu(x: Value): Value {
    return this.#record({ op: 'relu', x: this.numberOf(x) }, x.shape);
  }

  add(a: Value, b: Value): Value {
    if (shapeText(a.shape) !== shapeText(b.shape))
      throw new AdderNetError('ERR_SHAPE', `add: shapes are ${shapeText(a.shape)} and ${shapeText(b.shape)}, expected the same`);
    return this.#record({ op: 'add', x: this.numberOf(a), residual: this.numberOf(b) }, a.shape);
  }

  reshape(x: Value, shape: Shape): Value {
    if (elementCount(shape) !== elementCount(x.shape) || shape[0] !== 1)
      throw new AdderNetError(
        'ERR_SHAPE',
        `reshape: shape is ${shapeText(shape)}, expected as many elements as ${shapeText(x.shape)} has, and 1 on the first axis`,
      );
    return this.#value(this.numberOf(x), shape);
  }

  #pool(mode: 'max' | 'average', x: Value, window: PoolWindow): Value {
    const { output, packed } = poolGeometry(`${mode}Pool`, x.shape, window);
    return this.#record({ op: 'pool', mode, x: this.numberOf(x), geometry: packed }, output);
  }

  #record(step: NewStep, shape: Shape): Value {
    const output = this.steps.length + 1;
    this.steps.push({ ...step, output });
    return this.#value(output, shape);
  }

  #value(number: number, shape: Shape): Value {
    const value: Value = Object.freeze({ shape });
    this.#numbers.set(value, number);
    return value;
  }
}

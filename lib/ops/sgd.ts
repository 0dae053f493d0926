// One step of stochastic gradient descent for one parameter.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import type { Tensor } from '../tensor';
import { checkFloat, checkNumber, checkShapeIs, outputTensor } from './out';

/** What `sgdStep` takes. */
export interface SgdStepOptions {
  /** Factor of the step, at least 0. */
  learningRate: number;
  /** Default 0. */
  momentum?: number | undefined;
  /** The momentum's memory, of the value's shape, zero at first: updated in place. Needed where momentum is not 0. */
  velocity?: Tensor | undefined;
  /** Looks one step of momentum ahead. Default false. */
  nesterov?: boolean | undefined;
  /** Default 0. */
  weightDecay?: number | undefined;
  /**
   * The factor `a` of the gradient: 1; of an adder layer's filters `eta · √k / max(‖gradient‖₂, 1e-12)`, where the tensor has k elements
   * (AdderNet, CVPR 2020, section 3.3); or 100, the paper's constant increased rate. Default 'plain'.
   */
  rate?: 'plain' | 'adaptive' | 'increased' | undefined;
  /** Of the adaptive rate. Default 0.2. */
  eta?: number | undefined;
  /** Factor of the gradient at the plain rate, for clipping by the norm. Default 1. */
  gradientScale?: number | undefined;
  /** Values are cut to [-limit, limit]. Default: infinity, not at all. */
  limit?: number | undefined;
}

const names = optionNames<SgdStepOptions>({
  learningRate: true,
  momentum: true,
  velocity: true,
  nesterov: true,
  weightDecay: true,
  rate: true,
  eta: true,
  gradientScale: true,
  limit: true,
});

const increase = 100;

/**
 * Moves `value` one step against the gradient, in place:
 * `d = a · gradient + weightDecay · value`, `velocity = momentum · velocity + d`, `value −= learningRate · velocity`, where with Nesterov
 * `d + momentum · velocity` stands in for the velocity; then cut to the limit. A zero gradient stays zero at the adaptive rate.
 *
 * @param value    the parameter, float32
 * @param gradient of the same shape
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export function sgdStep(value: Tensor, gradient: Tensor, options: SgdStepOptions): void {
  const op = 'sgdStep';
  checkOptions(op, options, names);
  const { learningRate, momentum = 0, velocity, nesterov = false, weightDecay = 0, rate = 'plain', eta = 0.2, gradientScale = 1 } = options;
  const { limit = Number.POSITIVE_INFINITY } = options;
  checkFloat(op, 'value', value);
  checkFloat(op, 'gradient', gradient);
  checkShapeIs(op, 'gradient', gradient, value.shape);
  outputTensor(op, value, value.shape, [gradient], [], 'value');
  for (const [name, number] of Object.entries({ learningRate, weightDecay, eta, gradientScale }))
    checkNumber(op, name, number, (v) => v >= 0, 'a number of at least 0');
  if (!(limit > 0)) throw new AdderNetError('ERR_ARGUMENT', `${op}: limit is ${shown(limit)}, expected a positive number`);
  checkNumber(op, 'momentum', momentum, (v) => v >= 0 && v < 1, 'a number from 0 to below 1');
  if (velocity) outputTensor(op, velocity, value.shape, [value, gradient], [], 'velocity');
  else if (momentum > 0) throw new AdderNetError('ERR_ARGUMENT', `${op}: momentum is ${momentum}, but there is no velocity`);
  if (nesterov && momentum === 0) throw new AdderNetError('ERR_ARGUMENT', `${op}: nesterov needs a momentum above 0`);
  const factors = { plain: gradientScale, adaptive: eta, increased: increase };
  if (!Object.hasOwn(factors, rate))
    throw new AdderNetError('ERR_ARGUMENT', `${op}: rate is '${rate}', expected one of ${Object.keys(factors).join(', ')}`);
  if (options.eta !== undefined && rate !== 'adaptive')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: eta is of the adaptive rate, but rate is '${rate}': leave one of them out`);
  if (options.gradientScale !== undefined && rate !== 'plain')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: gradientScale is of the plain rate, but rate is '${rate}': leave one of them out`);
  rethrow(() =>
    native().sgdStep(
      value.data,
      gradient.data,
      momentum > 0 ? velocity?.data : undefined,
      learningRate,
      momentum,
      nesterov,
      weightDecay,
      factors[rate],
      rate === 'adaptive',
      limit,
    ),
  );
}

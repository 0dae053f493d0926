// Stochastic gradient descent: plain, with momentum, or with Nesterov momentum; and the adaptive learning rate of adder and binary filters.

import { AdderNetError } from '../errors';
import { Parameter } from '../layers';
import { type SgdStepOptions, sgdStep } from '../ops';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { Tensor } from '../tensor';

/** Options of `Sgd`. */
export interface SgdOptions {
  /** Learning rate, which a schedule scales from step to step. */
  lr: number;
  /** Default 0. */
  momentum?: number | undefined;
  /** Default false. */
  nesterov?: boolean | undefined;
  /** Weight decay of every parameter except binary filters. Default 0. */
  weightDecay?: number | undefined;
  /** The learning rate of adder and binary filters: see `sgdStep`; eta belongs to the adaptive rate. Default: adaptive with eta 0.2. */
  adder?: Pick<SgdStepOptions, 'rate' | 'eta'> | undefined;
  /** Scales the gradients of ordinary parameters down where their common norm is above this. Default: never. */
  clipNorm?: number | undefined;
}

const names = optionNames<SgdOptions>({
  lr: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  adder: true,
  clipNorm: true,
});
const adderNames = optionNames<NonNullable<SgdOptions['adder']>>({ rate: true, eta: true });

/**
 * Per parameter: `d = a · gradient + weightDecay · value`, `velocity = momentum · velocity + d`, `value −= lr · velocity` (with Nesterov
 * `d + momentum · velocity`). For adder filters of k elements `a = eta · √k / ‖gradient‖₂` (AdderNet, CVPR 2020, section 3.3), because
 * the norms of their gradients differ from layer to layer by orders of magnitude. For ordinary parameters a is 1, or clipNorm / norm.
 *
 * Binary filters have the same rate: what counts is how far a step is from their signs, not how small their gradients are. Their values are cut
 * to [-1, 1], beyond which no gradient passes (BinaryConnect, NeurIPS 2015), and do not decay, since their size has no effect.
 */
export class Sgd {
  /** The parameters that it updates, each once. */
  readonly parameters: readonly Parameter[];
  /** The options as they were given. */
  readonly options: Readonly<SgdOptions>;
  readonly #velocities = new Map<Parameter, Tensor>();

  /** @throws {AdderNetError} ERR_ARGUMENT if there are no parameters or an option is unknown, out of range or does not apply */
  constructor(parameters: Iterable<Parameter>, options: SgdOptions) {
    checkOptions('Sgd', options, names);
    checkOptions('Sgd: adder', options.adder ?? {}, adderNames);
    if (typeof Object(parameters)[Symbol.iterator] !== 'function')
      throw new AdderNetError('ERR_ARGUMENT', 'Sgd: parameters are not a list: pass model.parameters()');
    this.parameters = [...new Set(parameters)];
    const foreign = this.parameters.find((parameter) => !(parameter instanceof Parameter));
    if (foreign !== undefined) throw new AdderNetError('ERR_ARGUMENT', 'Sgd: expected parameters of layers: pass model.parameters()');
    this.options = options;
    const { lr, clipNorm } = options;
    if (this.parameters.length === 0)
      throw new AdderNetError('ERR_ARGUMENT', 'Sgd: there are no parameters to train: pass model.parameters()');
    for (const [name, value] of Object.entries({ lr, clipNorm }))
      if (value !== undefined && !(value > 0 && Number.isFinite(value)))
        throw new AdderNetError('ERR_ARGUMENT', `Sgd: ${name} is ${shown(value)}, expected a positive number`);
    const [value, gradient, velocity] = [Tensor.zeros([1]), Tensor.zeros([1]), Tensor.zeros([1])];
    this.#stepOne(value, gradient, velocity, this.#adderRate(), 1); // checks all other options
  }

  /**
   * Updates every parameter that is not frozen by its gradient.
   * @param factor of the learning rate in this step, as a schedule gives it. Default 1
   * @throws {AdderNetError} ERR_ARGUMENT if the factor is no number of at least 0; ERR_MEMORY if working memory runs out
   */
  step(factor = 1): void {
    const gradientScale = this.#clip();
    for (const parameter of this.parameters) {
      if (parameter.frozen) continue;
      const { rule, value, gradient } = parameter;
      const rate: Rate = rule === 'ordinary' ? { rate: 'plain', gradientScale } : this.#adderRate();
      this.#stepOne(value, gradient, this.velocity(parameter), rule === 'binary' ? { ...rate, weightDecay: 0, limit: 1 } : rate, factor);
    }
  }

  /** The velocity of a parameter, zero before its first step; undefined without momentum. */
  velocity(parameter: Parameter): Tensor | undefined {
    if (!this.options.momentum) return undefined;
    let velocity = this.#velocities.get(parameter);
    if (!velocity) {
      velocity = Tensor.zeros(parameter.value.shape);
      this.#velocities.set(parameter, velocity);
    }
    return velocity;
  }

  #stepOne(value: Tensor, gradient: Tensor, velocity: Tensor | undefined, rate: Rate, factor: number): void {
    const { lr, momentum, nesterov, weightDecay } = this.options;
    const withMomentum = momentum ? velocity : undefined;
    sgdStep(value, gradient, { learningRate: lr * factor, momentum, velocity: withMomentum, nesterov, weightDecay, ...rate });
  }

  #adderRate(): Rate {
    const { rate = 'adaptive', eta } = this.options.adder ?? {};
    return { rate, eta };
  }

  /** The factor that limits the norm of all ordinary gradients together to clipNorm. */
  #clip(): number {
    const { clipNorm } = this.options;
    if (clipNorm === undefined) return 1;
    let squares = 0;
    for (const { rule, frozen, gradient } of this.parameters)
      if (rule === 'ordinary' && !frozen) squares = gradient.data.reduce((sum, g) => sum + g * g, squares);
    const norm = Math.sqrt(squares);
    return norm > clipNorm && Number.isFinite(norm) ? clipNorm / norm : 1;
  }
}

type Rate = Pick<SgdStepOptions, 'rate' | 'eta' | 'gradientScale' | 'weightDecay' | 'limit'>;

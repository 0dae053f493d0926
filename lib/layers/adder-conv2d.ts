// The adder convolution: the negative L1 distance between a window and a filter, without multiplications.
import { AdderNetError } from '../errors';
import { adderConv2d, adderConv2dGradFilter, adderConv2dGradInput } from '../ops';
import { optionNames } from '../options';
import { shown } from '../quoted';
import { product } from './conv2d';
import { Conv2dLayer, type Conv2dOptions, type ConvFunctions, type ConvImplementation, conv2dOptionNames } from './conv2d-layer';
import type { LayerConfig } from './layer';

/** Options of AdderConv2d. */
export interface AdderConv2dOptions extends Conv2dOptions {
  /** Whether outputs are less the mean over the channels of their pixel, which networks learn better with. Default false. */
  center?: boolean | undefined;
  /** The gradient with respect to the filters: x - w in full precision, or the ablation sgn(x - w). Default 'full'. */
  filterGradient?: FilterGradient;
}
/** The rules by which adder filters can be trained. */
export const filterGradients = ['full', 'sign'] as const;
/** One of `filterGradients`: the difference x - w itself, or its sign. */
export type FilterGradient = (typeof filterGradients)[number];

const names = [...conv2dOptionNames, ...optionNames<Omit<AdderConv2dOptions, keyof Conv2dOptions>>({ center: true, filterGradient: true })];

const adder = (filterGradient: FilterGradient): ConvImplementation => ({
  kind: 'adder',
  forward: adderConv2d,
  gradInput: adderConv2dGradInput,
  gradFilter: (gy, x, filters, options) => adderConv2dGradFilter(gy, x, filters, { ...options, gradient: filterGradient }),
  key: 'adder',
  rule: 'adder',
  std: () => 1,
  cost: { multiplications: 0, additions: 2, xnors: 0 },
});

/**
 * y[n,ho,wo,co] = -sum_{kh,kw,ci} |x[n, ho*s+kh*d-p, wo*s+kw*d-p, ci] - w[co,kh,kw,ci]| (+ b[co])    (AdderNet, CVPR 2020, eq. 2)
 * Filters are initialized from N(0,1). Without a bias, y is never above 0, so a batch norm has to come before any ReLU.
 *
 * Where it centers, y is less the mean over the channels of its pixel, before the bias, and gy in what follows, too.
 *
 * It is trained by the rule of the paper: gw = sum (x - w) * gy (eq. 4) and gx = sum clamp(w - x, -1, 1) * gy (eq. 5).
 */
export class AdderConv2d extends Conv2dLayer {
  /** Whether outputs are centered over the channels. */
  readonly center: boolean;
  /**
   * Part, 0 to 1, of the mean over the channels of a pixel that outputs are less in training where they are not centered: without what all
   * filters share they learn sooner what tells them apart. `fit` lowers it step by step to 0, which it must be in the end. Default 0.
   */
  trainingCenter = 0;
  /**
   * Whether it computes products in training, y = sum x * w, and is trained as an ordinary convolution: the easy start of AdderNet's lp norms,
   * where p falls from 2 to 1. At p = 2 a distance is -sum (x - w)^2 / 2 = sum x * w - sum w^2 / 2 - sum x^2 / 2, of which batch norm takes off
   * the second term, and centering the third. Must be false in the end. Default false.
   */
  trainingProduct = false;
  readonly #filterGradient: FilterGradient;

  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, or the groups do not divide the channels */
  constructor(inputChannels: number, outputChannels: number, options: AdderConv2dOptions) {
    const { center = false, filterGradient = 'full' } = options ?? {};
    if (!filterGradients.includes(filterGradient))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `AdderConv2d: filterGradient is '${String(filterGradient)}', expected one of ${filterGradients.join(', ')}`,
      );
    if (typeof center !== 'boolean')
      throw new AdderNetError('ERR_ARGUMENT', `AdderConv2d: center is ${shown(center)}, expected true or false`);
    super(inputChannels, outputChannels, options, adder(filterGradient), names);
    this.center = center;
    this.#filterGradient = filterGradient;
  }

  /** @internal */
  protected override functions(training: boolean): ConvFunctions {
    return training && this.trainingProduct ? product : super.functions(training);
  }

  /** @internal */
  protected override centering(training: boolean): number {
    if (this.center) return 1;
    return training ? this.trainingCenter : 0;
  }

  /** @internal */
  override config(): LayerConfig {
    return { ...super.config(), ...(this.center && { center: true }), filterGradient: this.#filterGradient };
  }
}

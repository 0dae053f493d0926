// What the networks of the paper are built from. The kind of convolution is a parameter, so that the columns of the paper's tables are one code.
import type { ConvKind } from '../conv-kind';
import {
  AdderConv2d,
  BatchNorm,
  Conv2d,
  type Conv2dLayer,
  type Conv2dOptions,
  type FilterGradient,
  type Layer,
  Relu,
  XnorConv2d,
} from '../layers';
import type { Random } from '../random';

/** Height, width and channels of one image. */
export type InputShape = readonly [number, number, number];

/** What a network is built from. */
export interface NetworkSpec {
  /** Kind of the inner layers. */
  readonly kind: ConvKind;
  readonly classes: number;
  /** Shape of one image, [h,w,c]. */
  readonly inputShape: InputShape;
  /** Source of the initial filters, or null for zeros. */
  readonly random: Random | null;
  /** The rule by which adder filters are trained. Default 'full'. */
  readonly filterGradient?: FilterGradient;
}

const layerOf = { adder: AdderConv2d, conv: Conv2d, xnor: XnorConv2d };

/** A convolution of the network's kind. */
export function innerConv2d(spec: NetworkSpec, inputs: number, outputs: number, options: Omit<Conv2dOptions, 'random'>): Conv2dLayer {
  const { kind, random, filterGradient = 'full' } = spec;
  if (kind === 'adder') return new AdderConv2d(inputs, outputs, { ...options, random, filterGradient });
  return new layerOf[kind](inputs, outputs, { ...options, random });
}

/** Whether a ReLU goes before an inner convolution. It does not where that takes signs, which after a ReLU would all be +1. */
export const hasRelu = ({ kind }: NetworkSpec): boolean => kind !== 'xnor';

/** The ReLU before an inner convolution, by its name, or nothing. */
export const innerRelu = (spec: NetworkSpec, name: string): Record<string, Relu> => (hasRelu(spec) ? { [name]: new Relu() } : {});

/**
 * What follows the nth convolution: batch norm, ReLU, and maybe max pooling. In a binary network the pooling comes first: the largest of some
 * normalized values is nearly always positive, and its sign would say little.
 */
export function afterConv(spec: NetworkSpec, n: number, channels: number, pool: Record<string, Layer> = {}): Record<string, Layer> {
  const norm = { [`bn${n}`]: new BatchNorm(channels) };
  return hasRelu(spec) ? { ...norm, [`relu${n}`]: new Relu(), ...pool } : { ...pool, ...norm };
}

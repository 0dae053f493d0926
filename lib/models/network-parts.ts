// What the networks of the paper are built from. The kind of convolution is a parameter, so that the columns of the paper's tables are one code.
import type { NetworkKind } from '../conv-kind';
import {
  AdderConv2d,
  BatchNorm,
  Conv2d,
  type Conv2dOptions,
  type FilterGradient,
  type Layer,
  Relu,
  Sequential,
  SymmetricPad2d,
  WinogradAdderConv2d,
  XnorConv2d,
} from '../layers';
import type { LoadedState } from '../layers/state';
import type { Random } from '../random';
import type { Pair } from '../shape';

/** Height, width and channels of one image. */
export type InputShape = readonly [number, number, number];

/** What a network is built from. */
export interface NetworkSpec {
  /** Kind of the inner layers. */
  readonly kind: NetworkKind;
  readonly classes: number;
  /** Shape of one image, [h,w,c]. */
  readonly inputShape: InputShape;
  /** Source of the initial filters, or null for zeros. */
  readonly random: Random | null;
  /** The rule by which adder filters are trained. Default 'full'. */
  readonly filterGradient?: FilterGradient;
}

/** The name of a convolution with 2x2 windows beside its padding. */
const evenConv = 'conv';

/**
 * A convolution of the network's kind. In a network of kind 'adder-2x2', which has its adders centered, that is an adder convolution where windows are
 * not 3x3 with padding 1, and in one of kind 'adder-winograd' where they are not 3x3 at stride 1.
 */
export function innerConv2d(spec: NetworkSpec, inputs: number, outputs: number, options: Omit<Conv2dOptions, 'random'>): Layer {
  const { kind, random, filterGradient = 'full' } = spec;
  if (kind === 'conv') return new Conv2d(inputs, outputs, { ...options, random });
  if (kind === 'xnor') return new XnorConv2d(inputs, outputs, { ...options, random });
  if (kind === 'adder-winograd' && isPlain3x3(options)) {
    const { padding, bias = false } = options;
    return new WinogradAdderConv2d(inputs, outputs, { padding, bias, random });
  }
  const adder = (windows: Conv2dOptions) =>
    new AdderConv2d(inputs, outputs, { ...windows, center: kind === 'adder-2x2', random, filterGradient });
  return kind === 'adder-2x2' && is3x3(options) && options.padding === 1
    ? new Sequential({ pad: new SymmetricPad2d(), [evenConv]: adder({ ...options, kernel: 2, padding: 0 }) })
    : adder(options);
}

/** Whether a convolution has 3x3 windows, in whose place 2x2 windows can be. */
const is3x3 = ({ kernel, dilation = 1, groups = 1 }: Conv2dOptions): boolean => isOf(kernel, 3) && isOf(dilation, 1) && groups === 1;

/** Whether they are at stride 1 as well, which Winograd's transforms are for. */
export const isPlain3x3 = (options: Conv2dOptions): boolean => is3x3(options) && isOf(options.stride ?? 1, 1);

const isOf = (value: Pair, size: number): boolean => (typeof value === 'number' ? value === size : value.every((side) => side === size));

/** By the names of a network's tensors, which do not distinguish binary networks from CNNs: 'conv'. */
export function kindOf(state: LoadedState): NetworkKind {
  const has = (key: string) => [...state.keys()].some((name) => name.endsWith(`.${key}`));
  // Networks of the first two kinds have ordinary adder layers as well.
  return has('filters') ? 'adder-winograd' : has(`${evenConv}.adder`) ? 'adder-2x2' : has('adder') ? 'adder' : 'conv';
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

// The kind of unit a network computes with is a parameter, so that the columns of the paper's tables are one code.
import {
  AdderConv2d,
  BatchNorm,
  Conv2d,
  type Conv2dOptions,
  type Convolution,
  type FilterGradient,
  type Layer,
  Relu,
  XnorConv2d,
} from '../layers';
import type { Random } from '../random';

/** Height, width and channels of one image. */
export type InputShape = readonly [number, number, number];

const convolutions = { adder: AdderConv2d, conv: Conv2d, xnor: XnorConv2d };

/** What inner layers are made of: adder units, ordinary multiplications, or signs. */
export type Unit = keyof typeof convolutions;
/** All of them. */
export const units = Object.keys(convolutions) as readonly Unit[];

/** What a network is built from. */
export interface NetworkSpec {
  readonly unit: Unit;
  readonly classes: number;
  /** Of one image, [h,w,c]. */
  readonly inputShape: InputShape;
  /** Source of the initial filters, or null for zeros. */
  readonly random: Random | null;
  /** By which rule the filters of adder units learn. Default 'full'. */
  readonly filterGradient?: FilterGradient;
}

/** A convolution of the network's unit. */
export function unitConv2d(spec: NetworkSpec, inputs: number, outputs: number, options: Omit<Conv2dOptions, 'random'>): Convolution {
  const { unit, random, filterGradient = 'full' } = spec;
  if (unit === 'adder') return new AdderConv2d(inputs, outputs, { ...options, random, filterGradient });
  return new convolutions[unit](inputs, outputs, { ...options, random });
}

/** Whether a rectifier goes before a unit: not where it takes signs, which after a rectifier would all be +1. */
export const unitRectifies = ({ unit }: NetworkSpec): boolean => unit !== 'xnor';

/** The rectifier before a unit, by its name, or nothing. */
export const unitRelu = (spec: NetworkSpec, name: string): Record<string, Relu> => (unitRectifies(spec) ? { [name]: new Relu() } : {});

/**
 * What follows the nth unit: batch norm, rectifier, and maybe a maximum pooling. In a binary network the pooling comes first: the largest of
 * some normalized values is nearly always positive, and its sign would tell little.
 */
export function afterUnit(spec: NetworkSpec, n: number, channels: number, pool: Record<string, Layer> = {}): Record<string, Layer> {
  const norm = { [`bn${n}`]: new BatchNorm(channels) };
  return unitRectifies(spec) ? { ...norm, [`relu${n}`]: new Relu(), ...pool } : { ...pool, ...norm };
}

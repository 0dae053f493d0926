// The kind of unit a network computes with is a parameter, so that the columns of the paper's tables are one code.
import { AdderConv2d, Conv2d, type Conv2dOptions, type Convolution } from '../layers';
import type { Random } from '../random';

const convolutions = { adder: AdderConv2d, conv: Conv2d };

/** What inner layers are made of: adder units, or ordinary multiplications. */
export type Unit = keyof typeof convolutions;
export const units = Object.keys(convolutions) as readonly Unit[];

/** What a network is built from. */
export interface NetworkSpec {
  readonly unit: Unit;
  readonly classes: number;
  /** Source of the initial filters, or null for zeros. */
  readonly random: Random | null;
}

/** A convolution of the network's unit. */
export const unitConv2d = (
  { unit, random }: NetworkSpec,
  inputs: number,
  outputs: number,
  options: Omit<Conv2dOptions, 'random'>,
): Convolution => new convolutions[unit](inputs, outputs, { ...options, random });

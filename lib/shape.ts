// Shapes: checks that name the argument, and the geometry of a convolution, worked out in one place for every layer and operation.

import { AdderNetError } from './errors';
import { shown } from './quoted';

export type Shape = readonly number[];
/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number];
/** Rows and columns added: one number for all sides, [height, width] for both sides of each axis, or [top, left, bottom, right]. */
export type Padding = Pair | readonly [number, number, number, number];

/** The native side counts in 32 bits per size and 2^53 bytes in all. */
const largestSize = 2 ** 31 - 1;

export const shapeText = (shape: Shape): string => `[${Array.from(shape).join(',')}]`;
export const elementCount = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** @throws {AdderNetError} ERR_SHAPE unless `shape` is an array of positive integers with a product that fits 2^53 */
export function checkShape(name: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new AdderNetError('ERR_SHAPE', `${name} is ${shown(shape)}, expected an array of sizes like [1,32,32,3]`);
  for (const size of shape)
    if (!Number.isInteger(size) || size < 1 || size > largestSize)
      throw new AdderNetError('ERR_SHAPE', `${name} is ${shapeText(shape)}, expected sizes that are integers from 1 to ${largestSize}`);
  if (!Number.isSafeInteger(elementCount(shape)))
    throw new AdderNetError('ERR_SHAPE', `${name} is ${shapeText(shape)}: more elements than memory can hold`);
}

/** [height, width] of an option, each an integer from `min` on. */
export function pair(name: string, value: Pair, min: number): readonly [number, number] {
  const both = typeof value === 'number' ? ([value, value] as const) : value;
  const good = (v: unknown) => Number.isInteger(v) && (v as number) >= min && (v as number) <= largestSize;
  if (!Array.isArray(both) || both.length !== 2 || !both.every(good))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name} is ${JSON.stringify(value)}, expected an integer from ${min} to ${largestSize} or two of them, [height, width]`,
    );
  return [both[0]!, both[1]!];
}

/** Padding of each side. */
export type Sides = readonly [top: number, left: number, bottom: number, right: number];

/**
 * [top, left, bottom, right] of an option, each a non-negative integer.
 * @throws {AdderNetError} ERR_ARGUMENT
 */
export function sides(name: string, value: Padding): Sides {
  const all: unknown =
    typeof value === 'number' ? Array(4).fill(value) : Array.isArray(value) && value.length === 2 ? [...value, ...value] : value;
  if (!Array.isArray(all) || all.length !== 4 || !all.every((v) => Number.isInteger(v) && v >= 0 && v <= largestSize))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name} is ${JSON.stringify(value)}, expected an integer from 0 to ${largestSize}, two of them, [height, width], or four, [top, left, bottom, right]`,
    );
  return [all[0], all[1], all[2], all[3]];
}

/** An option as layers keep it: [height, width] where both sides of each axis are alike, else [top, left, bottom, right]. */
export function shortPadding(name: string, value: Padding): readonly [number, number] | Sides {
  const all = sides(name, value);
  const [top, left, bottom, right] = all;
  return top === bottom && left === right ? [top, left] : all;
}

const paddingText = ([top, left, bottom, right]: Sides): string =>
  top === bottom && left === right ? `${top}x${left}` : `[${top},${left},${bottom},${right}]`;

/** Output size along one axis: floor((padded - d(k - 1) - 1) / s) + 1; 0 or less if the kernel does not fit. */
const outputSize = (padded: number, kernel: number, stride: number, dilation: number): number =>
  Math.floor((padded - dilation * (kernel - 1) - 1) / stride) + 1;

export interface ConvOptions {
  /** Pixels between two windows. Default 1. */
  stride?: Pair | undefined;
  /** Rows and columns of zeros added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
  /** Pixels between two taps of the kernel. Default 1. */
  dilation?: Pair | undefined;
  /** The channels are cut into this many groups that do not see each other; as many as channels is a depthwise convolution. Default 1. */
  groups?: number | undefined;
}

/** Everything a convolution's driver needs to know: sizes, and where the windows lie. */
export interface ConvGeometry {
  /** [n, ho, wo, co] */
  readonly output: readonly [number, number, number, number];
  /** n h w ci co kh kw sh sw pad_top pad_left pad_bottom pad_right dh dw groups, as native/conv2d/shape.h reads them. */
  readonly packed: Int32Array;
}

/**
 * @param op      name of the operation, for messages
 * @param x       shape of the activations, [n,h,w,ci]
 * @param filters shape of the filters, [co,kh,kw,ci/groups]
 * @throws {AdderNetError} ERR_SHAPE if they do not fit each other, ERR_ARGUMENT if an option is out of range
 */
export function convGeometry(op: string, x: Shape, filters: Shape, options: ConvOptions): ConvGeometry {
  if (x.length !== 4) throw new AdderNetError('ERR_SHAPE', `${op}: x has shape ${shapeText(x)}, expected rank 4, [n,h,w,ci]`);
  if (filters.length !== 4)
    throw new AdderNetError('ERR_SHAPE', `${op}: filters have shape ${shapeText(filters)}, expected rank 4, [co,kh,kw,ci/groups]`);
  checkShape(`${op}: shape of x`, x);
  checkShape(`${op}: shape of filters`, filters);
  const [n, h, w, ci] = x as [number, number, number, number];
  const [co, kh, kw, groupInputs] = filters as [number, number, number, number];
  const [sh, sw] = pair(`${op}: stride`, options.stride ?? 1, 1);
  const padding = sides(`${op}: padding`, options.padding ?? 0);
  const [top, left, bottom, right] = padding;
  const [dh, dw] = pair(`${op}: dilation`, options.dilation ?? 1, 1);
  const groups = options.groups ?? 1;
  if (!Number.isInteger(groups) || groups < 1 || ci % groups !== 0 || co % groups !== 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: groups is ${shown(groups)}, expected a positive integer that divides ${ci} input and ${co} output channels`,
    );
  if (groupInputs * groups !== ci)
    throw new AdderNetError(
      'ERR_SHAPE',
      groups === 1
        ? `${op}: filters expect ${groupInputs} input channels, but x has shape ${shapeText(x)}`
        : `${op}: filters expect ${groupInputs} input channels in each of ${groups} groups, but x has shape ${shapeText(x)}`,
    );
  const ho = outputSize(top + h + bottom, kh, sh, dh);
  const wo = outputSize(left + w + right, kw, sw, dw);
  if (ho < 1 || wo < 1)
    throw new AdderNetError(
      'ERR_SHAPE',
      `${op}: a ${kh}x${kw} kernel with dilation ${dh}x${dw} does not fit in ${h}x${w} pixels padded by ${paddingText(padding)}`,
    );
  checkShape(`${op}: shape of the output`, [n, ho, wo, co]);
  return { output: [n, ho, wo, co], packed: Int32Array.of(n, h, w, ci, co, kh, kw, sh, sw, ...padding, dh, dw, groups) };
}

export interface PoolWindow {
  kernel: Pair;
  stride?: Pair | undefined;
  padding?: Padding | undefined;
}

/**
 * Windows of a pooling: those of a convolution that keeps its channels.
 * @throws {AdderNetError} ERR_SHAPE if x does not have rank 4 or the window does not fit; ERR_ARGUMENT if an option is out of range
 */
export function poolGeometry(op: string, x: Shape, { kernel, stride = kernel, padding = 0 }: PoolWindow): ConvGeometry {
  const [kh, kw] = pair(`${op}: kernel`, kernel, 1);
  const [top, left, bottom, right] = sides(`${op}: padding`, padding);
  if (2 * Math.max(top, bottom) > kh || 2 * Math.max(left, right) > kw)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: padding is ${paddingText([top, left, bottom, right])}, expected at most half of the ${kh}x${kw} kernel on each side`,
    );
  const channels = x.length === 4 ? x[3]! : 1;
  return convGeometry(op, x, [channels, kh, kw, channels], { stride, padding });
}

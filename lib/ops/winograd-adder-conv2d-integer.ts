// Winograd adder convolutions of integers, exact in int32: what quantized inference is made of.
import { native, type QuantizedArray, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { optionNames } from '../options';
import { shown } from '../quoted';
import type { Padding } from '../shape';
import type { Tensor, TensorData } from '../tensor';
import { quantizedType } from './conv2d-integer';
import { checkDType, checkShapeIs, type OutOption, outputTensor } from './out';
import { integersOf, type QuantizedDType } from './quantize';
import { checkWinogradOptions, winogradGeometry } from './winograd-geometry';

/** What `winogradAdderConv2d` of integers takes. */
export interface WinogradIntegerOptions extends OutOption<Int32Array> {
  /** Rows and columns of `padValue` added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
  /** What padding reads, an integer that x could hold: the zero point of its quantization. Default 0. */
  padValue?: number | undefined;
  /** Of bytes, which need it: what is added to V at each of the 16 positions, [16], −16384 to 16383. */
  offsets?: Tensor<Int16Array> | undefined;
  /** Of bytes, which need it: by how many bits the sum is shifted to the right, [16], 0 to 7. */
  shifts?: Tensor<Uint8Array> | undefined;
  /** Added to outputs (0,0), (0,1), (1,0) and (1,1) of each tile, [4, co], −2^29 to 2^29. Default: zeros. */
  constants?: Tensor<Int32Array> | undefined;
}

const names = optionNames<WinogradIntegerOptions>({
  padding: true,
  padValue: true,
  offsets: true,
  shifts: true,
  constants: true,
  out: true,
});

/** The numbers that x and padding of int16 may have, 13 bits and sign: V, of four of them, fits int16. */
export const winogradIntegers = { min: -8192, max: 8191 } as const;
/** The largest constant of an output. */
export const maxConstant = 2 ** 29;

/** The most input channels whose outputs are sure to fit int32, whatever the constants: nine sums, and as far from the mean as two may lie apart. */
export const maxWinogradChannels = (dtype: QuantizedDType, shifts: Uint8Array | undefined): number =>
  Math.floor(2 ** 30 / (9 * (dtype === 'i16' ? 65535 : 255 * 2 ** Math.max(0, ...(shifts ?? [])))));

/** What accompanies the filters of a Winograd convolution of integers. */
export interface WinogradIntegers {
  readonly offsets?: Tensor<Int16Array> | undefined;
  readonly shifts?: Tensor<Uint8Array> | undefined;
  readonly constants?: Tensor<Int32Array> | undefined;
}

/** Which number is out of the range of what it stands for, and why: a name, and what is wrong with it. */
export function damageOfWinograd(
  dtype: QuantizedDType,
  padValue: number,
  { offsets, shifts, constants }: WinogradIntegers,
): string | undefined {
  const outside = (name: string, tensor: Tensor<TensorData> | undefined, min: number, max: number) => {
    const v = tensor && (tensor.data as Int32Array).find((v) => v < min || v > max);
    return v === undefined ? undefined : `${name} holds ${v}, expected integers from ${min} to ${max}`;
  };
  if (dtype === 'i16' && (offsets || shifts)) return 'offsets and shifts are there, but x is i16: they are of u8';
  if (dtype === 'u8' && !(offsets && shifts)) return 'offsets or shifts are missing, which x of u8 needs';
  const { min, max } = dtype === 'i16' ? winogradIntegers : integersOf.u8;
  if (padValue < min || padValue > max) return `padValue is ${padValue}, expected an integer from ${min} to ${max}`;
  return (
    outside('offsets', offsets, -(2 ** 14), 2 ** 14 - 1) ??
    outside('shifts', shifts, 0, 7) ??
    outside('constants', constants, -maxConstant, maxConstant)
  );
}

/** {@link winogradAdderConv2d} of integers. */
export function winogradAdderConv2dInteger(
  x: Tensor<QuantizedArray>,
  filters: Tensor<QuantizedArray>,
  options: WinogradIntegerOptions,
): Tensor<Int32Array> {
  const op = 'winogradAdderConv2d';
  checkWinogradOptions(op, options, names);
  const dtype = quantizedType(x);
  checkDType(op, 'x', x, dtype);
  checkDType(op, 'filters', filters, dtype);
  const geometry = winogradGeometry(op, x.shape, filters.shape, options);
  const { padValue = 0, offsets, shifts, constants } = options;
  if (!Number.isInteger(padValue)) throw new AdderNetError('ERR_ARGUMENT', `${op}: padValue is ${shown(padValue)}, expected an integer`);
  const inputs: Tensor<TensorData>[] = [x, filters];
  const checkTensor = (name: string, tensor: Tensor<TensorData> | undefined, type: 'i16' | 'u8' | 'i32', shape: readonly number[]) => {
    if (tensor === undefined) return;
    checkDType(op, name, tensor, type);
    checkShapeIs(op, name, tensor, shape);
    inputs.push(tensor);
  };
  checkTensor('offsets', offsets, 'i16', [16]);
  checkTensor('shifts', shifts, 'u8', [16]);
  checkTensor('constants', constants, 'i32', [4, geometry.output[3]]);
  const damage = damageOfWinograd(dtype, padValue, options);
  if (damage !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${damage}`);
  const [ci, limit] = [x.shape[3]!, maxWinogradChannels(dtype, shifts?.data)];
  if (ci > limit) throw new AdderNetError('ERR_SHAPE', `${op}: ${ci} channels may overflow int32 in ${dtype}, expected at most ${limit}`);
  const strange = dtype === 'i16' && x.data.find((v) => v < winogradIntegers.min || v > winogradIntegers.max);
  if (typeof strange === 'number')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: x holds ${strange}, expected 13 bits and sign, ${winogradIntegers.min} to ${winogradIntegers.max}`,
    );
  const y = outputTensor(op, options.out, geometry.output, inputs, [], 'out', 'i32');
  const arrays = { offsets: offsets?.data, shifts: shifts?.data, constants: constants?.data };
  rethrow(() =>
    native().winogradAdderConv2dInteger({ x: x.data, filters: filters.data, padValue, ...arrays, y: y.data, geometry: geometry.packed }),
  );
  return y;
}

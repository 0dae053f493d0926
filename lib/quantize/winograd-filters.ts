// The filters of Winograd adder layers in integers. They are clamped to the range of what they meet at each position of a tile, which loses
// nothing: |V - U| = |V - clip(U)| + |U - clip(U)|, and the second term, added up, goes through the transform of the outputs beforehand.
import { AdderNetError } from '../errors';
import type { Conv2d, Quantize, QuantizedConv2d, QuantizedRange } from '../graph';
import { clamp, roundHalfEven } from '../graph/rounding';
import { maxConstant, maxWinogradChannels } from '../ops/winograd-adder-conv2d-integer';
import { arrayConstructors, Tensor } from '../tensor';
import { type Levels, levelsOf, type Rounding } from './winograd-rounding';
import { ofOnes, positions, rangeOfV, transformOutput } from './winograd-transform';

/** What a quantized node has of its kind. */
type WinogradTensors = Pick<QuantizedConv2d, 'filters' | 'offsets' | 'shifts' | 'constants'>;

/**
 * @param input    of what the layer reads
 * @param rounding of V to bytes; undefined for int16, which has V as it is
 */
export function winogradFilters(
  { filters }: Conv2d,
  input: Pick<Quantize, 'scale' | 'zeroPoint'>,
  range: QuantizedRange,
  rounding: Rounding | undefined,
): WinogradTensors {
  const [, , co, ci] = filters.shape as [number, number, number, number];
  const limit = maxWinogradChannels(range.dtype, rounding?.shifts);
  if (ci > limit) throw new AdderNetError('ERR_ARGUMENT', `quantize: a Winograd layer has ${ci} input channels, expected at most ${limit}`);
  const integers = new arrayConstructors[range.dtype](filters.size);
  const cut = new Float64Array(positions * co);
  for (let p = 0; p < positions; p++) {
    const { min, max } = rangeOfV(p, range);
    const levels: Levels = rounding ? levelsOf(rounding, p) : { first: min, step: 1, max: max - min };
    const zero = ofOnes(p) * input.zeroPoint;
    for (let c = p * co; c < (p + 1) * co; c++)
      for (let k = c * ci; k < (c + 1) * ci; k++) {
        const u = filters.data[k]! / input.scale + zero;
        const level = clamp((u - levels.first) / levels.step, 0, levels.max);
        cut[c]! -= Math.abs(u - (levels.first + levels.step * level));
        integers[k] = rounding ? roundHalfEven(level) : levels.first + roundHalfEven(level);
      }
  }
  const constants = Int32Array.from(transformOutput(cut, co), (sum) => {
    if (Math.abs(sum) <= maxConstant) return roundHalfEven(sum);
    throw new AdderNetError(
      'ERR_ARGUMENT',
      'quantize: the filters of a Winograd layer are too far from what they meet, expected sums of distances up to 2^29 steps of its input',
    );
  });
  return {
    filters: new Tensor(integers, filters.shape),
    ...(rounding && { offsets: new Tensor(rounding.offsets, [positions]), shifts: new Tensor(rounding.shifts, [positions]) }),
    constants: new Tensor(constants, [4, co]),
  };
}

// Normalizes pixels: y[..., c] = (x[..., c] / 255 - mean[c]) / std[c]. A byte has 256 values, so each channel is a table lookup.
import { AdderNetError } from '../errors';
import { checkDType, outputTensor } from '../ops/out';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';

/** The number of values of a byte. */
const byteValues = 256;

/**
 * The normalized value of each byte in each channel, [c][256].
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless mean and std have one number for each channel and std is above 0
 */
export function normalizationTables(
  op: string,
  channels: number,
  mean: readonly number[] | undefined,
  std: readonly number[] | undefined,
): Float32Array {
  for (const [name, values] of Object.entries({ mean, std }))
    if (
      !Array.isArray(values) ||
      values.length !== channels ||
      !values.every(Number.isFinite) ||
      (name === 'std' && !values.every((value) => value > 0))
    )
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `${op}: ${name} is ${Array.isArray(values) ? shapeText(values) : String(values)}, expected ${channels} numbers${name === 'std' ? ' above 0' : ''}, one for each channel of images`,
      );
  return Float32Array.from({ length: channels * byteValues }, (_, i) => {
    const channel = Math.floor(i / byteValues);
    return ((i % byteValues) / 255 - mean![channel]!) / std![channel]!;
  });
}

/**
 * Converts bytes to the input of a network: (image / 255 - mean) / std, channel by channel.
 * @param images [..., c], bytes
 * @param mean   the mean of each channel, for pixels from 0 to 1
 * @param std    the standard deviation of each channel, above 0
 * @param out    an f32 tensor of the same shape to write into; default: a new tensor
 * @throws {AdderNetError} ERR_ARGUMENT if mean or std do not fit the channels or `out` overlaps images; ERR_SHAPE or ERR_DTYPE if a tensor does
 *   not fit
 */
export function normalize(images: Tensor<Uint8Array>, mean: readonly number[], std: readonly number[], out?: Tensor): Tensor {
  checkDType('normalize', 'images', images, 'u8');
  const channels = images.shape.at(-1);
  if (channels === undefined) throw new AdderNetError('ERR_SHAPE', 'normalize: images have shape [], expected channels on the last axis');
  const tables = normalizationTables('normalize', channels, mean, std);
  const y = outputTensor('normalize', out, images.shape, [images]);
  const [from, to] = [images.data, y.data];
  for (let c = 0; c < channels; c++) {
    const table = tables.subarray(c * byteValues, (c + 1) * byteValues);
    for (let i = c; i < from.length; i += channels) to[i] = table[from[i]!]!;
  }
  return y;
}

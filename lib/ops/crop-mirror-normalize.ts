// Batches of training images, made ready on another thread while this one computes. For the loader of batches: not a public operation.
import { native, rethrow } from '../binding';
import { AdderNetError, type ErrorCode } from '../errors';
import { shapeText } from '../shape';
import { checkBuffer, type Tensor } from '../tensor';
import { checkDType, outputTensor } from './out';

/** Numbers of a window: dy and dx, in pixels from the image's corner to its own, and whether it is mirrored left to right (0 or 1). */
export const windowNumbers = 3;
/** Values of a byte. */
const bytes = 256;

/**
 * `y[i][row][column][c] = tables[c][x[i][row + dy][column + dx][c]]`, where a mirrored window counts its columns from the right and x is the
 * byte 0 outside of the image. Work begins before this returns; no one else may write to images or out until it is done.
 *
 * @param images  [n,h,w,c], bytes, on a SharedArrayBuffer: other memory could be taken away in the meantime
 * @param windows dy, dx, mirror of each image, [n][3]
 * @param tables  what each byte of a channel becomes, [c][256]
 * @param out     float32 of the shape of images, on a SharedArrayBuffer
 * @throws {AdderNetError} as a rejection: ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export async function cropMirrorNormalize(
  images: Tensor<Uint8Array>,
  windows: Int32Array,
  tables: Float32Array,
  out: Tensor,
): Promise<void> {
  const op = 'cropMirrorNormalize';
  checkDType(op, 'images', images, 'u8');
  if (images.shape.length !== 4)
    throw new AdderNetError('ERR_SHAPE', `${op}: images have shape ${shapeText(images.shape)}, expected [n,h,w,c]`);
  const [n, h, w, c] = images.shape as [number, number, number, number];
  outputTensor(op, out, images.shape, [images]);
  for (const [name, array, expected] of [
    ['windows', windows, n * windowNumbers],
    ['tables', tables, c * bytes],
  ] as const) {
    checkBuffer(array, `${op}: ${name}`);
    if (array.length !== expected)
      throw new AdderNetError(
        'ERR_SHAPE',
        `${op}: ${name} has ${array.length} numbers, expected ${expected} for ${shapeText(images.shape)}`,
      );
  }
  for (const [name, { data }] of Object.entries({ images, out }))
    if (!(data.buffer instanceof SharedArrayBuffer))
      throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} does not lie on a SharedArrayBuffer, whose memory alone stays in place`);
  await new Promise<void>((resolve, reject) => {
    const done = (code: string | undefined) =>
      code === undefined ? resolve() : reject(new AdderNetError(code as ErrorCode, `${op}: native code failed`));
    rethrow(() => native().cropMirrorNormalize(images.data, windows, tables, h, w, out.data, done));
  });
}

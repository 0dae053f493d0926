// Pictures from files: PNG, JPEG, WebP and whatever else sharp reads. sharp is an optional package, loaded at first use.
import type Sharp from 'sharp';
import { AdderNetError } from '../errors';
import { Tensor } from '../tensor';

/**
 * Reads a picture and fits it to a network's input: turned upright, scaled to cover it, the rest cut off evenly.
 * @param shape [h, w, c], where c is 3 for colours or 1 for grey
 * @returns [1, h, w, c], bytes
 * @throws {AdderNetError} ERR_PEER_MISSING if sharp is not installed; ERR_FORMAT if the file is no picture; ERR_SHAPE at other channels
 */
export async function readImageFile(
  path: string,
  [height, width, channels]: readonly [number, number, number],
): Promise<Tensor<Uint8Array>> {
  if (channels !== 1 && channels !== 3)
    throw new AdderNetError('ERR_SHAPE', `readImageFile: the network takes ${channels} channels, but a picture has 3 or, in grey, 1`);
  const sharp = await loadSharp();
  try {
    const pixels = await sharp(path)
      .rotate()
      .flatten({ background: 'white' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .resize(width, height, { fit: 'cover' })
      .raw()
      .toBuffer();
    return new Tensor(new Uint8Array(pixels), [1, height, width, channels]);
  } catch (cause) {
    throw new AdderNetError('ERR_FORMAT', `cannot read the picture '${path}': ${(cause as Error).message}`, { cause });
  }
}

async function loadSharp(): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new AdderNetError('ERR_PEER_MISSING', 'reading pictures needs the package sharp: npm i sharp', { cause });
  }
}

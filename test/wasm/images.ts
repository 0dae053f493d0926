// Images without edges, which come out nearly the same however they are scaled.
import sharp, { type Sharp } from 'sharp';
import { Random } from '../../dist/random';

/** Colors of few places, and what lies between them. */
export function smooth(width: number, height: number, seed = 1): Sharp {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: 5 * 4 * 3 }, () => random.integer(256));
  return sharp(data, { raw: { width: 5, height: 4, channels: 3 } }).resize(width, height, { fit: 'fill', kernel: 'cubic' });
}

// What an image is given as, and what messages call it.
import { AdderNetError } from '../errors';
import { type FileSource, sourceName, sourcePath } from '../io/file-source';
import { isPixels, type Pixels } from './pixels';

/** An image: the path or file: URL of a file, its bytes, or pixels with their width and height. */
export type ImageSource = FileSource | Pixels;

/** @throws {AdderNetError} ERR_ARGUMENT if it is none */
export function nameOf(image: ImageSource): string {
  if (isPixels(image)) return 'the image';
  try {
    const path = sourcePath('image', image);
    return path === undefined ? `the image of ${sourceName(image)}` : `the image '${sourceName(image)}'`;
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `${(cause as Error).message}, or pixels, { data, width, height }`, { cause });
  }
}

// Custom images in folders, one folder for each class.

import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { escapeControls, shown } from '../quoted';
import { elementCount } from '../shape';
import { Tensor } from '../tensor';
import { folderPath } from './data-file';
import { ImageDataset, type ImageDatasetOptions } from './dataset';
import { maxConcurrentDecodes } from './decoding-limit';
import { checkColorName, readImage } from './image';
import { type ImageFile, listImages } from './image-files';
import { checkImageOptions, checkImageShape, type ImageOptions, type ImageShape } from './image-options';

/** How the images of a folder are read. */
export interface ImageFolderOptions extends ImageOptions {
  /** An image with more pixels counts as unreadable. Default 100,000,000. */
  readonly maxPixels?: number | undefined;
  /** Skips unreadable images, and reports them to `onNote`, instead of throwing an error. Default false. */
  readonly skipBad?: boolean | undefined;
  /** Called with a sentence about skipped files. Default: emits a process warning with the code ADDERNET_SKIPPED. */
  readonly onNote?: ((note: string) => void) | undefined;
}

const names = optionNames<ImageFolderOptions>({ maxPixels: true, background: true, invert: true, skipBad: true, onNote: true });

/** More than a server decodes by default, because phone cameras take larger photos. */
const folderMaxPixels = 100_000_000;

/** The images of a folder, in memory. */
export class ImageFolder extends ImageDataset {
  /** The paths of files below the folder that were skipped, because they are not images or cannot be read. */
  readonly skipped: readonly string[];

  constructor(options: ImageDatasetOptions, skipped: readonly string[]) {
    super(options);
    this.skipped = skipped;
  }
}

/**
 * Reads the images in `directory/<class>` and its subfolders, each scaled and cropped to the shape. Links are followed, hidden files skipped.
 * If there is a subfolder `train`, the splits are `train` and `test` (or `val`, `valid`, `validation`), with the same classes. Otherwise every
 * tenth image of each class, at least one, is for testing.
 * @param directory  path or file: URL
 * @param imageShape [h, w, c], where c is 3 for red, green and blue, or 1 for gray
 * @returns classes sorted by name, and the images of each sorted by name, those of a folder before those of its subfolders
 * @throws {AdderNetError} ERR_ARGUMENT if a folder is missing, a class has no images or only one for both splits, or an option is out of
 *   range; unless `skipBad` is set, ERR_FORMAT or ERR_CORRUPT if an image cannot be read. Each message names the path.
 *   ERR_SHAPE if imageShape is invalid; ERR_PEER_MISSING if sharp is not installed; ERR_MEMORY if the images do not fit
 */
export async function openImageFolder(
  directory: string | URL,
  imageShape: ImageShape,
  split: 'train' | 'test',
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  const op = 'openImageFolder';
  const folder = folderPath(op, directory);
  checkImageShape(op, imageShape);
  if (split !== 'train' && split !== 'test')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: split is ${JSON.stringify(split)}, expected 'train' or 'test'`);
  checkOptions(op, options, names);
  checkImageOptions(options);
  if (options.background !== undefined) checkColorName(options.background);
  const { skipBad = false, onNote = warn } = options;
  if (typeof skipBad !== 'boolean') throw new AdderNetError('ERR_ARGUMENT', `${op}: skipBad is ${shown(skipBad)}, expected true or false`);
  if (typeof onNote !== 'function') throw new AdderNetError('ERR_ARGUMENT', `${op}: onNote is ${shown(onNote)}, expected a function`);
  const { classNames, files, others } = listImages(folder, split);
  if (others.length > 0)
    onNote(`${folder}: ${counted(others, 'file is not an image', 'files are not images')} of a supported format: ${some(others)}`);
  const { images, targets, bad } = await decodeAll(files, imageShape, { ...options, maxPixels: options.maxPixels ?? folderMaxPixels });
  if (bad.length > 0)
    onNote(`${folder}: ${counted(bad, 'image', 'images')} cannot be read and ${bad.length > 1 ? 'are' : 'is'} skipped: ${some(bad)}`);
  const empty = classNames.findIndex((_, target) => !targets.includes(target));
  if (empty >= 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${folder}: no image of the class ${shown(classNames[empty])} in the split ${split} can be read: remove the unreadable files, or add a readable one`,
    );
  const name = `${folder} ${split}`;
  return new ImageFolder({ name, images, targets, classes: classNames.length, classNames }, [...others, ...bad]);
}

const warn = (note: string): void => process.emitWarning(escapeControls(note), { type: 'AdderNetWarning', code: 'ADDERNET_SKIPPED' });

const counted = ({ length }: readonly string[], one: string, several: string): string => `${length} ${length === 1 ? one : several}`;

/** Names a few of the paths. */
function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).join(', ');
  return paths.length > 5 ? `${shown} and ${paths.length - 5} more` : shown;
}

interface Decoded {
  readonly images: Tensor<Uint8Array>;
  readonly targets: Int32Array;
  /** The paths of skipped images. */
  readonly bad: readonly string[];
}

async function decodeAll(files: readonly ImageFile[], shape: ImageShape, options: ImageFolderOptions): Promise<Decoded> {
  const size = elementCount(shape);
  const { data } = Tensor.zeros([files.length, ...shape], 'u8');
  const bad = new Set<ImageFile>();
  const errors = new Map<number, unknown>();
  let next = 0;
  const decode = async (): Promise<void> => {
    for (let i = next++; i < files.length; i = next++) {
      const image = await readImage(files[i]!.path, shape, options).catch((error) => refuse(i, error));
      if (image) data.set(image.data, i * size);
    }
  };
  const refuse = (i: number, error: unknown): void => {
    const isBad = error instanceof AdderNetError && ['ERR_FORMAT', 'ERR_CORRUPT', 'ERR_ARGUMENT'].includes(error.code);
    if (isBad && options.skipBad) return void bad.add(files[i]!);
    const hint = isBad && new AdderNetError(error.code, `${error.message}; skipBad skips such images`, { cause: error });
    errors.set(i, hint || error);
    next = files.length; // earlier images are already being decoded, so the error of the first unreadable one is found
  };
  await Promise.all(Array.from({ length: maxConcurrentDecodes }, decode));
  if (errors.size > 0) throw errors.get(Math.min(...errors.keys()));
  const good = files.flatMap((file, i) => (bad.has(file) ? [] : [i]));
  good.forEach((i, to) => {
    if (i !== to) data.copyWithin(to * size, i * size, (i + 1) * size);
  });
  const targets = Int32Array.from(good, (i) => files[i]!.target);
  const paths = files.flatMap((file) => (bad.has(file) ? [file.path] : []));
  if (good.length === 0) throw new AdderNetError('ERR_ARGUMENT', `none of the ${files.length} images can be read: ${some(paths)}`);
  return { images: new Tensor(data.subarray(0, good.length * size), [good.length, ...shape]), targets, bad: paths };
}

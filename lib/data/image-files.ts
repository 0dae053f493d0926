// Lists the image files below a folder of classes, with their class and split.
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { AdderNetError } from '../errors';

const extensions = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.bmp', '.dib', '.webp', '.gif', '.avif', '.tif', '.tiff'],
  ...['.ppm', '.pgm', '.pnm'],
];
/** Without a folder of test images, one in this many images of a class is kept for testing. */
const testEvery = 10;
const splitFolders = { train: ['train'], test: ['test', 'val', 'valid', 'validation'] };

/** An image in the folder of a class. */
export interface ImageFile {
  /** The path, starting with the folder that the user named. */
  readonly path: string;
  /** Index of the class. */
  readonly target: number;
}

/** The files below a folder of classes. */
export interface ImageFiles {
  /** The names of the class folders. */
  readonly classNames: string[];
  /** The images of the split, class by class. */
  readonly files: readonly ImageFile[];
  /** The paths of files that are not images or not in the folder of a class. */
  readonly others: readonly string[];
}

/**
 * Lists the images of a split, sorted by class name and file name.
 * @throws {AdderNetError} ERR_ARGUMENT if the folder cannot be read, its splits differ in their classes, or a class lacks images
 */
export function listImages(directory: string, split: 'train' | 'test'): ImageFiles {
  const top = entriesOf(directory);
  const hasSplits = top.folders.includes('train');
  const own = hasSplits ? splitFolders[split].find((name) => top.folders.includes(name)) : '.';
  if (own === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `${directory} has a folder train, but none called ${splitFolders[split].join(' or ')}`);
  const root = join(directory, own);
  const { folders, files: strays } = hasSplits ? entriesOf(root) : top;
  const classNames = hasSplits ? entriesOf(join(directory, 'train')).folders : folders;
  if (classNames.length < 2)
    throw new AdderNetError('ERR_ARGUMENT', `${root} has ${classNames.length} folders, expected one for each of two or more classes`);
  const unknown = folders.find((name) => !classNames.includes(name));
  if (unknown !== undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${join(root, unknown)} is not a class of the training images, expected a folder of that name in ${join(directory, 'train')}`,
    );
  const others = strays.map((file) => join(root, file));
  const files = classNames.flatMap((name, target) => {
    const found = imagesBelow(join(root, name));
    for (const other of found.others) others.push(other);
    return partOf(found.images, join(root, name), hasSplits ? undefined : split).map((path) => ({ path, target }));
  });
  return { classNames, files, others };
}

/** The images of the split; all images if the folder belongs to one split. */
function partOf(images: readonly string[], folder: string, split: 'train' | 'test' | undefined): readonly string[] {
  if (images.length === 0) throw new AdderNetError('ERR_ARGUMENT', `${folder} has no images (${extensions.join(' ')})`);
  if (!split) return images;
  if (images.length === 1)
    throw new AdderNetError('ERR_ARGUMENT', `${folder} has one image, expected two or more: one of them is kept for testing`);
  return images.filter((_, i) => (i % testEvery === 0) === (split === 'test'));
}

/** The paths of all files below a folder. Each folder is read only once, because a link may lead back to a parent. */
function imagesBelow(
  folder: string,
  seen = new Set<string>(),
  found: { images: string[]; others: string[] } = { images: [], others: [] },
): { images: string[]; others: string[] } {
  const { folders, files } = entriesOf(folder);
  const real = realpathSync(folder);
  if (seen.has(real)) return found;
  seen.add(real);
  for (const file of files) (isImage(file) ? found.images : found.others).push(join(folder, file));
  for (const name of folders) {
    imagesBelow(join(folder, name), seen, found);
  }
  return found;
}

const isImage = (file: string): boolean => extensions.includes(extname(file).toLowerCase());

/** The names in a folder, without hidden ones. Links are followed. Sorting by code units gives the same order in every locale. */
function entriesOf(directory: string): { folders: string[]; files: string[] } {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry): [string, Dirent | Stats] => [entry.name, entry.isSymbolicLink() ? statSync(join(directory, entry.name)) : entry]);
    const namesOf = (isWanted: (found: Dirent | Stats) => boolean) =>
      entries.flatMap(([name, found]) => (isWanted(found) ? [name] : [])).sort();
    return { folders: namesOf((found) => found.isDirectory()), files: namesOf((found) => !found.isDirectory()) };
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the folder of images '${directory}': ${(cause as Error).message}`, { cause });
  }
}

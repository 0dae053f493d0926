// One's own pictures: a folder for each class, named like it.
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { AdderNetError } from '../errors';
import { elementCount } from '../shape';
import { Tensor } from '../tensor';
import { ImageDataset } from './dataset';
import { readPicture } from './picture';

const extensions = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.avif', '.tif', '.tiff']);
/** Where there is no folder of test pictures, every so many of a class are kept for testing. */
const testEvery = 10;
/** Pictures decoded at a time: as many as libuv has threads. */
const atOnce = 4;

interface Picture {
  readonly path: string;
  readonly target: number;
}

/**
 * Reads pictures from `directory/<class>/<picture>`, each scaled and cut to the shape; links are followed. Splits are the subfolders
 * `train` and `test` (or `val`), of the same classes, where there is a `train`; else every tenth picture of each class, at least one, is
 * for testing.
 * @param imageShape [h, w, c], where c is 3 for colours or 1 for grey
 * @returns classes in the order of their names
 * @throws {AdderNetError} ERR_ARGUMENT at a missing folder, or a class without pictures or with one that would have to be in both splits;
 *   ERR_FORMAT at a picture that cannot be read; each names the path. ERR_PEER_MISSING if sharp is not installed; ERR_MEMORY if the
 *   pictures do not fit
 */
export async function openImageFolder(
  directory: string,
  imageShape: readonly [number, number, number],
  split: 'train' | 'test',
): Promise<ImageDataset> {
  if (split !== 'train' && split !== 'test')
    throw new AdderNetError('ERR_ARGUMENT', `openImageFolder: split is ${JSON.stringify(split)}, expected 'train' or 'test'`);
  const { classNames, pictures } = listPictures(directory, split);
  const images = Tensor.zeros([pictures.length, ...imageShape], 'u8');
  const size = elementCount(imageShape);
  let next = 0;
  const decode = async (): Promise<void> => {
    for (let i = next++; i < pictures.length; i = next++)
      images.data.set((await readPicture(pictures[i]!.path, imageShape)).data, i * size);
  };
  await Promise.all(Array.from({ length: atOnce }, decode)).finally(() => {
    next = pictures.length; // where one cannot be read, none of the others is waited for
  });
  const targets = Int32Array.from(pictures, ({ target }) => target);
  return new ImageDataset({ name: `${directory} ${split}`, images, targets, classes: classNames.length, classNames });
}

function listPictures(directory: string, split: 'train' | 'test'): { classNames: string[]; pictures: Picture[] } {
  const folders = foldersIn(directory);
  const hasSplits = folders.includes('train');
  const names = split === 'train' ? ['train'] : ['test', 'val'];
  const own = hasSplits ? names.find((name) => folders.includes(name)) : '.';
  if (own === undefined) throw new AdderNetError('ERR_ARGUMENT', `${directory} has a folder train, but none called ${names.join(' or ')}`);
  const root = join(directory, own);
  const classNames = hasSplits ? foldersIn(join(directory, 'train')) : folders;
  if (classNames.length < 2)
    throw new AdderNetError('ERR_ARGUMENT', `${root} has ${classNames.length} folders, expected one for each of two or more classes`);
  const unknown = foldersIn(root).find((name) => !classNames.includes(name));
  if (unknown !== undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${join(root, unknown)} is of no class to learn, expected a folder of that name in ${join(directory, 'train')}`,
    );
  const pictures = classNames.flatMap((name, target) => {
    const files = filesIn(join(root, name)).map((file) => ({ path: join(root, name, file), target }));
    if (files.length === 0) throw new AdderNetError('ERR_ARGUMENT', `${join(root, name)} has no pictures (${[...extensions].join(' ')})`);
    if (files.length === 1 && !hasSplits)
      throw new AdderNetError('ERR_ARGUMENT', `${join(root, name)} has one picture, expected two or more: one of them is kept for testing`);
    return hasSplits ? files : files.filter((_, i) => (i % testEvery === 0) === (split === 'test'));
  });
  return { classNames, pictures };
}

const foldersIn = (directory: string): string[] => namesIn(directory, (_, found) => found.isDirectory());

const filesIn = (directory: string): string[] =>
  namesIn(directory, (name, found) => extensions.has(extname(name).toLowerCase()) && found.isFile());

/** Without hidden ones; a link counts as what it leads to; sorted by code units, alike in every locale. */
function namesIn(directory: string, isWanted: (name: string, found: Dirent | Stats) => boolean): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.'))
      .filter((entry) => isWanted(entry.name, entry.isSymbolicLink() ? statSync(join(directory, entry.name)) : entry))
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the folder of pictures '${directory}': ${(cause as Error).message}`, { cause });
  }
}

// What --dataset and --data name.
import type { Dataset } from '../data/dataset';
import { openImageFolder } from '../data/image-folder';
import { type DatasetName, openDataset } from '../data/open-dataset';
import { AdderNetError } from '../errors';

/** The name of a data set whose pictures lie in folders, one for each class. */
export const folderName = 'folder';

/**
 * @param imageShape [h,w,c] of the network, to which pictures in folders are brought
 * @throws {AdderNetError} what opening the data set throws
 */
export async function openData(
  dataset: string,
  directory: string | undefined,
  split: 'train' | 'test',
  imageShape: readonly [number, number, number],
): Promise<Dataset> {
  if (dataset !== folderName) return openDataset(dataset as DatasetName, directory, split);
  if (directory === undefined) throw new AdderNetError('ERR_ARGUMENT', '--dataset folder needs --data, the folder with the pictures');
  return await openImageFolder(directory, imageShape, split);
}

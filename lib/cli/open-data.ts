// Opens the data set that --dataset and --data name.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset';
import { openImageFolder } from '../data/image-folder';
import { downloadNames } from '../data/official-files';
import { type DatasetName, datasetNames, openDataset } from '../data/open-dataset';
import { AdderNetError } from '../errors';
import { dataRules, folderName } from './data-rules';
import { printNote } from './notes';
import { checkApply, withFlags } from './option-rules';

export interface DataArguments {
  dataset: string;
  data?: string;
  skipBad?: boolean;
  background?: string;
  invert?: boolean;
}

/**
 * @param imageShape [h,w,c] of the network's input, to which images in folders are scaled
 * @throws {AdderNetError} ERR_ARGUMENT, which says what to type, if there is no such data set or folder; what opening the data set throws
 */
export async function openData(
  args: DataArguments,
  split: 'train' | 'test',
  imageShape: readonly [number, number, number],
): Promise<Dataset> {
  const { dataset, data } = args;
  const fail = (message: string): never => {
    throw new AdderNetError('ERR_ARGUMENT', message);
  };
  checkApply(args, args, dataRules);
  if (dataset === folderName)
    return await openFolder(data ?? fail('--dataset folder needs --data, the folder with the images'), args, split, imageShape);
  if (!isDatasetName(dataset))
    return fail(
      `the data set '${dataset}' of the network is unknown: choose one with --dataset: ${[...datasetNames, folderName].join(', ')}`,
    );
  const folder = data ?? defaultFolder(dataset);
  if (dataset !== 'digits' && !existsSync(folder))
    fail(`there is no folder ${folder} with the files of ${dataset}: ${remedies(dataset, folder, imageShape)}`);
  return openDataset(dataset, folder, split);
}

async function openFolder(
  data: string,
  { skipBad, background, invert }: DataArguments,
  split: 'train' | 'test',
  imageShape: readonly [number, number, number],
): Promise<Dataset> {
  try {
    return await openImageFolder(data, imageShape, split, { skipBad, background, invert, onNote: printNote });
  } catch (error) {
    if (!(error instanceof AdderNetError)) throw error;
    throw new AdderNetError(error.code, withFlags(error.message, ['skipBad']), { cause: error });
  }
}

/** The folder that `addernet data get` writes to. */
export const defaultFolder = (dataset: string): string => join('data', dataset);

const isDatasetName = (name: string): name is DatasetName => (datasetNames as readonly string[]).includes(name);

function remedies(dataset: string, folder: string, [height, width, channels]: readonly [number, number, number]): string {
  const out = folder === defaultFolder(dataset) ? '' : ` --out ${folder}`;
  return [
    ...((downloadNames as readonly string[]).includes(dataset) ? [`\`addernet data get ${dataset}${out}\` downloads them`] : []),
    '--data DIR names another folder',
    ...(height === 28 && width === 28 && channels === 1 ? ['--dataset digits needs no files'] : []),
  ].join('; ');
}

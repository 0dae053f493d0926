// The data sets this package knows, by name.
import { AdderNetError } from '../errors';
import { openCifar10, openCifar100 } from './cifar';
import type { Dataset } from './dataset';
import { openFashionMnist, openMnist } from './idx';

const openers = {
  cifar10: openCifar10,
  cifar100: openCifar100,
  mnist: openMnist,
  'fashion-mnist': openFashionMnist,
} as const;

export type DatasetName = keyof typeof openers;
export const datasetNames = Object.keys(openers) as readonly DatasetName[];

/**
 * Reads a data set from the files its authors publish.
 * @param directory the folder with them; cifar10: data_batch_1.bin to data_batch_5.bin and test_batch.bin; cifar100: train.bin and test.bin;
 *   mnist and fashion-mnist: {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or with .gz
 * @throws {AdderNetError} ERR_ARGUMENT at an unknown name or a missing file, which it names; ERR_FORMAT or ERR_CORRUPT at a damaged one
 */
export function openDataset(name: DatasetName, directory: string, split: 'train' | 'test'): Dataset {
  if (!Object.hasOwn(openers, name))
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: name is ${JSON.stringify(name)}, expected one of ${datasetNames.join(', ')}`);
  if (split !== 'train' && split !== 'test')
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: split is ${JSON.stringify(split)}, expected 'train' or 'test'`);
  return openers[name](directory, split);
}

// The data sets this package knows, by name.
import { AdderNetError } from '../errors';
import { openCifar10, openCifar100 } from './cifar';
import type { Dataset } from './dataset';
import { openDigits } from './digits';
import { openFashionMnist, openMnist } from './idx';

const openers = {
  cifar10: openCifar10,
  cifar100: openCifar100,
  mnist: openMnist,
  'fashion-mnist': openFashionMnist,
} as const;

/** `digits` is made up on the spot, the others are read from files. */
export type DatasetName = keyof typeof openers | 'digits';
export const datasetNames: readonly DatasetName[] = ['digits', ...(Object.keys(openers) as (keyof typeof openers)[])];

/**
 * Reads a data set from the files its authors publish, or makes up `digits`: 10,000 for training, 2,000 for testing.
 * @param directory the folder with the files; cifar10: data_batch_1.bin to data_batch_5.bin and test_batch.bin; cifar100: train.bin and
 *   test.bin; mnist and fashion-mnist: {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or with .gz; digits: none, undefined will do
 * @throws {AdderNetError} ERR_ARGUMENT at an unknown name or a missing file, which it names; ERR_FORMAT or ERR_CORRUPT at a damaged one
 */
export function openDataset(name: DatasetName, directory: string | undefined, split: 'train' | 'test'): Dataset {
  if (split !== 'train' && split !== 'test')
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: split is ${JSON.stringify(split)}, expected 'train' or 'test'`);
  if (name === 'digits') return openDigits(split);
  if (!Object.hasOwn(openers, name))
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: name is ${JSON.stringify(name)}, expected one of ${datasetNames.join(', ')}`);
  if (directory === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: no directory is given (--data), expected the folder with the files of ${name}`);
  return openers[name](directory, split);
}

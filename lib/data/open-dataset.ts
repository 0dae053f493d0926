// Opens the known data sets by name.
import { AdderNetError } from '../errors';
import { openCifar10, openCifar100 } from './cifar';
import { folderPath } from './data-file';
import type { Dataset } from './dataset';
import { openDigits } from './digits';
import { type MnistName, mnistNames, openMnist } from './mnist';

const cifarOpeners = { cifar10: openCifar10, cifar100: openCifar100 } as const;

/** `digits` is generated, the others are read from files. `emnist` is the letters of EMNIST, ignoring case. */
export type DatasetName = 'digits' | keyof typeof cifarOpeners | MnistName;
/** Every name that {@link openDataset} takes. */
export const datasetNames: readonly DatasetName[] = ['digits', 'cifar10', 'cifar100', ...mnistNames];

/**
 * Reads a data set from its official files, or generates `digits`, with 10,000 images for training and 2,000 for testing.
 * @param directory path or file: URL of the folder with the files, as official archives, Kaggle or torchvision leave them. cifar10:
 *   data_batch_1.bin to data_batch_5.bin and test_batch.bin, or the Python version; cifar100: train.bin and test.bin, or the Python version;
 *   mnist, fashion-mnist and kmnist: {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or with .gz; emnist and its other splits:
 *   emnist-{letters,balanced,byclass,bymerge,digits,mnist}-{train,test}-{images-idx3,labels-idx1}-ubyte; digits: not needed, may be undefined
 * @throws {AdderNetError} ERR_ARGUMENT if the name is unknown, a file is missing or belongs to another data set; ERR_FORMAT or ERR_CORRUPT if
 *   a file is damaged
 */
export function openDataset(name: DatasetName, directory: string | URL | undefined, split: 'train' | 'test'): Dataset {
  if (!datasetNames.includes(name))
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: name is ${JSON.stringify(name)}, expected one of ${datasetNames.join(', ')}`);
  if (split !== 'train' && split !== 'test')
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: split is ${JSON.stringify(split)}, expected 'train' or 'test'`);
  if (name === 'digits') return openDigits(split);
  if (directory === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `openDataset: directory is missing (--data), expected the folder with the files of ${name}`);
  const folder = folderPath('openDataset', directory);
  return name === 'cifar10' || name === 'cifar100' ? cifarOpeners[name](folder, split) : openMnist(name, folder, split);
}

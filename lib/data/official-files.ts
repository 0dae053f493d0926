// Where the data sets' official files are, and the MD5 their authors (MNIST: torchvision) publish: against damage, not against malice.

export interface OfficialFile {
  readonly name: string;
  readonly md5: string;
}

export interface OfficialSet {
  /** Addresses that the names of the files are appended to, tried in this order. */
  readonly mirrors: readonly string[];
  readonly files: readonly OfficialFile[];
  /** What is taken out of the files, where they are .tar.gz archives. */
  readonly unpack?: readonly string[];
}

const idxFiles = (md5s: readonly [string, string, string, string]): OfficialFile[] =>
  ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map((name, i) => ({
    name: `${name}-ubyte.gz`,
    md5: md5s[i]!,
  }));

const cifarMirrors = ['https://www.cs.toronto.edu/~kriz/'];

export const officialSets = {
  mnist: {
    mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
    files: idxFiles([
      'f68b3c2dcbeaaa9fbdd348bbdeb94873',
      'd53e105ee54ea40749a09fcbcd1e9432',
      '9fb629c4189551a2d022fa330f9573f3',
      'ec29112dd5afa0611ce80d1b7f02629c',
    ]),
  },
  'fashion-mnist': {
    mirrors: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ],
    files: idxFiles([
      '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      '25c81989df183df01b3e8a0aad5dffbe',
      'bef4ecab320f06d8554ea6380940ec79',
      'bb300cfdad3c16e7a12a480ee83cd310',
    ]),
  },
  cifar10: {
    mirrors: cifarMirrors,
    files: [{ name: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530' }],
    unpack: [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), 'test_batch.bin', 'batches.meta.txt'],
  },
  cifar100: {
    mirrors: cifarMirrors,
    files: [{ name: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' }],
    unpack: ['train.bin', 'test.bin', 'fine_label_names.txt', 'coarse_label_names.txt'],
  },
} as const satisfies Record<string, OfficialSet>;

/** Data sets that can be downloaded. */
export type DownloadName = keyof typeof officialSets;
export const downloadNames = Object.keys(officialSets) as readonly DownloadName[];

// The URLs of the data sets' official files, their sizes and their SHA-256. Because of the checksums, mirrors need not be trusted; because of the
// sizes, none can fill the disk.

/** A file published by the authors of a data set. */
export interface OfficialFile {
  /** The last part of its URL. */
  readonly name: string;
  /** The exact size. No more is received. */
  readonly bytes: number;
  /** The checksum in hexadecimal digits. */
  readonly sha256: string;
}

/** How a data set is downloaded. */
export interface OfficialSet {
  /** The base URLs of the files, tried in this order. */
  readonly mirrors: readonly string[];
  /** The files to download. */
  readonly files: readonly OfficialFile[];
  /** The files to extract, if the downloads are .tar.gz archives. */
  readonly unpack?: readonly string[];
}

type Four<T> = readonly [T, T, T, T];
const idxFiles = (sizes: Four<number>, hashes: Four<string>): OfficialFile[] =>
  ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map((name, i) => ({
    name: `${name}-ubyte.gz`,
    bytes: sizes[i]!,
    sha256: hashes[i]!,
  }));

const cifarMirrors = ['https://www.cs.toronto.edu/~kriz/'];

/** The official files by the name of the data set. */
export const officialSets = {
  mnist: {
    mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
    files: idxFiles(
      [9_912_422, 28_881, 1_648_877, 4_542],
      [
        '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
        '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
        '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
        'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
      ],
    ),
  },
  'fashion-mnist': {
    mirrors: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    ],
    files: idxFiles(
      [26_421_880, 29_515, 4_422_102, 5_148],
      [
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      ],
    ),
  },
  cifar10: {
    mirrors: cifarMirrors,
    files: [
      { name: 'cifar-10-binary.tar.gz', bytes: 170_052_171, sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd' },
    ],
    unpack: [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), 'test_batch.bin', 'batches.meta.txt'],
  },
  cifar100: {
    mirrors: cifarMirrors,
    files: [
      { name: 'cifar-100-binary.tar.gz', bytes: 168_513_733, sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec' },
    ],
    unpack: ['train.bin', 'test.bin', 'fine_label_names.txt', 'coarse_label_names.txt'],
  },
} as const satisfies Record<string, OfficialSet>;

/** Data sets that can be downloaded. */
export type DownloadName = keyof typeof officialSets;
/** The names of all data sets that can be downloaded. */
export const downloadNames = Object.keys(officialSets) as readonly DownloadName[];

// MNIST and data sets in the same format: an idx file of images and one of labels for each split, plain or in gzip.
import { AdderNetError } from '../errors';
import { Tensor } from '../tensor';
import { classNames } from './class-names';
import { type FileLocations, readDataFile } from './data-file';
import { ImageDataset } from './dataset';
import { parseIdx } from './idx';

/** The differences between data sets in this format. */
interface Variant {
  /** The folder of its files in torchvision. */
  readonly folder: string;
  /** The prefixes of file names for each split. Default: MNIST's. */
  readonly prefixes?: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** The label of the first class. Default 0. */
  readonly firstLabel?: number;
  /** Whether the rows in the file are the columns of the image. Default false. */
  readonly isTransposed?: boolean;
  /** Where to get the files, if this package does not download them. */
  readonly source?: string;
}

const mnistPrefixes = { train: ['train'], test: ['t10k'] } as const;
const emnistVariant = (split: string, others: { train: readonly string[]; test: readonly string[] } = { train: [], test: [] }) => ({
  folder: 'EMNIST/raw',
  prefixes: { train: [`emnist-${split}-train`, ...others.train], test: [`emnist-${split}-test`, ...others.test] },
  isTransposed: true,
  source: 'NIST offers them as gzip.zip: https://www.nist.gov/itl/products-and-services/emnist-dataset',
});

const variants = {
  mnist: { folder: 'MNIST/raw' },
  'fashion-mnist': { folder: 'FashionMNIST/raw' },
  kmnist: { folder: 'KMNIST/raw', source: 'CODH offers them: https://codh.rois.ac.jp/kmnist' },
  // EMNIST's letters can be distinguished from MNIST by their labels, its other splits cannot. Those are read only by their own file names.
  emnist: { ...emnistVariant('letters', mnistPrefixes), firstLabel: 1 },
  'emnist-balanced': emnistVariant('balanced'),
  'emnist-byclass': emnistVariant('byclass'),
  'emnist-bymerge': emnistVariant('bymerge'),
  'emnist-digits': emnistVariant('digits'),
  'emnist-mnist': emnistVariant('mnist'),
} as const satisfies Record<string, Variant>;

/** Data sets in the format of MNIST. `emnist` is EMNIST's letters, a to z; its other splits are named `emnist-...`. */
export type MnistName = keyof typeof variants;
/** The names of all data sets in this format. */
export const mnistNames = Object.keys(variants) as readonly MnistName[];

/**
 * @param directory contains {train,t10k}-{images-idx3,labels-idx1}-ubyte, for EMNIST emnist-{letters,...}-{train,test}-..., plain or with
 *   .gz, also as images.idx3-ubyte, or each in a folder of its name; or torchvision's folder with them, such as MNIST/raw
 * @returns images [n,28,28,1], upright
 * @throws {AdderNetError} ERR_ARGUMENT if a file is missing or belongs to another data set; ERR_FORMAT or ERR_CORRUPT if one is damaged
 */
export function openMnist(name: MnistName, directory: string, split: 'train' | 'test'): ImageDataset {
  const variant: Variant = variants[name];
  const { folder, prefixes = mnistPrefixes, firstLabel = 0, isTransposed = false } = variant;
  const names: readonly string[] = classNames[name];
  const locations: FileLocations = {
    dataset: name,
    directory,
    folders: ['.', 'raw', folder, name, 'gzip'],
    expected: expectedFiles(variant),
  };
  const read = (kind: string, rank: number): Tensor<Uint8Array> => {
    const { path, bytes } = readDataFile(
      locations,
      prefixes[split].flatMap((prefix) => fileNames(`${prefix}-${kind}-ubyte`)),
    );
    const tensor = parseIdx(bytes, path);
    if (tensor.dtype !== 'u8' || tensor.shape.length !== rank)
      throw new AdderNetError('ERR_FORMAT', `${path}: ${tensor.dtype} of rank ${tensor.shape.length}, expected u8 of rank ${rank}`);
    return tensor as Tensor<Uint8Array>;
  };
  const images = read('images-idx3', 3);
  const labels = read('labels-idx1', 1);
  if (images.shape[0] !== labels.size)
    throw new AdderNetError('ERR_CORRUPT', `${name}: ${directory} has ${labels.size} labels for ${images.shape[0]} images`);
  checkLabels(name, directory, labels.data, firstLabel, names.length);
  return new ImageDataset({
    name: `${name} ${split}`,
    images: isTransposed ? transposed(images) : images.reshape([...images.shape, 1]),
    targets: Int32Array.from(labels.data, (label) => label - firstLabel),
    classes: names.length,
    classNames: names,
  });
}

/** The official name of the file, and the names that 7-Zip and file managers give it. */
function fileNames(file: string): string[] {
  const dotted = file.replace(/-(idx\d)/, '.$1');
  return [file, `${file}.gz`, dotted, `${dotted}.gz`];
}

function expectedFiles({ prefixes = mnistPrefixes, source }: Variant): string {
  const files = `{${prefixes.train[0]},${prefixes.test[0]}}-{images-idx3,labels-idx1}-ubyte, plain or with .gz`;
  return source === undefined ? files : `${files}; ${source}`;
}

/** [n,w,h] -> [n,h,w,1] */
function transposed(images: Tensor<Uint8Array>): Tensor<Uint8Array> {
  const [n, w, h] = images.shape as [number, number, number];
  const upright = new Uint8Array(images.size);
  for (let image = 0; image < n; image++)
    for (let x = 0, from = image * w * h; x < w; x++)
      for (let y = 0; y < h; y++, from++) upright[(image * h + y) * w + x] = images.data[from]!;
  return new Tensor(upright, [n, h, w, 1]);
}

function checkLabels(name: MnistName, directory: string, labels: Uint8Array, first: number, classes: number): void {
  const last = first + classes - 1;
  const wrong = labels.findIndex((label) => label < first || label > last);
  if (wrong < 0) return;
  const what = `${name}: in ${directory}, label ${wrong} is ${labels[wrong]}, expected ${first} to ${last}`;
  const alike = likelyName(labels);
  if (alike === undefined || alike === name) throw new AdderNetError('ERR_CORRUPT', what);
  throw new AdderNetError('ERR_ARGUMENT', `${what}: this looks like ${descriptions[alike] ?? alike}; open it as '${alike}'`);
}

const descriptions: Partial<Record<MnistName, string>> = {
  mnist: 'MNIST or another set of ten classes',
  emnist: 'the letters of EMNIST',
  'emnist-balanced': 'the balanced or merged classes of EMNIST',
  'emnist-byclass': 'EMNIST by class',
};

/** The data set that the labels may belong to. */
function likelyName(labels: Uint8Array): MnistName | undefined {
  const [min, max] = labels.reduce(([low, high], label) => [Math.min(low, label), Math.max(high, label)], [255, 0]);
  if (max < 10) return 'mnist';
  if (min >= 1 && max <= classNames.emnist.length) return 'emnist';
  return (['emnist-balanced', 'emnist-byclass'] as const).find((name) => max < classNames[name].length);
}

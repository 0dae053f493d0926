// CIFAR-10 and CIFAR-100. A file of the binary version is a sequence of records without a header. A record is the label bytes (CIFAR-100:
// coarse, then fine), then 1024 bytes each of red, green and blue, row-major 32x32. torchvision keeps the Python version (cifar-python.ts).
import { AdderNetError } from '../errors';
import { describeFile } from '../io/file-kinds';
import { Tensor } from '../tensor';
import { parseCifarNames, parseCifarPickle } from './cifar-python';
import { classNames } from './class-names';
import { type FileLocations, findDataFile, readDataFile } from './data-file';
import { ImageDataset } from './dataset';

const side = 32;
const channels = 3;
const planeBytes = side * side;
const imageBytes = channels * planeBytes;

/** The binary or the Python version of a data set's files. */
interface Version {
  /** The folder in the official archive. */
  readonly folder: string;
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** The file with the names of the classes. */
  readonly names: string;
}

/** The differences between CIFAR-10 and CIFAR-100. */
interface CifarLayout {
  readonly name: 'cifar10' | 'cifar100';
  readonly classes: number;
  /** The number of label bytes; the last one is the target. */
  readonly labelBytes: number;
  /** The dict entry with the targets in a pickle. */
  readonly labels: string;
  readonly binary: Version;
  readonly python: Version;
  readonly expected: string;
}

const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`);

const cifar10: CifarLayout = {
  name: 'cifar10',
  classes: 10,
  labelBytes: 1,
  labels: 'labels',
  binary: {
    folder: 'cifar-10-batches-bin',
    files: { train: batches.map((file) => `${file}.bin`), test: ['test_batch.bin'] },
    names: 'batches.meta.txt',
  },
  python: { folder: 'cifar-10-batches-py', files: { train: batches, test: ['test_batch'] }, names: 'batches.meta' },
  expected:
    'data_batch_1.bin to data_batch_5.bin and test_batch.bin, as cifar-10-binary.tar.gz unpacks, or the same without .bin, the Python version',
};

const cifar100: CifarLayout = {
  name: 'cifar100',
  classes: 100,
  labelBytes: 2,
  labels: 'fine_labels',
  binary: { folder: 'cifar-100-binary', files: { train: ['train.bin'], test: ['test.bin'] }, names: 'fine_label_names.txt' },
  python: { folder: 'cifar-100-python', files: { train: ['train'], test: ['test'] }, names: 'meta' },
  expected: 'train.bin and test.bin, as cifar-100-binary.tar.gz unpacks, or the same without .bin, the Python version',
};

/** Images and their targets. */
interface Labeled {
  /** [n,32,32,3] */
  readonly images: Tensor<Uint8Array>;
  readonly targets: Int32Array;
}

/**
 * Reads one file of records.
 * @param labelBytes 1 for CIFAR-10, 2 for CIFAR-100
 * @param classes    labels are less than this
 * @param name       the file, for messages
 * @throws {AdderNetError} ERR_CORRUPT if the file ends within a record or a label is not a class
 */
export function parseCifar(bytes: Uint8Array, labelBytes: number, classes: number, name = 'cifar'): Labeled {
  const recordBytes = labelBytes + imageBytes;
  const n = bytes.length / recordBytes;
  if (!Number.isInteger(n) || n === 0) {
    const what = describeFile(bytes);
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: ${bytes.length} bytes are not a multiple of the ${recordBytes} bytes of a record${what ? `; it seems to be ${what}` : ''}`,
    );
  }
  const imageOffset = (i: number) => i * recordBytes + labelBytes;
  const targets = Int32Array.from({ length: n }, (_, i) => bytes[imageOffset(i) - 1]!);
  return labeled((i) => bytes.subarray(imageOffset(i)), targets, classes, name);
}

/** @param planesOf the pixels of an image: 1024 bytes each of red, green and blue */
function labeled(planesOf: (image: number) => Uint8Array, targets: Int32Array, classes: number, name: string): Labeled {
  const wrong = targets.findIndex((target) => !(target >= 0 && target < classes));
  if (wrong >= 0)
    throw new AdderNetError('ERR_CORRUPT', `${name}: the label of record ${wrong} is ${targets[wrong]}, expected 0 to ${classes - 1}`);
  const images = new Uint8Array(targets.length * imageBytes);
  for (let i = 0, to = 0; i < targets.length; i++) {
    const planes = planesOf(i);
    for (let red = 0; red < planeBytes; red++, to += channels) {
      images[to] = planes[red]!;
      images[to + 1] = planes[red + planeBytes]!;
      images[to + 2] = planes[red + 2 * planeBytes]!;
    }
  }
  return { images: new Tensor(images, [targets.length, side, side, channels]), targets };
}

/**
 * Opens CIFAR-10.
 * @param directory contains the files, or a folder `cifar-10-batches-bin` or `cifar-10-batches-py` with them
 * @throws {AdderNetError} ERR_ARGUMENT if a file is missing; ERR_FORMAT or ERR_CORRUPT if one is damaged
 */
export const openCifar10 = (directory: string, split: 'train' | 'test'): ImageDataset =>
  open(cifar10, directory, split, classNames.cifar10);

/**
 * Opens CIFAR-100 with its fine labels. Class names come from `fine_label_names.txt`, or `meta` in the Python version, if present.
 * @param directory contains the files, or a folder `cifar-100-binary` or `cifar-100-python` with them
 * @throws {AdderNetError} ERR_ARGUMENT if a file is missing; ERR_FORMAT or ERR_CORRUPT if one is damaged
 */
export function openCifar100(directory: string, split: 'train' | 'test'): ImageDataset {
  const text = findDataFile(locationsOf(cifar100, cifar100.binary, directory), [cifar100.binary.names]);
  const meta = text ? undefined : findDataFile(locationsOf(cifar100, cifar100.python, directory), [cifar100.python.names]);
  const names = text
    ? Buffer.from(text.bytes).toString().trim().split(/\s+/)
    : meta && parseCifarNames(meta.bytes, 'fine_label_names', meta.path);
  if (names && names.length !== cifar100.classes)
    throw new AdderNetError('ERR_CORRUPT', `${(text ?? meta)!.path}: ${names.length} names, expected ${cifar100.classes}`);
  return open(cifar100, directory, split, names);
}

const locationsOf = ({ name, expected }: CifarLayout, { folder }: Version, directory: string): FileLocations => ({
  dataset: name,
  directory,
  folders: ['.', folder, name],
  expected,
});

function open(layout: CifarLayout, directory: string, split: 'train' | 'test', names: readonly string[] | undefined): ImageDataset {
  const { name, classes, labelBytes, labels, binary, python } = layout;
  const first = (version: Version) => findDataFile(locationsOf(layout, version, directory), version.files[split].slice(0, 1));
  const isPython = !first(binary) && first(python) !== undefined;
  const version = isPython ? python : binary;
  const parts = version.files[split].map((file) => {
    const { path, bytes } = readDataFile(locationsOf(layout, version, directory), [file]);
    if (!isPython) return parseCifar(bytes, labelBytes, classes, path);
    const { planes, targets } = parseCifarPickle(bytes, labels, path);
    return labeled((i) => planes.subarray(i * imageBytes), targets, classes, path);
  });
  const targets = Int32Array.from(parts.flatMap((part) => [...part.targets]));
  const images = new Uint8Array(targets.length * imageBytes);
  let filled = 0;
  for (const part of parts) {
    images.set(part.images.data, filled);
    filled += part.images.size;
  }
  return new ImageDataset({
    name: `${name} ${split}`,
    images: new Tensor(images, [targets.length, side, side, channels]),
    targets,
    classes,
    ...(names && { classNames: names }),
  });
}

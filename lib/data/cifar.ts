// CIFAR-10 and CIFAR-100 in their binary version: records of the label bytes (CIFAR-100: coarse, then fine), then 1024 bytes each of red,
// green and blue, row-major 32x32. There is no header: a file is as many records as its length holds.
import { AdderNetError } from '../errors';
import { Tensor } from '../tensor';
import { classNames } from './class-names';
import { findDataFile, readDataFile } from './data-file';
import { ImageDataset } from './dataset';

const side = 32;
const channels = 3;
const planeBytes = side * side;
const imageBytes = channels * planeBytes;

/** Where CIFAR-10 and CIFAR-100 differ. */
interface CifarLayout {
  readonly classes: number;
  /** The last label byte is the target. */
  readonly labelBytes: number;
  /** The folder in the official archive. */
  readonly folder: string;
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  readonly expected: string;
}

const cifar10: CifarLayout = {
  classes: 10,
  labelBytes: 1,
  folder: 'cifar-10-batches-bin',
  files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
  expected: 'data_batch_1.bin to data_batch_5.bin and test_batch.bin, as cifar-10-binary.tar.gz unpacks',
};

const cifar100: CifarLayout = {
  classes: 100,
  labelBytes: 2,
  folder: 'cifar-100-binary',
  files: { train: ['train.bin'], test: ['test.bin'] },
  expected: 'train.bin and test.bin, as cifar-100-binary.tar.gz unpacks',
};

/**
 * Reads one file of records.
 * @param labelBytes 1 for CIFAR-10, 2 for CIFAR-100
 * @param classes    labels are less than this
 * @param name       the file, for messages
 * @returns images [n,32,32,3] and the target of each
 * @throws {AdderNetError} ERR_CORRUPT if the file does not end with a record or a label is no class
 */
export function parseCifar(
  bytes: Uint8Array,
  labelBytes: number,
  classes: number,
  name = 'cifar',
): { images: Tensor<Uint8Array>; targets: Int32Array } {
  const recordBytes = labelBytes + imageBytes;
  const n = bytes.length / recordBytes;
  if (!Number.isInteger(n) || n === 0)
    throw new AdderNetError('ERR_CORRUPT', `${name}: ${bytes.length} bytes are not a multiple of the ${recordBytes} of a record`);
  const images = new Uint8Array(n * imageBytes);
  const targets = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const pixels = i * recordBytes + labelBytes;
    const target = bytes[pixels - 1]!;
    if (target >= classes)
      throw new AdderNetError('ERR_CORRUPT', `${name}: the label of record ${i} is ${target}, expected 0 to ${classes - 1}`);
    targets[i] = target;
    for (let red = pixels, to = i * imageBytes; red < pixels + planeBytes; red++, to += channels) {
      images[to] = bytes[red]!;
      images[to + 1] = bytes[red + planeBytes]!;
      images[to + 2] = bytes[red + 2 * planeBytes]!;
    }
  }
  return { images: new Tensor(images, [n, side, side, channels]), targets };
}

/**
 * @param directory holds the files, or the folder `cifar-10-batches-bin` with them
 * @throws {AdderNetError} ERR_ARGUMENT if a file is missing; ERR_CORRUPT if one is damaged
 */
export const openCifar10 = (directory: string, split: 'train' | 'test'): ImageDataset =>
  open('cifar10', cifar10, directory, split, classNames.cifar10);

/**
 * Fine labels; class names come from `fine_label_names.txt` if it is there.
 * @param directory holds the files, or the folder `cifar-100-binary` with them
 * @throws {AdderNetError} ERR_ARGUMENT if a file is missing; ERR_CORRUPT if one is damaged
 */
export function openCifar100(directory: string, split: 'train' | 'test'): ImageDataset {
  const file = findDataFile(directory, inEither(cifar100, 'fine_label_names.txt'));
  const names = file && Buffer.from(file.bytes).toString().trim().split(/\s+/);
  if (names && names.length !== cifar100.classes)
    throw new AdderNetError('ERR_CORRUPT', `${file.path}: ${names.length} names, expected ${cifar100.classes}, one a line`);
  return open('cifar100', cifar100, directory, split, names);
}

const inEither = ({ folder }: CifarLayout, file: string): string[] => [file, `${folder}/${file}`];

function open(
  name: string,
  layout: CifarLayout,
  directory: string,
  split: 'train' | 'test',
  classNames: readonly string[] | undefined,
): ImageDataset {
  const { classes, labelBytes, files, expected } = layout;
  const parts = files[split].map((file) => {
    const { path, bytes } = readDataFile(name, directory, inEither(layout, file), expected);
    return parseCifar(bytes, labelBytes, classes, path);
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
    ...(classNames && { classNames }),
  });
}

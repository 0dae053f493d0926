// Options that several commands share.
import { Option } from 'commander';
import { networkKinds } from '../../conv-kind';
import { datasetNames } from '../../data/open-dataset';
import { folderName } from '../data-rules';
import * as values from '../option-values';
import { defaultColumns, wrap } from '../text-layout';

export const json = () => new Option('--json', 'print a single JSON object on standard output');

export const threads = () => new Option('--threads <n>', 'how many threads to use').argParser(values.positiveInteger);

export const weights = () =>
  new Option('--weights <file>', 'a .safetensors or .pth file, or the name of a bundled network (addernet models lists them)');

export const model = () => new Option('--model <name>', 'which network the file contains, if it does not say so itself');

export const kind = () =>
  new Option('--kind <kind>', 'what its layers compute with, where the file does not say so: a .pth of a binary network').choices(
    networkKinds,
  );

export const dataset = (description: string) =>
  new Option('--dataset <name>', `${description}; folder: your own images, one subfolder for each class`).choices([
    ...datasetNames,
    folderName,
  ]);

export const data = () =>
  new Option('--data <dir>', 'the folder with the files of the data set, or with your images (default: data/<name>)');

const imageSize = () =>
  new Option('--image-size <size>', 'with --dataset folder: scale images to this size, such as 64 or 64x96 (height x width)').argParser(
    values.imageSize,
  );

const skipBad = () => new Option('--skip-bad', 'with --dataset folder: skip images that cannot be read, and name them');

export const background = () => new Option('--background <color>', 'the color behind transparent pixels, such as black or "#ff8000"');

export const invert = () => new Option('--invert', 'invert the brightness, for ink on paper and a network trained on white on black');

/** How images in folders are converted to the input of a network. */
export const folderOptions = (): readonly Option[] => [imageSize(), skipBad(), inFolder(background()), inFolder(invert())];

function inFolder(option: Option): Option {
  option.description = `with --dataset folder: ${option.description}`;
  return option;
}

export const bits = () =>
  new Option(
    '--bits <n>',
    'bits of activations and filters, 2 to 16, of Winograd networks up to 13 (default: 8); fewer than 8 do not make the file smaller',
  ).argParser(values.bits);

export const range = () =>
  new Option(
    '--range <r>',
    'the largest activation: max, a quantile such as 0.9997, or auto, which depends on the bits (default: auto)',
  ).argParser(values.quantile);

export const calibration = () =>
  new Option('--calibration <n>', 'how many training images to measure the range with (default: 512)').argParser(values.positiveInteger);

export const limit = () => new Option('--limit <n>', 'use only the first n images').argParser(values.positiveInteger);

/** Lines that follow the options in the help text of a command. */
export const helpNote =
  (...lines: string[]) =>
  (): string =>
    ['', ...lines.map((line) => wrap(line, process.stdout.columns ?? defaultColumns))].join('\n');

// `addernet info`: describes this CPU or the contents of a weights file.
import { statSync } from 'node:fs';
import { cpuInfo } from '../cpu';
import { AdderNetError } from '../errors';
import { load } from '../files';
import { readWeights } from '../files/read-weights';
import { Model, type ModelMetadata, type Training } from '../models';
import { weightsPath } from '../models/pretrained';
import { elementCount, shapeText } from '../shape';
import { printJson, printText } from './terminal';
import { columnsOf, count, fields, table, wrap } from './text-layout';

export async function info(file: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const described = file === undefined ? cpuInfo() : await describeFile(file);
  if (json) printJson(described);
  else printText('file' in described ? fileText(described, columnsOf(process.stdout)) : cpuText(columnsOf(process.stdout)));
}

function cpuText(columns: number): string {
  const { model, isa, supported, byteAdder, byteAdders, threads } = cpuInfo();
  return fields(
    [
      ['CPU', model],
      ['instruction set', `${isa}   (ADDERNET_ISA chooses among ${supported.join(', ')})`],
      ['byte adder', `${byteAdder}   (ADDERNET_BYTE_ADDER chooses among ${byteAdders.join(', ')})`],
      ['threads', `${threads}   (ADDERNET_NUM_THREADS sets them)`],
    ],
    columns,
  );
}

interface TensorDescription {
  readonly name: string;
  readonly dtype: string;
  /** The type in the file, such as bf16, which is read as f32. */
  readonly storedType: string;
  readonly shape: readonly number[];
}

/** The output of --json. */
export interface FileDescription {
  readonly file: string;
  readonly bytes: number;
  readonly format: string;
  /** The layout of filters and columns in the file: 'addernet', 'pytorch' or 'unknown'. The shapes below are addernet's. */
  readonly layout: string;
  /** The prefix of all names in the file that was dropped, such as 'module.'; or ''. */
  readonly droppedPrefix: string;
  /** null if the tensors belong to no known network; `reason` says why. */
  readonly network: (ModelMetadata & { readonly bits?: number }) | null;
  readonly reason?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly numbers: number;
  readonly tensors: readonly TensorDescription[];
  /** Sentences about what was assumed, converted or left out. */
  readonly notes: readonly string[];
}

async function describeFile(file: string): Promise<FileDescription> {
  const tensors = await readWeights(file);
  const { format, layout, droppedPrefix, metadata, storedTypes } = tensors;
  return {
    ...{ file, bytes: statSync(weightsPath(file)).size, format, layout, droppedPrefix },
    ...(await describeNetwork(file, tensors.notes)),
    ...{ metadata, numbers: [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0) },
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, storedType: storedTypes.get(name) ?? dtype, shape })),
  };
}

/** @param fileNotes notes on the file, returned if it contains no network */
async function describeNetwork(file: string, fileNotes: readonly string[]): Promise<Pick<FileDescription, 'network' | 'reason' | 'notes'>> {
  const notes: string[] = [];
  try {
    const network = await load(file, { onNote: (note) => notes.push(note) });
    return { network: network instanceof Model ? network.metadata : { ...network.metadata, bits: network.bits }, notes };
  } catch (error) {
    if (error instanceof AdderNetError) return { network: null, reason: error.message.replace(`${file}: `, ''), notes: fileNotes };
    throw error;
  }
}

/** Text with a line for each property, then the tensors. The package's own metadata is left out, because the properties show it already. */
export function fileText(description: FileDescription, columns: number): string {
  const { file, bytes, format, droppedPrefix, network, reason, metadata, numbers, tensors, notes } = description;
  const types = [...new Set(tensors.map(({ storedType }) => storedType))].sort().join(', ');
  const others = Object.entries(metadata).filter(([key]) => !key.startsWith('addernet'));
  const rows: [string, string][] = [
    ['format', `${format === 'npy' ? 'a NumPy array (.npy)' : format}, ${count(bytes)} bytes`],
    ['tensors', `${tensors.length} of ${count(numbers)} numbers, stored as ${types || 'none'}`],
    ...(network ? networkRows(network) : [['network', `not a known network: ${reason}`] as [string, string]]),
    ...others,
    ...(droppedPrefix === '' ? [] : [['prefix', `${droppedPrefix} was dropped from all names`] as [string, string]]),
    ...notes.map((note): [string, string] => ['note', note]),
  ];
  const typeText = ({ dtype, storedType }: TensorDescription) => (dtype === storedType ? dtype : `${dtype} (stored as ${storedType})`);
  const list = tensors.map((tensor) => [tensor.name, typeText(tensor), shapeText(tensor.shape)]);
  return [
    wrap(file, columns),
    fields(rows, columns),
    ...(list.length > 0 ? ['', table({ rows: list, isNumber: [false, false, false] }, columns)] : []),
  ].join('\n');
}

function networkRows({ bits, ...metadata }: ModelMetadata & { bits?: number }): [string, string][] {
  const { name, kind, classes, classNames, inputShape, normalization, dataset, training } = metadata;
  return [
    ['network', `${name}, kind ${kind}${bits === undefined ? '' : `, quantized to ${bits} bits`}`],
    ['classes', `${classes}${classNames ? `: ${listed(classNames)}` : ', without names'}`],
    ['input', imageText(inputShape)],
    ['normalization', `mean ${normalization.mean.join(', ')}; std ${normalization.std.join(', ')}`],
    ['data set', dataset],
    ['training', training ? trainingText(training) : 'not recorded'],
  ];
}

const maxListed = 20;
const listed = (names: readonly string[]): string =>
  names.length <= maxListed
    ? names.join(', ')
    : `${names.slice(0, maxListed).join(', ')} … and ${names.length - maxListed} more (--json prints all)`;

/** `32 x 32, color` for [32,32,3]. */
export const imageText = ([height, width, channels]: readonly number[]): string =>
  `${height} x ${width}, ${channels === 1 ? 'gray' : channels === 3 ? 'color' : `${channels} channels`}`;

function trainingText({ command, epochs, seed, accuracy, images, startedFrom }: Training): string {
  const own = `${(100 * accuracy).toFixed(2)} % of ${count(images)} images after ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of \`${command}\` with seed ${seed}`;
  return startedFrom ? `${own}; started from ${trainingText(startedFrom)}` : own;
}

// `addernet models`: lists the bundled networks.
import { statSync } from 'node:fs';
import { load } from '../files';
import { Model, pretrainedModels } from '../models';
import { weightsPath } from '../models/pretrained';
import { imageText } from './info';
import { printJson, printText } from './terminal';
import { columnsOf, fields, table } from './text-layout';

interface BundledNetwork {
  readonly name: string;
  readonly network: string;
  readonly kind: string;
  /** The bits of a quantized network; null for floats. */
  readonly bits: number | null;
  readonly bytes: number;
  readonly dataset: string;
  readonly accuracy: number | null;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly classNames: readonly string[] | null;
}

export async function listModels({ json = false }: { json?: boolean }): Promise<void> {
  const models = await Promise.all(pretrainedModels().map(describe));
  if (json) printJson({ models });
  else printText(listed(models, columnsOf(process.stdout)));
}

async function describe(name: string): Promise<BundledNetwork> {
  const network = await load(name);
  const { dataset, inputShape, classes, classNames, training } = network.metadata;
  return {
    ...{ name, network: network.name, kind: network.kind, bits: network instanceof Model ? null : network.bits },
    ...{ bytes: statSync(weightsPath(name)).size, dataset, accuracy: training?.accuracy ?? null, inputShape },
    ...{ classes, classNames: classNames ?? null },
  };
}

/** A row for each network, then the image format and classes of each data set. */
export function listed(models: readonly BundledNetwork[], columns: number): string {
  const header = ['name', 'kind', 'numbers', 'accuracy', 'size', 'data set'];
  const rows = models.map(({ name, kind, bits, accuracy, bytes, dataset }) => [
    ...[name, kind, bits === null ? 'floats' : `${bits} bits`],
    ...[accuracy === null ? '' : `${(100 * accuracy).toFixed(2)} %`, `${Math.round(bytes / 1000)} kB`, dataset],
  ]);
  const first = new Map(models.map((model) => [model.dataset, model]).reverse() as [string, BundledNetwork][]);
  const datasets = [...first.values()]
    .reverse()
    .map(({ dataset, inputShape, classes, classNames }): [string, string] => [
      dataset,
      `${imageText(inputShape)}, ${classes} classes${classNames ? `: ${classNames.join(', ')}` : ''}`,
    ]);
  return `${table({ header, rows, isNumber: [false, false, false, true, true, false] }, columns)}\n\n${fields(datasets, columns)}`;
}

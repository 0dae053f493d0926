// What the networks that come with the package know, and how trainings went, beside the paper.
import type { DatasetName } from '../../data/open-dataset';
import { load } from '../../files';
import { Model, type Training } from '../../models';
import { pretrainedModels } from '../../models/pretrained';
import { compiled } from '../../session';
import { evaluate } from '../../train/evaluate';
import { drawLearningCurves } from '../charts/learning-curves';
import { figure } from '../figure';
import { percent } from '../page/table';
import { paperRows } from '../published-numbers';
import type { TrainingLog } from '../training-log';

interface Shipped {
  name: string;
  network: string;
  kind: string;
  numbers: string;
  dataset: string;
  images: number;
  /** Part of the images, 0 to 1. */
  accuracy: number;
  training: Training | null;
}

interface Measured {
  shipped: Shipped[];
  logs: readonly TrainingLog[];
}

export const accuracy = figure<Measured>({
  name: 'accuracy',
  title: 'Accuracy',
  about:
    'The networks that come with the package on the test images of their data, and trainings by their logs (--logs), beside the paper, whose ' +
    'networks learnt for 50 epochs of MNIST and 400 of CIFAR. Of a log, the last epoch counts.',
  needs: ['mnist', 'cifar10'],
  async measure(workshop) {
    const shipped = [];
    for (const name of pretrainedModels())
      shipped.push(
        await workshop.part(`accuracy-${name}`, async (): Promise<Shipped> => {
          const network = await load(name);
          const { name: architecture, kind, dataset, training = null } = network.metadata;
          const test = workshop.dataset(dataset as DatasetName, 'test');
          const { top1, images } = await evaluate(await compiled(network), test, { limit: workshop.quick ? 1000 : undefined });
          const numbers = network instanceof Model ? 'float32' : `${network.bits} bits`;
          return { name, network: architecture, kind, numbers, dataset, images, accuracy: top1, training };
        }),
      );
    return { shipped, logs: await workshop.logs() };
  },
  async present({ shipped, logs }) {
    const tables = [
      {
        name: 'shipped',
        caption: 'Networks that come with the package',
        columns: [
          ...['name', 'kind', 'numbers', 'data', 'images'].map((title) => ({ title })),
          ...['top-1', 'paper'].map((title) => ({ title, format: percent })),
          { title: 'epochs' },
        ],
        rows: shipped.map(({ name, network, kind, numbers, dataset, images, accuracy, training }) => {
          const epochs = training && epochsOf(training);
          return [name, kind, numbers, dataset, images, accuracy, paperAccuracy(network, kind, dataset), epochs];
        }),
      },
    ];
    if (logs.length > 0)
      tables.push({
        name: 'logs',
        caption: 'Trainings',
        columns: [
          ...['log', 'epochs'].map((title) => ({ title })),
          ...['top-1 on test images', 'paper'].map((title) => ({ title, format: percent })),
        ],
        rows: logs.map(({ name, history }) => {
          const { epoch, validation } = history.at(-1)!;
          return [name, epoch, validation?.accuracy ?? null, paperAccuracyOfLog(name)];
        }),
      });
    const pictures = [];
    for (const { name, history } of logs)
      pictures.push({
        name: `log-${name}`,
        caption: `${name}, epoch by epoch.`,
        chart: await drawLearningCurves(history, { title: name }),
      });
    return { tables, pictures };
  },
});

/** Those of the trainings that it went on from, too. */
const epochsOf = ({ epochs, startedFrom }: Training): number => epochs + (startedFrom ? epochsOf(startedFrom) : 0);

function paperAccuracy(network: string, kind: string, dataset: string): number | null {
  const percents = paperRows.find((row) => row.network === network && row.kind === kind)?.accuracy[dataset];
  return percents === undefined ? null : percents / 100;
}

/** Where its name tells network, kind and data, such as resnet20-adder-cifar10. */
function paperAccuracyOfLog(name: string): number | null {
  const words = name.split(/[^A-Za-z0-9]+/);
  const row = paperRows.find(({ network, kind }) => words.includes(network) && words.includes(kind));
  const dataset = row && words.find((word) => word in row.accuracy);
  return dataset === undefined ? null : paperAccuracy(row!.network, row!.kind, dataset);
}

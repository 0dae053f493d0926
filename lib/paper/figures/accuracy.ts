// The accuracy of the pretrained models and of logged training runs, compared with the paper.
import type { DatasetName } from '../../data/open-dataset';
import { load } from '../../files';
import { Model, modelNames, networkKinds, type Training } from '../../models';
import { pretrainedModels } from '../../models/pretrained';
import { compiled } from '../../session';
import { evaluate } from '../../train/evaluate';
import { drawLearningCurves } from '../charts/learning-curves';
import { type Context, figure } from '../figure';
import { digits, percent } from '../page/table';
import { paperAccuracy } from '../published-numbers';
import type { TrainingLog } from '../training-log';

interface Pretrained {
  name: string;
  network: string;
  kind: string;
  numbers: string;
  dataset: string;
  images: number;
  /** From 0 to 1. */
  accuracy: number;
  training: Training | null;
}

interface Measured {
  pretrained: Pretrained[];
  logs: readonly TrainingLog[];
}

export const accuracy = figure<Measured>({
  name: 'accuracy',
  title: 'Accuracy',
  about:
    'The pretrained models on the test images of their data sets, and training runs from their logs (--logs), compared with the paper, whose ' +
    'networks trained for 50 epochs on MNIST and 400 on CIFAR. For a log, the last epoch counts.',
  needs: ['mnist', 'cifar10'],
  async measure(context) {
    const pretrained = [];
    for (const name of pretrainedModels()) pretrained.push(await pretrainedAccuracy(context, name));
    return { pretrained, logs: await context.logs() };
  },
  async present({ pretrained, logs }) {
    const tables = [
      {
        name: 'pretrained',
        caption: 'Pretrained models',
        columns: [
          ...['name', 'kind', 'numbers', 'data', 'images'].map((title) => ({ title })),
          ...['top-1', 'paper'].map((title) => ({ title, format: percent })),
          { title: 'epochs' },
        ],
        rows: pretrained.map(({ name, network, kind, numbers, dataset, images, accuracy, training }) => {
          const epochs = training && epochsOf(training);
          return [name, kind, numbers, dataset, images, accuracy, paperAccuracy(network, kind, dataset), epochs];
        }),
      },
    ];
    if (logs.length > 0)
      tables.push({
        name: 'logs',
        caption: 'Training runs',
        columns: [
          ...['log', 'epochs'].map((title) => ({ title })),
          ...['top-1 on test images', 'paper'].map((title) => ({ title, format: percent })),
          { title: 'hours', format: digits(1) },
          { title: 'machine' },
        ],
        rows: logs.map(({ name, history }) => {
          const { epoch, validation } = history.at(-1)!;
          return [name, epoch, validation?.accuracy ?? null, paperAccuracyOfLog(name), hoursOf(history), machinesOf(history)];
        }),
      });
    const images = [];
    for (const { name, history } of logs)
      images.push({
        name: `log-${name}`,
        caption: `Learning curves of ${name}.`,
        chart: await drawLearningCurves(history, { title: name }),
      });
    return { tables, images };
  },
});

/** Of a pretrained model on the test images of its data set. */
export const pretrainedAccuracy = ({ cached, dataset: open, quick }: Context, name: string): Promise<Pretrained> =>
  cached(`accuracy-${name}`, async () => {
    const network = await load(name);
    const { name: architecture, kind, dataset, training = null } = network.metadata;
    const { top1, images } = await evaluate(await compiled(network), open(dataset as DatasetName, 'test'), {
      limit: quick ? 1000 : undefined,
    });
    const numbers = network instanceof Model ? 'float32' : `${network.bits} bits`;
    return { name, network: architecture, kind, numbers, dataset, images, accuracy: top1, training };
  });

/** With the epochs of the training runs it continued from. */
const epochsOf = ({ epochs, startedFrom }: Training): number => epochs + (startedFrom ? epochsOf(startedFrom) : 0);

const hoursOf = (history: TrainingLog['history']): number => history.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;

/** Of a run that went on elsewhere, all of them. */
const machinesOf = (history: TrainingLog['history']): string => [...new Set(history.flatMap(({ machine }) => machine ?? []))].join('; ');

/** For names that contain network, kind and data set, such as resnet20-adder-winograd-cifar10. */
function paperAccuracyOfLog(name: string): number | null {
  const words = name.split(/[^A-Za-z0-9]+/);
  const network = modelNames.find((own) => words.includes(own));
  const kind = networkKinds.filter((own) => own.split('-').every((word) => words.includes(word))).at(-1); // the longer kinds come after adder
  if (network === undefined || kind === undefined) return null;
  return words.map((dataset) => paperAccuracy(network, kind, dataset)).find((accuracy) => accuracy !== null) ?? null;
}

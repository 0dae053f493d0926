// What accuracy costs: pairs of an input and a weight, and the time they take, of adders, of adders with fewer pairs, multiplications and signs.
import { isAdderKind } from '../../conv-kind';
import { type Model, type NetworkKind, networkKinds, resnet20 } from '../../models';
import { pretrainedModels } from '../../models/pretrained';
import { quantize } from '../../quantize';
import { Random } from '../../random';
import { compile } from '../../session';
import { Tensor } from '../../tensor';
import { medianTimes } from '../../timing';
import { type AccuracyPoint, accuracyPanels } from '../charts/accuracy-panels';
import { drawChart } from '../charts/chart';
import { colors } from '../charts/line-chart';
import { type Context, figure } from '../figure';
import { digits, percent } from '../page/table';
import { paperAccuracy } from '../published-numbers';
import { pretrainedAccuracy } from './accuracy';

interface Measured {
  kind: NetworkKind;
  /** `float32`, or how many bits. */
  numbers: string;
  /** Of an input and a weight; in the domain of Winograd's transforms where layers have one. */
  pairs: number;
  /** All additions, those of transforms included. */
  additions: number;
  milliseconds: number;
  /** On the test images, 0 to 1: of the logged training run, of the pretrained model, and in the papers. */
  trained: number | null;
  epochs: number | null;
  pretrained: number | null;
  paper: number | null;
}

const kindColors: Record<NetworkKind, string> = { ...colors, 'adder-2x2': '#56b4e9', 'adder-winograd': '#cc79a7' };
const dataset = 'cifar10';

export const pairs = figure<Measured[]>({
  name: 'pairs',
  title: 'Accuracy, pairs and time',
  about:
    'ResNet-20 on CIFAR-10 of adders, of adders with 2x2 windows and Winograd adders, which have 4 pairs of an input and a weight where 3x3 windows ' +
    'have 9, of multiplications and of signs. Training runs are those of the logs (--logs), and the last epoch counts; some pretrained models were trained further. ' +
    'Time is that of one image on one thread of this CPU, a median; it does not depend on the weights. The papers (Chen et al., CVPR 2020; Li et ' +
    'al., ICML 2021) trained for many more epochs.',
  needs: [dataset],
  async measure(context) {
    const accuracies = await pretrainedAccuracies(context);
    const logs = await context.logs();
    const networks = await networksOf(context);
    return networks.map(({ kind, numbers, ...counts }) => {
      const isFloat = numbers === 'float32';
      const log = isFloat ? logs.find(({ name }) => name === `resnet20-${kind}-${dataset}`)?.history.at(-1) : undefined;
      return {
        ...{ kind, numbers, ...counts, trained: log?.validation?.accuracy ?? null, epochs: log?.epoch ?? null },
        pretrained: accuracies.get(`${kind}, ${numbers}`) ?? null,
        paper: isFloat ? paperAccuracy('resnet20', kind, dataset) : null,
      };
    });
  },
  async present(rows) {
    const table = {
      name: 'pairs',
      caption: 'One image, and the accuracy on the test images of CIFAR-10',
      columns: [
        ...['kind', 'numbers', 'pairs', 'additions'].map((title) => ({ title })),
        { title: 'ms', format: digits(3) },
        ...[{ title: 'training run', format: percent }, { title: 'epochs' }],
        ...['pretrained', 'paper'].map((title) => ({ title, format: percent })),
      ],
      rows: rows.map(({ kind, numbers, pairs, additions, milliseconds, trained, epochs, pretrained, paper }) => [
        ...[kind, numbers, pairs, additions, milliseconds],
        ...[trained, epochs, pretrained, paper],
      ]),
    };
    const points = rows.flatMap((row) => [
      ...pointOf(row, row.trained, `${row.epochs} epochs`, 'circle'),
      ...pointOf(row, row.pretrained, 'pretrained model', 'diamond'),
      ...pointOf(row, row.paper, 'papers', 'emptyCircle'),
    ]);
    const costs = ['pairs of an input and a weight, millions', 'milliseconds an image, one thread'];
    return {
      tables: [table],
      images: [
        {
          name: 'pairs',
          caption: 'Accuracy over the pairs of one image and over their time; numbers are the bits of quantized networks.',
          chart: await drawChart(accuracyPanels({ costs, points }), { width: 960, height: 480 }),
        },
      ],
    };
  },
});

function pointOf(row: Measured, accuracy: number | null, source: string, symbol: AccuracyPoint['symbol']): AccuracyPoint[] {
  if (accuracy === null) return [];
  const { kind, numbers, pairs, milliseconds } = row;
  const label = numbers === 'float32' ? '' : numbers;
  return [{ name: kind, color: kindColors[kind], source, symbol, label, accuracy: 100 * accuracy, costs: [pairs / 1e6, milliseconds] }];
}

/** Those of ResNet-20, by kind and numbers. */
async function pretrainedAccuracies(context: Context): Promise<Map<string, number>> {
  const all = [];
  for (const name of pretrainedModels()) if (name.startsWith(`resnet20-${dataset}`)) all.push(await pretrainedAccuracy(context, name));
  return new Map(all.map(({ kind, numbers, accuracy }) => [`${kind}, ${numbers}`, accuracy]));
}

/** Networks that were not trained, which take as long: in floats, and those of adders in fewer bits. */
async function networksOf({ quick }: Context): Promise<Pick<Measured, 'kind' | 'numbers' | 'pairs' | 'additions' | 'milliseconds'>[]> {
  const networks = [];
  for (const kind of networkKinds) {
    const model = settled(resnet20({ kind, seed: 1 }));
    const { additions } = model.summary().totals;
    networks.push({ kind, numbers: 'float32', additions, session: await compile(model, { threads: 1 }) });
    if (!isAdderKind(kind)) continue;
    for (const bits of [16, 8]) {
      const session = await compile(await quantize(model, imagesOf(8), { bits }), { threads: 1 });
      networks.push({ kind, numbers: `${bits} bits`, additions, session });
    }
  }
  const x = imagesOf(1);
  const runs = Object.fromEntries(networks.map(({ session }, i) => [i, () => session.runSync(x)]));
  const times = medianTimes(runs, quick ? 100 : 1000);
  const measured = [];
  for (const [i, { kind, numbers, additions, session }] of networks.entries()) {
    const { nodes } = await session.profile(x, { rounds: 1 });
    measured.push({ kind, numbers, pairs: nodes.reduce((sum, node) => sum + node.pairs, 0), additions, milliseconds: times[i]! });
    session.dispose();
  }
  return measured;
}

/** With running statistics by which its batch norms let something through. */
function settled(model: Model): Model {
  const x = imagesOf(8);
  for (let step = 0; step < 20; step++) model.forward(x, { training: true });
  return model;
}

function imagesOf(count: number): Tensor {
  const x = Tensor.zeros([count, 32, 32, 3]);
  new Random(1).fillNormal(x.data);
  return x;
}

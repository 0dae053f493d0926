// The features before the classifier: adder layers compare them with templates, convolutions project them (figure 1 of the paper).
import { BatchLoader } from '../../data/batch-loader';
import type { Dataset } from '../../data/dataset';
import { load } from '../../files';
import type { Layer } from '../../layers';
import { bodyAndHead, type Normalization } from '../../models';
import { packageError } from '../../optional-package';
import { Random } from '../../random';
import { bottleneckLenet } from '../bottleneck';
import { drawChart } from '../charts/chart';
import { classColors, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { trainOnMnist } from '../mnist-training';
import { percent } from '../page/table';

interface Embedded {
  network: string;
  kind: 'adder' | 'conv';
  /** How many features the classifier takes. */
  features: number;
  images: number;
  /** Share of the images whose class has the nearest mean, by L1 distance and by angle. */
  nearestMean: { distance: number; angle: number };
  classNames: readonly string[];
  points: { x: number; y: number; target: number }[];
}

const kinds = ['adder', 'conv'] as const;

export const features = figure<Embedded[]>({
  name: 'features',
  title: 'Features by class',
  about:
    'Top: test images of MNIST by the two features of a LeNet-5-BN with a bottleneck, trained for this figure. Bottom: test images of CIFAR-10 by the 64 ' +
    'features before the classifier of ResNet-20, reduced to two dimensions by UMAP, which preserves neighbors, not angles. In the paper, the ' +
    'classes of adder networks form clusters and those of CNNs form sectors. The table gives the share of images whose class mean is the ' +
    'nearest, by L1 distance and by angle.',
  needs: ['mnist', 'cifar10'],
  packages: ['umap-js'],
  async measure(context) {
    const embedded: Embedded[] = [];
    const shown = context.quick ? 500 : 2000;
    for (const kind of kinds)
      embedded.push(
        await context.cached(`features-lenet5bn-${kind}`, async () => {
          const { model, body } = bottleneckLenet(kind, 1);
          await trainOnMnist(context, model);
          const seen = await featuresOf(body, context.dataset('mnist', 'test'), model.normalization);
          return describe(`LeNet-5-BN, ${kind}`, kind, seen, seen.rows.slice(0, shown));
        }),
      );
    for (const kind of kinds)
      embedded.push(
        await context.cached(`features-resnet20-${kind}`, async () => {
          const model = await load(kind === 'adder' ? 'resnet20-cifar10' : 'resnet20-cifar10-conv');
          const limit = context.quick ? 500 : 10_000;
          const seen = await featuresOf(bodyAndHead(model).body, context.dataset('cifar10', 'test'), model.normalization, limit);
          return describe(`ResNet-20, ${kind}`, kind, seen, await inTwoDimensions(seen.rows.slice(0, shown)));
        }),
      );
    return embedded;
  },
  async present(embedded) {
    const table = {
      name: 'features',
      caption: 'Images whose class has the nearest mean',
      columns: [
        ...['network', 'features', 'images'].map((title) => ({ title })),
        ...['by L1 distance', 'by angle'].map((title) => ({ title, format: percent })),
      ],
      rows: embedded.map(({ network, features, images, nearestMean: { distance, angle } }) => [network, features, images, distance, angle]),
    };
    const images = [];
    for (const { network, kind, features, classNames, points } of embedded) {
      const series = classNames.map((name, target) => ({
        name,
        color: classColors[target % classColors.length]!,
        points: points.filter((point) => point.target === target).map(({ x, y }) => [x, y] as const),
        marks: true,
      }));
      const axes = features === 2 ? ['first feature', 'second feature'] : ['UMAP, first', 'UMAP, second'];
      const chart = await drawChart(lineChart({ x: axes[0]!, y: axes[1]!, dot: 4, series }), { width: 720, height: 560 });
      images.push({ name: `${features === 2 ? 'lenet5bn' : 'resnet20'}-${kind}`, caption: `${network}: ${features} features.`, chart });
    }
    return { tables: [table], images };
  },
});

interface Seen {
  /** Features of each image. */
  rows: Float32Array[];
  targets: number[];
  classNames: readonly string[];
}

async function featuresOf(body: Layer, dataset: Dataset, normalization: Normalization, limit?: number): Promise<Seen> {
  const seen: Seen = { rows: [], targets: [], classNames: dataset.classNames ?? [] };
  for await (const { x, targets } of new BatchLoader(dataset, { batch: 100, normalization, limit }).batches(0)) {
    const { data } = body.forward(x);
    const width = data.length / targets.length;
    for (let i = 0; i < targets.length; i++) seen.rows.push(data.slice(i * width, (i + 1) * width));
    seen.targets.push(...targets);
  }
  return seen;
}

function describe(network: string, kind: Embedded['kind'], { rows, targets, classNames }: Seen, points: ArrayLike<number>[]): Embedded {
  const means = classNames.map((_, target) => meanOf(rows.filter((_, i) => targets[i] === target)));
  const share = (gap: (a: Float32Array, b: Float32Array) => number) =>
    rows.filter((row, i) => argMin(means.map((mean) => gap(row, mean))) === targets[i]).length / rows.length;
  return {
    network,
    kind,
    features: rows[0]!.length,
    images: rows.length,
    nearestMean: { distance: share(l1Distance), angle: share((a, b) => -cosine(a, b)) },
    classNames,
    points: points.map(({ 0: x, 1: y }, i) => ({ x: rounded(x!), y: rounded(y!), target: targets[i]! })),
  };
}

async function inTwoDimensions(rows: readonly Float32Array[]): Promise<number[][]> {
  const { UMAP } = loadUmap();
  const random = new Random(1);
  return new UMAP({ nComponents: 2, random: () => random.uniform() }).fit(rows.map((row) => [...row]));
}

function loadUmap(): typeof import('umap-js') {
  try {
    return require('umap-js');
  } catch (cause) {
    throw packageError('umap-js', 'the figure of the features', cause);
  }
}

const meanOf = (rows: readonly Float32Array[]): Float32Array =>
  rows[0]!.map((_, f) => rows.reduce((sum, row) => sum + row[f]!, 0) / rows.length);
const l1Distance = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, f) => sum + Math.abs(v - b[f]!), 0);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, f) => sum + v * b[f]!, 0);
const cosine = (a: Float32Array, b: Float32Array): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const argMin = (values: readonly number[]): number => values.indexOf(Math.min(...values));
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

// Accuracy, size and time with fewer bits, and why inputs and filters must not share a scale that is wide enough for both.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset';
import { load, saveQuantized } from '../../files';
import { type QuantizedModel, quantize } from '../../quantize';
import { compile, compiled } from '../../session';
import { Tensor } from '../../tensor';
import { medianTimes } from '../../timing';
import { type Classifier, evaluate } from '../../train/evaluate';
import { drawChart } from '../charts/chart';
import { colors, lineChart } from '../charts/line-chart';
import { type Context, figure } from '../figure';
import { naivelyQuantized } from '../naive-quantization';
import { digits, percent } from '../page/table';

interface Measured {
  images: number;
  /** The float network. */
  float: Result & { milliseconds: number };
  /** The quantized networks, and `naive`: the accuracy with one shared scale. */
  bits: (Result & { bits: number; naive: number; milliseconds: number; filterBytes: number })[];
}

interface Result {
  /** On the test images, 0 to 1. */
  accuracy: number;
  /** Size of the weights file. */
  bytes: number;
}

const name = 'resnet20-cifar10';
const bitCounts = [8, 7, 6, 5, 4] as const;

export const quantization = figure<Measured>({
  name: 'quantization',
  title: 'Fewer bits',
  about:
    `Activations and filters of the adder layers of ${name} in 8 to 4 bits, calibrated on 512 training images of CIFAR-10. The exact clamp cuts ` +
    'filters to the range of their inputs and moves what it cuts off, |w - clip(w)|, into a constant of the channel; one naive scale, wide enough ' +
    'for the largest input and the largest filter, leaves few levels for the inputs. Time is that of one image, a median on all threads. Fewer ' +
    'bits do not save time or memory here, because each number takes a whole byte; the last column is the size of packed filters.',
  needs: ['cifar10'],
  async measure(context) {
    const [train, test] = (['train', 'test'] as const).map((split) => context.dataset('cifar10', split)) as [Dataset, Dataset];
    const images = context.quick ? 300 : test.length;
    const accuracyOf = async (classifier: Classifier) => (await evaluate(classifier, test, { limit: images })).top1;
    const model = await load(name);
    const float = await context.cached('quantization-float', async () => ({
      accuracy: await accuracyOf(await compiled(model)),
      bytes: [...model.stateDict()].reduce((sum, [, { data }]) => sum + data.byteLength, 0),
    }));
    const networks = await Promise.all(bitCounts.map((bits) => quantize(model, train, { bits })));
    const results = [];
    for (const network of networks)
      results.push(
        await context.cached(`quantization-${network.bits}`, async () => ({
          bits: network.bits,
          accuracy: await accuracyOf(await compiled(network)),
          naive: await accuracyOf(await naivelyQuantized(model, train, network.bits)),
          bytes: await fileSize(network),
          filterBytes: (filtersOf(network) * network.bits) / 8,
        })),
      );
    const times = await timesOf([model, ...networks], context);
    return {
      images,
      float: { ...float, milliseconds: times[0]! },
      bits: results.map((result, i) => ({ ...result, milliseconds: times[i + 1]! })),
    };
  },
  async present({ images, float, bits }) {
    const table = {
      name: 'quantization',
      caption: `Accuracy on ${images} test images; ${percent(float.accuracy)} in floats`,
      columns: [
        { title: 'numbers' },
        ...['exact clamp', 'one naive scale'].map((title) => ({ title, format: percent })),
        { title: 'ms per image', format: digits(3) },
        ...['bytes of all weights', 'bytes of packed filters'].map((title) => ({ title })),
      ],
      rows: [
        ['float32', float.accuracy, null, float.milliseconds, float.bytes, null],
        ...bits.map((row) => [`${row.bits} bits`, row.accuracy, row.naive, row.milliseconds, row.bytes, Math.ceil(row.filterBytes)]),
      ],
    };
    const line = (value: (row: Measured['bits'][number]) => number) => bits.map((row) => [row.bits, 100 * value(row)] as const);
    const curves = [
      { name: 'exact clamp', color: colors.adder, points: line(({ accuracy }) => accuracy) },
      { name: 'one naive scale', color: colors.conv, points: line(({ naive }) => naive) },
      { name: 'floats', color: colors.neutral, type: 'dashed' as const, points: line(() => float.accuracy) },
    ];
    const series = curves.flatMap((curve) => (curve.name === 'floats' ? [curve] : [curve, { ...curve, marks: true }]));
    const chart = await drawChart(lineChart({ x: 'bits', y: 'accuracy, %', series }), { width: 640, height: 400 });
    return { tables: [table], images: [{ name: 'quantization', caption: 'Accuracy over the number of bits.', chart }] };
  },
});

async function fileSize(network: QuantizedModel): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'addernet-'));
  try {
    const file = join(folder, 'weights.safetensors');
    await saveQuantized(network, file);
    return (await stat(file)).size;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const filtersOf = ({ graph }: QuantizedModel): number =>
  graph.nodes.reduce((sum, node) => sum + (node.op === 'quantizedConv2d' ? node.filters.size : 0), 0);

/** Milliseconds of one image. */
async function timesOf(networks: Parameters<typeof compile>[0][], { quick }: Context): Promise<number[]> {
  const sessions = await Promise.all(networks.map((network) => compile(network)));
  const x = Tensor.zeros([1, 32, 32, 3]);
  const runs = Object.fromEntries(sessions.map((session, i) => [`run ${i}`, () => session.runSync(x)]));
  const times = Object.values(medianTimes(runs, quick ? 100 : 1000));
  for (const session of sessions) session.dispose();
  return times;
}

// bench/RESULTS.md and its charts, from the JSON that `addernet bench … --json` prints: nothing in them is written by hand.
//
//   node dist-bench/report.js [folder of JSON files, default bench/results]
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EChartsCoreOption } from 'echarts';
import type {
  KernelReport,
  KernelResult,
  LayerReport,
  LayerResult,
  ModelReport,
  ModelResult,
  ServeReport,
  TrainReport,
} from '../dist/cli/bench-results';
import { writeFileAtomic } from '../dist/io/write-file';
import { drawChart } from '../dist/paper/charts/chart';
import type { Task } from './workloads';

type Dated<Report> = Report & { date: string };
/** Kernels and layers on one thread, models on one and on two, training steps on two, the server's network on one. */
export interface Measurements {
  readonly kernels: Dated<KernelReport>;
  readonly layers: Dated<LayerReport>;
  readonly models: readonly Dated<ModelReport>[];
  readonly train: Dated<TrainReport>;
  readonly serve: Dated<ServeReport>;
}

/** A goal: no result of `values` should be above `most`. */
interface Goal {
  readonly what: string;
  readonly most: number;
  readonly values: readonly { readonly where: string; readonly value: number }[];
}

export async function makeReport(measured: Measurements): Promise<{ markdown: string; charts: Map<string, string> }> {
  const charts = new Map([
    ['models.svg', (await drawChart(modelsChart(measured.models[0]!), { width: 960, height: 380 })).svg],
    ['layers.svg', (await drawChart(layersChart(measured.layers), { width: 960, height: 460 })).svg],
  ]);
  const sections = [
    '# Results',
    'Made by `bench/report.ts` from the files in `results/`, which `bench/run.sh` measures. The implementations in one table took turns in the same rounds; numbers are medians. `bench/baselines` describes the baselines.',
    '## Goals',
    ratioTable(goals(measured)),
    '## Networks',
    '![Time of an image in each network](models.svg)',
    ...measured.models.flatMap((report) => [machine(report), modelTable(report)]),
    '## Training',
    `Training steps of ResNet-20, here and in PyTorch ${measured.train.torch}.`,
    machine(measured.train),
    trainTable(measured.train),
    '## Server',
    serverText(measured.serve),
    machine(measured.serve),
    serverTable(measured.serve),
    '## Layers',
    '3x3 convolutions with padding 1, batch 64, from floats to floats or from bytes to bytes, in 1e9 pairs of an input and a weight a second.',
    '![Rates of layers](layers.svg)',
    machine(measured.layers),
    layerTable(measured.layers),
    '## Kernels',
    '1e9 pairs a second, and their share of the peak of the micro-op in registers, measured in the same rounds.',
    machine(measured.kernels),
    kernelTable(measured.kernels),
  ];
  return { markdown: `${sections.join('\n\n')}\n`, charts };
}

const machine = ({ cpu, threads, date, results }: Dated<{ cpu: string; threads: number; results: readonly { isa: string }[] }>): string =>
  `${cpu}, ${[...new Set(results.map(({ isa }) => isa))].join(', ')}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${date}.`;

function goals({ layers, models, train, serve }: Measurements): Goal[] {
  const names = unique(layers.results.map(({ layer }) => layer));
  const ofLayers = (ours: string, theirs: string, which: RegExp = /./) =>
    names
      .filter((layer) => which.test(layer))
      .map((where) => ({ where: where.replace(/ batch.*/, ''), value: layerTime(layers, where, ours) / layerTime(layers, where, theirs) }));
  const [one, two] = [1, 2].map((threads) => models.find((report) => report.threads === threads)!);
  const ofModels = (ours: string, theirs: string, tasks: readonly Task[]) =>
    tasks.map(({ network, batch }) => ({
      where: `${network}, batch ${batch}`,
      value: modelTime(one!, network, batch, ours) / modelTime(one!, network, batch, theirs),
    }));
  const resnet20: Task[] = [
    { network: 'resnet20', batch: 1 },
    { network: 'resnet20', batch: 64 },
  ];
  const threads = (implementation: string) => ({
    where: implementation,
    value: modelTime(two!, 'resnet20', 64, implementation) / modelTime(one!, 'resnet20', 64, implementation),
  });
  const ofTraining = (theirs: string, batch: number) => ({
    where: `batch 128 / ${batch}`,
    value: trainTime(train, 'adder', 128) / trainTime(train, theirs, batch),
  });
  return [
    { what: 'float convolution / onnxruntime Conv', most: 1.1, values: ofLayers('conv f32', 'onnxruntime f32') },
    {
      what: 'int8 convolution, 7-bit weights / onnxruntime QLinearConv',
      most: 1,
      values: ofLayers('conv int8, 7-bit weights', 'onnxruntime int8'),
    },
    { what: 'float adder / float convolution', most: 1.1, values: ofLayers('adder f32', 'conv f32') },
    { what: 'float adder network / onnxruntime float CNN', most: 1, values: ofModels('adder f32', 'onnxruntime f32', resnet20) },
    { what: 'uint8 adder / onnxruntime QLinearConv', most: 0.6, values: ofLayers('adder u8', 'onnxruntime int8', /ResNet-20/) },
    { what: '8-bit adder network / onnxruntime int8 CNN', most: 0.65, values: ofModels('adder u8', 'onnxruntime int8', resnet20) },
    { what: 'the same by `run`', most: 0.65, values: ofModels('adder u8 run', 'onnxruntime int8', resnet20) },
    {
      what: '8-bit adder network / onnxruntime int8 CNN',
      most: 1,
      values: ofModels('adder u8', 'onnxruntime int8', [{ network: 'resnet18', batch: 1 }]),
    },
    { what: 'uint8 adder / int8 convolution, 7-bit weights', most: 0.65, values: ofLayers('adder u8', 'conv int8, 7-bit weights') },
    { what: 'uint8 adder / int8 convolution, 8-bit weights', most: 0.4, values: ofLayers('adder u8', 'conv int8, 8-bit weights') },
    { what: 'training step / PyTorch CNN, two threads', most: 1, values: [ofTraining('PyTorch conv', 128)] },
    { what: 'training, an image / PyTorch adder network, two threads', most: 0.04, values: [ofTraining('PyTorch adder', 2)] },
    {
      what: 'images from 32 clients over HTTP / in a batch of the session',
      most: 1.25,
      values: [{ where: 'resnet20', value: 1 / serve.throughputShare }],
    },
    { what: 'two threads / one, resnet20, batch 64', most: 0.6, values: [threads('adder u8'), threads('adder f32')] },
  ];
}

const find = <R>(results: readonly R[], is: (result: R) => boolean, what: string): R => {
  const found = results.find(is);
  if (!found) throw new Error(`the measurements lack ${what}: measure again, with the baselines installed (bench/baselines)`);
  return found;
};
const layerTime = ({ results }: LayerReport, layer: string, implementation: string): number =>
  find(results, (r) => r.layer === layer && r.implementation === implementation, `${implementation} on ${layer}`).seconds;
const modelTime = ({ results }: ModelReport, network: string, batch: number, implementation: string): number =>
  find(results, (r) => r.network === network && r.batch === batch && r.implementation === implementation, `${implementation} in ${network}`)
    .seconds;

/** Milliseconds of an image. */
const trainTime = ({ results }: TrainReport, implementation: string, batch: number): number =>
  find(results, (r) => r.implementation === implementation && r.batch === batch, `training by ${implementation}`).millisecondsPerImage;

const unique = (names: readonly string[]): string[] => [...new Set(names)];
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const ratioTable = (all: readonly Goal[]): string =>
  table(
    ['ratio of times, on one thread unless noted', 'at most', 'measured', 'reached'],
    all.map(({ what, most, values }) => {
      const reached = values.filter(({ value }) => value <= most).length;
      const measured = values.map(({ where, value }) => `${value.toFixed(value < 0.1 ? 3 : 2)} (${where})`).join(', ');
      return [what, String(most), measured, reached === values.length ? 'yes' : reached === 0 ? 'no' : `${reached} of ${values.length}`];
    }),
  );

function modelTable({ results }: ModelReport): string {
  return table(
    ['', 'network', 'ms', 'images/s', '/ onnxruntime f32', '/ onnxruntime int8'],
    results.map(({ implementation, network, batch, seconds, imagesPerSecond, ratios }) => [
      implementation,
      `${network}, batch ${batch}`,
      (1000 * seconds).toFixed(3),
      imagesPerSecond.toFixed(0),
      ratios?.f32.toFixed(2) ?? '',
      ratios?.int8.toFixed(2) ?? '',
    ]),
  );
}

const trainTable = ({ results }: TrainReport): string =>
  table(
    ['', 'batch', 'ms per step', 'ms per image', 'images/s'],
    results.map(({ implementation, batch, seconds, millisecondsPerImage }) => [
      implementation,
      String(batch),
      (1000 * seconds).toFixed(1),
      millisecondsPerImage.toFixed(2),
      (batch / seconds).toFixed(0),
    ]),
  );

const serverText = ({ addedMilliseconds, answers, errors }: ServeReport): string =>
  `Requests with one image each, from one client or from many at a time, beside the session alone. HTTP adds ${addedMilliseconds.toFixed(2)} ms to one image; of ${answers} responses, each compared with the session's, ${errors} were wrong or missing.`;

const serverTable = ({ results }: ServeReport): string =>
  table(
    ['', 'network', 'at a time', 'ms', 'images/s'],
    results.map(({ implementation, network, concurrency, seconds, imagesPerSecond }) => [
      implementation,
      network,
      String(concurrency),
      (1000 * seconds).toFixed(3),
      imagesPerSecond.toFixed(0),
    ]),
  );

/** Layers down, implementations across. */
function crossTable<R extends { layer: string }>(
  results: readonly R[],
  column: (result: R) => string,
  cell: (result: R) => string,
): string {
  const columns = unique(results.map(column));
  const rows = unique(results.map(({ layer }) => layer)).map((layer) => {
    const cells = columns.map((name) => results.filter((r) => r.layer === layer && column(r) === name).map(cell));
    return [layer.replace(/ batch.*/, ''), ...cells.map((values) => values.join(' '))];
  });
  return table(['', ...columns], rows);
}

const layerTable = ({ results }: LayerReport): string =>
  crossTable<LayerResult>(
    results,
    ({ implementation }) => implementation,
    ({ rate }) => rate.toFixed(0),
  );

const kernelTable = ({ results }: KernelReport): string =>
  unique(results.map(({ isa }) => isa))
    .map((isa) => {
      const shares = crossTable<KernelResult>(
        results.filter((r) => r.isa === isa),
        ({ kernel }) => kernel,
        ({ rate, share }) => `${rate.toFixed(0)}, ${(100 * share).toFixed(0)} %`,
      );
      return `### ${isa}\n\n${shares}`;
    })
    .join('\n\n');

// Colors that a color-blind reader tells apart (Okabe and Ito); those of this package are full, the baselines' gray.
const colors: Record<string, string> = {
  'adder u8': '#d55e00',
  'adder f32': '#e69f00',
  'conv f32': '#56b4e9',
  xnor: '#009e73',
  'conv int8, 8-bit weights': '#0072b2',
  'conv int8, 7-bit weights': '#005580',
  'onnxruntime f32': '#bbbbbb',
  'onnxruntime int8': '#777777',
};

function modelsChart(report: ModelReport): EChartsCoreOption {
  const tasks = unique(report.results.map(({ network, batch }) => `${network}, batch ${batch}`));
  const implementations = Object.keys(colors).filter((name) => report.results.some(({ implementation }) => implementation === name));
  const width = 960 / tasks.length;
  return {
    title: { text: 'Milliseconds for an image, one thread', left: 'center', top: 8, textStyle: { fontSize: 16 } },
    grid: tasks.map((_, i) => ({ left: i * width + (i === 0 ? 130 : 50), width: width - (i === 0 ? 160 : 80), top: 80, bottom: 30 })),
    xAxis: tasks.map((_, gridIndex) => ({ gridIndex, type: 'value', splitLine: { lineStyle: { color: '#eeeeee' } }, splitNumber: 4 })),
    yAxis: tasks.map((name, gridIndex) => ({
      gridIndex,
      type: 'category',
      inverse: true,
      data: implementations,
      name,
      nameLocation: 'start',
      nameGap: 12,
      nameTextStyle: { fontSize: 13, color: '#333', align: gridIndex === 0 ? 'center' : 'left' },
      axisTick: { show: false },
      axisLabel: { show: gridIndex === 0, color: '#333' },
    })),
    series: tasks.map((task, i) => ({
      type: 'bar',
      xAxisIndex: i,
      yAxisIndex: i,
      label: { show: true, position: 'right', color: '#333', formatter: '{c}' },
      data: implementations.map((implementation) => {
        const is = (r: ModelResult) => `${r.network}, batch ${r.batch}` === task && r.implementation === implementation;
        const { seconds, batch } = find(report.results, is, implementation);
        return { value: Number(((1000 * seconds) / batch).toPrecision(3)), itemStyle: { color: colors[implementation] } };
      }),
    })),
  };
}

function layersChart({ results }: LayerReport): EChartsCoreOption {
  const names = unique(results.map(({ layer }) => layer));
  const implementations = Object.keys(colors).filter((name) => results.some(({ implementation }) => implementation === name));
  return {
    title: { text: 'Pairs of an input and a weight, 1e9 a second, one thread', left: 'center', top: 8, textStyle: { fontSize: 16 } },
    // Two rows: echarts takes letters for narrower than they are drawn.
    legend: [implementations.slice(0, 4), implementations.slice(4)].map((data, row) => ({
      top: 34 + 24 * row,
      itemGap: 36,
      itemWidth: 16,
      data,
    })),
    grid: { left: 60, right: 20, top: 100, bottom: 60 },
    xAxis: {
      type: 'category',
      data: names.map((name) => name.replace(/ batch.*/, '').replace(' ', '\n')),
      axisLabel: { interval: 0, color: '#333' },
    },
    yAxis: { type: 'value', splitLine: { lineStyle: { color: '#eeeeee' } } },
    series: implementations.map((name) => ({
      name,
      type: 'bar',
      barGap: '5%',
      color: colors[name],
      data: names.map((layer) => find(results, (r) => r.layer === layer && r.implementation === name, `${name} on ${layer}`).rate),
    })),
  };
}

function read(folder: string): Measurements {
  const reports = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const of = (bench: string) => reports.filter((report) => report.bench === bench);
  const [[kernels], [layers], [train], [serve], models] = [of('kernels'), of('layers'), of('train'), of('serve'), of('models')];
  return { kernels, layers, train, serve, models: models.sort((a, b) => a.threads - b.threads) };
}

async function main(folder: string): Promise<void> {
  const { markdown, charts } = await makeReport(read(folder));
  const target = dirname(folder);
  for (const [name, text] of [...charts, ['RESULTS.md', markdown] as const]) await writeFileAtomic(join(target, name), text);
}

if (require.main === module) void main(process.argv[2] ?? join(__dirname, '../bench/results'));

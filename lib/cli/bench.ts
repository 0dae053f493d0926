import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cpuInfo } from '../cpu';
import { AdderNetError } from '../errors';
import type {
  KernelReport,
  KernelResult,
  LayerReport,
  LayerResult,
  ModelReport,
  ModelResult,
  NodeReport,
  NodeResult,
  ServeReport,
  ServeResult,
  TrainReport,
  TrainResult,
} from './bench-results';
import { printJson, printText } from './terminal';
import { columnsOf, print } from './text-layout';

type Report = KernelReport | LayerReport | ModelReport | NodeReport | TrainReport | ServeReport;

interface BenchArguments {
  isa?: string;
  threads?: number;
  filter?: string;
  nodes?: boolean;
  quick?: boolean;
  json?: boolean;
}

/** A result as text. Rows of the same group are printed together. */
interface Row {
  readonly group: string;
  readonly name: string;
  readonly cells: readonly string[];
}

interface Bench<Result> {
  /** The name of the exported function in bench/. */
  readonly measure: string;
  readonly units: string;
  readonly header: readonly string[];
  readonly row: (result: Result) => Row;
}
const define = <Result>(bench: Bench<Result>): Bench<Result> => bench;

const number = (value: number, digits = 1): string => value.toFixed(digits);
const milliseconds = (seconds: number): string => number(1000 * seconds, 3);

const benches = {
  kernels: define<KernelResult>({
    measure: 'measureKernels',
    units:
      '1e9/s: billions of pairs of an input and a weight per second; peak: of the micro-op in registers; share: rate relative to the peak',
    header: ['kernel', '1e9/s', 'peak', 'share'],
    row: ({ isa, layer, kernel, rate, peak, share }) => ({
      ...{ group: `${isa}, ${layer}`, name: kernel },
      cells: [number(rate), number(peak), `${number(100 * share)} %`],
    }),
  }),
  layers: define<LayerResult>({
    measure: 'measureLayers',
    units: 'ms: milliseconds of one layer; 1e9/s: billions of pairs of an input and a weight per second',
    header: ['implementation', 'ms', '1e9/s'],
    row: ({ isa, layer, implementation, seconds, rate }) => ({
      ...{ group: `${isa}, ${layer}`, name: implementation },
      cells: [milliseconds(seconds), number(rate)],
    }),
  }),
  models: define<ModelResult>({
    measure: 'measureModels',
    units: 'ms: milliseconds of one run; ort: time relative to onnxruntime, in floats and in 8 bits, if that is installed',
    header: ['implementation', 'ms', 'images/s', 'ort f32', 'ort int8'],
    row: ({ network, batch, isa, implementation, seconds, imagesPerSecond, ratios }) => ({
      ...{ group: `${isa}, ${network}, batch ${batch}`, name: implementation },
      cells: [milliseconds(seconds), number(imagesPerSecond), ...(ratios ? [number(ratios.f32, 2), number(ratios.int8, 2)] : [])],
    }),
  }),
  nodes: define<NodeResult>({
    measure: 'measureNodes',
    units:
      'ms: milliseconds of one run; share: of the sum of all nodes; 1e9 pairs of an input and a weight, and how many a second; peak: rate relative to the peak of the micro-op in registers',
    header: ['node', 'ms', 'share', '1e9', '1e9/s', 'peak'],
    row: ({ network, batch, isa, implementation, name, seconds, share, pairs, rate, peakShare }) => ({
      ...{ group: `${isa}, ${network}, batch ${batch}, ${implementation}`, name },
      cells: [
        ...[milliseconds(seconds), `${number(100 * share)} %`],
        ...(pairs && rate && peakShare ? [number(pairs / 1e9, 4), number(rate), `${number(100 * peakShare)} %`] : []),
      ],
    }),
  }),
  wasm: define<ModelResult>({
    measure: 'measureWasm',
    units: 'ms: milliseconds of one image; ort: time relative to onnxruntime-web, in floats and in 8 bits, if that is installed',
    header: ['implementation', 'ms', 'images/s', 'ort f32', 'ort int8'],
    row: ({ network, batch, isa, implementation, seconds, imagesPerSecond, ratios }) => ({
      ...{ group: `${isa}, ${network}, batch ${batch}`, name: implementation },
      cells: [milliseconds(seconds), number(imagesPerSecond), ...(ratios ? [number(ratios.f32, 2), number(ratios.int8, 2)] : [])],
    }),
  }),
  train: define<TrainResult>({
    measure: 'measureTrain',
    units: 'ms: milliseconds of one training step; ms/image: the same divided by the batch',
    header: ['implementation', 'ms', 'ms/image'],
    row: ({ network, isa, implementation, batch, seconds, millisecondsPerImage }) => ({
      ...{ group: `${isa}, ${network}`, name: `${implementation}, batch ${batch}` },
      cells: [milliseconds(seconds), number(millisecondsPerImage, 3)],
    }),
  }),
  serve: define<ServeResult>({
    measure: 'measureServe',
    units: 'ms: milliseconds of one image, or of all simultaneous images',
    header: ['implementation', 'ms', 'images/s'],
    row: ({ network, isa, implementation, concurrency, seconds, imagesPerSecond }) => ({
      ...{ group: `${isa}, ${network}`, name: `${implementation}, ${concurrency} at a time` },
      cells: [milliseconds(seconds), number(imagesPerSecond)],
    }),
  }),
};

export type BenchName = Exclude<keyof typeof benches, 'nodes'>;

/** Few and short rounds, for rough numbers. */
const quickRounds = { rounds: 3, seconds: 0.005 };

export async function bench(what: BenchName, options: BenchArguments): Promise<void> {
  const { isa, threads, filter, nodes = false, quick = false, json = false } = options;
  const name = nodes ? 'nodes' : what;
  const { measure, units, header, row } = benches[name] as Bench<unknown>;
  const run = compiled(name)[measure] as (options: object) => Report | Promise<Report>;
  const columns = columnsOf(process.stdout);
  const progress = transientLine(json);
  let [group, isFirst] = ['', true];
  const onResults = (results: readonly unknown[]): void => {
    progress.clear();
    if (json || results.length === 0) return;
    const rows = results.map(row);
    if (isFirst) print(cpuInfo().model, units, '', benchLine(header[0]!, header.slice(1), columns));
    isFirst = false;
    for (const { group: own, name, cells } of rows) {
      if (own !== group) print('', own);
      group = own;
      printText(benchLine(name, cells, columns));
    }
  };
  const oneIsa = isa ?? (quick && name === 'kernels' ? cpuInfo().isa : undefined);
  const report = await run({ isa: oneIsa, threads, filter, ...(quick && quickRounds), onGroup: progress.show, onResults });
  progress.clear();
  if (filter !== undefined && report.results.length === 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `bench: no name in ${what} contains '${filter}'; \`addernet bench ${what} --quick\` prints all`,
    );
  if (json) {
    printJson({ bench: name, date: new Date().toISOString().slice(0, 10), ...report });
    return;
  }
  const notes = [
    'baselines' in report && !report.baselines ? 'onnxruntime is not installed: see bench/baselines' : '',
    torchNote(report),
    serveNote(report),
    `${report.threads} ${report.threads === 1 ? 'thread' : 'threads'}${quick ? '; quick: the numbers are more precise without --quick' : ''}`,
  ];
  print('', ...notes.filter((text) => text !== ''));
}

const [nameWidth, cellWidth] = [27, 10];

/** A name and its numbers; if the terminal is too narrow for both, the numbers are printed below. */
export function benchLine(name: string, cells: readonly string[], columns: number): string {
  const numbers = cells.map((cell) => cell.padStart(cellWidth)).join('');
  const line = `  ${name.padEnd(nameWidth)}${numbers}`;
  return line.length <= columns ? line : `  ${name}\n${numbers}`;
}

/** A line on the terminal that names the current measurement and is erased afterwards. */
function transientLine(quiet: boolean): { show: (what: string) => void; clear: () => void } {
  const { stderr } = process;
  if (quiet || !stderr.isTTY) return { show() {}, clear() {} };
  const clear = (): void => void stderr.write('\r\x1b[K');
  return { show: (what) => stderr.write(`\r\x1b[K${`measuring ${what} …`.slice(0, columnsOf(stderr) - 1)}`), clear };
}

function torchNote(report: Report): string {
  if (!('torch' in report)) return '';
  const { torch } = report;
  return torch === null ? 'PyTorch is not installed: see bench/baselines' : `PyTorch ${torch}`;
}

function serveNote(report: Report): string {
  if (!('throughputShare' in report)) return '';
  const { addedMilliseconds, throughputShare, answers, errors } = report;
  return `HTTP adds ${addedMilliseconds.toFixed(2)} ms to one image and keeps ${(100 * throughputShare).toFixed(0)} % of the batch throughput; ${answers} responses compared, ${errors} wrong or missing`;
}

/** The benchmarks lie beside dist/ and are compiled separately, because they measure the package from outside. */
function compiled(name: keyof typeof benches): Record<string, unknown> {
  const file = join(__dirname, `../../dist-bench/${name}.js`);
  if (!existsSync(file))
    throw new AdderNetError('ERR_PEER_MISSING', 'bench: the benchmarks are not compiled; run npm run build in a checkout');
  return require(file);
}

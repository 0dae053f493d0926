import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cpuInfo } from '../cpu';
import { AdderNetError } from '../errors';

// What bench/ gives; it lies beside dist/ and is compiled on its own, since it measures the package from outside.
interface KernelResult {
  isa: string;
  layer: string;
  kernel: string;
  rate: number;
  peak: number;
  share: number;
}
interface LayerResult {
  isa: string;
  layer: string;
  contestant: string;
  seconds: number;
  rate: number;
}
interface ModelResult {
  network: string;
  batch: number;
  isa: string;
  contestant: string;
  seconds: number;
  imagesPerSecond: number;
  ratios?: { f32: number; int8: number };
}
interface TrainResult {
  network: string;
  isa: string;
  contestant: string;
  batch: number;
  seconds: number;
  millisecondsPerImage: number;
}
interface ServeResult {
  network: string;
  isa: string;
  contestant: string;
  concurrency: number;
  seconds: number;
  imagesPerSecond: number;
}
interface Report {
  cpu: string;
  threads: number;
  /** Whether onnxruntime was there to compare with. */
  peers?: boolean;
  /** The version of PyTorch to compare with; null if there is none. */
  torch?: string | null;
  /** Of the server. */
  addedMilliseconds?: number;
  throughputShare?: number;
  answers?: number;
  errors?: number;
}
interface Choice {
  isa?: string | undefined;
  threads?: number | undefined;
}

const number = (value: number, digits = 1): string => value.toFixed(digits).padStart(7);
const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(3).padStart(9)} ms`;

/** The module in bench/ of each, its function, and a line for one of its results. */
const benches = {
  kernels: {
    measure: 'measureKernels',
    legend: '1e9 elements a second: pairs of an input and a weight. Peak: the inner step in registers.',
    line: ({ isa, layer, kernel, rate, peak, share }: KernelResult) =>
      `${isa.padEnd(16)}  ${layer.padEnd(36)}  ${kernel.padEnd(25)}${number(rate)} of${number(peak)}  ${number(100 * share)} %`,
  },
  layers: {
    measure: 'measureLayers',
    legend: '1e9 elements a second: pairs of an input and a weight.',
    line: ({ isa, layer, contestant, seconds, rate }: LayerResult) =>
      `${isa.padEnd(12)}  ${layer.padEnd(36)}  ${contestant.padEnd(26)}${milliseconds(seconds)}  ${number(rate)}`,
  },
  models: {
    measure: 'measureModels',
    legend: '',
    line: ({ network, batch, isa, contestant, seconds, imagesPerSecond, ratios }: ModelResult) => {
      const compared = ratios ? `  ${number(ratios.f32, 2)} of onnxruntime's float time, ${ratios.int8.toFixed(2)} of its int8 time` : '';
      const name = `${isa.padEnd(12)}  ${network}  batch ${String(batch).padEnd(3)} ${contestant.padEnd(16)}`;
      return `${name}${milliseconds(seconds)}  ${number(imagesPerSecond)} images/s${compared}`;
    },
  },
  train: {
    measure: 'measureTrain',
    legend: '',
    line: ({ network, isa, contestant, batch, seconds, millisecondsPerImage }: TrainResult) =>
      `${isa.padEnd(12)}  ${network}  batch ${String(batch).padEnd(3)} ${contestant.padEnd(14)}${milliseconds(seconds)}  ${number(millisecondsPerImage, 3)} ms an image`,
  },
  serve: {
    measure: 'measureServe',
    legend: '',
    line: ({ network, isa, contestant, concurrency, seconds, imagesPerSecond }: ServeResult) =>
      `${isa.padEnd(12)}  ${network}  ${contestant.padEnd(8)} ${String(concurrency).padStart(3)} at a time ${milliseconds(seconds)}  ${number(imagesPerSecond)} images/s`,
  },
};

export type BenchName = keyof typeof benches;

export async function bench(name: BenchName, { isa, threads, json = false }: Choice & { json?: boolean }): Promise<void> {
  const { measure, legend, line } = benches[name];
  const onResults = (results: never[]) => {
    if (!json) for (const result of results) console.log(line(result));
  };
  const run = compiled(name)[measure] as (options: Choice & { onResults: typeof onResults }) => Report | Promise<Report>;
  const report = await run({ isa, threads, onResults });
  if (json) {
    console.log(JSON.stringify({ bench: name, date: new Date().toISOString().slice(0, 10), ...report }));
    return;
  }
  const notes = [
    legend,
    report.peers === false ? 'onnxruntime is not installed: see bench/peers' : '',
    torchNote(report),
    serveNote(report),
  ];
  const machine = `${cpuInfo().model}, ${report.threads} ${report.threads === 1 ? 'thread' : 'threads'}`;
  console.log([...notes, machine].filter((text) => text !== '').join('\n'));
}

function torchNote({ torch }: Report): string {
  if (torch === undefined) return '';
  return torch === null ? 'PyTorch is not installed: see bench/peers' : `PyTorch ${torch}`;
}

function serveNote({ addedMilliseconds, throughputShare, answers, errors }: Report): string {
  if (addedMilliseconds === undefined || throughputShare === undefined) return '';
  return `HTTP adds ${addedMilliseconds.toFixed(2)} ms to one image, and leaves ${(100 * throughputShare).toFixed(0)} % of the throughput of batches; ${answers} answers compared, ${errors} wrong or missing`;
}

function compiled(name: BenchName): Record<string, unknown> {
  const file = join(__dirname, `../../dist-bench/${name}.js`);
  if (!existsSync(file))
    throw new AdderNetError('ERR_PEER_MISSING', 'bench: the benchmarks are not compiled; in a checkout, npm run build');
  return require(file);
}

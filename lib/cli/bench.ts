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
interface ModelResult {
  network: string;
  batch: number;
  isa: string;
  contestant: string;
  seconds: number;
  imagesPerSecond: number;
  ratio?: number;
}
interface Report<Result> {
  threads: number;
  results: Result[];
}
interface Choice {
  isa?: string | undefined;
  threads?: number | undefined;
}
interface KernelBench {
  measureKernels(options: Choice & { onLayer: (results: KernelResult[]) => void }): Report<KernelResult>;
}
interface ModelBench {
  measureModels(options: Choice & { onTask: (results: ModelResult[]) => void }): Promise<Report<ModelResult> & { peers: boolean }>;
}

interface BenchArguments extends Choice {
  json?: boolean;
}

export function benchKernels({ isa, threads, json = false }: BenchArguments): void {
  const { measureKernels } = compiled('kernels') as KernelBench;
  const report = measureKernels({ isa, threads, onLayer: (results) => json || results.forEach(printKernel) });
  if (json) console.log(JSON.stringify(report));
  else console.log(`1e9 elements a second: pairs of an input and a weight. Peak: the inner step in registers.\n${machine(report)}`);
}

export async function benchModels({ isa, threads, json = false }: BenchArguments): Promise<void> {
  const { measureModels } = compiled('models') as ModelBench;
  const report = await measureModels({ isa, threads, onTask: (results) => json || results.forEach(printModel) });
  if (json) console.log(JSON.stringify(report));
  else console.log(`${report.peers ? '' : 'onnxruntime is not installed: see bench/peers\n'}${machine(report)}`);
}

function compiled(name: string): unknown {
  const file = join(__dirname, `../../dist-bench/${name}.js`);
  if (!existsSync(file))
    throw new AdderNetError('ERR_PEER_MISSING', 'bench: the benchmarks are not compiled; in a checkout, npm run build');
  return require(file);
}

const machine = ({ threads }: { threads: number }): string => `${cpuInfo().model}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

const number = (value: number, digits = 1): string => value.toFixed(digits).padStart(7);

function printKernel({ isa, layer, kernel, rate, peak, share }: KernelResult): void {
  console.log(`${isa.padEnd(16)}  ${layer.padEnd(36)}  ${kernel.padEnd(25)}${number(rate)} of${number(peak)}  ${number(100 * share)} %`);
}

function printModel({ network, batch, isa, contestant, seconds, imagesPerSecond, ratio }: ModelResult): void {
  const compared = ratio === undefined ? '' : `  ${number(ratio, 2)} of onnxruntime's time`;
  console.log(
    `${isa.padEnd(12)}  ${network}  batch ${String(batch).padEnd(3)} ${contestant.padEnd(16)}${number(1000 * seconds, 3)} ms  ${number(imagesPerSecond)} images/s${compared}`,
  );
}

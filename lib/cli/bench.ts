import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cpuInfo } from '../cpu';
import { AdderNetError } from '../errors';

// What bench/kernels.ts gives; it lies beside dist/ and is compiled on its own, since it measures the package from outside.
interface KernelResult {
  isa: string;
  layer: string;
  kernel: string;
  rate: number;
  peak: number;
  share: number;
}
interface KernelBench {
  measureKernels(options: { isa?: string | undefined; threads?: number | undefined; onLayer: (results: KernelResult[]) => void }): {
    threads: number;
    results: KernelResult[];
  };
}

interface BenchArguments {
  isa?: string;
  threads?: number;
  json?: boolean;
}

export function benchKernels({ isa, threads, json = false }: BenchArguments): void {
  const file = join(__dirname, '../../dist-bench/kernels.js');
  if (!existsSync(file))
    throw new AdderNetError('ERR_PEER_MISSING', 'bench: the benchmarks are not compiled; in a checkout, npm run build');
  const { measureKernels } = require(file) as KernelBench;
  const report = measureKernels({ isa, threads, onLayer: (results) => json || results.forEach(print) });
  if (json) console.log(JSON.stringify(report));
  else
    console.log(
      `1e9 elements a second: pairs of an input and a weight. Peak: the inner step in registers.\n${cpuInfo().model}, ${report.threads} ${report.threads === 1 ? 'thread' : 'threads'}`,
    );
}

function print({ isa, layer, kernel, rate, peak, share }: KernelResult): void {
  const number = (value: number) => value.toFixed(1).padStart(7);
  console.log(`${isa.padEnd(16)}  ${layer.padEnd(36)}  ${kernel.padEnd(25)}${number(rate)} of${number(peak)}  ${number(100 * share)} %`);
}

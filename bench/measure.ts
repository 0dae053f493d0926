// Compares functions fairly on a noisy machine: benchmark.js samples each of them in turn, round after round, and what is reported is the
// median of a function's pooled samples. A ratio of two medians of one run means something; a time alone does not.
import type Benchmark from 'benchmark';
import { native } from '../dist/binding';
import { packageError } from '../dist/optional-package';

export interface MeasureOptions {
  /** Times each function gets its turn. Default 15. */
  rounds?: number | undefined;
  /** Seconds of each turn. Default 0.02. */
  seconds?: number | undefined;
  /** Measures only what has this text in its name or in that of its group, in capitals or not. Default: everything. */
  filter?: string | undefined;
  /** Called when a group begins, such as all kernels on one layer. */
  onGroup?: ((name: string) => void) | undefined;
}

/** Whether the filter lets something of a group through. */
export const isChosen = (group: string, name: string, { filter = '' }: MeasureOptions): boolean =>
  `${group} ${name}`.toLowerCase().includes(filter.toLowerCase());

/** Whether the filter leaves something of a group to measure, which then begins. */
export function opens(group: string, names: readonly string[], options: MeasureOptions): boolean {
  const isAny = names.some((name) => isChosen(group, name, options));
  if (isAny) options.onGroup?.(group);
  return isAny;
}

/** Those of a group that the filter lets through. */
export const chosen = <Run>(group: string, functions: Readonly<Record<string, Run>>, options: MeasureOptions): Record<string, Run> =>
  Object.fromEntries(Object.entries(functions).filter(([name]) => isChosen(group, name, options)));

/** Shorter than a scheduler's slice: most samples run undisturbed on a machine that others use too, and the median is one of them. */
const sampleSeconds = 0.001;

/**
 * Median seconds of one call of each function.
 * @throws {AdderNetError} ERR_PEER_MISSING if benchmark.js is not installed; whatever a function throws
 */
export function measure<Name extends string>(functions: Record<Name, () => void>, options: MeasureOptions = {}): Record<Name, number> {
  const { rounds = 15, seconds = 0.02 } = options;
  const BenchmarkClass = loadBenchmark();
  const names = Object.keys(functions) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) functions[name](); // first touches of memory are not what is measured
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      const benchmark = new BenchmarkClass(name, functions[name], {
        maxTime: seconds,
        minTime: sampleSeconds,
        minSamples: 2,
      });
      benchmark.run({ async: false });
      if (benchmark.error) throw benchmark.error;
      samples.get(name)!.push(...benchmark.stats!.sample);
    }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name)!)])) as Record<Name, number>;
}

/**
 * The same for functions that may return a promise, which is awaited; of a number, which are the seconds that count. A turn begins and ends with a pulse of the machine, and the third of a
 * function's turns with the best pulses counts: cores are shared with other tenants, who come and go.
 */
export async function measureAsync<Name extends string>(
  functions: Record<Name, () => unknown>,
  options: MeasureOptions = {},
): Promise<Record<Name, number>> {
  const { rounds = 15, seconds = 0.02 } = options;
  const names = Object.keys(functions) as Name[];
  const turns = new Map<Name, Turn[]>(names.map((name) => [name, []]));
  const time = async (name: Name, calls: number): Promise<number> => {
    const began = performance.now();
    let own = 0;
    for (let call = 0; call < calls; call++) own += secondsOf(await functions[name]());
    return (own || (performance.now() - began) / 1000) / calls;
  };
  const calls = new Map<Name, number>();
  for (const name of names) {
    await time(name, 2); // first touches of memory are not what is measured
    calls.set(name, Math.max(1, Math.ceil(sampleSeconds / (await time(name, 2)))));
  }
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      await quiet();
      const warm = performance.now() + seconds * 500;
      do
        await functions[name](); // sleeping threads and cold caches are not measured
      while (performance.now() < warm);
      const samples: number[] = [];
      const before = pulse();
      const end = performance.now() + seconds * 1000;
      do samples.push(await time(name, calls.get(name)!));
      while (performance.now() < end);
      turns.get(name)!.push({ samples, pulse: Math.min(before, pulse()) });
    }
  return Object.fromEntries(names.map((name) => [name, medianOfBest(turns.get(name)!)])) as Record<Name, number>;
}

const secondsOf = (result: unknown): number => (typeof result === 'number' ? result : 0);

interface Turn {
  readonly samples: number[];
  readonly pulse: number;
}

/** Multiplications and additions a second in registers, on all threads: fewer while somebody else has a part of the cores. */
function pulse(): number {
  const steps = 50_000; // half a millisecond
  const began = performance.now();
  return native().peak('dot f32', steps) / (performance.now() - began);
}

function medianOfBest(turns: readonly Turn[]): number {
  const best = [...turns].sort((a, b) => b.pulse - a.pulse).slice(0, Math.ceil(turns.length / 3));
  return median(best.flatMap(({ samples }) => samples));
}

/** Until no thread of this process is busy: those of a runtime may look for more work for 50 ms after a call, at the next one's expense. */
async function quiet(): Promise<void> {
  const milliseconds = 20; // several ticks of the clock by which a kernel accounts for the time of another core
  for (let busy = 1; busy > 0.3; ) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const { user, system } = process.cpuUsage(before);
    busy = (user + system) / 1000 / milliseconds;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function loadBenchmark(): typeof Benchmark {
  try {
    return require('benchmark');
  } catch (cause) {
    throw packageError('benchmark', 'bench', cause);
  }
}

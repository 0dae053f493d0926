// Compares functions fairly on a noisy machine: benchmark.js samples each of them in turn, round after round, and what is reported is the
// median of a function's pooled samples. A ratio of two medians of one run means something; a time alone does not.
import Benchmark from 'benchmark';

export interface MeasureOptions {
  /** Times each function gets its turn. Default 5. */
  rounds?: number;
  /** Seconds of each turn. Default 0.2. */
  seconds?: number;
}

/** Median seconds of one call of each function. */
export function measure<Name extends string>(functions: Record<Name, () => void>, options: MeasureOptions = {}): Record<Name, number> {
  const { rounds = 5, seconds = 0.2 } = options;
  const names = Object.keys(functions) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) functions[name](); // first touches of memory are not what is measured
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      const benchmark = new Benchmark(name, functions[name], { maxTime: seconds, minSamples: 5, initCount: 1 });
      benchmark.run({ async: false });
      if (benchmark.error) throw benchmark.error;
      samples.get(name)!.push(...benchmark.stats!.sample);
    }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name)!)])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

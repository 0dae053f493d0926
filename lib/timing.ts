// Measures times so that they can be compared on a noisy machine.
import { performance } from 'node:perf_hooks';

/** The median time of a call of each function in milliseconds. The calls alternate, so that other load affects all functions equally. */
export function medianTimes<Name extends string>(functions: Record<Name, () => void>, rounds: number): Record<Name, number> {
  const names = Object.keys(functions) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const name of names) {
      const began = performance.now();
      functions[name]();
      samples.get(name)!.push(performance.now() - began);
    }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name)!)])) as Record<Name, number>;
}

// The loop: each input of the corpus is given to the parser, then one of them is changed and given to the parser, again and again. An input that is accepted, or refused in words that did not
// occur before, has reached something new, and joins the corpus for the rest of the loop.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../dist/random';
import { control } from '../support/terminal-controls';
import { mutated } from './mutate';
import { refusal, type Target } from './target';

export interface Limits {
  /** Inputs to try. */
  readonly executions: number;
  /** Stops earlier after this time. */
  readonly milliseconds?: number | undefined;
  readonly seed: number;
  /** An execution that takes more, several times over, is a finding. Inputs have a few kB. */
  readonly maxMilliseconds?: number | undefined;
  readonly maxGrowthBytes?: number | undefined;
  /** Keeps each input in this file before it is tried, for inputs that end the process. */
  readonly trace?: string | undefined;
}

export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly reason: string;
  readonly input: Uint8Array;
}

export interface Tally {
  readonly target: string;
  readonly executions: number;
  readonly accepted: number;
  /** Different refusals. */
  readonly refusals: number;
  readonly slowestMilliseconds: number;
  readonly findings: readonly Finding[];
}

const defaults = { maxMilliseconds: 2000, maxGrowthBytes: 400 * 2 ** 20 };
const maxPool = 256;

const corpora = new Map<string, readonly Uint8Array[]>();

// Capturing stacks takes longer than most parsers.
Error.stackTraceLimit = 0;

export async function fuzz(target: Target, limits: Limits): Promise<Tally> {
  const { executions, milliseconds = Number.POSITIVE_INFINITY, seed, trace } = limits;
  const corpus = corpora.get(target.name) ?? (await target.corpus());
  corpora.set(target.name, corpus);
  const random = new Random(seed);
  const pool = [...corpus];
  const words = new Set<string>();
  const findings: Finding[] = [];
  let [done, accepted, slowest] = [0, 0, 0];

  const next = (): Uint8Array => {
    const base = pool[random.integer(pool.length)]!;
    const change = (bytes: Uint8Array) => mutated(bytes, random, pool, target.words);
    const { within = [] } = target;
    if (within.length > 0 && random.integer(3) > 0) {
      const changed = within[random.integer(within.length)]!(base, change, random);
      if (changed) return changed;
    }
    return change(base);
  };
  const keep = (input: Uint8Array): void => {
    const copy = Uint8Array.from(input);
    if (pool.length < maxPool) pool.push(copy);
    else pool[corpus.length + random.integer(maxPool - corpus.length)] = copy;
  };

  const began = performance.now();
  for (; done < executions && performance.now() - began < milliseconds; done++) {
    const input = corpus[done] ?? next();
    if (trace !== undefined) writeFileSync(trace, input);
    const { reason, said, time } = await execute(target, input, limits);
    slowest = Math.max(slowest, time);
    if (reason !== undefined) {
      findings.push({ target: target.name, seed, reason: `${reason}${await stackOf(target, input)}`, input: Uint8Array.from(input) });
      break;
    } else if (said === undefined) {
      accepted++;
      if (random.integer(8) === 0) keep(input);
    } else if (words.size < 10_000 && !words.has(said)) {
      words.add(said);
      keep(input);
    }
  }
  return { target: target.name, executions: done, accepted, refusals: words.size, slowestMilliseconds: slowest, findings };
}

interface Outcome {
  /** Why it is a finding. */
  readonly reason?: string;
  /** The refusal, without what is particular to the input. */
  readonly said?: string;
  readonly time: number;
}

/** Gives one input to the parser. Time and memory count only if they are the same when it is given again. */
async function execute(target: Target, input: Uint8Array, limits: Limits): Promise<Outcome> {
  const { maxMilliseconds = defaults.maxMilliseconds, maxGrowthBytes = defaults.maxGrowthBytes } = limits;
  const began = performance.now();
  const outcome = await answer(target, input);
  const time = performance.now() - began;
  // Asking for memory takes longer than most parsers.
  if (time < mayBeLarge && ++unmeasured % 64 !== 0) return { ...outcome, time };
  const growth = process.memoryUsage.rss() - lastMemory;
  lastMemory += growth;
  if (outcome.reason !== undefined || (time < maxMilliseconds && growth < maxGrowthBytes)) return { ...outcome, time };
  const again = [await measured(target, input), await measured(target, input)];
  const min = { time: Math.min(...again.map(({ time }) => time)), growth: Math.min(...again.map(({ growth }) => growth)) };
  if (min.time >= maxMilliseconds) return { time, reason: `takes ${Math.round(min.time)} ms of CPU` };
  if (min.growth >= maxGrowthBytes) return { time, reason: `takes ${Math.round(min.growth / 2 ** 20)} MB` };
  return { ...outcome, time: min.time };
}

/** In milliseconds: a parser that is faster has no time to fill memory. */
const mayBeLarge = 5;
let unmeasured = 0;
let lastMemory = process.memoryUsage.rss();

async function measured(target: Target, input: Uint8Array): Promise<{ readonly time: number; readonly growth: number }> {
  global.gc?.();
  const cpu = process.cpuUsage();
  const before = process.memoryUsage.rss();
  await answer(target, input);
  const { user, system } = process.cpuUsage(cpu);
  lastMemory = process.memoryUsage.rss();
  return { time: (user + system) / 1000, growth: lastMemory - before };
}

async function answer(target: Target, input: Uint8Array): Promise<Omit<Outcome, 'time'>> {
  try {
    const result = target.run(input);
    if (result instanceof Promise) await result;
    return {};
  } catch (error) {
    const message = refusal(error);
    if (message === undefined) return { reason: String(error).slice(0, 1000) };
    if (control.test(message)) return { reason: `a message with control characters: ${JSON.stringify(message.slice(0, 500))}` };
    if (message.length > 5000) return { reason: `a message of ${message.length} characters: ${message.slice(0, 200)}` };
    return { said: message.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|-?\d[\d.e+]*/g, '#').slice(0, 200) };
  }
}

/** Where the error of an input comes from. */
async function stackOf(target: Target, input: Uint8Array): Promise<string> {
  Error.stackTraceLimit = 30;
  try {
    await target.run(input);
    return '';
  } catch (error) {
    return `\n${(error as Error).stack?.slice(-3000)}`;
  } finally {
    Error.stackTraceLimit = 0;
  }
}

/** Writes the input and the reason of a finding to files, and returns their path. */
export function keepFinding(folder: string, { target, seed, reason, input }: Finding, i = 0): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${target.replace(/\W+/g, '-')}-${seed}-${i}`);
  writeFileSync(`${path}.bin`, input);
  writeFileSync(`${path}.txt`, `${target}, seed ${seed}\n${reason}\n`);
  return `${path}.bin`;
}

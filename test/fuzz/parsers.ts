// Fuzzes every parser of the package with changed files, requests and texts, in processes of their own.
//   node dist-test/fuzz/parsers.js --seconds N | --executions N  [--seed S] [--only part-of-a-name] [--workers N] [--out folder]
//   node dist-test/fuzz/parsers.js --input file --only name       gives one parser an input again
// Without a seed it takes a new one, which it prints. The same number of executions from the same seed is the same run. Exit code 1 if there is a
// finding: its input is kept in the folder, and printed if it is short.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../dist/random';
import { type Finding, fuzz, keepFinding, type Limits, type Tally } from './loop';
import { targets } from './targets';
import type { Batch } from './worker';

export interface RunOptions {
  readonly seed: number;
  /** Executions of all parsers together, each as many. */
  readonly executions?: number | undefined;
  /** Time of the run, of which each parser gets the same part. */
  readonly seconds?: number | undefined;
  /** A module that exports targets. Default: those of the package. */
  readonly module?: string | undefined;
  /** Names of its parsers. */
  readonly names: readonly string[];
  readonly workers: number;
  /** Where inputs that end a process are kept. */
  readonly out: string;
  /** A batch that takes longer hangs. */
  readonly hungMilliseconds?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** Of a batch of `--executions`, and in milliseconds of `--seconds`. */
const [batchExecutions, batchMilliseconds] = [1000, 300];
/** @returns what was done of each parser */
export async function run({
  seed,
  executions,
  seconds,
  module = join(__dirname, 'targets.js'),
  names,
  workers,
  out,
  hungMilliseconds = 120_000,
  limits,
}: RunOptions): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  const end = seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + 1000 * seconds;
  const rounds = executions === undefined ? Number.POSITIVE_INFINITY : Math.ceil(executions / names.length / batchExecutions);
  let next = 0;
  const batchAt = (i: number): Batch | undefined => {
    const [round, target] = [Math.floor(i / names.length), names[i % names.length]!];
    if (round >= rounds || (round > 0 && performance.now() >= end)) return undefined;
    const batchSeed = Random.of(
      seed,
      targets.findIndex(({ name }) => name === target),
      round,
    ).integer(2 ** 31);
    const done = executions === undefined ? 0 : round * batchExecutions;
    const wanted = executions === undefined ? 1e9 : Math.min(batchExecutions, Math.ceil(executions / names.length) - done);
    return {
      ...limits,
      module,
      target,
      seed: batchSeed,
      executions: wanted,
      milliseconds: seconds === undefined ? undefined : batchMilliseconds,
    };
  };
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    for (let batch = batchAt(next++); batch; batch = batchAt(next++)) {
      child ??= start();
      const tally = await answerOf(child, batch, hungMilliseconds);
      if (tally) add(tallies, tally);
      else {
        child = undefined;
        add(tallies, { ...nothing(batch.target), findings: [await crashOf(batch, out, hungMilliseconds)] });
      }
    }
    child?.disconnect();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return tallies;
}

const start = (): ChildProcess =>
  fork(join(__dirname, 'worker.js'), {
    execArgv: ['--expose-gc', '--max-old-space-size=512'],
    serialization: 'advanced',
    stdio: 'inherit',
  });

/** @returns undefined if the process ended or had to be ended */
function answerOf(child: ChildProcess, batch: Batch, hungMilliseconds: number): Promise<Tally | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), hungMilliseconds);
    const settle = (tally?: unknown) => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(tally as Tally | undefined);
    };
    child.once('message', settle);
    child.once('exit', () => settle());
    child.send(batch);
  });
}

/** Repeats a batch that ended its process, to find the input that did. */
async function crashOf(batch: Batch, out: string, hungMilliseconds: number): Promise<Finding> {
  mkdirSync(out, { recursive: true });
  const child = start();
  const trace = join(out, `trace-${batch.seed}.bin`);
  const tally = await answerOf(child, { ...batch, trace }, hungMilliseconds);
  if (tally) child.disconnect();
  const reason = tally ? 'the process ended, but not when the batch was repeated' : `the process ended or hung for ${hungMilliseconds} ms`;
  return { target: batch.target, seed: batch.seed, reason, input: readFileSync(trace) };
}

const nothing = (target: string): Tally => ({ target, executions: 0, accepted: 0, refusals: 0, slowestMilliseconds: 0, findings: [] });

function add(tallies: Map<string, Tally>, tally: Tally): void {
  const { target } = tally;
  const sum = tallies.get(target) ?? nothing(target);
  tallies.set(target, {
    target,
    executions: sum.executions + tally.executions,
    accepted: sum.accepted + tally.accepted,
    refusals: Math.max(sum.refusals, tally.refusals),
    slowestMilliseconds: Math.max(sum.slowestMilliseconds, tally.slowestMilliseconds),
    findings: [...sum.findings, ...tally.findings],
  });
}

function print(tallies: ReadonlyMap<string, Tally>, seed: number, out: string): void {
  const all = [...tallies.values()];
  console.log('executions  accepted  refusals  slowest ms  findings  parser');
  for (const { target, executions, accepted, refusals, slowestMilliseconds, findings } of all) {
    const numbers = [
      executions,
      `${((100 * accepted) / Math.max(1, executions)).toFixed(1)} %`,
      refusals,
      slowestMilliseconds.toFixed(0),
      findings.length,
    ];
    console.log(`${numbers.map((value, i) => String(value).padStart([10, 8, 8, 10, 8][i]!)).join('  ')}  ${target}`);
  }
  const findings = all.flatMap((tally) => tally.findings);
  for (const [i, finding] of findings.entries()) {
    console.log(`finding: ${finding.target}, seed ${finding.seed}: ${finding.reason}\n  ${keepFinding(out, finding, i)}`);
    // Where the folder is lost with the machine, the log is not.
    if (finding.input.length <= maxPrinted) console.log(`  base64: ${Buffer.from(finding.input).toString('base64')}`);
  }
  const sum = all.reduce((total, { executions }) => total + executions, 0);
  console.log(`${sum} executions from seed ${seed}, ${findings.length} findings`);
  if (findings.length > 0) process.exitCode = 1;
}

const maxPrinted = 4000;

async function main(): Promise<void> {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seconds: number, executions: number, seed: number, only: number, workers: number, out: number, input: number },
  });
  const { seconds, executions, seed = String(Math.floor(Math.random() * 2 ** 31)), only = '', workers, out = 'fuzz-findings' } = values;
  const names = targets.map(({ name }) => name).filter((name) => name.includes(only));
  const asNumber = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  if (values.input !== undefined && names.length === 1) {
    const target = { ...targets.find(({ name }) => name === names[0])!, corpus: () => [readFileSync(values.input!)] };
    print(new Map([[target.name, await fuzz(target, { executions: 1, seed: 0 })]]), 0, out);
    return;
  }
  if ((seconds === undefined) === (executions === undefined) || names.length === 0) {
    console.error('expected --seconds N or --executions N, and in --only a part of the name of a parser');
    process.exitCode = 2;
    return;
  }
  const options = { seed: Number(seed), seconds: asNumber(seconds), executions: asNumber(executions), names, out };
  console.log(`seed ${options.seed}`);
  print(await run({ ...options, workers: asNumber(workers) ?? availableParallelism() }), options.seed, out);
}

if (require.main === module) void main();

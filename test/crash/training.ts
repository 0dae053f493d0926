// A training of a second, in processes that may die or fail at any moment, and what its folder must then hold.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { generateDigits, load } from '../../dist';
import { parseSafetensors } from '../../dist/io/safetensors';
import { idx } from '../support/idx-bytes';
import { program } from '../support/repository';

/** Few images, so that the training takes a moment. */
function dataFiles(split: string, images: number, seed: number): Record<string, Buffer> {
  const digits = generateDigits(images, seed);
  return {
    [`${split}-images-idx3-ubyte`]: idx(8, [images, 28, 28], digits.images(0, images).data),
    [`${split}-labels-idx1-ubyte`]: idx(8, [images], Uint8Array.from(digits.targets(0, images))),
  };
}

/** Of the test, with the images of the training. */
export const folder = t.testdir({ data: { ...dataFiles('train', 96, 1), ...dataFiles('t10k', 32, 2) } });

export const epochs = 3;
const options = ['--batch', '32', '--epochs', String(epochs), '--eta', '0.1', '--threads', '1', '--json'];
export const newTraining = (out: string): string[] => [
  ...[program, 'train', '--dataset', 'mnist', '--data', join(folder, 'data'), '--out', out],
  ...options,
];
export const resumedTraining = (out: string): string[] => [program, 'train', '--resume', '--out', out, '--json'];
/** Before its arguments are written, there is nothing to resume. */
export const training = (out: string): string[] => (existsSync(join(out, 'arguments.json')) ? resumedTraining(out) : newTraining(out));

const preload = join(__dirname, '../support/failing-files.js');
export interface Failing {
  at?: number;
  with?: string;
  count?: string;
}
/** A process whose changes of the file system fail. */
export function failing(args: string[], { at, with: code, count }: Failing): SpawnSyncReturns<string> {
  const env = {
    ...process.env,
    ...(at !== undefined && { ADDERNET_FAIL_AT: String(at) }),
    ...(code !== undefined && { ADDERNET_FAIL_WITH: code }),
    ...(count !== undefined && { ADDERNET_FAIL_COUNT: count }),
  };
  return spawnSync(process.execPath, ['--require', preload, ...args], { env, encoding: 'utf8' });
}

/** The changes that a process counted; temporary files are named without their owner. */
export const changesIn = (count: string): string[] =>
  readFileSync(count, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/\.[0-9a-f]{18}-\d+-\d+-\d+-\d+\.tmp$/, '.tmp'));

interface Line {
  epoch: number;
  learningRate: number;
  loss: number;
  accuracy: number;
  validation: { loss: number; accuracy: number };
}
const logOf = (out: string): Line[] =>
  readFileSync(join(out, 'log.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const bestOf = (log: readonly Line[]): number =>
  log.findLast(({ validation }) => log.every((other) => other.validation.accuracy <= validation.accuracy))!.epoch;
const epochsOf = async (file: string): Promise<number> => (await load(file)).metadata.training!.epochs;

export const temporary = /\.tmp$|\.lock(\.[0-9a-f]+)*$/;
const known = [
  'arguments.json',
  'best.safetensors',
  'checkpoint.safetensors',
  'curves.png',
  'curves.svg',
  'log.jsonl',
  'model.safetensors',
];

/** Each file is whole or absent, and they fit one another: the log and the best network may be one epoch behind the checkpoint. */
export async function checkWhole(t: Test, out: string, when: string): Promise<void> {
  const files = existsSync(out) ? readdirSync(out).filter((name) => !temporary.test(name)) : [];
  const wrong = files.filter((name) => !known.includes(name));
  const has = (name: string) => files.includes(name);
  try {
    if (has('arguments.json')) JSON.parse(readFileSync(join(out, 'arguments.json'), 'utf8'));
    let finished = 0;
    if (has('checkpoint.safetensors')) {
      const { metadata } = parseSafetensors(readFileSync(join(out, 'checkpoint.safetensors')), 'checkpoint');
      finished = JSON.parse(metadata['addernet.training']!).progress.history.length;
    }
    const log = has('log.jsonl') ? logOf(out) : [];
    if (log.some(({ epoch }, i) => epoch !== i + 1)) wrong.push(`log of epochs ${log.map(({ epoch }) => epoch)}`);
    if (log.length !== finished && log.length !== finished - 1) wrong.push(`log of ${log.length} epochs, checkpoint of ${finished}`);
    if (has('best.safetensors')) {
      const best = await epochsOf(join(out, 'best.safetensors'));
      if (![log, log.slice(0, -1)].some((lines) => lines.length > 0 && bestOf(lines) === best)) wrong.push(`best is of epoch ${best}`);
    } else if (log.length > 1) wrong.push('there is no best network');
    if (has('model.safetensors') && (await epochsOf(join(out, 'model.safetensors'))) !== epochs) wrong.push('model');
    if (has('curves.svg') && !/^<svg.*<\/svg>\s*$/s.test(readFileSync(join(out, 'curves.svg'), 'utf8'))) wrong.push('curves.svg');
    if (has('curves.png')) await sharp(join(out, 'curves.png')).stats();
  } catch (error) {
    wrong.push(String(error));
  }
  t.same(wrong, [], `${when}: each file is whole or absent`);
}

const measured = ({ epoch, learningRate, loss, accuracy, validation }: Line) => ({ epoch, learningRate, loss, accuracy, validation });

/** The folder is what one without interruption leaves, `whole`. */
export async function checkFinished(t: Test, out: string, whole: string, when: string): Promise<void> {
  t.same(readdirSync(out).sort(), known, `${when}: all files, and nothing else`);
  t.same(logOf(out).map(measured), logOf(whole).map(measured), `${when}: each epoch once in the log`);
  for (const file of ['best.safetensors', 'model.safetensors'])
    t.ok(readFileSync(join(out, file)).equals(readFileSync(join(whole, file))), `${when}: ${file} is bit-identical`);
  t.equal(await epochsOf(join(out, 'best.safetensors')), bestOf(logOf(out)), `${when}: the best network is that of the best epoch`);
  await checkWhole(t, out, when);
}

/** It says in one line what could not be written, and ends with 1. */
export function checkFailure(t: Test, { status, stderr }: { status: number | null; stderr: string }, code: string, when: string): void {
  t.equal(status, 1, when);
  t.match(stderr, new RegExp(`^addernet: cannot (write|lock|create) the [a-z ]+'[^\\n]*${code}[^\\n]*\\n$`), when);
}

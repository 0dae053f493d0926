// `addernet train` and `addernet demo`, as processes: what they print, what they leave, how they stop and go on.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { load, loadQuantized, models, save, Tensor } from '../dist';
import { colourLines } from '../dist/cli/terminal-pictures';
import { installedCopy } from './installed';
import { testNeeding } from './needing';
import { dataFolder, missingData } from './official-data';

const program = join(__dirname, '../dist/cli/main.js');
const env = { ...process.env, ADDERNET_ISA: '', ADDERNET_NUM_THREADS: '', ADDERNET_DEBUG: '' };
function addernet(args: string[], main = program): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
}
const lines = (text: string): Record<string, never>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
/** A training of seconds. */
const small = ['train', '--dataset', 'digits', '--limit', '600', '--batch', '64', '--epochs', '2', '--eta', '0.1', '--nesterov'];
const folder = t.testdir();
const at = (...names: string[]) => join(folder, ...names);

t.test('a run leaves a network, a log and curves', async (t) => {
  const out = at('run');
  const { status, stdout, stderr } = addernet([...small, '--out', out, '--json']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  const printed = lines(stdout);
  t.equal(printed.length, 3, 'a line for each epoch, and one at the end');
  t.same(
    printed.slice(0, 2).map(({ epoch }) => epoch),
    [1, 2],
  );
  t.same(Object.keys(printed[0]!), ['epoch', 'learningRate', 'loss', 'accuracy', 'imagesPerSecond', 'seconds', 'validation']);
  const end = printed[2] as { stopped: string; out: string; files: string[]; test: { top1: number; images: number } } & object;
  t.match(end, { stopped: 'finished', out, test: { images: 2000 } });
  t.same(lines(readFileSync(join(out, 'log.jsonl'), 'utf8')), printed.slice(0, 2), 'the log is the same');
  t.same(end.files, ['model.safetensors', 'best.safetensors', 'log.jsonl', 'curves.svg', 'curves.png']);
  for (const file of end.files) t.ok(existsSync(join(out, file)), file);
  t.match(readFileSync(join(out, 'curves.svg'), 'utf8'), /^<svg/);
  t.equal((await sharp(join(out, 'curves.png')).metadata()).format, 'png');

  const evaluated = JSON.parse(addernet(['evaluate', '--weights', join(out, 'model.safetensors'), '--json']).stdout);
  t.equal(evaluated.top1, end.test.top1, 'the file is the network that was trained, and names its data set');
  t.same((await load(join(out, 'model.safetensors'))).metadata.training, {
    command: 'addernet train --dataset digits --epochs 2 --batch 64 --eta 0.1 --nesterov --limit 600',
    seed: 1,
    epochs: 2,
    accuracy: end.test.top1,
    images: 2000,
  });
});

t.test('a teacher, and the average of the weights', async (t) => {
  const teacher = ['--teacher', at('run', 'model.safetensors'), '--teacher-features', '1'];
  const { status, stderr } = addernet([...small, ...teacher, '--average', '0.9', '--seed', '2', '--out', at('pupil')]);
  t.equal(status, 0, stderr);
  const { training } = (await load(at('pupil', 'model.safetensors'))).metadata;
  for (const option of ['--average 0.9', '--seed 2', '--teacher model.safetensors', '--teacher-features 1'])
    t.match(training!.command, option);
  const small8 = addernet([...small, '--teacher', 'lenet5-bn-mnist-8bit', '--teacher-features', '1', '--out', at('x')]);
  t.match(small8, { status: 1, stderr: /a quantized network, where a float one is needed/ });
});

t.test('without --json a person reads it', (t) => {
  const out = at('person');
  const { status, stdout, stderr } = addernet([...small, '--out', out]);
  t.equal(status, 0);
  t.match(stderr, /lenet5bn, unit adder, on digits train: 600 images/);
  t.match(
    stdout,
    /^lenet5bn \(adder\) on 2000 images of digits test: [\d.]+ %, loss [\d.]+\n.*model.safetensors, best.safetensors, log.jsonl/,
  );
  t.end();
});

/** Runs until `epochs` lines stand on standard output, then sends a signal. */
async function interrupted(args: string[], epochs: number, signal: 'SIGINT' | 'SIGTERM') {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.stdout.on('data', (text) => {
    stdout += text;
    if (stdout.split('\n').length > epochs) child.kill(signal);
  });
  const status = await new Promise((resolve) => child.on('close', (code) => resolve(code)));
  return { status, stdout, stderr };
}

t.test('Ctrl-C saves, and --resume goes on with the same bits', async (t) => {
  const whole = addernet([...small, '--epochs', '4', '--out', at('whole'), '--json']);
  t.equal(whole.status, 0);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const out = at(signal);
    const { status, stdout, stderr } = await interrupted([...small, '--epochs', '4', '--out', out, '--json'], 1, signal);
    t.equal(status, code, 'the exit code tells the signal');
    t.match(stderr, /saved; to go on: addernet train --resume --out/);
    t.ok(lines(stdout).length < 4);
    const resumed = addernet(['train', '--resume', '--out', out, '--threads', '1', '--json']);
    t.same({ status: resumed.status, stderr: resumed.stderr }, { status: 0, stderr: '' });
    const bytes = (run: string) => readFileSync(at(run, 'model.safetensors'));
    t.ok(bytes(signal).equals(bytes('whole')), `${signal}: the same bits, on another number of threads`);
    t.equal(lines(readFileSync(join(out, 'log.jsonl'), 'utf8')).length, 4, 'the log is whole');
  }
});

t.test('nothing is overwritten or confused', (t) => {
  const fails = (args: string[], message: RegExp) => {
    const { status, stdout, stderr } = addernet(args);
    t.same({ status, stdout }, { status: 1, stdout: '' }, args.join(' '));
    t.match(stderr, message);
    t.match(stderr, /^addernet: [^\n]+\n$/, 'one line');
  };
  fails([...small, '--out', at('whole')], /holds a training: --resume goes on with it, another --out starts anew/);
  fails(['train', '--resume', '--out', at('nowhere')], /no training to resume in/);
  fails(['train', '--resume', '--out', at('whole'), '--batch', '32', '--epochs', '5'], /with batch 64, not 32/);
  fails(['train', '--dataset', 'mnist', '--out', at('x')], /--data|directory/);
  fails(['train', '--dataset', 'folder', '--out', at('x')], /needs --data/);
  fails([...small, '--patience', '2', '--out', at('x')], /--patience.*--validation/);
  fails([...small, '--model', 'resnet20', '--out', at('x')], /train: digits train has images \[28,28,1\].*resnet20 takes \[32,32,3\]/);
  fails([...small, '--freeze', 'conv9', '--out', at('x')], /no layer 'conv9'/);
  t.equal(addernet(['train', '--unit', 'spiking']).status, 2, 'wrong usage');
  t.notOk(existsSync(at('x')), 'and nothing is made');
  t.end();
});

t.test('fine-tuning: a new head on a body that stays', async (t) => {
  const start = models.lenet5bn({ classes: 4, dataset: 'other', seed: 3 });
  await save(start, at('start.safetensors'));
  const args = [...small, '--weights', at('start.safetensors'), '--freeze', 'body', '--out', at('tuned'), '--json'];
  const { status, stderr } = addernet(args);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  const tuned = await load(at('tuned', 'model.safetensors'), { dtype: 'f32' });
  const [run, more] = [(await load(at('run', 'model.safetensors'))).metadata.training, at('more')];
  t.equal(addernet([...small, '--weights', at('run', 'model.safetensors'), '--epochs', '1', '--out', more]).status, 0);
  for (const file of ['model.safetensors', 'best.safetensors'])
    t.match((await load(join(more, file))).metadata.training, { epochs: 1, startedFrom: run! }, `${file} tells both trainings`);

  t.equal(tuned.classes, 10);
  for (const [name, { data }] of tuned.stateDict())
    if (!/^(fc|bn5)\./.test(name)) t.same(data, start.stateDict().get(name)!.data, `${name} stays`);
});

t.test('held-out images, early stopping and other learning rates', (t) => {
  const options = ['--validation', '0.2', '--patience', '1', '--schedule', 'constant', '--warm-up', '0.5', '--label-smoothing', '0.1'];
  const more = ['--clip-norm', '1', '--augment', 'crop', '--gradient', 'sign', '--rate', 'increased', '--lr', '0.0001', '--epochs', '8'];
  const { status, stdout, stderr } = addernet([...small, ...options, ...more, '--out', at('early'), '--json']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  const [first, ...rest] = lines(stdout) as unknown as { learningRate: number; stopped?: string }[];
  t.equal(first!.learningRate, 0, 'warm-up starts at 0');
  t.match(rest.at(-1), { stopped: /early|finished/ });
  t.end();
});

t.test('pictures in folders', async (t) => {
  for (const [name, background] of [
    ['dark', '#101020'],
    ['light', '#e0e0ff'],
  ] as const)
    for (let i = 0; i < 20; i++) {
      const file = at('pictures', name, `${i}.png`);
      await import('node:fs').then(({ mkdirSync }) => mkdirSync(at('pictures', name), { recursive: true }));
      await sharp({ create: { width: 40, height: 36, channels: 3, background } })
        .png()
        .toFile(file);
    }
  const { status, stdout, stderr } = addernet([
    'train',
    '--dataset',
    'folder',
    '--data',
    at('pictures'),
    '--unit',
    'conv',
    '--epochs',
    '1',
    '--batch',
    '8',
    '--out',
    at('own'),
    '--json',
  ]);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(lines(stdout).at(-1), { test: { images: 4 } });
  const model = await load(at('own', 'model.safetensors'));
  t.same([model.name, model.classNames], ['resnet20', ['dark', 'light']]);
});

t.test('without the packages that draw, training goes on and says so at its start', (t) => {
  const copy = installedCopy(t, { binary: true });
  const { status, stdout, stderr } = addernet([...small, '--out', at('plain')], join(copy, 'dist/cli/main.js'));
  t.equal(status, 0);
  t.match(stderr, /no learning curves will be drawn: npm i echarts/);
  t.notMatch(stdout, /curves/);
  t.end();
});

t.test('a damaged checkpoint is told, not trusted', (t) => {
  const out = at('run');
  writeFileSync(join(out, 'checkpoint.safetensors'), 'damaged');
  const { status, stderr } = addernet(['train', '--resume', '--out', out]);
  t.equal(status, 1);
  t.match(stderr, /checkpoint.safetensors/);
  t.end();
});

t.test('the demonstration of the networks of the package', (t: Test) => {
  const { status, stdout, stderr } = addernet(['demo']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(stdout, /kernels \w+, \d threads?/);
  t.match(stdout, /[\u2801-\u28ff].*\n +\d.* +\d/, 'digits are drawn, and what they are below');
  for (const row of ['adders, 8 bits', 'adders, floats', 'multiplications, floats'])
    t.match(stdout, new RegExp(`^  ${row} +\\d+\\.\\d{3}$`, 'm'));
  t.end();
});

testNeeding([missingData('cifar10')], 'the demonstration with pictures', async (t) => {
  const { status, stdout } = addernet(['demo', '--data', dataFolder('cifar10')]);
  t.equal(status, 0);
  t.match(stdout, /^cat, /m, 'the first test image is a cat');
  const { training } = (await loadQuantized('resnet20-cifar10-8bit')).metadata;
  t.match(stdout, `${(100 * training!.accuracy).toFixed(2)} % of 10000 test images right`);
});

t.test('colours in a terminal', async (t) => {
  const [line, ...others] = colourLines(new Tensor(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), [2, 2, 3]));
  t.equal(line, '\x1b[38;2;1;2;3;48;2;7;8;9m▀\x1b[38;2;4;5;6;48;2;10;11;12m▀\x1b[0m');
  t.equal(others.length, 0);
});

t.test('the demonstration of training', (t: Test) => {
  const { status, stdout } = addernet(['demo', '--train', '--images', '300', '--epochs', '1', '--out', at('demo')]);
  t.equal(status, 0);
  t.match(stdout, /kernels \w+, \d threads?/);
  t.match(stdout, /saved to .*digits.safetensors and loaded back: [\d.]+ % of 2000 new digits, \d+ images\/s/);
  t.match(stdout, /[\u2801-\u28ff]/, 'digits are drawn');
  t.match(stdout, /a \d/);
  t.ok(existsSync(at('demo', 'digits.safetensors')));
  t.end();
});

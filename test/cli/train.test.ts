// `addernet train` and `addernet demo`, as processes: what they print, what they leave, how they stop and go on.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { load, loadQuantized, models, save, Tensor } from '../../dist';
import { colorLines } from '../../dist/cli/terminal-images';
import { installedCopy } from '../support/installed';
import { testNeeding } from '../support/needing';
import { dataFolder, missingData } from '../support/official-data';
import { program } from '../support/repository';

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
  t.same(Object.keys(printed[0]!), ['epoch', 'learningRate', 'loss', 'accuracy', 'imagesPerSecond', 'seconds', 'machine', 'validation']);
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
  t.match(small8, { status: 1, stderr: /--teacher-features: lenet5-bn-mnist-8bit is already quantized to 8 bits/ });
});

t.test('without --json a person reads it', (t) => {
  const out = at('person');
  const { status, stdout, stderr } = addernet([...small, '--out', out]);
  t.equal(status, 0);
  t.match(stderr, /lenet5bn, kind adder, on digits train: 600 images/);
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

t.test('Ctrl-C saves, and --resume goes on bit-identically', async (t) => {
  const whole = addernet([...small, '--epochs', '4', '--out', at('whole'), '--json']);
  t.equal(whole.status, 0);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const out = at(signal);
    const { status, stdout, stderr } = await interrupted([...small, '--epochs', '4', '--out', out, '--json'], 1, signal);
    t.equal(status, code, 'the exit code names the signal');
    t.match(stderr, /saved; to continue: addernet train --resume --out/);
    t.ok(lines(stdout).length < 4);
    const resumed = addernet(['train', '--resume', '--out', out, '--threads', '1', '--json']);
    t.same({ status: resumed.status, stderr: resumed.stderr }, { status: 0, stderr: '' });
    const bytes = (run: string) => readFileSync(at(run, 'model.safetensors'));
    t.ok(bytes(signal).equals(bytes('whole')), `${signal}: bit-identical, on another number of threads`);
    t.equal(lines(readFileSync(join(out, 'log.jsonl'), 'utf8')).length, 4, 'the log is whole');
  }
});

/** Ends with this exit code, nothing on standard output, and these words. */
function fails(t: Test, status: number, args: string[], message: RegExp): void {
  const found = addernet(args);
  t.same({ status: found.status, stdout: found.stdout }, { status, stdout: '' }, args.join(' '));
  t.match(found.stderr, message);
  t.match(
    found.stderr.replace(/^addernet: note: .*\n/gm, ''),
    status === 1 ? /^addernet: [^\n]+\n$/ : /^addernet: [^\n]+\n\(addernet train --help lists what it takes\)\n$/,
  );
}

t.test('nothing is overwritten or confused', (t) => {
  const file = at('file');
  writeFileSync(file, 'no folder');
  fails(t, 1, [...small, '--out', at('whole')], /already contains a run: continue it with --resume, or start a new one in another --out/);
  fails(t, 1, [...small, '--out', file], /--out .*file: .*file is a file, expected a folder/);
  fails(t, 1, [...small, '--out', join(file, 'inside')], /--out .*inside: .*file is a file, expected a folder/);
  fails(t, 1, ['train', '--resume', '--out', at('nowhere')], /no run to resume in/);
  fails(
    t,
    1,
    ['train', '--dataset', 'mnist', '--out', at('x')],
    /no folder data\/mnist .*`addernet data get mnist` downloads them; --data DIR/,
  );
  fails(t, 1, ['train', '--dataset', 'folder', '--out', at('x')], /needs --data/);
  fails(
    t,
    1,
    [...small, '--model', 'resnet20', '--out', at('x')],
    /train: digits train has images \[28,28,1\].*resnet20 takes \[32,32,3\]/,
  );
  fails(t, 1, [...small, '--model', 'resnet21', '--out', at('x')], /no network 'resnet21', expected one of lenet5bn/);
  fails(t, 1, [...small, '--freeze', 'conv9', '--out', at('x')], /no layer 'conv9'/);
  t.notOk(existsSync(at('x')), 'and nothing is made');
  t.end();
});

t.test('two trainings cannot use one folder at the same time', async (t) => {
  const out = at('shared');
  const first = spawn(process.execPath, [program, ...small, '--epochs', '3', '--out', out, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(first.stdout, 'data'); // the end of an epoch
  const owner = new RegExp(`the folder '.*shared' is in use by process ${first.pid} on .* since 2.*: wait until`);
  fails(t, 1, ['train', '--resume', '--out', out], owner);
  const [status] = await once(first, 'exit');
  t.equal(status, 0);
  t.equal(lines(readFileSync(join(out, 'log.jsonl'), 'utf8')).length, 3);
  t.notOk(readdirSync(out).some((name) => /\.(lock|tmp)/.test(name)));

  const fresh = at('fresh');
  const long = [program, ...small, '--limit', '8000', '--out', fresh];
  const killed = spawn(process.execPath, long, { env, stdio: 'ignore' });
  while (!existsSync(join(fresh, 'arguments.json'))) await sleep(10);
  killed.kill('SIGSTOP'); // it must not finish an epoch meanwhile
  fails(t, 1, [...small, '--out', fresh], /the folder '.*fresh' is in use by process/);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  t.equal(addernet([...small, '--out', fresh]).status, 0, 'that of a process which was killed is free');
});

t.test('options of a resumed run that is killed stay', async (t) => {
  const out = at('longer');
  t.equal(addernet([...small, '--epochs', '1', '--schedule', 'constant', '--out', out]).status, 0);
  const args = [program, 'train', '--resume', '--epochs', '4', '--out', out, '--json'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let epochs = 0;
  for await (const text of child.stdout) {
    epochs += String(text).split('\n').length - 1;
    if (epochs > 1) child.kill('SIGKILL'); // the first one is that of the run before
  }
  t.equal(addernet(['train', '--resume', '--out', out]).status, 0);
  t.same(
    lines(readFileSync(join(out, 'log.jsonl'), 'utf8')).map(({ epoch }) => epoch),
    [1, 2, 3, 4],
  );
});

t.test('what a resumed training may change, and what not', (t) => {
  const resume = ['train', '--resume', '--out', at('whole')];
  fails(
    t,
    1,
    [...resume, '--batch', '32', '--epochs', '5'],
    /--batch 32 would change the run, which was started with --batch 64: leave it out/,
  );
  const file = join(at('whole'), 'arguments.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"kind"', '"unit"')); // as the first trainings wrote it
  fails(t, 1, [...resume, '--kind', 'conv'], /--kind conv would change the run, which was started with --kind adder/);
  fails(t, 1, [...resume, '--lr', '0.2'], /--lr 0\.2 would change the run, which was started with --lr 0\.1/);
  fails(t, 1, [...resume, '--average', '0.9'], /--average 0\.9 would change the run, which was started without it/);
  fails(t, 1, [...resume, '--dataset', 'mnist'], /--dataset mnist would change the run, which was started with --dataset digits/);
  fails(t, 1, [...resume, '--data', 'x'], /--data applies only to data sets with files/);
  fails(t, 1, [...resume, '--patience', '2'], /--patience applies only with --validation/);
  const { status, stdout } = addernet([...resume, '--batch', '64', '--threads', '2', '--json']);
  t.equal(status, 0, 'what is as it was may be said again');
  t.match(lines(stdout).at(-1), { stopped: 'finished' });
  t.end();
});

t.test('wrong usage is reported before anything is read or made', (t) => {
  const x = ['--out', at('x')];
  const wrong: [string[], RegExp][] = [
    [['--kind', 'spiking'], /'spiking' is invalid. Allowed choices are adder, adder-2x2, adder-winograd, conv, xnor/],
    [['--dataset', 'imagenet'], /'imagenet' is invalid. Allowed choices are digits, .*mnist.*, folder/],
    [['--momentum', '1'], /Expected a number from 0 to below 1/],
    [['--label-smoothing', '1.5'], /Expected a number from 0 to 1/],
    [['--lr', '0'], /Expected a positive number/],
    [['--clip-norm', '0'], /Expected a positive number/],
    [['--validation', '1'], /Expected a number between 0 and 1/],
    [['--image-size', '0x7'], /Expected a size such as 96, or HEIGHTxWIDTH/],
    [['--patience', '2'], /--patience applies only with --validation/],
    [['--freeze', 'body'], /--freeze applies only with --weights: the body of a new network is random/],
    [['--temperature', '3'], /--temperature applies only with --teacher/],
    [['--teacher-alpha', '0.5'], /--teacher-alpha applies only with --teacher/],
    [['--teacher-features', '1'], /--teacher-features applies only with --teacher/],
    [['--kind', 'conv', '--eta', '0.1'], /--eta applies only to adder and binary filters: with another --kind than conv/],
    [['--kind', 'xnor', '--gradient', 'sign'], /--gradient applies only to adder filters/],
    [['--kind', 'adder-winograd', '--gradient', 'sign'], /--gradient applies only to adder filters: with --kind adder/],
    [['--rate', 'plain', '--eta', '0.1'], /--eta applies only with --rate adaptive/],
    [['--weights', 'x', '--gradient', 'sign'], /--gradient applies only to a new network, without --weights/],
    [['--momentum', '0', '--nesterov'], /--nesterov applies only with a --momentum above 0/],
    [['--warm-up', '10'], /--warm-up applies only to fewer epochs than --epochs/],
    [['--product-epochs', '10'], /--product-epochs applies only to fewer epochs than --epochs/],
    [['--kind', 'conv', '--product-epochs', '1'], /--product-epochs applies only to adders of windows: with --kind adder or adder-2x2/],
    [['--centered-epochs', '10'], /--centered-epochs applies only to fewer epochs than --epochs/],
    [['--kind', 'adder-2x2', '--centered-epochs', '1'], /--centered-epochs applies only to plain adder layers: with --kind adder/],
    [['--data', 'x'], /--data applies only to data sets with files, such as --dataset mnist/],
    [['--image-size', '64'], /--image-size applies only with --dataset folder/],
    [['--skip-bad'], /--skip-bad applies only with --dataset folder/],
  ];
  for (const [args, message] of wrong) fails(t, 2, ['train', ...args, ...x], message);
  t.match(addernet(['train', '--unit', 'adder', ...x]).stderr, /^addernet: unknown option '--unit'\n\(Did you mean --kind\?\)$/m);
  const digits = ['--weights', 'lenet5-bn-mnist'];
  fails(t, 1, [...small, ...digits, '--kind', 'conv', ...x], /contains the network lenet5bn of kind adder, which contradicts --kind conv/);
  fails(
    t,
    1,
    [...small, ...digits, '--model', 'resnet20', ...x],
    /contains the network lenet5bn of kind adder, which contradicts --model resnet20/,
  );
  fails(t, 1, [...small, '--weights', 'lenet5-bn-mnist-8bit', ...x], /is already quantized to 8 bits; expected the float network/);
  fails(
    t,
    1,
    ['train', '--weights', 'resnet20-cifar10-conv', '--rate', 'plain', ...x],
    /--rate applies only to adder and binary filters, but --weights is of kind conv/,
  );
  for (const [option, what] of Object.entries({ '--product-epochs': 'adders of windows', '--centered-epochs': 'plain adder layers' }))
    fails(
      t,
      1,
      ['train', '--weights', 'resnet20-cifar10-conv', option, '1', ...x],
      new RegExp(`${option} applies only to ${what}, but --weights is of kind conv`),
    );
  fails(t, 1, [...small, '--kind', 'adder-winograd', ...x], /lenet5bn: kind is 'adder-winograd', but no layer has 3x3 windows at stride 1/);
  fails(
    t,
    1,
    ['train', '--weights', 'resnet20-cifar10-conv', '--kind', 'adder-winograd', ...x],
    /contains the network resnet20 of kind conv, which contradicts --kind adder-winograd/,
  );
  fails(t, 1, [...small, ...digits, '--kind', 'adder-winograd', ...x], /toWinograd: lenet5bn has no adder layers with 3x3 windows/);
  t.notOk(existsSync(at('x')), 'nothing is made');
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
    t.match((await load(join(more, file))).metadata.training, { epochs: 1, startedFrom: run! }, `${file} names both trainings`);

  t.equal(tuned.classes, 10);
  for (const [name, { data }] of tuned.stateDict())
    if (!/^(fc|bn5)\./.test(name)) t.same(data, start.stateDict().get(name)!.data, `${name} stays`);
});

t.test('held-out images, early stopping and other learning rates', (t) => {
  const options = [
    '--product-epochs',
    '0.3',
    '--centered-epochs',
    '0.5',
    '--validation',
    '0.2',
    '--patience',
    '1',
    '--schedule',
    'constant',
    '--warm-up',
    '0.5',
    '--label-smoothing',
    '0.1',
  ];
  const more = ['--clip-norm', '1', '--augment', 'crop', '--gradient', 'sign', '--rate', 'increased', '--lr', '0.0001', '--epochs', '8'];
  const plain = small.filter((word) => word !== '--eta' && word !== '0.1');
  const { status, stdout, stderr } = addernet([...plain, ...options, ...more, '--out', at('early'), '--json']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  const [first, ...rest] = lines(stdout) as unknown as { learningRate: number; stopped?: string }[];
  t.equal(first!.learningRate, 0, 'warm-up starts at 0');
  t.match(rest.at(-1), { stopped: /early|finished/ });
  t.end();
});

/** Twenty images for each class, all of one color. */
async function makeImages(folder: string, ...classes: [name: string, background: string][]): Promise<string> {
  for (const [name, background] of classes)
    for (let i = 0; i < 20; i++) {
      mkdirSync(at(folder, name), { recursive: true });
      await sharp({ create: { width: 40, height: 36, channels: 3, background } })
        .png()
        .toFile(at(folder, name, `${i}.png`));
    }
  return at(folder);
}

t.test('images in folders', async (t) => {
  const data = await makeImages('images', ['dark', '#101020'], ['light', '#e0e0ff']);
  const fromFolder = ['train', '--dataset', 'folder', '--data', data, '--epochs', '1'];
  const { status, stdout, stderr } = addernet([...fromFolder, '--kind', 'conv', '--out', at('own')]);
  t.equal(status, 0, stderr);
  t.match(stderr, /resnet20, kind conv, on .*: 36 images in batches of 8/, 'a batch that fits the folder');
  t.match(stderr, /There are few images.*--weights resnet20-cifar10 --freeze body/);
  t.match(stdout, /on 4 images of/);
  const model = await load(at('own', 'model.safetensors'));
  t.same([model.name, model.classNames], ['resnet20', ['dark', 'light']]);
  t.match(model.metadata.training!.command, / --batch 8$/, 'the batch belongs to what is needed to do it again');
  t.match(JSON.parse(addernet(['evaluate', '--weights', at('own', 'model.safetensors'), '--data', data, '--json']).stdout), { images: 4 });

  const tuned = addernet([...fromFolder, '--weights', 'resnet20-cifar10-conv', '--freeze', 'body', '--out', at('from-bundled')]);
  t.equal(tuned.status, 0, tuned.stderr);
  t.match(tuned.stderr, /resnet20, kind conv/, '--weights says what the kind is');
  t.notMatch(tuned.stderr, /few images/);
});

t.test('a Winograd network, from nothing and from an adder network', async (t) => {
  const data = await makeImages('tiles', ['dark', '#101020'], ['light', '#e0e0ff']);
  const images = ['--dataset', 'folder', '--data', data];
  const args = ['train', ...images, '--kind', 'adder-winograd', '--image-size', '14x9', '--epochs', '1'];
  const fresh = addernet([...args, '--eta', '0.1', '--out', at('winograd')]);
  t.equal(fresh.status, 0, fresh.stderr);
  t.match(fresh.stderr, /resnet20, kind adder-winograd, on .*: 36 images/);
  const weights = at('winograd', 'model.safetensors');
  const model = await load(weights);
  t.match(model, { name: 'resnet20', kind: 'adder-winograd', inputShape: [14, 9, 3] });
  t.match(model.metadata.training!.command, '--kind adder-winograd');
  const resumed = addernet(['train', '--resume', '--epochs', '2', '--out', at('winograd'), '--json']);
  t.equal(resumed.status, 0, resumed.stderr);
  t.equal(lines(readFileSync(at('winograd', 'log.jsonl'), 'utf8')).length, 2);
  t.match(JSON.parse(addernet(['evaluate', '--weights', weights, '--data', data, '--json']).stdout), { images: 4 });
  t.match(addernet(['info', weights]).stdout, /network +resnet20, kind adder-winograd\n/);
  t.match(addernet(['predict', '--weights', weights, at('tiles', 'dark', '0.png')]).stdout, /dark|light/);
  t.match(addernet(['convert', weights, at('half.safetensors'), '--half']).stdout, /resnet20, kind adder-winograd, 2 classes/);
  t.equal((await load(at('half.safetensors'))).kind, 'adder-winograd');

  const adder = models.resnet20({ inputShape: [14, 9, 3], classes: 2, classNames: ['dark', 'light'], dataset: 'folder', seed: 4 });
  await save(adder, at('adder.safetensors'));
  const out = at('from-adder');
  const started = addernet([...args, '--weights', at('adder.safetensors'), '--freeze', 'layer1', '--out', out]);
  t.equal(started.status, 0, started.stderr);
  const trained = await load(join(out, 'model.safetensors'), { dtype: 'f32' });
  t.equal(trained.kind, 'adder-winograd');
  const start = models.toWinograd(adder).stateDict();
  for (const [name, { data }] of trained.stateDict()) if (/^layer1.*filters$/.test(name)) t.same(data, start.get(name)!.data, name);
  t.equal(addernet(['train', '--resume', '--epochs', '2', '--out', out]).status, 0, 'and it goes on');
  t.equal(addernet([...args, '--weights', weights, '--out', at('further')]).status, 0, 'or from a Winograd network');
});

t.test('images of another size, some of which are none', async (t) => {
  const data = await makeImages('mixed', ['a', '#101020'], ['b', '#e0e0ff']);
  writeFileSync(at('mixed', 'a', 'broken.png'), 'no image');
  writeFileSync(at('mixed', 'b', 'notes.txt'), 'no image either');
  const args = ['train', '--dataset', 'folder', '--data', data, '--kind', 'conv', '--epochs', '1', '--image-size', '24x40'];
  fails(t, 1, [...args, '--out', at('x')], /broken\.png.*--skip-bad skips such images/);
  const { status, stderr } = addernet([...args, '--skip-bad', '--out', at('sized')]);
  t.equal(status, 0, stderr);
  t.match(stderr, /^addernet: note: .*1 image cannot be read and is skipped: .*broken\.png$/m);
  t.equal(stderr.match(/notes\.txt/g)?.length, 1, 'and a file of another kind, once');
  const weights = ['--weights', at('sized', 'model.safetensors')];
  const model = await load(at('sized', 'model.safetensors'));
  t.same(model.inputShape, [24, 40, 3], 'the file says the size');
  t.match(model.metadata.training!.command, / --image-size 24x40/);
  t.match(JSON.parse(addernet(['evaluate', ...weights, '--data', data, '--skip-bad', '--json']).stdout), { images: 4 });
  t.match(
    JSON.parse(
      addernet(['evaluate', ...weights, '--dataset', 'folder', '--data', data, '--skip-bad', '--image-size', '32', '--json']).stdout,
    ),
    { images: 4 },
  );
});

t.test('classes are known by their names', async (t) => {
  const data = await makeImages('renamed', ['light', '#e0e0ff'], ['unlit', '#101020']);
  const weights = ['evaluate', '--weights', at('own', 'model.safetensors')];
  fails(t, 1, [...weights, '--data', data], /the classes of .* are light, unlit, but those of the network dark, light/);
  t.end();
});

t.test('without the packages that draw, training goes on and says so at its start', (t) => {
  const copy = installedCopy(t, { binary: true });
  const { status, stdout, stderr } = addernet([...small, '--out', at('plain')], join(copy, 'dist/cli/main.js'));
  t.equal(status, 0);
  t.match(stderr, /no learning curves will be drawn: npm i echarts/);
  t.notMatch(stdout, /curves/);
  t.end();
});

t.test('damaged arguments and a damaged checkpoint are reported, not trusted', (t) => {
  const out = at('run');
  const file = join(out, 'arguments.json');
  const args = readFileSync(file, 'utf8');
  writeFileSync(file, args.replace('"momentum": 0.9', '"momentum": "0.9"'));
  fails(t, 1, ['train', '--resume', '--out', out], /arguments\.json: momentum is "0\.9", expected a number from 0 to below 1$/m);
  writeFileSync(file, args);
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
  t.match(stdout, /[\u2800-\u28ff]\n +\d.* +\d/, 'digits are drawn, and what they are below');
  for (const row of ['adder, 8 bits', 'adder 2x2, 8 bits', 'adder, floats', 'adder 2x2, floats', 'CNN, floats'])
    t.match(stdout, new RegExp(`^  ${row} +\\d+\\.\\d{3}$`, 'm'));
  t.end();
});

testNeeding([missingData('cifar10')], 'the demonstration with images', async (t) => {
  const { status, stdout } = addernet(['demo', '--data', dataFolder('cifar10')]);
  t.equal(status, 0);
  t.match(stdout, /^cat, /m, 'the first test image is a cat');
  const { training } = (await loadQuantized('resnet20-cifar10-8bit')).metadata;
  t.match(stdout, `${(100 * training!.accuracy).toFixed(2)} % of 10000 test images are right`);
});

t.test('colors in a terminal', async (t) => {
  const [line, ...others] = colorLines(new Tensor(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), [2, 2, 3]));
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

// The command line, as a process: what it prints and where, and how it ends.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { cpuInfo, evaluate, load, type Model, models, openDataset, save, Tensor } from '../dist';
import { normalize } from '../dist/data/normalize';
import { Random } from '../dist/random';
import { installedCopy } from './installed';
import * as pt from './unit/io/pytorch-bytes';

const repository = join(__dirname, '..');
const main = join(repository, 'dist/cli/main.js');
const { supported } = cpuInfo();

const environment = { ...process.env, ADDERNET_ISA: '', ADDERNET_NUM_THREADS: '', ADDERNET_DEBUG: '' };
function addernet(args: string[], env: NodeJS.ProcessEnv = {}, program = main): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env: { ...environment, ...env }, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** One JSON value and a line feed: nothing else may stand on standard output. */
function json(t: Test, args: string[], env?: NodeJS.ProcessEnv): Record<string, unknown> {
  const { status, stdout, stderr } = addernet([...args, '--json'], env);
  t.same({ status, stderr }, { status: 0, stderr: '' }, args.join(' '));
  t.match(stdout, /^\{[^\n]*\}\n$/, 'one line, one object');
  return JSON.parse(stdout);
}

/** Fails with one line on standard error and nothing on standard output. */
function fails(t: Test, args: string[], message: RegExp, env?: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = addernet(args, env);
  t.same({ status, stdout }, { status: 1, stdout: '' }, args.join(' '));
  t.match(stderr, /^addernet: [^\n]+\n$/, 'one line');
  t.match(stderr, message);
  t.notMatch(stderr, /\n\s+at |unexpected/);
}

const folder = t.testdir({ data: {}, damaged: {}, 'corrupt.safetensors': 'no weights at all', 'picture.txt': 'no picture' });
const at = (name: string) => join(folder, name);

/** As many CIFAR-10 records of noise. */
function records(n: number): Uint8Array {
  const random = new Random(1);
  return Uint8Array.from({ length: n * 3073 }, (_, i) => (i % 3073 === 0 ? random.uniform() * 10 : random.uniform() * 256));
}
const images = 30;
writeFileSync(at('data/test_batch.bin'), records(images));
writeFileSync(at('damaged/test_batch.bin'), records(2).subarray(0, 5000));

let model: Model;
t.before(async () => {
  // Of multiplications: a new adder network, its batch norms untrained, gives zeros for whatever it sees.
  model = models.resnet20({ seed: 1, unit: 'conv' });
  await save(model, at('model.safetensors'));
  await save(models.lenet5bn({ seed: 1, unit: 'conv' }), at('lenet.safetensors'));
  const unnamed = models.resnet20({ seed: 1, classes: 3, dataset: 'pets' });
  await save(unnamed, at('pets.safetensors'));
  const noise = Buffer.from(records(1).subarray(1));
  await sharp(noise, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toFile(at('noise.png'));
  await sharp({ create: { width: 50, height: 40, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(at('red.jpg'));
});

/** A .pth of a small network. */
function pth(): string {
  const storages: pt.SavedStorage[] = [];
  const entries = [...models.lenet5bn({ seed: null, classes: 4 }).stateDict()].map(([name, { data, shape }], i) => {
    const sizes = shape.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape;
    const storage = pt.storage(String(i), 'FloatStorage', data);
    storages.push(storage);
    const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
    return [name, pt.tensor(pt.storageId(storage), 0, sizes, strides)] as const;
  });
  writeFileSync(at('lenet.pth'), pt.zipFile(pt.stateDict(...entries), storages));
  return at('lenet.pth');
}

t.test('info: the CPU', async (t) => {
  t.match(json(t, ['info']), { model: String, isa: supported[0]!, supported, threads: Number });
  t.match(json(t, ['info'], { ADDERNET_ISA: 'scalar', ADDERNET_NUM_THREADS: '3' }), { isa: 'scalar', supported, threads: 3 });
  const { status, stdout, stderr } = addernet(['info']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(
    stdout,
    new RegExp(`^CPU {15}.+\ninstruction set   ${supported[0]}   \\(ADDERNET_ISA chooses among ${supported.join(', ')}\\)\nthreads .*\n$`),
  );
});

t.test('info: a weights file', async (t) => {
  const { tensors, metadata, ...own } = json(t, ['info', at('model.safetensors')]) as { tensors: object[]; metadata: { addernet: string } };
  const state = model.stateDict();
  t.same(own, {
    file: at('model.safetensors'),
    format: 'safetensors',
    network: { name: 'resnet20', unit: 'conv', classes: 10 },
    numbers: [...state.values()].reduce((sum, { size }) => sum + size, 0),
  });
  t.same(JSON.parse(metadata.addernet), model.metadata);
  t.same(
    tensors,
    [...state].map(([name, { shape }]) => ({ name, dtype: 'f32', shape })),
  );

  t.match(json(t, ['info', pth()]), { format: 'pytorch', network: { name: 'lenet5bn', unit: 'adder', classes: 4 }, metadata: {} });
  const { stdout } = addernet(['info', at('model.safetensors')]);
  t.match(stdout, /model\.safetensors: safetensors, \d+ tensors, [\d,]+ numbers\nnetwork resnet20, unit conv, 10 classes\naddernet: \{/);
  t.match(stdout, /^ {2}layer1\.0\.conv1\.weight +f32 {2}\[16,3,3,16\]$/m);
  t.match(addernet(['info', at('lenet.pth')]).stdout, /lenet\.pth: pytorch, .*\nnetwork lenet5bn, unit adder, 4 classes\n/);
});

const evaluateArguments = () => ['evaluate', '--weights', at('model.safetensors'), '--data', at('data')];

t.test('evaluate', async (t) => {
  const { top1, top5 } = await evaluate(await load(at('model.safetensors')), openDataset('cifar10', at('data'), 'test'));
  const result = json(t, [...evaluateArguments(), '--dataset', 'cifar10', '--threads', '2']);
  t.same(Object.keys(result), ['top1', 'top5', 'loss', 'images', 'seconds', 'imagesPerSecond', 'dtype', 'isa', 'threads']);
  t.match(result, { top1, top5, images, seconds: Number, imagesPerSecond: Number, dtype: 'f32', isa: supported[0]!, threads: 2 });
  t.ok((result.seconds as number) > 0);
  t.ok(top1 > 0 && top1 < top5 && top5 < 1, 'fractions');
  t.match(json(t, [...evaluateArguments(), '--limit', '7', '--batch', '2', '--dtype', 'f32', '--threads', '1']), { images: 7, threads: 1 });
  t.match(json(t, evaluateArguments(), { ADDERNET_ISA: 'scalar' }), { top1, top5, isa: 'scalar' });

  const { status, stdout, stderr } = addernet([...evaluateArguments(), '--batch', '10']);
  t.equal(status, 0);
  t.equal(stderr, 'evaluating 10/30\nevaluating 20/30\nevaluating 30/30\n', 'progress in plain lines, beside the output');
  const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`;
  t.match(stdout, `resnet20 (conv) on 30 test images of cifar10 test\ntop-1 ${percent(top1)}   top-5 ${percent(top5)}\n`);
});

t.test('predict', async (t) => {
  const predictions = (...args: string[]) => {
    const { predictions } = json(t, ['predict', ...args]);
    return predictions as { image: string; classes: { class: number; name: string; probability: number }[] }[];
  };
  const [noise, red] = predictions('--weights', at('model.safetensors'), at('noise.png'), at('red.jpg'));
  t.same([noise!.image, red!.image], [at('noise.png'), at('red.jpg')]);

  // The PNG was made of these very bytes and loses nothing.
  const pixels = new Tensor(records(1).slice(1), [1, 32, 32, 3]);
  const { mean, std } = model.normalization;
  const logits = model.forward(normalize(pixels, mean, std)).data;
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  const expected = Array.from(logits, (logit, i) => ({ class: i, name: model.classNames![i]!, probability: Math.exp(logit) / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5);
  t.same(
    noise!.classes.map(({ class: index, name }) => ({ class: index, name })),
    expected.map(({ class: index, name }) => ({ class: index, name })),
  );
  for (const [i, { probability }] of noise!.classes.entries())
    t.ok(Math.abs(probability - expected[i]!.probability) < 1e-4, `${probability}`);

  const all = predictions('--weights', at('model.safetensors'), '--top', '10', at('red.jpg'));
  t.equal(all[0]!.classes.length, 10);
  t.ok(Math.abs(all[0]!.classes.reduce((total, { probability }) => total + probability, 0) - 1) < 1e-9, 'probabilities sum to 1');

  const { status, stdout, stderr } = addernet([
    'predict',
    '--weights',
    at('pets.safetensors'),
    '--top',
    '2',
    at('red.jpg'),
    at('noise.png'),
  ]);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(
    stdout,
    /^.*red\.jpg\n( {2}class [012] +\d+\.\d\d %\n){2}.*noise\.png\n( {2}class [012] +\d+\.\d\d %\n){2}$/,
    'classes without names go by number',
  );
  t.match(
    predictions('--weights', at('lenet.safetensors'), at('red.jpg')),
    [{ classes: Array(5).fill({ name: /^\d$/ }) }],
    'a network of grey pictures',
  );
});

t.test('predict without sharp says how to install it', async (t) => {
  const program = join(installedCopy(t, { binary: true }), 'dist/cli/main.js');
  t.equal(addernet(['info'], {}, program).status, 0, 'nothing else needs it');
  t.same(addernet(['predict', '--weights', at('model.safetensors'), at('noise.png')], {}, program), {
    status: 1,
    stdout: '',
    stderr: 'addernet: reading and resizing images needs the package sharp: npm i sharp\n',
  });
  const { stderr } = addernet(['predict', '--weights', at('model.safetensors'), at('noise.png')], { ADDERNET_DEBUG: '1' }, program);
  t.match(stderr, /ERR_PEER_MISSING/);
});

t.test('convert', async (t) => {
  const out = at('out.safetensors');
  const { status, stdout, stderr } = addernet(['convert', pth(), out]);
  t.same({ status, stdout, stderr }, { status: 0, stdout: `${out}: lenet5bn, unit adder, 4 classes\n`, stderr: '' });
  t.match((await load(out)).metadata, { name: 'lenet5bn', unit: 'adder', classes: 4 });
  t.match(json(t, ['convert', at('model.safetensors'), out]), {
    in: at('model.safetensors'),
    out,
    metadata: JSON.parse(JSON.stringify(model.metadata)),
  });
  t.ok(readFileSync(out).equals(readFileSync(at('model.safetensors'))), 'what is in order already stays as it is');
  addernet(['convert', at('model.safetensors'), out, '--half']);
  t.ok(readFileSync(out).length < 0.6 * readFileSync(at('model.safetensors')).length);
});

t.test('quantize, and evaluate in bytes', async (t) => {
  await save(models.lenet5bn({ seed: 1, dataset: 'digits' }), at('digits.safetensors'));
  const quantized = json(t, [
    'quantize',
    '--weights',
    at('digits.safetensors'),
    '--calibration',
    '20',
    '--bits',
    '7',
    '--out',
    at('bytes.safetensors'),
  ]);
  t.match(quantized, { bits: 7, metadata: { name: 'lenet5bn', dataset: 'digits' } });
  const again = ['--limit', '40', '--calibration', '20', '--bits', '7'];
  const stored = json(t, ['evaluate', '--weights', at('bytes.safetensors'), '--limit', '40']);
  const quantizing = json(t, ['evaluate', '--weights', at('digits.safetensors'), '--dtype', 'u8', ...again]);
  t.match(stored, { dtype: 'u8', bits: 7, images: 40 });
  t.same([quantizing.top1, quantizing.loss, quantizing.bits], [stored.top1, stored.loss, 7], 'the file is the network that was quantised');
  t.match(addernet(['evaluate', '--weights', at('bytes.safetensors'), '--limit', '40']).stdout, /u8, 7 bits/);
  t.match(json(t, ['info', at('bytes.safetensors')]), { network: { name: 'lenet5bn', unit: 'adder', classes: 10, bits: 7 } });
  t.match(addernet(['info', at('bytes.safetensors')]).stdout, /network lenet5bn, unit adder, 10 classes, 7 bits/);
  const { predictions } = json(t, ['predict', '--weights', at('bytes.safetensors'), '--top', '10', at('noise.png')]);
  t.equal((predictions as { classes: unknown[] }[])[0]!.classes.length, 10, 'pictures are told apart in bytes too');
  fails(t, ['convert', at('bytes.safetensors'), at('x')], /a quantized network, where a float one is needed/);
  fails(t, ['quantize', '--weights', at('lenet.safetensors'), '--dataset', 'digits', '--out', at('x')], /lenet5bn has no adder layer/);
});

t.test('failures are one line and exit code 1', async (t) => {
  const weights = ['--weights', at('model.safetensors')];
  mkdirSync(at('full/inside'), { recursive: true });
  fails(t, ['info', at('missing.pth')], /cannot read the weights file '.*missing\.pth': ENOENT/);
  fails(t, ['info', at('corrupt.safetensors')], /corrupt\.safetensors is text that begins with "no weights at all"/);
  fails(t, ['evaluate', '--weights', at('corrupt.safetensors'), '--data', at('data')], /is text that begins with/);
  fails(t, ['evaluate', ...weights, '--data', at('missing')], /cifar10: there is no folder '.*missing', expected one with data_batch_1/);
  fails(t, ['evaluate', ...weights, '--data', at('damaged')], /5000 bytes are not a multiple of the 3073/);
  fails(
    t,
    [...evaluateArguments(), '--dataset', 'imagenet'],
    /name is "imagenet", expected one of digits, cifar10, cifar100, mnist, fashion-mnist/,
  );
  fails(t, [...evaluateArguments(), '--model', 'resnet21'], /no network 'resnet21', expected one of lenet5bn/);
  fails(t, [...evaluateArguments(), '--model', 'resnet32'], /does not fit this network/);
  fails(t, [...evaluateArguments(), '--threads', '5000'], /threads is 5000, expected an integer from 1 to 1024/);
  fails(
    t,
    ['evaluate', '--weights', at('pets.safetensors'), '--data', at('data'), '--dataset', 'cifar10'],
    /of 10 classes, but resnet20 takes \[32,32,3\] and tells 3/,
  );
  fails(t, ['predict', ...weights, at('missing.png')], /cannot read the image '.*missing\.png'/);
  fails(t, ['predict', ...weights, at('picture.txt')], /cannot read the image '.*picture\.txt'/);
  fails(
    t,
    ['convert', at('model.safetensors'), at('missing/out.safetensors')],
    /cannot write the weights file '.*out\.safetensors': ENOENT/,
  );
  fails(t, ['convert', at('model.safetensors'), at('full')], /cannot write the weights file/);
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
  fails(t, evaluateArguments(), /ADDERNET_NUM_THREADS is not an integer/, { ADDERNET_NUM_THREADS: 'many' });
});

t.test('ADDERNET_DEBUG=1 shows the stack', async (t) => {
  const { status, stdout, stderr } = addernet(['info', at('missing.pth')], { ADDERNET_DEBUG: '1' });
  t.same({ status, stdout }, { status: 1, stdout: '' });
  t.match(stderr, /AdderNetError: cannot read the weights file .*\n\s+at /);
  t.match(stderr, /code: 'ERR_ARGUMENT'/);
});

t.test('wrong usage is exit code 2', async (t) => {
  const wrong: [string[], RegExp][] = [
    [['trian'], /unknown command 'trian'/],
    [['info', '--jsno'], /unknown option '--jsno'/],
    [['info', 'one', 'two'], /too many arguments/],
    [['evaluate', '--data', 'x'], /required option '--weights <file>' not specified/],
    [[...evaluateArguments(), '--limit', '0'], /'--limit <n>' argument '0' is invalid. Expected a positive integer/],
    [[...evaluateArguments(), '--batch', 'ten'], /'--batch <n>' argument 'ten' is invalid/],
    [[...evaluateArguments(), '--dtype', 'f16'], /'--dtype <type>' argument 'f16' is invalid. Allowed choices are f32/],
    [['predict', '--weights', 'x'], /missing required argument 'image'/],
    [['predict', '--weights', 'x', 'y', '--top', '1.5'], /'--top <n>' argument '1\.5' is invalid/],
    [['convert', 'x'], /missing required argument 'out'/],
    [[], /Usage: addernet/],
  ];
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = addernet(args);
    t.same({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
    t.match(stderr, message);
  }
});

t.test('help and version are successes', async (t) => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  t.same(addernet(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
  const { status, stdout, stderr } = addernet(['--help']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  for (const command of ['info', 'evaluate', 'predict', 'convert', 'rebuild']) t.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
  t.match(addernet(['evaluate', '--help']).stdout, /--weights <file>/);
});

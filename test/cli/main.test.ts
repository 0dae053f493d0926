// The command line, as a process: what it prints and where, and how it ends.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { cpuInfo, evaluate, load, type Model, models, openDataset, save, Tensor } from '../../dist';
import { normalize } from '../../dist/data/normalize';
import { formatSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
import { installedCopy } from '../support/installed';
import * as pt from '../support/pytorch-bytes';
import { program, repository } from '../support/repository';

const { supported, byteAdders } = cpuInfo();

const environment = { ...process.env, ADDERNET_ISA: '', ADDERNET_BYTE_ADDER: '', ADDERNET_NUM_THREADS: '', ADDERNET_DEBUG: '' };
function addernet(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  script = program,
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { env: { ...environment, ...env }, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** One JSON value and a line feed: nothing else may stand on standard output. */
function json(t: Test, args: string[], env?: NodeJS.ProcessEnv): Record<string, unknown> {
  const { status, stdout, stderr } = addernet([...args, '--json'], env);
  t.same({ status, stderr }, { status: 0, stderr: '' }, args.join(' '));
  t.match(stdout, /^\{[^\n]*\}\n$/, 'one line, one object');
  return JSON.parse(stdout);
}

/** Wrong usage: exit code 2, and the line to type for the help of that command. */
function refuses(t: Test, args: string[], message: RegExp): void {
  const { status, stdout, stderr } = addernet(args);
  t.same({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
  t.match(stderr, /^addernet: /);
  t.match(stderr, message);
}

/** Fails with one line on standard error and nothing on standard output. */
function fails(t: Test, args: string[], message: RegExp, env?: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = addernet(args, env);
  t.same({ status, stdout }, { status: 1, stdout: '' }, args.join(' '));
  t.match(stderr, /^addernet: [^\n]+\n$/, 'one line');
  t.match(stderr, message);
  t.notMatch(stderr, /\n\s+at |unexpected/);
}

const folder = t.testdir({ data: {}, damaged: {}, 'corrupt.safetensors': 'no weights at all', 'image.txt': 'no image' });
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
  model = models.resnet20({ seed: 1, kind: 'conv' });
  await save(model, at('model.safetensors'));
  await save(models.lenet5bn({ seed: 1, kind: 'conv' }), at('lenet.safetensors'));
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
function pth(classes = 4): string {
  const storages: pt.SavedStorage[] = [];
  const entries = [...models.lenet5bn({ seed: null, classes }).stateDict()].map(([name, { data, shape }], i) => {
    const sizes = shape.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis]!) : shape;
    const storage = pt.storage(String(i), 'FloatStorage', data);
    storages.push(storage);
    const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
    return [name, pt.tensor(pt.storageId(storage), 0, sizes, strides)] as const;
  });
  writeFileSync(at('lenet.pth'), pt.zipFile(pt.stateDict(...entries), storages));
  return at('lenet.pth');
}

t.test('a foreign file takes the class names of the data set, in place of assumed ones', async (t) => {
  const data = at('letters');
  for (const name of 'abcdefghij')
    for (const i of [0, 1]) {
      mkdirSync(join(data, name), { recursive: true });
      await sharp({ create: { width: 28, height: 28, channels: 3, background: '#777' } })
        .png()
        .toFile(join(data, name, `${i}.png`));
    }
  const weights = ['--weights', pth(10)];
  const ofFolder = [...weights, '--dataset', 'folder', '--data', data, '--json'];
  for (const more of [[], ['--dtype', 'u8', '--calibration', '10']]) {
    const { status, stdout, stderr } = addernet(['evaluate', ...ofFolder, ...more]);
    t.equal(status, 0, stderr);
    t.match(stderr, /note: .*lenet.pth: its classes get the names of the classes of .*letters/);
    t.equal(JSON.parse(stdout).images, 10);
  }
  const out = at('letters.safetensors');
  t.equal(addernet(['quantize', ...ofFolder, '--calibration', '10', '--out', out]).status, 0);
  t.same((await load(out)).classNames, [...'abcdefghij'], 'and the network that is made of it keeps them');
  fails(
    t,
    ['evaluate', '--weights', 'lenet5-bn-mnist', '--dataset', 'folder', '--data', data],
    /without a: open the data .* \(--dataset and --data on the command line\); .*\{ classNames \}; .*addernet train --weights/,
  );
});

t.test('info: the CPU', async (t) => {
  t.match(json(t, ['info']), { model: String, isa: supported[0]!, supported, byteAdder: byteAdders[0]!, byteAdders, threads: Number });
  t.match(json(t, ['info'], { ADDERNET_ISA: 'scalar', ADDERNET_NUM_THREADS: '3' }), {
    ...{ isa: 'scalar', supported, byteAdder: 'scalar', byteAdders: ['scalar'], threads: 3 },
  });
  const { status, stdout, stderr } = addernet(['info']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(
    stdout,
    new RegExp(
      `^CPU {14}.+\ninstruction set  ${supported[0]}   \\(ADDERNET_ISA chooses among ${supported.join(', ')}\\)\n` +
        `byte adder       ${byteAdders[0]}   \\(ADDERNET_BYTE_ADDER chooses among ${byteAdders.join(', ')}\\)\nthreads .*\n$`,
    ),
  );
});

t.test('info: a weights file', async (t) => {
  const { tensors, metadata, ...own } = json(t, ['info', at('model.safetensors')]) as { tensors: object[]; metadata: { addernet: string } };
  const state = model.stateDict();
  t.same(own, {
    file: at('model.safetensors'),
    bytes: statSync(at('model.safetensors')).size,
    format: 'safetensors',
    layout: 'addernet',
    droppedPrefix: '',
    network: model.metadata,
    numbers: [...state.values()].reduce((sum, { size }) => sum + size, 0),
    notes: [],
  });
  t.ok(metadata.addernet.includes('"resnet20"'), 'the metadata as it stands in the file');
  t.same(
    tensors,
    [...state].map(([name, { shape }]) => ({ name, dtype: 'f32', storedType: 'f32', shape })),
  );

  t.match(json(t, ['info', pth()]), {
    format: 'pytorch',
    layout: 'pytorch',
    network: { name: 'lenet5bn', kind: 'adder', classes: 4 },
    metadata: {},
  });
  const { stdout } = addernet(['info', at('model.safetensors')]);
  for (const line of [
    /model\.safetensors$/,
    /^format {9}safetensors, [\d,]+ bytes$/,
    /^tensors {8}\d+ of [\d,]+ numbers, stored as f32$/,
    /^network {8}resnet20, kind conv$/,
    /^classes {8}10: airplane, automobile, .*, truck$/,
    /^input {10}32 x 32, color$/,
    /^normalization {2}mean 0\.4914, 0\.4822, 0\.4465; std 0\.2023, 0\.1994, 0\.201$/,
    /^data set {7}cifar10$/,
    /^training {7}not recorded$/,
    /^layer1\.0\.conv1\.weight +f32 {2}\[16,3,3,16\]$/,
  ])
    t.match(stdout, new RegExp(line.source, 'm'));
  t.notMatch(stdout, /\{/, 'no JSON');
  t.match(addernet(['info', at('lenet.pth')]).stdout, /format {9}pytorch, .*network {8}lenet5bn, kind adder\nclasses {8}4, without names/s);

  const bundled = addernet(['info', 'lenet5-bn-mnist-8bit']).stdout;
  t.match(bundled, /^network {8}lenet5bn, kind adder, quantized to 8 bits$/m);
  t.match(bundled, /^training {7}99\.\d\d % of 10,000 images after 15 epochs of `addernet train --dataset mnist .*` with seed 1$/m);
});

t.test('info: tensors of no network known here', (t) => {
  const hostile = 'red\x1b[31m\u202e';
  const bytes = formatSafetensors(new Map([[hostile, Tensor.zeros([2])]]), { license: 'MIT\nformat  fake' });
  writeFileSync(at('foreign.safetensors'), bytes);
  const described = json(t, ['info', at('foreign.safetensors')]);
  t.match(described, { network: null, reason: /no classifier/, metadata: { license: 'MIT\nformat  fake' }, tensors: [{ name: hostile }] });
  const { status, stdout } = addernet(['info', at('foreign.safetensors')]);
  t.equal(status, 0);
  t.match(stdout, /^network +not a known network: .*no classifier/m);
  t.match(stdout, /^license +MIT\\nformat {2}fake$/m, 'one line');
  t.match(stdout, /^red\\x1b\[31m\\u202e {2}f32 {2}\[2\]$/m, 'control characters are written out');
  t.end();
});

t.test('models: the bundled networks', (t) => {
  const { models: listed } = json(t, ['models']) as { models: { name: string }[] };
  t.same(
    listed.map(({ name }) => name),
    models.pretrainedModels(),
  );
  t.match(listed[1], { name: 'lenet5-bn-mnist-8bit', network: 'lenet5bn', kind: 'adder', bits: 8, dataset: 'mnist', classes: 10 });
  t.match(listed[1], { accuracy: Number, bytes: Number, inputShape: [28, 28, 1], classNames: Array });
  const { stdout } = addernet(['models']);
  t.match(stdout, /^resnet20-cifar10-8bit +adder +8 bits +90\.\d\d % +\d+ kB +cifar10$/m);
  t.match(stdout, /^cifar10 +32 x 32, color, 10 classes: airplane, /m);
  t.end();
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
  t.match(stdout, `resnet20 (conv) on 30 images of cifar10 test\ntop-1 ${percent(top1)}   top-5 ${percent(top5)}\n`);
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
    'a network of gray images',
  );
});

t.test('predict: transparent images, and those that are black on white', async (t) => {
  const [transparent, ink] = [at('transparent.png'), at('ink.png')];
  const seven = 'M8 7 H20 L12 23'; // on 28x28 pixels
  const drawing = (color: string) =>
    Buffer.from(`<svg width="28" height="28"><path d="${seven}" fill="none" stroke="${color}" stroke-width="3"/></svg>`);
  await sharp(drawing('white')).png().toFile(transparent);
  await sharp(drawing('black')).flatten({ background: 'white' }).png().toFile(ink);
  const best = (...args: string[]) => {
    const { predictions } = json(t, ['predict', '--weights', 'lenet5-bn-mnist', '--top', '1', ...args]);
    return (predictions as { classes: { name: string }[] }[])[0]!.classes[0]!.name;
  };
  t.equal(best(transparent, '--background', 'black'), '7');
  t.equal(best(ink, '--invert'), '7');
  t.not(best(ink), '7', 'which it is not without');
  const args = ['predict', '--weights', 'lenet5-bn-mnist', ink];
  fails(t, [...args, '--background', 'no-color'], /background is "no-color", expected a CSS color/);
  fails(t, [...args, '--max-pixels', '700'], /ink\.png' is too large: it has more than 700 pixels \(option --max-pixels\)/);
  refuses(t, [...args, '--max-pixels', '0'], /Expected a positive integer/);
});

t.test('predict goes on after an image that cannot be read', async (t) => {
  const args = ['predict', '--weights', at('model.safetensors'), '--top', '1', at('red.jpg'), at('image.txt'), at('noise.png')];
  const { status, stdout, stderr } = addernet(args);
  t.equal(status, 1);
  t.match(stdout, /^.*red\.jpg\n {2}\w+ +\d+\.\d\d %\n.*noise\.png\n {2}\w+ +\d+\.\d\d %\n$/);
  t.match(stderr, /^addernet: [^\n]*image\.txt[^\n]*\n$/);
  const printed = addernet([...args, '--json']);
  t.equal(printed.status, 1);
  t.equal(printed.stderr, stderr);
  t.match(JSON.parse(printed.stdout), {
    predictions: [
      { image: at('red.jpg'), classes: [{ name: String }] },
      { image: at('image.txt'), error: /image\.txt/ },
      { image: at('noise.png'), classes: [{ name: String }] },
    ],
  });
});

t.test('predict - reads standard input', async (t) => {
  const args = ['predict', '--weights', at('model.safetensors'), '--json'];
  const piped = (input: Uint8Array, ...more: string[]) =>
    spawnSync(process.execPath, [program, ...args, '-', ...more], { env: environment, encoding: 'utf8', input });
  const named = json(t, ['predict', '--weights', at('model.safetensors'), at('noise.png')]) as { predictions: { classes: object[] }[] };
  const { predictions } = JSON.parse(piped(readFileSync(at('noise.png'))).stdout);
  t.same(predictions, [{ image: '-', classes: named.predictions[0]!.classes }]);
  t.match(piped(Buffer.from('no image')), { status: 1, stderr: /^addernet: standard input: / });
  t.match(piped(Buffer.alloc(0)), { status: 1, stderr: /^addernet: standard input: it is empty/ });
  t.match(piped(Buffer.alloc(0), '-'), { status: 1, stderr: /- is given more than once/ });
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
  t.same({ status, stdout }, { status: 0, stdout: `${out}: lenet5bn, kind adder, 4 classes\n` });
  t.match(stderr, /^(addernet: note: [^\n]+\n)+$/, 'what was assumed');
  t.match(stderr, /does not say how images are normalized/);
  t.match((await load(out)).metadata, { name: 'lenet5bn', kind: 'adder', classes: 4 });
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
  t.same([quantizing.top1, quantizing.loss, quantizing.bits], [stored.top1, stored.loss, 7], 'the file is the network that was quantized');
  t.match(addernet(['evaluate', '--weights', at('bytes.safetensors'), '--limit', '40']).stdout, /u8, 7 bits/);
  t.match(json(t, ['info', at('bytes.safetensors')]), { network: { name: 'lenet5bn', kind: 'adder', classes: 10, bits: 7 } });
  t.match(addernet(['info', at('bytes.safetensors')]).stdout, /network +lenet5bn, kind adder, quantized to 7 bits/);
  const { predictions } = json(t, ['predict', '--weights', at('bytes.safetensors'), '--top', '10', at('noise.png')]);
  t.equal((predictions as { classes: unknown[] }[])[0]!.classes.length, 10, 'images are classified in bytes too');

  const wide = ['--weights', at('wide.safetensors')];
  const made = addernet(['quantize', '--weights', at('digits.safetensors'), '--calibration', '20', '--bits', '16', '--out', wide[1]!]);
  t.match(made.stdout, /wide\.safetensors: lenet5bn in 16 bits, /);
  const storedWide = json(t, ['evaluate', ...wide, '--limit', '40']);
  t.match(storedWide, { dtype: 'i16', bits: 16, images: 40 });
  const digits = ['--weights', at('digits.safetensors'), '--limit', '40', '--calibration', '20'];
  const quantizingWide = json(t, ['evaluate', ...digits, '--dtype', 'i16']);
  t.same([quantizingWide.loss, quantizingWide.bits], [storedWide.loss, 16], '16 bits are the default of int16');
  t.match(json(t, ['evaluate', ...digits, '--dtype', 'i16', '--bits', '12']), { dtype: 'i16', bits: 12 });
  t.match(json(t, ['info', ...wide.slice(1)]), { network: { name: 'lenet5bn', bits: 16 } });
  t.match(json(t, ['predict', ...wide, at('noise.png')]), { predictions: [{}] });
  for (const contradiction of [
    ['u8', '12'],
    ['i16', '8'],
  ])
    refuses(
      t,
      ['evaluate', ...digits, '--dtype', contradiction[0]!, '--bits', contradiction[1]!],
      /--bits applies only from 2 to 8 with --dtype u8, and from 9 to 16 with --dtype i16/,
    );
  fails(t, ['evaluate', ...wide, '--dtype', 'u8'], /--dtype applies only to float networks, but this one is already quantized/);

  const out = ['--out', at('x.safetensors')];
  const bytes = ['--weights', at('bytes.safetensors')];
  fails(t, ['convert', at('bytes.safetensors'), at('x.safetensors')], /convert: .*bytes\.safetensors is already quantized to 7 bits/);
  fails(t, ['quantize', ...bytes, ...out], /quantize: .*bytes\.safetensors is already quantized to 7 bits; expected the float network/);
  fails(t, ['evaluate', ...bytes, '--dtype', 'f32'], /--dtype applies only to float networks, but this one is already quantized/);
  fails(t, ['evaluate', ...bytes, '--dtype', 'u8', '--bits', '4'], /--bits applies only to float networks/);
  t.match(json(t, ['evaluate', ...bytes, '--dtype', 'u8', '--limit', '40']), { bits: 7 }, 'it is of that type');
  fails(t, ['quantize', '--weights', at('lenet.safetensors'), '--dataset', 'digits', ...out], /lenet5bn has no adder layer/);
  t.notOk(existsSync(at('x.safetensors')));
});

t.test('nothing is written over, or under the name of another format', (t) => {
  const file = at('precious.safetensors');
  copyFileSync(at('model.safetensors'), file);
  symlinkSync(file, at('link.safetensors'));
  for (const out of [file, at('data/../precious.safetensors'), at('link.safetensors')]) {
    fails(t, ['convert', file, out], /the output .* is also the input: choose another name/);
    fails(t, ['quantize', '--weights', file, '--out', out], /--out .* is also the input: choose another name/);
  }
  t.ok(readFileSync(file).equals(readFileSync(at('model.safetensors'))));
  for (const extension of ['.onnx', '.pth', ''])
    fails(
      t,
      ['convert', file, at(`y${extension}`)],
      /does not end in \.safetensors, the only format that can be written: use the output .*y\.safetensors$/m,
    );
  mkdirSync(at('folder.safetensors'));
  fails(t, ['convert', file, at('folder.safetensors')], /is a folder, expected the name of a file/);
  fails(t, ['convert', file, at('missing/out.safetensors')], /is in the folder .*missing, which does not exist: create it first/);
  fails(t, ['data', 'get', 'mnist', '--out', file], /--out .*precious\.safetensors is a file, expected a folder/);
  fails(t, ['demo', '--train', '--out', file], /is a file, expected a folder/);
  fails(t, ['figures', '--out', join(file, 'inside')], /precious\.safetensors is a file, expected a folder/);
  t.end();
});

t.test('data lie where `data get` puts them', (t) => {
  const inFolder = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { env: environment, encoding: 'utf8', cwd: folder });
  const missing = inFolder('evaluate', '--weights', at('lenet.safetensors'));
  t.match(missing, {
    status: 1,
    stderr:
      /no folder data\/mnist with the files of mnist: `addernet data get mnist` downloads them; --data DIR .*; --dataset digits needs no files/,
  });
  t.equal(inFolder('evaluate', '--weights', at('lenet.safetensors'), '--dataset', 'digits', '--limit', '5').status, 0);
  const cifar = inFolder('evaluate', '--weights', at('model.safetensors'));
  t.match(cifar.stderr, /addernet data get cifar10/);
  t.notMatch(cifar.stderr, /digits/, 'which a network of colors cannot take');
  mkdirSync(at('data/cifar10'));
  copyFileSync(at('data/test_batch.bin'), at('data/cifar10/test_batch.bin'));
  t.equal(inFolder('evaluate', '--weights', at('model.safetensors')).status, 0);
  fails(
    t,
    ['evaluate', '--weights', at('pets.safetensors')],
    /the data set 'pets' of the network is unknown: choose one with --dataset: digits, .*, folder/,
  );
  fails(
    t,
    ['evaluate', '--weights', at('digits.safetensors'), '--data', 'x'],
    /--data applies only to data sets with files, such as --dataset mnist; digits are generated/,
  );
  t.end();
});

t.test('failures are one line and exit code 1', async (t) => {
  const weights = ['--weights', at('model.safetensors')];
  mkdirSync(at('full/inside'), { recursive: true });
  fails(t, ['info', at('missing.pth')], /cannot read the weights file '.*missing\.pth': ENOENT/);
  fails(t, ['info', at('corrupt.safetensors')], /corrupt\.safetensors is text that begins with "no weights at all"/);
  fails(t, ['evaluate', '--weights', at('corrupt.safetensors'), '--data', at('data')], /is text that begins with/);
  fails(
    t,
    ['evaluate', ...weights, '--data', at('missing')],
    /no folder .*missing with the files of cifar10: `addernet data get cifar10 --out .*missing` downloads them/,
  );
  fails(t, ['evaluate', ...weights, '--data', at('full')], /cifar10: no test_batch\.bin in .*full/);
  fails(t, ['evaluate', ...weights, '--data', at('damaged')], /5000 bytes are not a multiple of the 3073/);
  fails(
    t,
    [...evaluateArguments(), '--model', 'resnet21'],
    /model\.safetensors contains the network resnet20 of kind conv, which contradicts --model resnet21/,
  );
  fails(
    t,
    [...evaluateArguments(), '--model', 'resnet32'],
    /contains the network resnet20 of kind conv, which contradicts --model resnet32: leave the option out/,
  );
  fails(t, ['predict', ...weights, '--model', 'lenet5bn', at('noise.png')], /which contradicts --model lenet5bn/);
  fails(t, [...evaluateArguments(), '--kind', 'xnor'], /which contradicts --kind xnor/);
  fails(t, [...evaluateArguments(), '--threads', '5000'], /threads is 5000, expected an integer from 1 to 1024/);
  fails(
    t,
    ['evaluate', '--weights', at('pets.safetensors'), '--data', at('data'), '--dataset', 'cifar10'],
    /of 10 classes, but resnet20 takes \[32,32,3\] and classifies 3/,
  );
  fails(t, ['predict', ...weights, at('missing.png')], /cannot read the image '.*missing\.png'/);
  fails(t, ['predict', ...weights, at('image.txt')], /cannot read the image '.*image\.txt'/);
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
  const weights = ['--weights', 'x'];
  const wrong: [string[], RegExp][] = [
    [['trian'], /unknown command 'trian'\n\(Did you mean train\?\)\n\(addernet --help lists what it takes\)/],
    [['info', '--jsno'], /unknown option '--jsno'\n\(Did you mean --json\?\)\n\(addernet info --help lists what it takes\)/],
    [['info', 'one', 'two'], /too many arguments/],
    [['data', 'gte', 'mnist'], /unknown command 'gte'\n\(Did you mean get\?\)\n\(addernet data --help/],
    [['data', 'get', 'mnits'], /'mnits' is invalid for argument 'name'. Allowed choices are mnist, .*\n\(addernet data get --help/],
    [['evaluate', '--wieghts', 'x'], /unknown option '--wieghts'\n\(Did you mean --weights\?\)/],
    [['evaluate', '--data', 'x'], /required option '--weights <file>' not specified\n\(addernet evaluate --help/],
    [['quantize', ...weights], /required option '--out <file>' not specified/],
    [['serve'], /required option '--weights <files\.\.\.>' not specified/],
    [[...evaluateArguments(), '--limit', '0'], /'--limit <n>' argument '0' is invalid. Expected a positive integer/],
    [[...evaluateArguments(), '--batch', 'ten'], /'--batch <n>' argument 'ten' is invalid/],
    [[...evaluateArguments(), '--dtype', 'f16'], /'--dtype <type>' argument 'f16' is invalid. Allowed choices are f32/],
    [[...evaluateArguments(), '--dataset', 'imagenet'], /Allowed choices are digits, cifar10, cifar100, mnist, fashion-mnist.*, folder/],
    [['predict', ...weights], /missing required argument 'image'/],
    [['predict', ...weights, 'y', '--top', '1.5'], /'--top <n>' argument '1\.5' is invalid/],
    [['convert', 'x'], /missing required argument 'out'/],
    [
      ['bench', '\x1b[2Jbirds'],
      /'\\x1b\[2Jbirds' is invalid for argument 'what'. Allowed choices are kernels, layers, models, wasm, train, serve/,
    ],
    [[], /Usage: addernet/],
  ];
  for (const [args, message] of wrong) {
    const { status, stdout, stderr } = addernet(args);
    t.same({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
    t.match(stderr, message);
  }
});

t.test('options that do not apply are refused', async (t) => {
  const weights = ['--weights', 'lenet5-bn-mnist'];
  for (const option of [
    ['--bits', '4'],
    ['--range', 'max'],
    ['--calibration', '9'],
  ]) {
    refuses(t, ['evaluate', ...weights, ...option], new RegExp(`${option[0]} applies only with --dtype u8`));
    refuses(t, ['evaluate', ...weights, '--dtype', 'f32', ...option], new RegExp(`${option[0]} applies only with --dtype u8`));
  }
  for (const command of ['evaluate', 'quantize']) {
    const args = [command, ...weights, ...(command === 'quantize' ? ['--out', at('x.safetensors')] : [])];
    refuses(t, [...args, '--dataset', 'digits', '--data', 'x'], /--data applies only to data sets with files/);
    refuses(t, [...args, '--dataset', 'digits', '--image-size', '64'], /--image-size applies only with --dataset folder/);
    for (const option of [['--skip-bad'], ['--invert'], ['--background', 'black']])
      refuses(t, [...args, '--dataset', 'mnist', ...option], new RegExp(`${option[0]} applies only with --dataset folder`));
    for (const option of [['--skip-bad'], ['--image-size', '64']])
      fails(t, [...args, ...option], new RegExp(`${option[0]} applies only with --dataset folder`)); // which the file says
  }
  refuses(t, ['demo', '--images', '5'], /--images applies only with --train/);
  refuses(t, ['demo', '--epochs', '5'], /--epochs applies only with --train/);
  refuses(t, ['demo', '--out', 'x'], /--out applies only with --train/);
  refuses(t, ['demo', '--train', '--data', 'x'], /--data applies only without --train/);
  refuses(t, ['bench', 'serve', '--isa', 'avx2'], /--isa applies only to benchmarks that run in this process/);
  refuses(t, ['bench', 'serve', '--filter', 'x'], /--filter applies only to benchmarks that run in this process/);
  refuses(t, ['serve', ...weights, '--grpc-port', '8080'], /--grpc-port applies only to a port other than --port/);
});

t.test('help and version are successes', async (t) => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  t.same(addernet(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
  const { status, stdout, stderr } = addernet(['--help']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  for (const command of ['info', 'models', 'evaluate', 'predict', 'convert', 'rebuild'])
    t.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
  t.match(addernet(['evaluate', '--help']).stdout, /--weights <file>/);
});

t.test('a reader that has had enough, such as head, ends it without a word', (t) => {
  // By the time that Node has started the reader is gone.
  const command = `"${process.execPath}" "${program}" train --help | exec 0<&-`;
  t.equal(spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stderr, '');
  t.end();
});

// session.classify: from pixels to classes with names, as the reference path of forward passes gives them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { compile, type InferenceSession, layers, type Model, models, normalize, quantize, Tensor } from '../dist';
import { readPicture } from '../dist/data/picture';
import { Random } from '../dist/random';
import { installedCopy } from './installed';
import { calibrate, normal, randomize } from './random-network';

const noise = (length: number) => {
  const random = new Random(1);
  return Uint8Array.from({ length }, () => Math.floor(256 * random.uniform()));
};
const trained = (name: string, options = {}): Model => {
  const model = randomize(models.createModel(name, { seed: 1, ...options }), 2);
  return calibrate(model, normal([4, ...model.inputShape], 3));
};
/** What the layers make of pixels that fit. */
function reference(model: Model, pixels: Uint8Array) {
  const [h, w, c] = model.inputShape;
  const { mean, std } = model.normalization;
  const logits = model.forward(normalize(new Tensor(pixels, [1, h, w, c]), mean, std)).data;
  const sum = logits.reduce((total, v) => total + Math.exp(v), 0);
  return [...logits].map((v, i) => ({ class: i, probability: Math.exp(v) / sum })).sort((a, b) => b.probability - a.probability);
}

t.test('a picture of the size of the input', async (t) => {
  const model = trained('resnet20');
  const session = await compile(model);
  const pixels = noise(32 * 32 * 3);
  const before = pixels.slice();
  const size = { width: 32, height: 32 };
  const found = await session.classify(pixels, { ...size, top: 10 });
  const expected = reference(model, pixels);
  t.same(
    found.map((c) => c.class),
    expected.map((c) => c.class),
  );
  for (const [i, { probability }] of found.entries()) t.ok(Math.abs(probability - expected[i]!.probability) < 1e-4);
  t.ok(Math.abs(found.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-12);
  t.equal(found[0]!.name, model.classNames![found[0]!.class], 'the name is that of the class');
  t.same(await session.classify(pixels, size), found.slice(0, 5), 'five of them where nothing else is said');
  t.same(await session.classify(pixels, { ...size, top: 1 }), found.slice(0, 1));
  t.equal((await session.classify(pixels, { ...size, top: 1000 })).length, 10, 'never more than there are');
  t.same(pixels, before, 'the pixels are as they were');
  session.dispose();
  await t.rejects(session.classify(pixels, size), { code: 'ERR_DISPOSED' });
});

t.test('other sizes and colours', async (t) => {
  const model = trained('resnet20');
  const session = await compile(model);
  const [width, height] = [90, 50];
  const pixels = noise(width * height * 3);
  const found = await session.classify(pixels, { width, height, top: 10 });
  const fitted = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(32, 32, { fit: 'cover' })
    .raw()
    .toBuffer();
  t.same(found, await session.classify(new Uint8Array(fitted), { width: 32, height: 32, top: 10 }), 'scaled to cover the input');

  const grey = noise(32 * 32);
  const asColours = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => grey[Math.floor(i / 3)]!);
  const square = { width: 32, height: 32 };
  t.same(await session.classify(grey, square), await session.classify(asColours, square), 'grey is colours that are alike');
  const opaque = Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => (i % 4 === 3 ? 255 : asColours[Math.floor(i / 4) * 3 + (i % 4)]!));
  t.same(
    await session.classify(opaque, square),
    await session.classify(asColours, square),
    'and opacity changes nothing where all is opaque',
  );
  session.dispose();

  const digits = await compile(trained('lenet5bn'));
  const found1 = await digits.classify(new Uint8Array(28 * 28 * 3).fill(77), { width: 28, height: 28 });
  const found2 = await digits.classify(new Uint8Array(28 * 28).fill(77), { width: 28, height: 28 });
  t.same(found1, found2, 'colours become grey for a network of grey pictures');
});

t.test('files', async (t) => {
  const session = await compile(trained('resnet20'));
  const [width, height] = [90, 50];
  const pixels = noise(width * height * 3);
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const path = join(t.testdir({ 'noise.png': png }), 'noise.png');
  const expected = await session.classify(pixels, { width, height, top: 10 });
  t.same(await session.classify(path, { top: 10 }), expected, 'by their path');
  t.same(await session.classify(png, { top: 10 }), expected, 'and by their bytes');
  const slope = Uint8Array.from({ length: pixels.length }, (_, i) => (i / pixels.length) * 200 + (i % 3) * 20);
  const level = await sharp(slope, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const upright = await sharp(slope, { raw: { width, height, channels: 3 } })
    .rotate(270)
    .png()
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const [turned, straight] = [await readPicture(upright, [32, 32, 3]), await readPicture(level, [32, 32, 3])];
  t.ok(
    turned.data.every((v, i) => Math.abs(v - straight.data[i]!) <= 1), // sharp turns after it has scaled
    'turned upright',
  );
  session.dispose();
});

t.test('quantised networks, and classes without names', async (t) => {
  const model = trained('resnet20', { classes: 7, dataset: 'mine' });
  const small = await quantize(model, normal([8, ...model.inputShape], 4));
  const pixels = noise(32 * 32 * 3);
  const session = await compile(small);
  const found = await session.classify(pixels, { width: 32, height: 32, top: 7 });
  const { mean, std } = small.normalization;
  const logits = small.forward(normalize(new Tensor(pixels, [1, 32, 32, 3]), mean, std)).data;
  t.equal(found[0]!.class, logits.indexOf(Math.max(...logits)));
  t.equal(found[0]!.name, `class ${found[0]!.class}`);
});

t.test('refusals say what to do', async (t) => {
  const session = await compile(trained('resnet20'));
  const pixels = noise(32 * 32 * 3);
  const refused = (code: string, message: RegExp, ...args: Parameters<InferenceSession['classify']>) =>
    t.rejects(session.classify(...args), { code, message });
  await refused('ERR_ARGUMENT', /3072 bytes, expected 31 x 32 pixels of 3/, pixels, { width: 32, height: 31 });
  await refused('ERR_ARGUMENT', /width of the picture is 0/, pixels, { width: 0, height: 32 });
  await refused('ERR_ARGUMENT', /height of the picture is 1.5/, pixels, { width: 32, height: 1.5 });
  await refused('ERR_ARGUMENT', /height of the picture is undefined/, pixels, { width: 32 } as never);
  await refused('ERR_ARGUMENT', /top is 0, expected a number of classes, of which there are 10/, pixels, { width: 32, height: 32, top: 0 });
  await refused('ERR_DTYPE', /pixels are \[object Float32Array\], expected a Uint8Array/, new Float32Array(3072) as never, {
    width: 32,
    height: 32,
  });
  await refused('ERR_FORMAT', /^cannot read the picture: .*unsupported image format/, pixels);
  await refused('ERR_FORMAT', /^cannot read the picture 'cat.png': .*missing/, 'cat.png');
  await refused('ERR_DTYPE', /the picture is \[object Undefined\], expected the path or the bytes/, undefined as never);
  await refused('ERR_DTYPE', /pixels are \[object String\]/, 'cat.png', { width: 32, height: 32 });
  await refused('ERR_DTYPE', /pixels are \[object Undefined\]/, undefined as never, { width: 32, height: 32 });
  const alone = await compile(new layers.Conv2d(3, 4, { kernel: 3 }), { input: [32, 32, 3] });
  await t.rejects(alone.classify(pixels, { width: 32, height: 32 }), { code: 'ERR_ARGUMENT', message: /compile a model/ });
});

t.test('sharp is needed for other sizes only', async (t) => {
  const script = `const { compile, models } = require('${installedCopy(t, { binary: true })}');
    (async () => {
      const session = await compile(models.lenet5bn({ seed: 1 }));
      console.log((await session.classify(new Uint8Array(784), { width: 28, height: 28 })).length);
      await session.classify(new Uint8Array(900), { width: 30, height: 30 }).catch(({ code, message }) => console.log(code, message));
    })();`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  t.match(stdout, /^5\nERR_PEER_MISSING .*npm i sharp\n$/);
});

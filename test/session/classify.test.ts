// session.classify: from pixels to classes with names, as the reference path of forward passes gives them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import {
  type ClassifyOptions,
  compile,
  type ImageSource,
  type InferenceSession,
  layers,
  load,
  Model,
  models,
  normalize,
  quantize,
  Tensor,
} from '../../dist';
import { readImage } from '../../dist/data/image';
import { Random } from '../../dist/random';
import { installedCopy } from '../support/installed';
import { calibrate, randomize } from '../support/random-network';
import { normal } from '../support/tensors';

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

t.test('an image of the size of the input', async (t) => {
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
  t.ok(Math.abs(found.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-6);
  t.equal(found[0]!.name, model.classNames![found[0]!.class], 'the name is that of the class');
  t.same(await session.classify(pixels, size), found.slice(0, 5), 'five of them where nothing else is said');
  t.same(await session.classify(pixels, { ...size, top: 1 }), found.slice(0, 1));
  t.equal((await session.classify(pixels, { ...size, top: 1000 })).length, 10, 'never more than the archive has');
  t.same(pixels, before, 'the pixels are as they were');
  session.dispose();
  await t.rejects(session.classify(pixels, size), { code: 'ERR_DISPOSED' });
});

t.test('other sizes and colors', async (t) => {
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

  const gray = noise(32 * 32);
  const asColors = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => gray[Math.floor(i / 3)]!);
  const square = { width: 32, height: 32 };
  t.same(await session.classify(gray, square), await session.classify(asColors, square), 'gray is colors that are alike');
  const opaque = Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => (i % 4 === 3 ? 255 : asColors[Math.floor(i / 4) * 3 + (i % 4)]!));
  t.same(
    await session.classify(opaque, square),
    await session.classify(asColors, square),
    'and opacity changes nothing where all is opaque',
  );
  session.dispose();

  const digits = await compile(trained('lenet5bn'));
  const found1 = await digits.classify(new Uint8Array(28 * 28 * 3).fill(77), { width: 28, height: 28 });
  const found2 = await digits.classify(new Uint8Array(28 * 28).fill(77), { width: 28, height: 28 });
  t.same(found1, found2, 'colors become gray for a network of gray images');
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
  const [turned, straight] = [await readImage(upright, [32, 32, 3]), await readImage(level, [32, 32, 3])];
  t.ok(
    turned.data.every((v, i) => Math.abs(v - straight.data[i]!) <= 1), // sharp turns after it has scaled
    'turned upright',
  );
  session.dispose();
});

t.test('quantized networks, and classes without names', async (t) => {
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
  const square = { width: 32, height: 32 };
  await refused('ERR_ARGUMENT', /the image has 3072 bytes, expected 31 x 32 pixels of 3/, pixels, { width: 32, height: 31 });
  await refused('ERR_ARGUMENT', /width of the image is 0/, pixels, { width: 0, height: 32 });
  await refused('ERR_ARGUMENT', /height of the image is 1.5/, pixels, { width: 32, height: 1.5 });
  await refused('ERR_ARGUMENT', /height of the image is undefined/, pixels, { width: 32 });
  await refused('ERR_ARGUMENT', /top is 0, expected a number of classes, of which there are 10/, pixels, { ...square, top: 0 });
  await refused(
    'ERR_FORMAT',
    /^cannot read the image of 3072 bytes in memory: its format is not known; expected a JPEG.*; pixels need their width and height/,
    pixels,
  );
  await refused('ERR_ARGUMENT', /^cannot read the image 'cat.png': ENOENT/, 'cat.png');
  await refused('ERR_ARGUMENT', /the file is Float32Array, expected a path.* or pixels/, new Float32Array(3072) as never);
  await refused('ERR_ARGUMENT', /the file is Undefined, expected a path/, undefined as never);
  await refused('ERR_ARGUMENT', /the file is Undefined, expected a path/, undefined as never, square);
  await refused('ERR_ARGUMENT', /width and height are of pixels, but the image is a file.*: leave them out/, 'cat.png', square);
  await refused('ERR_ARGUMENT', /there is no option 'maxpixels', did you mean maxPixels/, pixels, { ...square, maxpixels: 9 } as never);
  await refused('ERR_ARGUMENT', /3072 x 3072 are more than 1000 pixels/, { data: pixels, width: 3072, height: 3072 }, { maxPixels: 1000 });
  await refused('ERR_ARGUMENT', /invert is "yes"/, pixels, { ...square, invert: 'yes' } as never);
  await refused('ERR_ARGUMENT', /signal is an object, expected an AbortSignal/, pixels, { ...square, signal: {} } as never);
  const alone = await compile(new layers.Conv2d(3, 4, { kernel: 3 }), { input: [32, 32, 3] });
  await t.rejects(alone.classify(pixels, { width: 32, height: 32 }), { code: 'ERR_ARGUMENT', message: /compile a model/ });
});

t.test('several images at once', async (t) => {
  const session = await compile(trained('resnet20'));
  const size = { width: 32, height: 32 };
  const [a, b] = [noise(32 * 32 * 3), new Uint8Array(90 * 50 * 3).fill(200)];
  const one = await session.classify(a, size);
  const other = await session.classify(b, { width: 90, height: 50 });
  const images = [
    { data: a, ...size },
    { data: b, width: 90, height: 50 },
  ];
  t.same(await session.classify(images), [one, other], 'a list for each, as alone');
  t.same(await session.classify([a, a], { ...size, top: 1 }), [one.slice(0, 1), one.slice(0, 1)], 'options are for all');
  t.same(await session.classify([]), []);
  await t.rejects(session.classify([images[0]!, Buffer.from('no image')]), {
    code: 'ERR_FORMAT',
    message: /^cannot read images\[1\]: /,
  });
  await t.rejects(session.classify([images[0]!, 'cat.png']), {
    code: 'ERR_ARGUMENT',
    message: /^cannot read images\[1\], 'cat.png': ENOENT/,
  });
  session.dispose();
});

t.test('names and normalization of the network', async (t) => {
  const model = trained('resnet20');
  const session = await compile(model);
  t.same(session.classNames, model.classNames);
  const pixels = new Tensor(noise(2 * 32 * 32 * 3), [2, 32, 32, 3]);
  const { mean, std } = model.normalization;
  t.same(session.normalize(pixels), normalize(pixels, mean, std));
  t.same(session.normalize(pixels.data), normalize(pixels, mean, std), 'bytes alone');
  const first = new Tensor(pixels.data.slice(0, 3072), [32, 32, 3]);
  t.same(session.normalize(first).shape, [1, 32, 32, 3], 'one image is a batch of one');
  t.same((await session.run(session.normalize(pixels))).shape, [2, 10]);
  t.throws(() => session.normalize(new Tensor(new Uint8Array(12), [1, 2, 2, 3])), { code: 'ERR_SHAPE', message: /expected \[n,32,32,3\]/ });
  t.throws(() => session.normalize(new Uint8Array(12)), { code: 'ERR_SHAPE', message: /12 bytes are no images of \[32,32,3\], 3072 each/ });
  t.throws(() => session.normalize(new Uint8Array()), { code: 'ERR_ARGUMENT', message: /^normalize: images is empty/ });
  t.throws(() => session.normalize(new Float32Array(3072) as never), { code: 'ERR_ARGUMENT', message: /images are Float32Array/ });
  t.throws(() => session.normalize(Tensor.zeros([1, 32, 32, 3]) as never), { code: 'ERR_DTYPE' });
  const alone = await compile(new layers.Conv2d(3, 4, { kernel: 3 }), { input: [32, 32, 3] });
  t.equal(alone.classNames, undefined);
  t.throws(() => alone.normalize(pixels), { code: 'ERR_ARGUMENT', message: /compile a model/ });
});

t.test('a white seven on nothing, and a black one on paper', async (t) => {
  const session = await compile(await load('lenet5-bn-mnist'));
  const strokes = 'M6 6 H22 L12 24';
  const seven = (color: string, paper = '') =>
    sharp(
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28">${paper}
      <path d="${strokes}" fill="none" stroke="${color}" stroke-width="2.5"/></svg>`),
    )
      .png()
      .toBuffer();
  const best = async (...args: [ImageSource, ClassifyOptions?]) => (await session.classify(...args))[0]!.name;
  t.equal(await best(await seven('white')), '7');
  t.not(await best(await seven('white'), { background: 'white' }), '7', 'nothing is seen on white');
  t.equal(await best(await seven('black'), { invert: true }), '7');
  t.equal(await best(await seven('black', '<rect width="28" height="28" fill="white"/>'), { invert: true }), '7');
  const { data, info } = await sharp(await seven('white'))
    .raw()
    .toBuffer({ resolveWithObject: true });
  t.equal(await best({ data: new Uint8ClampedArray(data), width: info.width, height: info.height }), '7', 'as a canvas gives it');
  session.dispose();
});

t.test('a signal gives up what waits', async (t) => {
  const session = await compile(trained('resnet20'));
  const image = { data: noise(32 * 32 * 3), width: 32, height: 32 };
  const reason = new Error('the client has gone');
  await t.rejects(session.classify(image, { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const given = session.classify(image, { signal: controller.signal });
  controller.abort(reason);
  await t.rejects(given, reason);
  t.equal((await session.classify(image)).length, 5);
  session.dispose();
});

t.test('decoding leaves threads for files', { skip: process.platform === 'win32' }, async (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'decoding-threads.js')], {
    encoding: 'utf8',
    env: { ...process.env, UV_THREADPOOL_SIZE: '2' },
  });
  t.equal(stdout.trim(), 'a file was read while 6 images waited', stderr);
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

t.test('logits that are not finite are an error, not probabilities of NaN', async (t) => {
  const fc = new layers.Conv2d(1, 3, { kernel: 6 });
  fc.filters.value.data.fill(3e38);
  const metadata = { name: 'overflowing', kind: 'conv', classes: 3, inputShape: [6, 6, 1], dataset: 'none' } as const;
  const session = await compile(
    new Model({ fc, flatten: new layers.Flatten() }, { ...metadata, normalization: { mean: [0.3], std: [0.3] } }),
  );
  const white = { data: new Uint8Array(36).fill(255), width: 6, height: 6 };
  const expected = (name: string) => ({
    name: 'AdderNetError',
    code: 'ERR_ARGUMENT',
    message: new RegExp(`classify: the logit of class 0 for ${name} is`),
  });
  await t.rejects(session.classify(white), expected('the image'));
  await t.rejects(session.classify([white]), expected('images\\[0\\]'));
  session.dispose();
});

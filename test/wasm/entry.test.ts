// addernet/wasm where something is wrong, and what it makes of images, in Node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import t, { type Test } from 'tap';
import { compile, type ImageOptions, load, type Pixels } from '../../dist';
import { readImage } from '../../dist/data/image';
import type { ImageShape } from '../../dist/data/image-options';
import type * as Wasm from '../../dist/web';
import { testNeeding } from '../support/needing';
import { repository } from '../support/repository';
import { freshEntry, missingModule, moduleFile } from './built';
import { checkClasses } from './classes';
import { smooth } from './images';
import { imagesOf, serving } from './server';

const lenet = readFileSync(join(repository, 'models/lenet5-bn-mnist-8bit.safetensors'));
const resnet = readFileSync(join(repository, 'models/resnet20-cifar10-8bit.safetensors'));

async function ready(): Promise<typeof Wasm> {
  const entry = await freshEntry();
  await entry.init(readFileSync(moduleFile));
  return entry;
}

testNeeding([missingModule], 'files that are none', async (t) => {
  const { load } = await freshEntry();
  const server = await serving(t);
  const cut = (end: number) => load(resnet.subarray(0, end));
  await t.rejects(load(new Uint8Array()), { code: 'ERR_CORRUPT' });
  await t.rejects(load(Buffer.from('{"no": "safetensors"}')), { code: 'ERR_FORMAT' });
  await t.rejects(load(readFileSync(moduleFile)), { code: 'ERR_FORMAT' });
  for (const end of [7, 100, resnet.length - 1]) await t.rejects(cut(end), { name: 'AdderNetError', code: /ERR_CORRUPT|ERR_FORMAT/ });
  await t.rejects(load(`${server}models/missing.safetensors`), { code: 'ERR_NETWORK', message: /missing.safetensors: status 404/ });
  await t.rejects(load('http://127.0.0.1:1/x.safetensors'), { code: 'ERR_NETWORK', message: /cannot fetch/ });
  await t.rejects(load(`${server}half`), { code: 'ERR_NETWORK' }, 'a connection that ends early');
  await t.rejects(load('resnet20-cifar10-8bit'), { code: 'ERR_NETWORK' });
  const { name } = await load(`${server}models/resnet20-cifar10-8bit.safetensors`);
  t.equal(name, 'resnet20');
});

testNeeding([missingModule], 'modules that are none', async (t) => {
  const { compile, init, load } = await freshEntry();
  const server = await serving(t);
  const model = await load(lenet);
  const x = imagesOf['lenet5-bn-mnist-8bit']!;
  await t.rejects(init(Buffer.from('no module')), { code: 'ERR_ISA', message: /does not compile it/ });
  await t.rejects(init(readFileSync(moduleFile).subarray(0, 1000)), { code: 'ERR_ISA' });
  await t.rejects(init(`${server}wasm/missing.wasm`), { code: 'ERR_NETWORK', message: /status 404/ });
  await t.rejects(init(`${server}half`), { code: 'ERR_NETWORK' });
  await t.rejects(init('http://127.0.0.1:1/addernet.wasm'), { code: 'ERR_NETWORK' });
  init(new Uint8Array(8)).catch(() => {});
  await t.rejects(compile(model), { code: 'ERR_ISA' }, 'compile waits for the module that was chosen');
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  await t.rejects(init(empty), { code: 'ERR_ISA', message: /not the module of this package/ });
  const bad = init('http://127.0.0.1:1/addernet.wasm');
  await init(new Uint8Array(readFileSync(moduleFile)));
  await t.rejects(bad, { code: 'ERR_NETWORK' });
  (await compile(model)).dispose(); // with the later module
  await init(`${server}wasm/addernet.wasm`);
  const session = await compile(model);
  const { data } = await session.run(session.normalize(x));
  await t.rejects(init(Buffer.from('no module')), { code: 'ERR_ISA' });
  await init(new URL(`${server}wasm/addernet.wasm`));
  const other = await compile(model);
  t.same((await other.run(other.normalize(x))).data, data, 'another one works');
  t.same((await session.run(session.normalize(x))).data, data, 'and so do the sessions of the first one');
});

/** The memories of modules from here on: nothing else says how large they are. */
function watchMemories(t: Test): { readonly buffer: ArrayBuffer }[] {
  const { WebAssembly: api } = globalThis as unknown as { WebAssembly: { Instance: new (module: object) => { exports: object } } };
  const { Instance } = api;
  const memories: { buffer: ArrayBuffer }[] = [];
  api.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      memories.push((this.exports as { memory: { buffer: ArrayBuffer } }).memory);
    }
  };
  t.teardown(() => {
    api.Instance = Instance;
  });
  return memories;
}

testNeeding([missingModule], 'what is disposed of is free', async (t) => {
  const memories = watchMemories(t);
  const { compile, load } = await ready();
  const model = await load(resnet);
  const images = imagesOf['resnet20-cifar10-8bit']!;
  const sizes: number[] = [];
  for (let i = 0; i < 200; i++) {
    const session = await compile(model);
    t.ok(session.memory > 0);
    if (i % 20 < 2) await session.run(session.normalize(images));
    session.dispose();
    session.dispose();
    sizes.push(memories[0]!.buffer.byteLength);
  }
  t.equal(memories.length, 1);
  t.equal(sizes.at(-1), sizes[1], `memory grew from ${sizes[1]} to ${sizes.at(-1)} bytes`);
});

testNeeding([missingModule], 'use after dispose', async (t) => {
  const { compile, load } = await ready();
  const session = await compile(await load(lenet));
  const x = session.normalize(imagesOf['lenet5-bn-mnist-8bit']!);
  const run = session.run(x);
  session.dispose();
  t.equal((await run).shape[0], 6, 'what was begun ends');
  const disposed = { name: 'AdderNetError', code: 'ERR_DISPOSED' };
  t.throws(() => session.runSync(x), disposed);
  await t.rejects(session.run(x), disposed);
  await t.rejects(session.classify({ data: new Uint8Array(784), width: 28, height: 28 }), disposed);
  t.equal(session.memory, 0);
});

/** Pixels of a smooth image, in 1, 3 or 4 channels; the fourth one fades from left to right. */
async function pixels(channels: 1 | 3 | 4, width: number, height: number): Promise<Pixels> {
  const image = channels === 1 ? smooth(width, height).grayscale().toColourspace('b-w') : smooth(width, height);
  const data = await image.raw().toBuffer();
  const faded = (i: number) => (i % 4 === 3 ? Math.round((255 * ((i >> 2) % width)) / width) : data[3 * (i >> 2) + (i % 4)]!);
  return { data: channels === 4 ? Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => faded(i)) : data, width, height };
}

const sizes = [[32, 32], [31, 33], [64, 48], [300, 200], [20, 90], [7, 5], [1, 1]] as const; // biome-ignore format: pairs

testNeeding([missingModule], 'images of any size and channels, as the addon and sharp have them', async (t) => {
  const { compile: compileWasm, load: loadWasm } = await ready();
  for (const [name, file] of Object.entries({ 'resnet20-cifar10-8bit': resnet, 'lenet5-bn-mnist-8bit': lenet })) {
    const [own, native] = [await compileWasm(await loadWasm(file)), await compile(await load(name))];
    for (const channels of [1, 3, 4] as const)
      for (const [width, height] of sizes)
        for (const options of [
          {},
          { background: 'black' },
          { background: '#ff8000' },
          { background: [0, 0, 255] as const, invert: true },
        ]) {
          const image = await pixels(channels, width, height);
          const what = `${name}, ${width} x ${height} x ${channels}, ${JSON.stringify(options)}`;
          checkClasses(t, await own.classify(image, options), await native.classify(image, options), what);
        }
    own.dispose();
    native.dispose();
  }
});

testNeeding([missingModule], 'wrong images', async (t) => {
  const { compile, load } = await ready();
  const session = await compile(await load(resnet));
  const image = await pixels(3, 40, 30);
  const refused = { name: 'AdderNetError', code: 'ERR_ARGUMENT' };
  await t.rejects(session.classify(image, { maxPixels: 1199 }), { ...refused, message: /40 x 30 are more than 1199 pixels/ });
  t.equal((await session.classify(image, { maxPixels: 1200, top: 10 })).length, 10);
  await t.rejects(session.classify({ ...image, width: 41 }), { ...refused, message: /3600 bytes, expected 30 x 41 pixels/ });
  await t.rejects(session.classify({ ...image, width: 0 }), refused);
  await t.rejects(session.classify({ ...image, width: 2 ** 40, height: 2 ** 40 }), refused);
  await t.rejects(session.classify({ ...image, data: new Float32Array(3600) as never }), { code: 'ERR_DTYPE' });
  await t.rejects(session.classify(image, { background: 'no color' }), refused);
  await t.rejects(session.classify(image, { background: [0, 0, 256] }), refused);
  await t.rejects(session.classify(image, { invert: 1 as never }), refused);
  await t.rejects(session.classify(Buffer.from('no image')), { code: 'ERR_PEER_MISSING', message: /pass pixels/ });
  const long = { data: new Uint8Array(2 ** 24), width: 1, height: 2 ** 24 };
  t.equal((await session.classify(long)).length, 5, 'of a long image only the middle is scaled');
  t.equal((await session.classify({ ...long, width: long.height, height: 1 })).length, 5);
});

t.test('levels are those of sharp, within a few', async (t) => {
  const outfile = join(t.testdir(), 'image.mjs');
  const entryPoints = [join(repository, 'lib/data/image.web.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', resolveExtensions: ['.web.ts', '.ts'], logLevel: 'warning' });
  const web: { readImage: typeof readImage } = await import(outfile);
  let largest = 0;
  for (const shape of [[32, 32, 3], [28, 28, 1], [20, 40, 3]] as ImageShape[]) // biome-ignore format: triples
    for (const channels of [1, 3, 4] as const)
      for (const [width, height] of sizes)
        for (const options of [{}, { background: '#20a0ff' }, { invert: true }] as ImageOptions[]) {
          const image = await pixels(channels, width, height);
          const [own, native] = [await web.readImage(image, shape, options), await readImage(image, shape, options)];
          const distance = Math.max(...own.data.map((level, i) => Math.abs(level - native.data[i]!)));
          const what = `${shape} of ${width} x ${height} x ${channels}, ${JSON.stringify(options)}: ${distance} levels`;
          t.same(own.shape, native.shape);
          t.ok(distance <= 4, what);
          largest = Math.max(largest, distance);
        }
  t.comment(`up to ${largest} levels`);
});

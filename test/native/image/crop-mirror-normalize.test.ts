// Images prepared on another thread: against the definition, the bits of `normalize`, and whatever may happen to the memory meanwhile.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import t from 'tap';
import { normalize, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { normalizationTables } from '../../../dist/data/normalize';
import { cropMirrorNormalize } from '../../../dist/ops/crop-mirror-normalize';
import { Random } from '../../../dist/random';
import type { Shape } from '../../../dist/shape';
import { draws } from '../../support/draws';
import { library } from '../../support/repository';
import { bits } from '../../support/tensors';

const elements = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

function sharedBytes(shape: Shape, seed = 1): Tensor<Uint8Array> {
  const random = new Random(seed);
  const data = new Uint8Array(new SharedArrayBuffer(elements(shape)));
  for (let i = 0; i < data.length; i++) data[i] = random.integer(256);
  return new Tensor(data, shape);
}

const mark = 12345;
const guard = 16;
/** With room on both sides in which nothing may be written. */
function sharedFloats(shape: Shape): Tensor {
  const size = elements(shape);
  return new Tensor(new Float32Array(new SharedArrayBuffer(4 * (size + 2 * guard))).fill(mark).subarray(guard, guard + size), shape);
}
const guardsHold = ({ data }: Tensor) =>
  [...new Float32Array(data.buffer, 0, guard), ...new Float32Array(data.buffer, data.byteOffset + data.byteLength)].every(
    (v) => v === mark,
  );

const mean = [0.4914, 0.4822, 0.4465, 0.1, 0];
const std = [0.247, 0.2435, 0.2616, 0.3, 1];
const tablesOf = (c: number) => normalizationTables('test', c, mean.slice(0, c), std.slice(0, c));
const inPlace = (n: number) => new Int32Array(3 * n);

t.test('uncropped, the bits of normalize', async (t) => {
  for (const shape of [
    [1, 1, 1, 1],
    [3, 28, 28, 1],
    [2, 32, 32, 3],
    [1, 3, 5, 5],
    [1, 256, 1, 4],
  ]) {
    const [n, , , c] = shape as [number, number, number, number];
    const [images, out] = [sharedBytes(shape), sharedFloats(shape)];
    t.equal(await cropMirrorNormalize(images, inPlace(n), tablesOf(c), out), undefined);
    t.equal(bits(out), bits(normalize(images, mean.slice(0, c), std.slice(0, c))), `${shape}`);
    t.ok(guardsHold(out));
  }
});

t.test('windows are those of the definition', async () => {
  const size = fc.integer({ min: 1, max: 7 });
  const offset = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -8, max: 8 }) },
    { weight: 1, arbitrary: fc.constantFrom(-(2 ** 31), 2 ** 31 - 1) },
  );
  const window = fc.record({ dy: offset, dx: offset, mirror: fc.boolean() });
  const windows = fc.array(window, { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(size, size, fc.integer({ min: 1, max: 5 }), windows, fc.nat(), async (h, w, c, windows, seed) => {
    const shape = [windows.length, h, w, c];
    const [images, out, tables] = [sharedBytes(shape, seed), sharedFloats(shape), tablesOf(c)];
    const numbers = Int32Array.from(windows.flatMap(({ dy, dx, mirror }) => [dy, dx, Number(mirror)]));
    await cropMirrorNormalize(images, numbers, tables, out);
    out.data.forEach((v, i) => {
      const [channel, column, row, image] = [i % c, Math.floor(i / c) % w, Math.floor(i / c / w) % h, Math.floor(i / c / w / h)];
      const { dy, dx, mirror } = windows[image]!;
      const [y, x] = [row + dy, (mirror ? w - 1 - column : column) + dx];
      const inside = y >= 0 && y < h && x >= 0 && x < w;
      const byte = inside ? images.data[((image * h + y) * w + x) * c + channel]! : 0;
      if (v !== tables[256 * channel + byte]) throw new Error(`y[${image}][${row}][${column}][${channel}] is ${v}`);
    });
    if (!guardsHold(out)) throw new Error('written outside');
  });
  await fc.assert(property, draws(500));
});

t.test('the small arrays may change as soon as the call is made', async (t) => {
  const shape = [64, 32, 32, 3];
  const [images, out, windows, tables] = [sharedBytes(shape), sharedFloats(shape), inPlace(64), tablesOf(3)];
  const done = cropMirrorNormalize(images, windows, tables, out);
  windows.fill(1000);
  tables.fill(Number.NaN);
  await done;
  t.equal(bits(out), bits(normalize(images, mean.slice(0, 3), std.slice(0, 3))));
});

t.test('work goes on while JavaScript is busy', async (t) => {
  const shape = [8, 32, 32, 3];
  const [images, out] = [sharedBytes(shape), sharedFloats(shape)];
  const done = cropMirrorNormalize(images, inPlace(8), tablesOf(3), out);
  const last = new Int32Array(out.data.buffer, out.data.byteOffset, out.size).subarray(-1);
  const unwritten = new Int32Array(Float32Array.of(mark).buffer)[0]!;
  const deadline = Date.now() + 20_000;
  while (Atomics.load(last, 0) === unwritten && Date.now() < deadline);
  t.not(Atomics.load(last, 0), unwritten, 'written before the event loop had a turn');
  await done;
});

t.test('several at once', async (t) => {
  const jobs = Array.from({ length: 12 }, (_, i) => {
    const shape = [5 + i, 32, 32, 3];
    return { images: sharedBytes(shape, i), out: sharedFloats(shape), n: 5 + i };
  });
  await Promise.all(jobs.map(({ images, out, n }) => cropMirrorNormalize(images, inPlace(n), tablesOf(3), out)));
  for (const { images, out } of jobs) t.equal(bits(out), bits(normalize(images, mean.slice(0, 3), std.slice(0, 3))));
});

t.test('what does not fit is refused', async (t) => {
  const shape = [2, 4, 4, 3];
  const good = () => ({ images: sharedBytes(shape), windows: inPlace(2), tables: tablesOf(3), out: sharedFloats(shape) });
  const refused = async (replaced: object, code: string, message: string | RegExp) => {
    const { images, windows, tables, out } = { ...good(), ...replaced };
    await t.rejects(cropMirrorNormalize(images, windows, tables, out), { name: 'AdderNetError', code, message });
  };
  const op = 'cropMirrorNormalize:';
  const plain = new Tensor(new Uint8Array(96), shape);
  await refused({ images: plain }, 'ERR_ARGUMENT', `${op} images does not lie on a SharedArrayBuffer`);
  await refused({ out: Tensor.zeros(shape) }, 'ERR_ARGUMENT', `${op} out does not lie on a SharedArrayBuffer`);
  await refused({ images: sharedFloats(shape) }, 'ERR_DTYPE', `${op} images has dtype f32, expected u8`);
  await refused({ images: sharedBytes([96]) }, 'ERR_SHAPE', `${op} images have shape [96], expected [n,h,w,c]`);
  await refused({ out: sharedBytes(shape) }, 'ERR_DTYPE', `${op} out has dtype u8, expected f32`);
  await refused({ out: sharedFloats([2, 4, 4, 1]) }, 'ERR_SHAPE', `${op} out has shape [2,4,4,1]`);
  await refused({ windows: inPlace(3) }, 'ERR_SHAPE', `${op} windows has 9 numbers, expected 6`);
  await refused({ tables: tablesOf(1) }, 'ERR_SHAPE', `${op} tables has 256 numbers, expected 768`);
  const memory = new SharedArrayBuffer(4 * 96);
  const overlapping = { images: new Tensor(new Uint8Array(memory, 0, 96), shape), out: new Tensor(new Float32Array(memory), shape) };
  await refused(overlapping, 'ERR_ARGUMENT', /out overlaps/);
});

t.test('native code itself refuses what would not be safe', async (t) => {
  const [x, y] = [sharedBytes([2, 4, 4, 3]).data, sharedFloats([2, 4, 4, 3]).data];
  const refused = (replaced: object, code: string, message: RegExp) => {
    const a = { x, windows: inPlace(2), tables: tablesOf(3), height: 4, width: 4, y, done: () => {}, ...replaced };
    t.throws(
      () => native().cropMirrorNormalize(a.x, a.windows, a.tables, a.height, a.width, a.y, a.done),
      { code, message },
      String(message),
    );
  };
  refused({ x: new Uint8Array(96) }, 'ERR_ARGUMENT', /x does not lie on a SharedArrayBuffer/);
  refused({ y: new Float32Array(96) }, 'ERR_ARGUMENT', /out does not lie on a SharedArrayBuffer/);
  refused({ x: y }, 'ERR_DTYPE', /x is a typed array of another type/);
  refused({ x: undefined }, 'ERR_DTYPE', /x is a typed array of another type/);
  refused({ y: y.subarray(1) }, 'ERR_SHAPE', /out has another number of elements than x/);
  refused({ x: x.subarray(1) }, 'ERR_SHAPE', /x is not as long as/);
  refused({ windows: inPlace(3) }, 'ERR_SHAPE', /x is not as long as/);
  refused({ windows: new Int32Array(7) }, 'ERR_SHAPE', /windows are not three numbers/);
  refused({ windows: new Int32Array(0) }, 'ERR_SHAPE', /windows are not three numbers/);
  refused({ tables: new Float32Array(700) }, 'ERR_SHAPE', /tables are not 256 numbers/);
  refused({ tables: new Float32Array(0) }, 'ERR_SHAPE', /tables are not 256 numbers/);
  for (const height of [0, -4, 0.5, Number.NaN, 2 ** 31, '4'])
    refused({ height }, 'ERR_ARGUMENT', /height is (not a number|.*, expected an integer from 1 to 2147483647)/);
  refused({ height: 2 ** 30, width: 2 ** 30 }, 'ERR_SHAPE', /x is not as long as/);
  refused({ done: undefined }, 'ERR_ARGUMENT', /done is not a function/);
  const memory = new SharedArrayBuffer(4 * 96);
  refused({ x: new Uint8Array(memory, 288), y: new Float32Array(memory) }, 'ERR_ARGUMENT', /out overlaps x/);
});

t.test('a worker may be terminated while its work is under way or waits', async (t) => {
  const body = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Tensor } = require(workerData);
    const { cropMirrorNormalize } = require(workerData + '/ops/crop-mirror-normalize');
    const shape = [256, 64, 64, 3];
    const size = 256 * 64 * 64 * 3;
    for (let i = 0; i < 8; i++) {
      const images = new Tensor(new Uint8Array(new SharedArrayBuffer(size)), shape);
      const out = new Tensor(new Float32Array(new SharedArrayBuffer(4 * size)), shape);
      cropMirrorNormalize(images, new Int32Array(3 * 256), new Float32Array(3 * 256), out).then(() => parentPort.postMessage('done'));
    }
    parentPort.postMessage('queued');
    setInterval(() => {}, 1000);
  `;
  for (let i = 0; i < 5; i++) {
    const worker = new Worker(body, { eval: true, workerData: library });
    t.same(await once(worker, 'message'), ['queued']);
    await new Promise((resolve) => setTimeout(resolve, 3 * i));
    t.equal(await worker.terminate(), 1);
  }
  const [images, out] = [sharedBytes([1, 2, 2, 1]), sharedFloats([1, 2, 2, 1])];
  await cropMirrorNormalize(images, inPlace(1), tablesOf(1), out);
  t.ok(guardsHold(out), 'and others work on');
});

t.test('memory lives as long as the work on it, and no longer', async (t) => {
  // Two long runs hold both threads, so that the work stays queued until they end.
  const script = `
    const { setImmediate: turn } = require('node:timers/promises');
    const { compile, models, Tensor } = require(${JSON.stringify(library)});
    const { native } = require(${JSON.stringify(join(library, 'binding'))});
    const arrays = [];
    const start = () => {
      const [x, y] = [new Uint8Array(new SharedArrayBuffer(3)), new Float32Array(new SharedArrayBuffer(12))];
      arrays.push(new WeakRef(x), new WeakRef(y));
      return new Promise((done) => native().cropMirrorNormalize(x, new Int32Array(3), new Float32Array(3 * 256), 1, 1, y, done));
    };
    const held = async () => {
      for (let i = 0; i < 3; i++) { await turn(); gc(); }
      return arrays.filter((array) => array.deref() !== undefined).length;
    };
    (async () => {
      const sessions = await Promise.all([1, 2].map((seed) => compile(models.resnet20({ seed }))));
      let ended = 0;
      const runs = sessions.map((session) => session.run(Tensor.zeros([32, 32, 32, 3])).then(() => { ended++; }));
      const done = start();
      const before = await held();
      console.log(before, ended);
      await done;
      console.log(await held());
      await Promise.all(runs);
    })();
  `;
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', '-e', script], {
    env: { ...process.env, ADDERNET_NUM_THREADS: '1', ADDERNET_ISA: 'scalar' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  t.same(stdout.trim().split('\n'), ['2 0', '0'], 'arrays that are held, and runs that have ended meanwhile');
  t.equal(status, 0);
});

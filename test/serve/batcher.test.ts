// Dynamic batching by itself, on a synthetic network.
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { Tensor } from '../../dist';
import { Batcher, type BatchingOptions } from '../../dist/serve/batcher';

const options: BatchingOptions = { maxBatch: 4, maxDelay: 0, maxQueue: 8 };
const image = (...values: number[]) => new Tensor(Float32Array.from(values), [values.length, 1]);

/** Doubles its input when it is let go on; tells the sizes of its batches. */
function doubling(changed: Partial<BatchingOptions> = {}) {
  const sizes: number[] = [];
  const releases: (() => void)[] = [];
  const run = async (x: Tensor) => {
    await new Promise<void>((resolve) => releases.push(resolve));
    if (x.data.includes(13)) throw new Error('unlucky');
    return new Tensor(
      x.data.map((v) => 2 * v),
      x.shape,
    );
  };
  const batcher = new Batcher(run, { ...options, ...changed }, (images) => sizes.push(images));
  const release = async () => {
    while (releases.length === 0) await setTimeout(1);
    releases.shift()!();
    await setTimeout(5);
  };
  /** All that was asked so far runs. */
  const running = async () => {
    while (batcher.queuedImages > 0) await setTimeout(1);
  };
  return { batcher, sizes, release, running };
}
const valuesOf = async (answers: Promise<{ y: Tensor }>[]) => (await Promise.all(answers)).map(({ y }) => [...y.data]);

t.test('what waits while a batch runs goes together, each gets its own', async (t) => {
  const { batcher, sizes, release, running } = doubling();
  const first = batcher.infer(image(1));
  await running();
  const others = [image(2), image(3, 4), image(5)].map((x) => batcher.infer(x));
  t.equal(batcher.queuedImages, 4);
  await release();
  await release();
  t.same(await valuesOf([first, ...others]), [[2], [4], [6, 8], [10]]);
  t.same(sizes, [1, 4]);
  t.equal(batcher.queuedImages, 0);
});

t.test('requests of one turn of the event loop go together', async (t) => {
  const { batcher, sizes, release } = doubling();
  const answers = [1, 2, 3].map((v) => batcher.infer(image(v)));
  await release();
  t.same(await valuesOf(answers), [[2], [4], [6]]);
  t.same(sizes, [3]);
});

t.test('a batch has its most images, and a large request runs alone', async (t) => {
  const { batcher, sizes, release } = doubling({ maxQueue: 100 });
  const answers = [image(1, 2, 3), image(4, 5), image(6), image(7, 8, 9, 10, 11, 12), image(14)].map((x) => batcher.infer(x));
  for (let i = 0; i < 4; i++) await release();
  t.same(await valuesOf(answers), [[2, 4, 6], [8, 10], [12], [14, 16, 18, 20, 22, 24], [28]]);
  t.same(sizes, [3, 3, 6, 1]);
});

t.test('a delay lets an idle network wait for more, but not for more than a batch', async (t) => {
  const { batcher, sizes, release } = doubling({ maxDelay: 500 });
  const began = performance.now();
  const few = [batcher.infer(image(1))];
  await setTimeout(20);
  few.push(batcher.infer(image(2)));
  await release();
  t.same(await valuesOf(few), [[2], [4]]);
  t.ok(performance.now() - began > 450, 'the delay was waited for');
  const full = performance.now();
  const many = [1, 2, 3, 4].map((v) => batcher.infer(image(v)));
  await release();
  await valuesOf(many);
  t.ok(performance.now() - full < 400, 'a full batch does not wait');
  t.same(sizes, [2, 4]);
});

t.test('a full queue refuses, an empty one does not', async (t) => {
  const { batcher, release, running } = doubling();
  const large = batcher.infer(image(...Array(20).fill(1)));
  await running();
  const waiting = [batcher.infer(image(1, 2, 3, 4)), batcher.infer(image(5, 6, 7, 8))];
  t.ok(batcher.isFull);
  await t.rejects(batcher.infer(image(9)), { statusCode: 503, retryAfter: 1, message: /8 images wait/ });
  for (let i = 0; i < 3; i++) await release();
  t.equal((await large).y.data.length, 20);
  await valuesOf(waiting);
  t.notOk(batcher.isFull);
});

t.test('who goes away leaves the queue, and no other notices', async (t) => {
  const { batcher, sizes, release, running } = doubling();
  const started = new AbortController();
  const first = batcher.infer(image(1), started.signal);
  await running();
  const leaving = new AbortController();
  const gone = batcher.infer(image(2, 3), leaving.signal);
  const stays = batcher.infer(image(4));
  leaving.abort(new Error('gone'));
  started.abort(new Error('too late'));
  await t.rejects(gone, { message: 'gone' });
  t.equal(batcher.queuedImages, 1);
  await release();
  await release();
  t.same(await valuesOf([first, stays]), [[2], [8]], 'what runs, runs');
  t.same(sizes, [1, 1]);
  await t.rejects(batcher.infer(image(1), AbortSignal.abort(new Error('never came'))), { message: 'never came' });
});

t.test('a batch that fails fails those in it alone', async (t) => {
  const { batcher, release } = doubling({ maxBatch: 2 });
  const answers = [1, 13, 3].map((v) => batcher.infer(image(v)));
  const settled = Promise.allSettled(answers);
  await release();
  await release();
  t.match(await settled, [{ reason: { message: 'unlucky' } }, { reason: { message: 'unlucky' } }, { status: 'fulfilled' }]);
});

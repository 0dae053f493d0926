// Dynamic batching by itself, on a synthetic network.
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { AdderNetError, Tensor } from '../../dist';
import { Batcher, type BatchingOptions } from '../../dist/serve/batcher';

const options: BatchingOptions = { maxBatch: 4, maxDelay: 0, maxQueue: 8 };
const image = (...values: number[]) => new Tensor(Float32Array.from(values), [values.length, 1]);

/** Doubles its input when it is let go on; tells the sizes of its batches, and of all runs. An image of 13 fails its run, one of 14 has no output. */
function doubling(changed: Partial<BatchingOptions> = {}) {
  const sizes: number[] = [];
  const runs: number[] = [];
  const releases: (() => void)[] = [];
  const run = async (x: Tensor) => {
    runs.push(x.shape[0]!);
    await new Promise<void>((resolve) => releases.push(resolve));
    if (x.data.includes(13)) throw new AdderNetError('ERR_ARGUMENT', 'unlucky');
    return new Tensor(
      x.data.map((v) => (v === 14 ? Number.NaN : 2 * v)),
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
  /** Lets all go on until the queue is empty and all runs have ended. */
  const releaseAll = async () => {
    for (let idle = 0; idle < 5; idle++) {
      while (releases.length > 0) {
        idle = 0;
        await release();
      }
      await setTimeout(1);
    }
  };
  return { batcher, sizes, runs, release, releaseAll, running };
}
const valuesOf = async (answers: Promise<{ y: Tensor }>[]) => (await Promise.all(answers)).map(({ y }) => [...y.data]);

t.test('what waits while a batch runs goes together, each gets its own', async (t) => {
  const { batcher, sizes, release, running } = doubling();
  const first = batcher.infer(image(1), 'a');
  await running();
  const others = [image(2), image(3, 4), image(5)].map((x) => batcher.infer(x, 'a'));
  t.equal(batcher.queuedImages, 4);
  await release();
  await release();
  t.same(await valuesOf([first, ...others]), [[2], [4], [6, 8], [10]]);
  t.same(sizes, [1, 4]);
  t.equal(batcher.queuedImages, 0);
});

t.test('requests of one turn of the event loop go together', async (t) => {
  const { batcher, sizes, release } = doubling();
  const answers = [1, 2, 3].map((v) => batcher.infer(image(v), 'a'));
  await release();
  t.same(await valuesOf(answers), [[2], [4], [6]]);
  t.same(sizes, [3]);
});

t.test('a batch has its most images; large requests are split, and take turns with small ones', async (t) => {
  const { batcher, sizes, release, releaseAll, running } = doubling({ maxQueue: 100 });
  const before = batcher.infer(image(0), 'a');
  await running();
  const answered: number[] = [];
  const requests = [image(1, 2, 3, 4, 5, 6), image(7, 8, 9, 10, 11, 12), image(15), image(16)];
  const answers = requests.map(async (x, i) => {
    const answer = await batcher.infer(x, 'a');
    answered.push(i);
    return answer;
  });
  await release();
  await before;
  await release();
  t.same(answered, [2, 3], 'those of one image are in the next batch');
  await releaseAll();
  t.same(
    await valuesOf(answers),
    requests.map(({ data }) => [...data].map((v) => 2 * v)),
  );
  t.same(answered, [2, 3, 0, 1]);
  t.same(sizes, [1, 4, 4, 4, 2]);
});

t.test('clients take turns, however many requests each of them has', async (t) => {
  const { batcher, sizes, release, releaseAll, running } = doubling({ maxQueue: 100 });
  const before = batcher.infer(image(0), 'small');
  await running();
  const answered: string[] = [];
  const asks = async (client: string, name: string, ...values: number[]) => {
    await batcher.infer(image(...values), client);
    answered.push(name);
  };
  const answers = [
    ...Array.from({ length: 20 }, (_, i) => asks('busy', `busy ${i}`, 1)),
    asks('large', 'large', ...Array(20).fill(1)),
    asks('small', 'small', 1),
  ];
  await release();
  await before;
  await release();
  t.same(answered, ['busy 0', 'small', 'busy 1']);
  await releaseAll();
  await Promise.all(answers);
  t.same(answered.slice(0, 21).sort(), ['small', ...Array.from({ length: 20 }, (_, i) => `busy ${i}`)].sort());
  t.equal(answered.at(-1), 'large');
  t.same(sizes, [1, ...Array(10).fill(4), 1]);
});

t.test('a delay lets an idle network wait for more, but not for more than a batch', async (t) => {
  const { batcher, sizes, release } = doubling({ maxDelay: 500 });
  const began = performance.now();
  const few = [batcher.infer(image(1), 'a')];
  await setTimeout(20);
  few.push(batcher.infer(image(2), 'a'));
  await release();
  t.same(await valuesOf(few), [[2], [4]]);
  t.ok(performance.now() - began > 450, 'the delay was waited for');
  const full = performance.now();
  const many = [1, 2, 3, 4].map((v) => batcher.infer(image(v), 'a'));
  await release();
  await valuesOf(many);
  t.ok(performance.now() - full < 400, 'a full batch does not wait');
  t.same(sizes, [2, 4]);
});

t.test('a full queue: the largest request of the client with most gives way, or what comes last', async (t) => {
  const { batcher, releaseAll, running } = doubling();
  const full = { statusCode: 503, retryAfter: 1, message: /the server is busy: \d images wait/ };
  const first = batcher.infer(image(1), 'a');
  await running();
  const large = t.rejects(batcher.infer(image(1, 2, 3, 4, 5), 'a'), full);
  const small = batcher.infer(image(6, 7, 8), 'a');
  t.equal(batcher.queuedImages, 8);
  t.doesNotThrow(() => batcher.checkRoom('a'), 'a large request would give way');
  const other = batcher.infer(image(9), 'b');
  await large;
  t.equal(batcher.queuedImages, 4);
  const more = [1, 2, 3, 4].map((v) => batcher.infer(image(v), 'c'));
  t.throws(() => batcher.checkRoom('c'), full);
  await t.rejects(batcher.infer(image(5), 'c'), full, 'who has most already');
  t.doesNotThrow(() => batcher.checkRoom('b'));
  await releaseAll();
  t.same(await valuesOf([first, small, other, ...more]), [[2], [12, 14, 16], [18], [2], [4], [6], [8]]);
  t.equal(batcher.queuedImages, 0);
  t.doesNotThrow(() => batcher.checkRoom('c'));
});

t.test('a request that the queue never holds', async (t) => {
  const { batcher } = doubling();
  await t.rejects(batcher.infer(image(...Array(9).fill(1)), 'a'), {
    statusCode: 413,
    message: /has 9 images, but at most 8 may wait \(--max-queue\)/,
  });
  t.equal(batcher.queuedImages, 0);
});

t.test('a client that disconnects gets its error at once, and the others their answers', async (t) => {
  const { batcher, sizes, release, running } = doubling();
  const started = new AbortController();
  const first = batcher.infer(image(1), 'a', started.signal);
  await running();
  const leaving = new AbortController();
  const gone = batcher.infer(image(2, 3), 'a', leaving.signal);
  const stays = batcher.infer(image(4), 'a');
  leaving.abort(new Error('gone'));
  started.abort(new Error('too late'));
  await t.rejects(gone, { message: 'gone' });
  await t.rejects(first, { message: 'too late' }, 'though its batch runs');
  t.equal(batcher.queuedImages, 1);
  await release();
  await release();
  t.same(await valuesOf([stays]), [[8]]);
  t.same(sizes, [1, 1]);
  await t.rejects(batcher.infer(image(1), 'a', AbortSignal.abort(new Error('never came'))), { message: 'never came' });
});

t.test('a batch that fails fails the requests at fault alone', async (t) => {
  const { batcher, runs, releaseAll } = doubling({ maxBatch: 8 });
  const outOfRange = (index: number) => ({ statusCode: 400, message: new RegExp(`image ${index} of the request is out of range`) });
  const requests = [image(1), image(2, 3, 13), image(4), image(5, 14), image(6)];
  const settled = Promise.allSettled(requests.map((x) => batcher.infer(x, 'a')));
  await releaseAll();
  t.match(await settled, [
    { value: { y: { data: [2] } } },
    { reason: outOfRange(2) },
    { value: { y: { data: [8] } } },
    { reason: outOfRange(1) },
    { value: { y: { data: [12] } } },
  ]);
  t.equal(batcher.queuedImages, 0);
  t.ok(runs.reduce((sum, images) => sum + images) <= 3 * 8, `runs of ${runs}`);
});

t.test('a failure that is not of the images is passed on, and ends', async (t) => {
  const runs: number[] = [];
  const batcher = new Batcher(
    async ({ shape }) => {
      runs.push(shape[0]!);
      throw new AdderNetError('ERR_MEMORY', 'none left');
    },
    { ...options, maxBatch: 32, maxQueue: 32 },
  );
  const answers = Array.from({ length: 32 }, () => batcher.infer(image(1), 'a'));
  for (const { status, ...rest } of await Promise.allSettled(answers)) t.match({ status, ...rest }, { reason: { code: 'ERR_MEMORY' } });
  t.equal(
    runs.reduce((sum, images) => sum + images),
    32 * 6,
    'at most the batch, its halves, and so on',
  );
});

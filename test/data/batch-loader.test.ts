// Batches: which images, in which order, with which bits; and that they are made while JavaScript is blocked.

import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { type Batch, BatchLoader, type BatchLoaderOptions, type Dataset, ImageDataset, normalize, Tensor } from '../../dist';
import { drawMirrored, drawWindows } from '../../dist/data/augment';
import { shown } from '../../dist/quoted';
import { Random } from '../../dist/random';
import { bits } from '../support/tensors';

const [h, w, c] = [4, 5, 3];
const size = h * w * c;
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };

/** Random pixels; the target of an image is its index. */
function numbered(n: number): ImageDataset {
  const random = new Random(1);
  const images = new Tensor(
    Uint8Array.from({ length: n * size }, () => random.integer(256)),
    [n, h, w, c],
  );
  return new ImageDataset({ name: 'numbered', images, targets: Int32Array.from({ length: n }, (_, i) => i), classes: n });
}
const dataset = numbered(23);
const normalized = (index: number) => normalize(dataset.images(index, index + 1), normalization.mean, normalization.std);
const makeLoader = (options: Partial<BatchLoaderOptions> = {}, data: Dataset = dataset) =>
  new BatchLoader(data, { batch: 5, normalization, ...options });

/** A batch as it is now. */
const copy = ({ x, targets }: Batch) => ({ x: new Tensor(x.data.slice(), x.shape), targets: targets.slice() });
/** For comparisons. */
const seen = ({ x, targets }: Batch) => ({ shape: x.shape, bits: bits(new Tensor(x.data.slice(), x.shape)), targets: [...targets] });

async function epochOf(loader: BatchLoader, epoch: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let step = 0; step < loader.steps; step++) batches.push(copy(await loader.load(epoch, step)));
  return batches;
}
const orderOf = (batches: Batch[]) => batches.flatMap(({ targets }) => [...targets]);
const inOrder = (n: number) => Array.from({ length: n }, (_, i) => i);

t.test('without options, the images in their order, normalized', async (t) => {
  const loader = makeLoader();
  t.match(loader, { images: 23, steps: 5 });
  const batches = await epochOf(loader, 0);
  t.same(
    batches.map(({ x }) => x.shape),
    [5, 5, 5, 5, 3].map((n) => [n, h, w, c]),
    'the last holds what is left',
  );
  t.same(orderOf(batches), inOrder(23));
  for (const { x, targets } of batches)
    targets.forEach((target, i) => {
      t.equal(bits(new Tensor(x.data.slice(i * size, (i + 1) * size), [1, h, w, c])), bits(normalized(target)));
    });
  t.same(orderOf(await epochOf(loader, 7)), inOrder(23), 'in every epoch');
});

t.test('batch and limit', async (t) => {
  t.match(makeLoader({ limit: 12 }), { images: 12, steps: 3 });
  t.match(makeLoader({ limit: 100 }), { images: 23, steps: 5 });
  t.match(makeLoader({ batch: 23 }), { images: 23, steps: 1 });
  const large = makeLoader({ batch: 1e9 });
  t.equal(large.steps, 1, 'a batch beyond the end is the whole');
  t.equal((await large.load(0, 0)).targets.length, 23);
  t.same(
    orderOf(await epochOf(makeLoader({ limit: 12, shuffle: true }), 1)).sort((a, b) => a - b),
    inOrder(12),
  );
});

t.test('each epoch has an order of its own, which follows from the seed', async (t) => {
  const order = async (seed: number | undefined, epoch: number) => orderOf(await epochOf(makeLoader({ shuffle: true, seed }), epoch));
  const first = await order(3, 0);
  t.same(await order(3, 0), first);
  t.same(
    [...first].sort((a, b) => a - b),
    inOrder(23),
  );
  for (const [seed, epoch] of [
    [3, 1],
    [4, 0],
    [undefined, 0],
  ] as const) {
    const other = await order(seed, epoch);
    t.same(
      [...other].sort((a, b) => a - b),
      inOrder(23),
    );
    t.notSame(other, first, `seed ${seed}, epoch ${epoch}`);
  }
  t.same(await order(undefined, 0), await order(0, 0), 'the seed is 0');
});

t.test('crops are those of (seed, epoch, step), and each image is mirrored in every other epoch, as (seed) says', async (t) => {
  const augment = { crop: 2, flip: true };
  const loader = makeLoader({ augment, seed: 9 });
  const mirrored = drawMirrored(23, Random.of(9));
  const zeros = [0, 1, 2].map((channel) => Math.fround((0 - normalization.mean[channel]!) / normalization.std[channel]!));
  for (const [epoch, step] of [
    [0, 0],
    [0, 4],
    [1, 0],
    [2, 1],
  ] as const) {
    const { x, targets } = await loader.load(epoch, step);
    const windows = drawWindows(targets.length, augment.crop, Random.of(9, epoch, step));
    const want = Array.from(targets).flatMap((target, i) => {
      const image = normalized(target).data;
      const [dy, dx] = windows.subarray(3 * i, 3 * i + 3) as unknown as [number, number];
      const mirror = (mirrored[target]! + epoch) % 2;
      return Array.from({ length: size }, (_, at) => {
        const [row, column, channel] = [Math.floor(at / c / w) + dy, Math.floor(at / c) % w, at % c];
        const from = (mirror ? w - 1 - column : column) + dx;
        return row >= 0 && row < h && from >= 0 && from < w ? image[(row * w + from) * c + channel]! : zeros[channel]!;
      });
    });
    t.same([...x.data], want, `epoch ${epoch}, step ${step}`);
  }
});

t.test('any batch can be made without those before it', async (t) => {
  for (const augment of [{ crop: 1, flip: true }, (images: Tensor<Uint8Array>, random: Random) => noisy(images, random)]) {
    const options = { augment, shuffle: true, seed: 5 };
    const [all, alone] = [makeLoader(options), makeLoader(options)];
    const epochs = [await epochOf(all, 1), await epochOf(all, 2)];
    for (const [epoch, step] of [
      [2, 3],
      [1, 4],
      [2, 0],
    ] as const)
      t.same(seen(await alone.load(epoch, step)), seen(epochs[epoch - 1]![step]!), `epoch ${epoch}, step ${step}`);
  }
});

function noisy(images: Tensor<Uint8Array>, random: Random): Tensor<Uint8Array> {
  return new Tensor(
    images.data.map((v) => v ^ random.integer(2)),
    images.shape,
  );
}

t.test('a batch stays until the second load after it, whose memory is its own', async (t) => {
  const loader = makeLoader();
  const first = await loader.load(0, 0);
  const before = seen(first);
  const second = await loader.load(0, 1);
  t.same(seen(first), before, 'the next load leaves it alone');
  t.not(first.x.data.buffer, second.x.data.buffer);
  const third = await loader.load(0, 2);
  t.equal(third.x.data.buffer, first.x.data.buffer, 'the second takes its memory');
  t.same([...third.targets], [10, 11, 12, 13, 14]);
});

t.test('loads in flight do not touch each other', async (t) => {
  const options = { augment: { crop: 2, flip: true }, shuffle: true, batch: 2 };
  const expected = [await epochOf(makeLoader(options), 0), await epochOf(makeLoader(options), 1)].flat();
  const places = [0, 1].flatMap((epoch) => Array.from({ length: 12 }, (_, step) => [epoch, step] as const));
  const loader = makeLoader(options);
  let next = loader.load(0, 0);
  for (const [i, place] of places.entries()) {
    const current = next;
    if (i + 1 < places.length) next = loader.load(...places[i + 1]!);
    t.same(seen(await current), seen(expected[i]!), `${place}`);
  }
  // More of them wait for the memory: the last two are whole, though no one has seen those before them.
  const queued = await Promise.all(places.map((place) => loader.load(...place)));
  t.same(queued.slice(-2).map(seen), expected.slice(-2).map(seen));
});

t.test('a batch is made while JavaScript is blocked', async (t) => {
  const loader = makeLoader();
  const { x } = await loader.load(0, 0);
  await loader.load(0, 1);
  const last = new Int32Array(x.data.buffer).subarray(x.size - 1, x.size);
  const old = last[0]!;
  const coming = loader.load(0, 2); // into the memory of the first
  const deadline = Date.now() + 20_000;
  while (Atomics.load(last, 0) === old && Date.now() < deadline);
  t.not(Atomics.load(last, 0), old, 'before any promise had a turn');
  await coming;
});

t.test('a data set may take its time', async (t) => {
  const slow: Dataset = {
    ...dataset,
    images: (start, end) => dataset.images(start, end),
    targets: (start, end) => dataset.targets(start, end),
    gather: async (indices, images, targets) => {
      await setTimeout(indices[0]! % 2 ? 10 : 1);
      dataset.gather(indices, images, targets);
      indices.fill(0);
    },
  };
  const options = { shuffle: true, augment: { crop: 1 } };
  const loader = makeLoader(options, slow);
  const expected = (await epochOf(makeLoader(options), 0)).map(seen);
  for (const step of [0, 2, 1, 3]) {
    const both = await Promise.all([loader.load(0, step), loader.load(0, step + 1)]);
    t.same(both.map(seen), expected.slice(step, step + 2));
  }
  const queued = await Promise.all(inOrder(5).map((step) => loader.load(0, step)));
  t.same(queued.slice(-2).map(seen), expected.slice(-2));
});

t.test('a transform of the user’s own', async (t) => {
  const seeds: number[] = [];
  const loader = makeLoader({
    seed: 8,
    augment: (images, random) => {
      t.match(images, { dtype: 'u8' });
      seeds.push(random.uniform());
      images.data.reverse();
      return images;
    },
  });
  const { x } = await loader.load(1, 4);
  t.same(seeds, [Random.of(8, 1, 4).uniform()]);
  const reversed = new Tensor(dataset.images(20, 23).data.slice().reverse(), [3, h, w, c]);
  t.equal(bits(new Tensor(x.data.slice(), x.shape)), bits(normalize(reversed, normalization.mean, normalization.std)), 'in place');
  const inverted = makeLoader({
    augment: ({ data, shape }) =>
      new Tensor(
        data.map((v) => 255 - v),
        shape,
      ),
  });
  const dark = new Tensor(
    dataset.images(0, 5).data.map((v) => 255 - v),
    [5, h, w, c],
  );
  t.same((await inverted.load(0, 0)).x.data, normalize(dark, normalization.mean, normalization.std).data, 'a new tensor');
  t.same(dataset.images(0, 23).data, numbered(23).images(0, 23).data, 'the data set is as it was');
});

t.test('a transform that returns something else, or throws', async (t) => {
  const returning = (result: (images: Tensor<Uint8Array>) => unknown) => makeLoader({ augment: result as never }).load(0, 0);
  const shape = '[5,4,5,3]';
  await t.rejects(
    returning(() => new Tensor(new Uint8Array(size), [1, h, w, c])),
    {
      code: 'ERR_SHAPE',
      message: `BatchLoader: augment returned [1,4,5,3], expected a Tensor of the given shape ${shape}`,
    },
  );
  await t.rejects(
    returning((images) => images.reshape([5, w, h, c])),
    { code: 'ERR_SHAPE' },
  );
  await t.rejects(
    returning(() => undefined),
    {
      code: 'ERR_SHAPE',
      message: `BatchLoader: augment returned undefined, expected a Tensor of the given shape ${shape}`,
    },
  );
  await t.rejects(
    returning(() => Tensor.zeros([5, h, w, c])),
    {
      code: 'ERR_DTYPE',
      message: 'BatchLoader: augment returned dtype f32, expected u8',
    },
  );
  let calls = 0;
  const once = makeLoader({
    augment: (images) => {
      if (calls++ === 0) throw new Error('not this time');
      return images;
    },
  });
  const [failed, ...others] = [0, 1, 2].map((step) => once.load(0, step));
  await t.rejects(failed!, { message: 'not this time' });
  t.same(
    (await Promise.all(others)).map(({ targets }) => targets[0]),
    [5, 10],
    'those that wait for its memory get it',
  );
});

t.test('what does not fit is refused', async (t) => {
  const refused = (options: object, message: string) =>
    t.throws(() => makeLoader(options), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message: `BatchLoader: ${message}` });
  for (const value of [0, -1, 2.5, Number.NaN, '5', null]) {
    refused({ batch: value }, `batch is ${shown(value)}, expected a positive integer`);
    refused({ limit: value }, `limit is ${shown(value)}, expected a positive integer`);
  }
  refused({ seed: 0.5 }, 'seed is 0.5, expected an integer');
  refused({ shuffle: 'yes' }, 'shuffle is "yes", expected true or false');
  refused({ augment: null }, 'augment is null, expected { crop, flip } or a function');
  refused({ augment: 'flip' }, 'augment is "flip", expected { crop, flip } or a function');
  refused({ augment: { crop: 4 } }, 'crop is 4, expected a positive integer less than the 4x5 pixels');
  refused({ augment: { flip: 0.5 } }, 'flip is 0.5, expected true or false');
  refused({ normalization: { mean: [0], std: [1] } }, 'mean is [0], expected 3 numbers, one for each channel');
  refused({ normalization: { mean: [0, 0, 0], std: [1, 0, 1] } }, 'std is [1,0,1], expected 3 numbers above 0');

  const loader = makeLoader();
  for (const step of [-1, 5, 0.5, Number.NaN])
    await t.rejects(loader.load(0, step), {
      code: 'ERR_ARGUMENT',
      message: `BatchLoader: step is ${step}, expected an integer from 0 to 4`,
    });
  for (const epoch of [-1, 0.5, Number.NaN, 2 ** 53])
    await t.rejects(loader.load(epoch, 0), { code: 'ERR_ARGUMENT', message: `BatchLoader: epoch is ${epoch}, expected an integer from 0` });
  const huge: Dataset = { ...dataset, length: 2 ** 31 - 1, images: dataset.images, targets: dataset.targets, gather: dataset.gather };
  t.throws(() => makeLoader({ batch: 2 ** 31 - 1 }, { ...huge, imageShape: [2 ** 15, 2 ** 15, 3] }), {
    code: 'ERR_MEMORY',
    message: /two batches of 2147483647 images of \[32768,32768,3\] do not fit in memory; choose a smaller batch/,
  });
});

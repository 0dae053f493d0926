// Accuracy: counted by hand on logits that are known, and against a plain loop on a real network.

import t from 'tap';
import { type Dataset, evaluate, ImageDataset, layers, models, Tensor } from '../../dist';
import { normalize } from '../../dist/data/normalize';
import { shown } from '../../dist/quoted';
import { Random } from '../../dist/random';
import type { Shape } from '../../dist/shape';

const classes = 7;
/** The pixel value that becomes the logit NaN. */
const nan = 255;

/** The logits are the pixels. */
class Pixels extends layers.Layer {
  forward(x: Tensor): Tensor {
    const logits = x.data.map((v) => (v > nan - 0.5 ? Number.NaN : Math.round(v)));
    return new Tensor(logits, this.outputShape(x.shape) as number[]);
  }
  outputShape([n]: Shape): Shape {
    return [n!, classes];
  }
}
const model = new models.Model(
  { pixels: new Pixels() },
  {
    name: 'pixels',
    kind: 'conv',
    classes,
    inputShape: [1, 1, classes],
    dataset: 'digits',
    normalization: { mean: Array(classes).fill(0), std: Array(classes).fill(1 / 255) },
  },
);
function dataset(images: number[][], targets: number[]): ImageDataset {
  return new ImageDataset({
    name: 'digits',
    images: new Tensor(Uint8Array.from(images.flat()), [images.length, 1, 1, classes]),
    targets: Int32Array.from(targets),
    classes,
  });
}

t.test('counted by hand', async (t) => {
  const rows: { logits: number[]; target: number; top1: boolean; top5: boolean }[] = [
    { logits: [9, 1, 2, 3, 4, 5, 6], target: 0, top1: true, top5: true },
    { logits: [9, 1, 2, 3, 4, 5, 6], target: 6, top1: false, top5: true },
    { logits: [9, 1, 2, 3, 4, 5, 6], target: 3, top1: false, top5: true },
    { logits: [9, 1, 2, 3, 4, 5, 6], target: 2, top1: false, top5: false },
    { logits: [9, 1, 2, 3, 4, 5, 6], target: 1, top1: false, top5: false },
    // Of equal logits the first is the answer: a network that says nothing is right by its class 0 alone.
    { logits: [3, 3, 3, 3, 3, 3, 3], target: 0, top1: true, top5: true },
    { logits: [3, 3, 3, 3, 3, 3, 3], target: 4, top1: false, top5: true },
    { logits: [3, 3, 3, 3, 3, 3, 3], target: 5, top1: false, top5: false },
    { logits: [nan, 1, 2, 3, 4, 5, 6], target: 0, top1: false, top5: false },
    { logits: [nan, 1, 2, 3, 4, 5, 6], target: 6, top1: true, top5: true },
    { logits: Array(classes).fill(nan), target: 0, top1: false, top5: false },
  ];
  for (const { logits, target, top1, top5 } of rows)
    t.match(
      await evaluate(model, dataset([logits], [target])),
      { top1: Number(top1), top5: Number(top5), images: 1 },
      `${logits}, target ${target}`,
    );
  const all = dataset(
    rows.map(({ logits }) => logits),
    rows.map(({ target }) => target),
  );
  t.match(await evaluate(model, all, { batch: 4 }), { top1: 3 / 11, top5: 6 / 11, images: 11 });
  t.match(await evaluate(model, all, { limit: 3 }), { top1: 1 / 3, top5: 1, images: 3 });
  t.match(await evaluate(model, all, { limit: 12 }), { top1: 3 / 11, images: 11 }, 'a limit beyond the end is no limit');
});

t.test('a network and a loop agree, whatever the batch', async (t) => {
  const lenet = models.lenet5bn({ seed: 4, kind: 'conv' });
  const n = 60;
  const random = new Random(5);
  const images = new Tensor(
    Uint8Array.from({ length: n * 28 * 28 }, () => random.uniform() * 256),
    [n, 28, 28, 1],
  );
  const targets = Int32Array.from({ length: n }, () => random.uniform() * 10);
  const data = new ImageDataset({ name: 'noise', images, targets, classes: 10 });
  const expected = (count: number) => {
    let [first, firstFive] = [0, 0];
    for (let i = 0; i < count; i++) {
      const logits = lenet.forward(normalize(data.images(i, i + 1), lenet.normalization.mean, lenet.normalization.std)).data;
      const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
      if (order[0] === targets[i]) first++;
      if (order.slice(0, 5).includes(targets[i]!)) firstFive++;
    }
    return { top1: first / count, top5: firstFive / count, images: count };
  };
  const all = expected(n);
  t.ok(all.top1 > 0 && all.top1 < all.top5 && all.top5 < 1, 'some of each');
  for (const batch of [undefined, 1, 7, 60, 1000]) t.match(await evaluate(lenet, data, { batch }), all, `batch ${batch}`);
  t.match(await evaluate(lenet, data, { batch: 7, limit: 20 }), expected(20), 'limit');
});

const zeros = dataset(Array(10).fill(Array(classes).fill(0)), Array(10).fill(0));

t.test('onBatch follows every batch, with the event loop between them', async (t) => {
  let [turns, running] = [0, true];
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const calls: number[][] = [];
  const seen: number[] = [];
  await evaluate(model, zeros, {
    batch: 3,
    limit: 8,
    onBatch: (...call) => {
      calls.push(call);
      seen.push(turns);
    },
  });
  running = false;
  t.same(calls, [
    [3, 8],
    [6, 8],
    [8, 8],
  ]);
  t.ok(seen[0]! < seen[1]! && seen[1]! < seen[2]!, `turns of the event loop: ${seen}`);
});

t.test('time is that of the network, not of the caller', async (t) => {
  const pause = 200;
  const result = await evaluate(model, zeros, {
    batch: 5,
    onBatch: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause),
  });
  t.ok(result.seconds > 0 && result.seconds < pause / 1000, `${result.seconds} s`);
  t.equal(result.imagesPerSecond, 10 / result.seconds);
});

t.test('only the images asked for are read', async (t) => {
  const asked: number[] = [];
  const spy: Dataset = {
    name: 'spy',
    length: 1e9,
    classes,
    imageShape: [1, 1, classes],
    images: (start, end) => zeros.images(start, end),
    targets: (start, end) => zeros.targets(start, end),
    gather: (indices, images, targets) => {
      asked.push(...indices);
      return zeros.gather(indices.fill(0), images, targets);
    },
  };
  t.match(await evaluate(model, spy, { batch: 4, limit: 6 }), { top1: 1, top5: 1, images: 6 });
  t.same(asked, [0, 1, 2, 3, 4, 5]);
});

t.test('what does not fit is refused before anything runs', async (t) => {
  const refused = (options: object, code: string, message: string | RegExp, data: Dataset = zeros) =>
    t.rejects(evaluate(model, data, options), { name: 'AdderNetError', code, message });
  for (const name of ['batch', 'limit'])
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null])
      await refused({ [name]: value }, 'ERR_ARGUMENT', `BatchLoader: ${name} is ${shown(value)}, expected a positive integer`);
  const wide = new ImageDataset({
    name: 'wide',
    images: new Tensor(new Uint8Array(2 * classes), [1, 1, 2, classes]),
    targets: Int32Array.of(0),
    classes,
  });
  await refused({}, 'ERR_SHAPE', 'evaluate: wide has images [1,2,7] of 7 classes, but pixels takes [1,1,7] and classifies 7', wide);
  const few = new ImageDataset({
    name: 'few',
    images: new Tensor(new Uint8Array(classes), [1, 1, 1, classes]),
    targets: Int32Array.of(0),
    classes: 2,
  });
  await refused({}, 'ERR_SHAPE', 'evaluate: few has images [1,1,7] of 2 classes, but pixels takes [1,1,7] and classifies 7', few);
  await refused({ onbatch: () => {} }, 'ERR_ARGUMENT', "evaluate: there is no option 'onbatch', did you mean onBatch?");
  for (const strange of [null, {}, 'mnist', Promise.resolve(zeros)])
    await refused({}, 'ERR_ARGUMENT', /^evaluate: the data set is .*expected a Dataset/, strange as never);
  for (const strange of [undefined, {}, new layers.Sequential([new layers.Flatten()])])
    await t.rejects(evaluate(strange as never, zeros), { code: 'ERR_ARGUMENT', message: /^evaluate: model is .*expected a Model/ });
  await t.rejects(
    evaluate(model, zeros, {
      onBatch: () => {
        throw new Error('the caller gives up');
      },
    }),
    { message: 'the caller gives up' },
  );
});

t.test('classes are matched by their names', async (t) => {
  const classNames = [...'abcdefg'];
  const named = new models.Model({ pixels: new Pixels() }, { ...model.metadata, classNames });
  const reversed = (names: readonly string[]) => {
    const images = new Tensor(Uint8Array.of(9, 1, 2, 3, 4, 5, 6), [1, 1, 1, classes]);
    return new ImageDataset({ name: 'reversed', images, targets: Int32Array.of(6), classes, classNames: names });
  };
  t.match(await evaluate(named, reversed([...'gfedcba'])), { top1: 1 }, 'class 6 of the data is a, class 0 of the network');
  t.match(await evaluate(named, reversed(classNames)), { top1: 0 });
  await t.rejects(evaluate(named, reversed([...'abcdefx'])), {
    code: 'ERR_ARGUMENT',
    message: /^evaluate: the classes of reversed are a, b, c, d, e, f, x, but those of the network a, b, c, d, e, f, g, without x/,
  });
});

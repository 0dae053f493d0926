// What is drawn for the images of a batch.

import t from 'tap';
import { checkAugmentation, drawWindows } from '../../dist/data/augment';
import { shown } from '../../dist/quoted';
import { Random } from '../../dist/random';

t.test('windows lie anywhere within the crop, equally often, and half of them are mirrored', async (t) => {
  const n = 50_000;
  const windows = drawWindows(n, { crop: 2, flip: true }, new Random(1));
  t.equal(windows.length, 3 * n);
  const counts = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    const key = windows.subarray(3 * i, 3 * i + 3).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const every = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].flatMap((dx) => [0, 1].map((mirror) => `${dy},${dx},${mirror}`)));
  t.same([...counts.keys()].sort(), every.sort());
  t.ok(
    [...counts.values()].every((count) => Math.abs(count - n / 50) < 5 * Math.sqrt(n / 50)),
    `${[...counts.values()]}`,
  );
});

t.test('what is not asked for is not done', async (t) => {
  t.same(drawWindows(4, {}, new Random(1)), new Int32Array(12));
  const cropped = drawWindows(100, { crop: 3 }, new Random(1));
  t.ok(cropped.every((v, i) => i % 3 < 2 || v === 0) && cropped.some((v) => v !== 0));
  const mirrored = drawWindows(100, { flip: true }, new Random(1));
  t.ok(mirrored.every((v, i) => i % 3 === 2 || v === 0) && mirrored.some((v) => v !== 0));
});

t.test('what cannot be done is refused', async (t) => {
  for (const crop of [0, -1, 1.5, 5, Number.NaN, '2'])
    t.throws(() => checkAugmentation('op', { crop: crop as number }, [8, 5, 3]), {
      code: 'ERR_ARGUMENT',
      message: `op: crop is ${shown(crop)}, expected a positive integer less than the 8x5 pixels of an image`,
    });
  t.throws(() => checkAugmentation('op', { flip: 1 as never }, [8, 5, 3]), {
    code: 'ERR_ARGUMENT',
    message: 'op: flip is 1, expected true or false',
  });
  for (const good of [{}, { crop: 4 }, { flip: false }, { crop: undefined, flip: undefined }]) checkAugmentation('op', good, [8, 5, 3]);
});

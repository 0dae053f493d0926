// What is drawn for the images of a batch.

import t from 'tap';
import { checkAugmentation, drawMirrored, drawWindows } from '../../dist/data/augment';
import { shown } from '../../dist/quoted';
import { Random } from '../../dist/random';

t.test('windows lie anywhere within the crop, equally often', async (t) => {
  const n = 50_000;
  const windows = drawWindows(n, 2, new Random(1));
  t.equal(windows.length, 3 * n);
  const counts = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    const key = windows.subarray(3 * i, 3 * i + 3).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const every = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].map((dx) => `${dy},${dx},0`));
  t.same([...counts.keys()].sort(), every.sort());
  t.ok(
    [...counts.values()].every((count) => Math.abs(count - n / 25) < 5 * Math.sqrt(n / 25)),
    `${[...counts.values()]}`,
  );
});

t.test('half of the images are mirrored in even epochs', async (t) => {
  const mirrored = drawMirrored(50_000, new Random(1));
  const half = mirrored.filter((v) => v === 1).length;
  t.equal(half + mirrored.filter((v) => v === 0).length, 50_000);
  t.ok(Math.abs(half - 25_000) < 5 * Math.sqrt(12_500), `${half}`);
  t.same(drawWindows(4, 0, new Random(1), Uint8Array.of(1, 0, 0, 1)), Int32Array.of(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1));
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

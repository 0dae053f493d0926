// Pictures in folders: which are found, in what order, for which split, and what is refused.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import t from 'tap';
import { openImageFolder } from '../../../dist';

const folder = t.testdir();
async function picture(path: string, value: number): Promise<void> {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const background = { r: value, g: 0, b: 255 - value };
  await sharp({ create: { width: 9, height: 7, channels: 3, background } }).toFile(file);
}
const reds = (images: Awaited<ReturnType<typeof openImageFolder>>) =>
  Array.from({ length: images.length }, (_, i) => images.images(i, i + 1).data[0]!);

t.test('every tenth picture of a class is for testing where there are no splits', async (t) => {
  for (let i = 0; i < 12; i++) await picture(`plain/b/${String(i).padStart(2, '0')}.png`, i);
  for (let i = 0; i < 3; i++) await picture(`plain/A/${i}.PNG`, 100 + i);
  mkdirSync(join(folder, 'plain/.git'));
  writeFileSync(join(folder, 'plain/b/notes.txt'), 'not a picture');
  writeFileSync(join(folder, 'plain/b/.hidden.png'), 'not a picture');
  const train = await openImageFolder(join(folder, 'plain'), [4, 4, 3], 'train');
  const test = await openImageFolder(join(folder, 'plain'), [4, 4, 3], 'test');
  t.same(train.classNames, ['A', 'b'], 'in the order of code units');
  t.same(reds(train), [101, 102, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
  t.same([...train.targets(0, 12)], [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  t.same(reds(test), [100, 0, 10]);
  t.same([...test.targets(0, 3)], [0, 1, 1]);
  t.same(train.imageShape, [4, 4, 3]);
});

t.test('splits in folders of their own', async (t) => {
  for (const [split, value] of [
    ['train', 1],
    ['val', 2],
  ] as const)
    for (const name of ['x', 'y']) await picture(`split/${split}/${name}/p.jpg`, value);
  const train = await openImageFolder(join(folder, 'split'), [7, 9, 3], 'train');
  const test = await openImageFolder(join(folder, 'split'), [7, 9, 3], 'test');
  t.same([train.length, test.length, test.classNames], [2, 2, ['x', 'y']]);
  const grey = await openImageFolder(join(folder, 'split'), [7, 9, 1], 'train');
  t.same(grey.imageShape, [7, 9, 1]);
});

t.test('what cannot be read is named', async (t) => {
  const refuses = (path: string, code: string, message: RegExp, split: 'train' | 'test' = 'train') =>
    t.rejects(openImageFolder(join(folder, path), [4, 4, 3], split), { code, message });
  await refuses('nowhere', 'ERR_ARGUMENT', /cannot read the folder of pictures '.*nowhere'/);
  await picture('one/only/p.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one has 1 folders, expected one for each of two or more classes/);
  mkdirSync(join(folder, 'one/empty'));
  await picture('one/only/q.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one.empty has no pictures/);
  await picture('one/empty/p.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one.empty has one picture, expected two or more/, 'test');
  await picture('broken/a/p.png', 1);
  await picture('broken/a/q.png', 1);
  mkdirSync(join(folder, 'broken/b'));
  writeFileSync(join(folder, 'broken/b/p.png'), 'no picture');
  writeFileSync(join(folder, 'broken/b/q.png'), 'no picture');
  await refuses('broken', 'ERR_FORMAT', /broken.b.q.png/);
  for (let i = 0; i < 100; i++) await picture(`broken/b/z${i}.png`, 1);
  let changes = 0;
  const { default: used } = await import('sharp'); // the module that the package loads: it counts for itself
  used.queue.on('change', () => changes++);
  await refuses('broken', 'ERR_FORMAT', /broken.b.q.png/);
  while (used.counters().process > 0) await setTimeout(1);
  t.ok(changes > 0 && changes < 2 * 20, `the pictures after it are not waited for: ${changes} tasks began or ended`);
  await picture('half/train/a/p.png', 1);
  await picture('half/train/b/p.png', 1);
  await refuses('half', 'ERR_ARGUMENT', /folder train, but none called test or val/, 'test');
});

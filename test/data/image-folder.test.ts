// Images in folders: which are found, in what order, for which split, what is left out and said, and what is refused.
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import t from 'tap';
import { type ImageFolderOptions, openImageFolder } from '../../dist';
import { bmp } from '../support/bitmaps';

const folder = t.testdir();
async function image(path: string, value: number): Promise<void> {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const background = { r: value, g: 0, b: 255 - value };
  await sharp({ create: { width: 9, height: 7, channels: 3, background } }).toFile(file);
}
function write(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}
const reds = (images: Awaited<ReturnType<typeof openImageFolder>>) =>
  Array.from({ length: images.length }, (_, i) => images.images(i, i + 1).data[0]!);

t.test('every tenth image of a class is for testing where there are no splits', async (t) => {
  for (let i = 0; i < 12; i++) await image(`plain/b/${String(i).padStart(2, '0')}.png`, i);
  for (let i = 0; i < 3; i++) await image(`plain/A/${i}.PNG`, 100 + i);
  mkdirSync(join(folder, 'plain/.git'));
  writeFileSync(join(folder, 'plain/b/notes.txt'), 'not an image');
  writeFileSync(join(folder, 'plain/b/.hidden.png'), 'not an image');
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  const train = await openImageFolder(join(folder, 'plain'), [4, 4, 3], 'train', { onNote });
  const test = await openImageFolder(pathToFileURL(join(folder, 'plain')), [4, 4, 3], 'test', { onNote });
  t.same(train.classNames, ['A', 'b'], 'in the order of code units');
  t.same(train.skipped, [join(folder, 'plain/b/notes.txt')], 'what is hidden is not counted');
  t.same(test.skipped, train.skipped);
  t.match(notes, [/plain: 1 file is not an image of a supported format: .*notes\.txt$/, /1 file is not an image/]);
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
    for (const name of ['x', 'y']) await image(`split/${split}/${name}/p.jpg`, value);
  const train = await openImageFolder(join(folder, 'split'), [7, 9, 3], 'train');
  const test = await openImageFolder(join(folder, 'split'), [7, 9, 3], 'test');
  t.same([train.length, test.length, test.classNames], [2, 2, ['x', 'y']]);
  const gray = await openImageFolder(join(folder, 'split'), [7, 9, 1], 'train');
  t.same(gray.imageShape, [7, 9, 1]);
});

// Windows lets administrators alone make links.
t.test('links are followed', { skip: process.platform === 'win32' }, async (t) => {
  for (const name of ['a', 'b']) for (const i of [0, 1]) await image(`kept/${name}/${i}.png`, 10 * i);
  mkdirSync(join(folder, 'linked/b'), { recursive: true });
  symlinkSync(join(folder, 'kept/a'), join(folder, 'linked/a'));
  for (const name of ['0.png', '1.png']) symlinkSync(join(folder, 'kept/b', name), join(folder, 'linked/b', name));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'linked/b/.hidden.png'));
  t.same(reds(await openImageFolder(join(folder, 'linked'), [4, 4, 3], 'train')), [10, 10]);
  symlinkSync(join(folder, 'nowhere'), join(folder, 'linked/b/lost.png'));
  await t.rejects(openImageFolder(join(folder, 'linked'), [4, 4, 3], 'train'), { code: 'ERR_ARGUMENT', message: /linked.b.lost\.png/ });
});

t.test('the splits have the same classes', async (t) => {
  const open = (split: 'train' | 'test') => openImageFolder(join(folder, 'unequal'), [4, 4, 3], split);
  for (const path of ['train/a', 'train/b', 'test/a', 'test/b', 'test/c']) await image(`unequal/${path}/p.png`, 1);
  await t.rejects(open('test'), { code: 'ERR_ARGUMENT', message: /unequal.test.c .*expected a folder of that name in .*unequal.train$/ });
  await image('unequal/train/c/p.png', 1);
  await image('unequal/train/d/p.png', 1);
  await t.rejects(open('test'), { code: 'ERR_ARGUMENT', message: /unequal.test.d/ });
  t.equal((await open('train')).length, 4);
  await t.rejects(open('val' as never), { code: 'ERR_ARGUMENT', message: "openImageFolder: split is \"val\", expected 'train' or 'test'" });
});

t.test('what cannot be read is named', async (t) => {
  const refuses = (path: string, code: string, message: RegExp, split: 'train' | 'test' = 'train') =>
    t.rejects(openImageFolder(join(folder, path), [4, 4, 3], split), { code, message });
  await refuses('nowhere', 'ERR_ARGUMENT', /cannot read the folder of images '.*nowhere'/);
  await image('one/only/p.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one has 1 folders, expected one for each of two or more classes/);
  mkdirSync(join(folder, 'one/empty'));
  await image('one/only/q.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one.empty has no images/);
  await image('one/empty/p.png', 1);
  await refuses('one', 'ERR_ARGUMENT', /one.empty has one image, expected two or more/, 'test');
  await image('broken/a/p.png', 1);
  await image('broken/a/q.png', 1);
  mkdirSync(join(folder, 'broken/b'));
  writeFileSync(join(folder, 'broken/b/p.png'), 'no image');
  writeFileSync(join(folder, 'broken/b/q.png'), 'no image');
  await refuses('broken', 'ERR_FORMAT', /broken.b.q.png/);
  for (let i = 0; i < 100; i++) await image(`broken/b/z${i}.png`, 1);
  let changes = 0;
  sharp.queue.on('change', () => changes++);
  await refuses('broken', 'ERR_FORMAT', /broken.b.q.png/);
  while (sharp.counters().process > 0) await setTimeout(1);
  t.ok(changes > 0 && changes < 2 * 20, `the images after it are not waited for: ${changes} tasks began or ended`);
  await image('half/train/a/p.png', 1);
  await image('half/train/b/p.png', 1);
  await refuses('half', 'ERR_ARGUMENT', /folder train, but none called test or val/, 'test');
});

t.test('every kind of image, in folders below that of the class', async (t) => {
  const kinds = ['bmp', 'jfif', 'jpe', 'ppm', 'pgm', 'tif', 'webp', 'gif', 'avif', 'JPEG'];
  const gray = { create: { width: 4, height: 4, channels: 3 as const, background: '#646464' } };
  const jpeg = await sharp(gray).jpeg().toBuffer();
  const files: Record<string, Uint8Array> = {
    bmp: bmp(4, 4, () => [100, 100, 100]),
    jfif: jpeg,
    jpe: jpeg,
    JPEG: jpeg,
    ppm: Buffer.from(`P6\n# a comment\n4 4 255\n${'d'.repeat(48)}`),
    pgm: Buffer.from(`P5 4 4 255 ${'d'.repeat(16)}`),
    tif: await sharp(gray).tiff().toBuffer(),
    webp: await sharp(gray).webp().toBuffer(),
    gif: await sharp(gray).gif().toBuffer(),
    avif: await sharp(gray).avif().toBuffer(),
  };
  for (const name of ['a', 'b']) for (const kind of kinds) write(`kinds/train/${name}/deep/er/i.${kind}`, files[kind]!);
  const notes: string[] = [];
  const all = await openImageFolder(join(folder, 'kinds'), [4, 4, 3], 'train', { onNote: (note) => notes.push(note) });
  t.equal(all.length, 2 * kinds.length);
  t.ok(
    all.images(0, all.length).data.every((v) => Math.abs(v - 100) <= 3),
    'all are of the same gray',
  );
  t.same(notes, []);
  t.same(all.skipped, []);
});

t.test('those of a folder come before those of the folders below it', async (t) => {
  for (const [path, value] of [
    ['b/1.png', 3],
    ['a/z.png', 1],
    ['a/a/0.png', 2],
  ] as const)
    await image(`deep/train/${path}`, value);
  t.same(reds(await openImageFolder(join(folder, 'deep'), [4, 4, 3], 'train')), [1, 2, 3]);
});

t.test('links that lead in a circle', { skip: process.platform === 'win32' }, async (t) => {
  for (const name of ['a', 'b']) for (const i of [0, 1]) await image(`circle/${name}/${i}.png`, i);
  symlinkSync(join(folder, 'circle/a'), join(folder, 'circle/a/again'));
  symlinkSync(join(folder, 'circle'), join(folder, 'circle/b/all'));
  const train = await openImageFolder(join(folder, 'circle'), [4, 4, 3], 'train');
  t.same(reds(train).slice(0, 1), [1]);
  t.ok(train.length < 8, 'each folder is read once for a class');
});

t.test('bad images are named, or left out and counted', async (t) => {
  const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
  const jpeg = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  for (const name of ['a', 'b']) for (const i of [0, 2]) await image(`bad/train/${name}/${i}.png`, 10 * i + 7);
  write('bad/train/a/1.jpg', jpeg.subarray(0, jpeg.length / 2));
  const open = (options: ImageFolderOptions = {}) => openImageFolder(join(folder, 'bad'), [4, 4, 3], 'train', options);
  await t.rejects(open(), {
    code: 'ERR_CORRUPT',
    message: /cannot read the image '.*bad.train.a.1\.jpg': the file is truncated .*; skipBad skips/,
  });
  const notes: string[] = [];
  const rest = await open({ skipBad: true, onNote: (note) => notes.push(note) });
  t.same(reds(rest), [7, 27, 7, 27]);
  t.same([...rest.targets(0, 4)], [0, 0, 1, 1]);
  t.same(rest.skipped, [join(folder, 'bad/train/a/1.jpg')]);
  t.match(notes, [/bad: 1 image cannot be read and is skipped: .*1\.jpg$/]);
  await t.rejects(open({ maxPixels: 10 }), { code: 'ERR_ARGUMENT', message: /a.0\.png' is too large: .*more than 10 pixels/ });
  await t.rejects(open({ maxPixels: 10, skipBad: true, onNote: () => {} }), {
    code: 'ERR_ARGUMENT',
    message: /none of the 5 images can be read/,
  });
  write('bad/train/c/0.png', Buffer.from('no image'));
  await t.rejects(open({ skipBad: true, onNote: () => {} }), {
    code: 'ERR_ARGUMENT',
    message: /no image of the class "c" in the split \w+ can be read.*add a readable one/,
  });
});

t.test('of several bad images, the first is named, however long it takes', async (t) => {
  const pixels = Buffer.from('P3 600 600 255 ');
  const late = Buffer.concat([pixels, Buffer.alloc(2 * 3 * 600 * 600 - 4, '9 '), Buffer.from('999 ')]);
  write('several/train/a/0.ppm', late);
  write('several/train/a/1.png', Buffer.from('no image'));
  write('several/train/b/0.png', Buffer.from('no image'));
  for (let i = 0; i < 5; i++)
    await t.rejects(openImageFolder(join(folder, 'several'), [4, 4, 3], 'train'), { code: 'ERR_CORRUPT', message: /a.0\.ppm.* value 999/ });
});

t.test('what is left out is a warning of the process where no one asks for it', async (t) => {
  for (const name of ['a', 'b']) await image(`warned/train/${name}/0.png`, 1);
  write('warned/train/README', Buffer.from('not an image'));
  const warned = once(process, 'warning');
  await openImageFolder(join(folder, 'warned'), [4, 4, 3], 'train');
  t.match(await warned, [{ name: 'AdderNetWarning', code: 'ADDERNET_SKIPPED', message: /README/ }]);
});

t.test('what transparent pixels lie on, and images that are inverted', async (t) => {
  const clear = await sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
    .png()
    .toBuffer();
  for (const name of ['a', 'b']) write(`clear/train/${name}/0.png`, clear);
  const first = async (options: ImageFolderOptions) =>
    [...(await openImageFolder(join(folder, 'clear'), [4, 4, 3], 'train', options)).images(0, 1).data].slice(0, 3);
  t.same(await first({}), [255, 255, 255]);
  t.same(await first({ background: 'black' }), [0, 0, 0]);
  t.same(await first({ background: [1, 2, 3], invert: true }), [254, 253, 252]);
  t.same(await first({ invert: true }), [255, 255, 255], 'white all the same');
});

t.test('arguments of other types are refused', async (t) => {
  const open = openImageFolder as (...args: unknown[]) => Promise<unknown>;
  const refused = (code: string, message: RegExp, ...args: unknown[]) => t.rejects(open(...args), { name: 'AdderNetError', code, message });
  await refused('ERR_ARGUMENT', /directory is undefined, expected the path/);
  await refused('ERR_ARGUMENT', /not a file: URL/, new URL('https://example.org/images'), [4, 4, 3], 'train');
  await refused('ERR_SHAPE', /the shape of images is undefined, expected \[h,w,c\]/, folder, undefined, 'train');
  await refused('ERR_SHAPE', /\[4,4\], expected \[h,w,c\]/, folder, [4, 4], 'train');
  await refused('ERR_SHAPE', /takes 2 channels/, folder, [4, 4, 2], 'train');
  for (const [options, message] of [
    [{ skipbad: true }, /there is no option 'skipbad', did you mean skipBad\?/],
    [{ skipBad: 'yes' }, /skipBad is "yes"/],
    [{ onNote: 1 }, /onNote is 1/],
    [{ background: 'nocolor' }, /background is "nocolor", expected a CSS color/],
    [{ background: [1, 2] }, /background is \[1,2\]/],
    [{ maxPixels: 0 }, /maxPixels is 0/],
  ] as const)
    await refused('ERR_ARGUMENT', message, join(folder, 'plain'), [4, 4, 3], 'train', options);
});

// The built-in digits: the same for a seed, balanced, and written like digits.
import { createHash } from 'node:crypto';
import t from 'tap';
import { generateDigits } from '../../dist';
import { openDataset } from '../../dist/data/open-dataset';

const digits = generateDigits(1000, 1);
const all = digits.images(0, 1000).data;

t.test('the same images for a seed, everywhere', (t) => {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  t.equal(hash(digits.images(0, 100).data), '611cf2627e8c1f91');
  t.equal(hash(generateDigits(1000, 1).images(0, 1000).data), hash(all));
  t.notSame(hash(generateDigits(100, 2).images(0, 100).data), hash(digits.images(0, 100).data));
  const [train, test] = (['train', 'test'] as const).map((split) => openDataset('digits', undefined, split));
  t.same([train!.length, test!.length], [10_000, 2_000]);
  t.notSame(hash(train!.images(0, 50).data), hash(test!.images(0, 50).data), 'testing is on other images');
  t.end();
});

t.test('as many of each class, in random order', (t) => {
  const counts = new Array(10).fill(0);
  for (const target of digits.targets(0, 1000)) counts[target]++;
  t.same(counts, new Array(10).fill(100));
  t.notSame([...digits.targets(0, 10)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.same(digits.classNames, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  t.same(digits.imageShape, [28, 28, 1]);
  t.end();
});

t.test('strokes on black, near the middle, none like another', (t) => {
  const seen = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    const image = digits.images(i, i + 1).data;
    seen.add(Buffer.from(image).toString('base64'));
    let [ink, x, y, edge, brightest] = [0, 0, 0, 0, 0];
    image.forEach((v, at) => {
      const [row, column] = [Math.floor(at / 28), at % 28];
      ink += v;
      x += v * column;
      y += v * row;
      brightest = Math.max(brightest, v);
      if (row === 0 || row === 27 || column === 0 || column === 27) edge = Math.max(edge, v);
    });
    const part = image.reduce((sum, v) => sum + (v > 100 ? 1 : 0), 0) / image.length;
    const centered = Math.abs(x / ink - 13.5) < 5 && Math.abs(y / ink - 13.5) < 5;
    if (part < 0.02 || part > 0.35 || brightest < 180 || !centered)
      t.fail(`image ${i}, a ${digits.targets(i, i + 1)[0]}: ${part} ink, brightest ${brightest}, center ${x / ink}, ${y / ink}`);
  }
  t.equal(seen.size, 1000);
  t.end();
});

t.test('misuse is named', (t) => {
  for (const images of [0, 2.5, 2 ** 31, Number.NaN])
    t.throws(() => generateDigits(images, 1), { code: 'ERR_ARGUMENT', message: `images is ${images}, expected an integer from 1 to` });
  t.throws(() => generateDigits(2 ** 31 - 1, 1), { code: 'ERR_MEMORY' });
  t.throws(() => generateDigits(1, 1.5), { code: 'ERR_ARGUMENT', message: /1.5/ });
  t.end();
});

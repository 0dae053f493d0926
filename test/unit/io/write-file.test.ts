import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeFileAtomic } from '../../../dist/io/write-file';

t.test('writes, replaces, and leaves nothing else behind', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'weights.bin');
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomic(path, Uint8Array.of(4));
  t.same([...readFileSync(path)], [4]);
  t.same(readdirSync(folder), ['weights.bin']);
});

t.test('a failure removes the temporary file and keeps what was there', async (t) => {
  const folder = t.testdir();
  // A folder that is not empty cannot be replaced by a file: the rename fails after the bytes are written.
  const path = join(folder, 'weights.bin');
  mkdirSync(join(path, 'inside'), { recursive: true });
  await t.rejects(writeFileAtomic(path, Uint8Array.of(1)));
  t.same(readdirSync(folder), ['weights.bin']);
  t.same(readdirSync(path), ['inside']);
  await t.rejects(writeFileAtomic(join(folder, 'missing', 'weights.bin'), Uint8Array.of(1)), { code: 'ENOENT' });
});

t.test('concurrent writers leave one of their files whole', async (t) => {
  const path = join(t.testdir(), 'weights.bin');
  await Promise.all([1, 2, 3, 4].map((value) => writeFileAtomic(path, new Uint8Array(100_000).fill(value))));
  const bytes = readFileSync(path);
  t.equal(bytes.length, 100_000);
  t.ok(bytes.every((byte) => byte === bytes[0]));
});

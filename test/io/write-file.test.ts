import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { thisOwner } from '../../dist/io/owner';
import { createFolder, writeFileAtomic } from '../../dist/io/write-file';
import { testNeeding } from '../support/needing';
import { library } from '../support/repository';

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
  await t.rejects(writeFileAtomic(join(folder, 'missing', 'weights.bin'), Uint8Array.of(1)), {
    code: 'ERR_ARGUMENT',
    message: /cannot write the file '.*weights.bin': ENOENT.*create its folder first/,
  });
});

t.test('a stream is written whole, or keeps what was there where it throws', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'weights.bin');
  async function* stream(fails: boolean) {
    for (let part = 1; part <= 3; part++) yield new Uint8Array(100_000).fill(part);
    if (fails) throw new Error('cut off');
  }
  await writeFileAtomic(path, stream(false));
  const whole = readFileSync(path);
  t.same([whole.length, whole[0], whole[150_000], whole.at(-1)], [300_000, 1, 2, 3]);
  await t.rejects(writeFileAtomic(path, stream(true)), { message: 'cut off' });
  t.ok(readFileSync(path).equals(whole));
  t.same(readdirSync(folder), ['weights.bin']);
});

t.test('concurrent writers leave one of their files whole', async (t) => {
  const path = join(t.testdir(), 'weights.bin');
  await Promise.all([1, 2, 3, 4].map((value) => writeFileAtomic(path, new Uint8Array(100_000).fill(value))));
  const bytes = readFileSync(path);
  t.equal(bytes.length, 100_000);
  t.ok(bytes.every((byte) => byte === bytes[0]));
});

t.test('what killed processes left is removed, and nothing else', async (t) => {
  const own = thisOwner();
  const dead = own.replace(/-\d+-\d+-/, '-4194305-4194305-');
  const left = [`weights.bin.${dead}-0.tmp`, `other.bin.${dead}-12.tmp`];
  const foreign = `ffffff${dead.slice(6)}`; // perhaps it runs on another machine
  const abandoned = `weights.bin.${foreign}-1.tmp`;
  const stays = [
    'notes.tmp',
    `weights.bin.${own}-99.tmp`, // of this process
    `weights.bin.${foreign}-0.tmp`,
    `weights.bin.${dead}-0.tmp.bak`,
  ];
  const folder = t.testdir(Object.fromEntries([...left, abandoned, ...stays].map((name) => [name, 'part'])));
  for (const [name, minutes] of [
    [stays[0]!, 600],
    [stays[1]!, 600],
    [stays[2]!, 59],
    [abandoned, 61],
  ] as const)
    utimesSync(join(folder, name), Date.now() / 1000, Date.now() / 1000 - minutes * 60);
  await writeFileAtomic(join(folder, 'weights.bin'), 'whole');
  t.same(readdirSync(folder).sort(), ['weights.bin', ...stays].sort());
  t.equal(readFileSync(join(folder, 'weights.bin'), 'utf8'), 'whole');
});

t.test('folders', async (t) => {
  const folder = t.testdir({ file: '' });
  await createFolder(join(folder, 'a', 'b'));
  await createFolder(join(folder, 'a', 'b'));
  t.same(readdirSync(join(folder, 'a')), ['b']);
  await t.rejects(createFolder(join(folder, 'file')), { code: 'ERR_ARGUMENT', message: /cannot create the folder '.*file': EEXIST/ });
});

testNeeding([process.platform === 'win32' && 'it has other permissions'], 'a folder that may be written to, but not read', (t) => {
  const folder = t.testdir();
  const body = `
    const { createFolder, writeFileAtomic } = require(${JSON.stringify(join(library, 'io/write-file'))});
    process.chdir(${JSON.stringify(folder)});
    if (process.getuid() === 0) process.seteuid(65534);
    writeFileAtomic('letter', 'whole').then(() => createFolder('a/b'));`;
  chmodSync(folder, 0o333);
  // Without the modules of a test runner, which writes where this user may not.
  const { status, stderr } = spawnSync('env', ['-u', 'NODE_OPTIONS', process.execPath, '-e', body], { encoding: 'utf8' });
  chmodSync(folder, 0o777);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.same(readdirSync(folder).sort(), ['a', 'letter']);
  t.equal(readFileSync(join(folder, 'letter'), 'utf8'), 'whole');
  t.end();
});

t.test('bytes are flushed before the name, and then the folder, which has the name', (t) => {
  const folder = t.testdir();
  const count = join(folder, 'changes');
  const body = `require(${JSON.stringify(join(library, 'io/write-file'))}).writeFileAtomic(${JSON.stringify(join(folder, 'weights.bin'))}, 'whole')`;
  const preload = join(__dirname, '../support/failing-files.js');
  const { status } = spawnSync(process.execPath, ['--require', preload, '-e', body], {
    env: { ...process.env, ADDERNET_FAIL_COUNT: count },
  });
  t.equal(status, 0);
  const changes = readFileSync(count, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/weights\.bin\..*\.tmp$/, 'temporary').trim());
  const flushes = process.platform === 'win32' ? [] : [`sync ${basename(folder)}`];
  t.same(changes, ['open temporary', 'write temporary', 'sync temporary', 'close temporary', 'rename weights.bin', ...flushes]);
  t.end();
});

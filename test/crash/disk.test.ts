// Disks that are full, read-only or broken: a coded error, nothing lost that was there before, and the same command succeeds once there is space.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { generateDigits, load, models, quantize, save, saveQuantized } from '../../dist';
import { downloadDataset } from '../../dist/data/download';
import { isLong } from '../support/long';
import { missingProgram, testNeeding } from '../support/needing';
import { program } from '../support/repository';
import { checkFailure, checkFinished, checkWhole, folder, newTraining, training } from './training';

const whole = join(folder, 'whole');
const run = (args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

t.equal(run(newTraining(whole)).status, 0);

/** Mounts a file system in memory, of this many kB, for the test. */
function mount(t: Test, name: string, kilobytes: number): { path: string; resize(kilobytes: number, options?: string): void } {
  const path = join(folder, name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path]);
  t.teardown(() => execFileSync('umount', [path]));
  return {
    path,
    resize: (kilobytes, options = 'rw') => execFileSync('mount', ['-o', `remount,size=${kilobytes}k,${options}`, path]),
  };
}

const unmountable = ((): string | false => {
  const reason = missingProgram('mount', 'it makes a small file system');
  if (reason) return reason;
  const path = join(folder, 'probe');
  mkdirSync(path);
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { encoding: 'utf8' });
  if (status !== 0) return `no file system can be mounted here, which needs root: ${stderr.trim()}`;
  execFileSync('umount', [path]);
  return false;
})();

testNeeding([unmountable], 'a training on a disk that is too small', async (t) => {
  const sizes = isLong ? Array.from({ length: 40 }, (_, i) => 4 + 40 * i) : [4, 700];
  let failures = 0;
  for (const kilobytes of sizes) {
    const disk = mount(t, `disk-${kilobytes}`, kilobytes);
    const out = join(disk.path, 'run');
    const when = `${kilobytes} kB`;
    const found = run(newTraining(out));
    if (found.status !== 0) {
      failures++;
      checkFailure(t, found, 'ENOSPC', when);
      await checkWhole(t, out, when);
      disk.resize(8000);
      t.equal(run(training(out)).status, 0, `${when}: goes on with more space`);
    }
    await checkFinished(t, out, whole, when);
  }
  t.ok(failures >= 2, `${failures} of ${sizes.length} sizes were too small`);
});

testNeeding([unmountable], 'files that are replaced on a full or read-only disk', async (t) => {
  const disk = mount(t, 'full', 2000);
  const model = models.lenet5bn({ seed: 1 });
  const quantized = await quantize(model, generateDigits(16, 1));
  const at = (name: string) => join(disk.path, name);
  await save(model, at('float.safetensors'));
  await saveQuantized(quantized, at('8bit.safetensors'));

  const bytes = Buffer.alloc(300_000, 'a data set');
  const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const set = {
    mirrors: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'http://127.0.0.1:9'],
    files: [{ name: 'images.gz', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }],
  };
  writeFileSync(at('images.gz'), 'an older file');

  const before = ['float.safetensors', '8bit.safetensors', 'images.gz'].map((name) => [name, readFileSync(at(name))] as const);
  const other = models.lenet5bn({ seed: 2 });
  const convert = ['convert', 'lenet5-bn-mnist', at('float.safetensors')];
  const checkFull = async (code: string) => {
    const eightBit = await quantize(other, generateDigits(16, 1));
    const works = [
      () => save(other, at('float.safetensors')),
      () => saveQuantized(eightBit, at('8bit.safetensors')),
      () => downloadDataset(set, disk.path).then(() => undefined),
    ];
    for (const work of works) await t.rejects(work, { code: 'ERR_ARGUMENT', message: new RegExp(`^cannot write the .*: ${code}.*; `) });
    const { status, stderr } = run([program, ...convert]);
    t.equal(status, 1);
    t.match(stderr, /^addernet: [^\n]*float\.safetensors[^\n]*(ENOSPC|read only)[^\n]*\n$/);
    for (const [name, content] of before) t.ok(readFileSync(at(name)).equals(content), `${name} stays`);
    t.notOk(
      readdirSync(disk.path).some((name) => name.endsWith('.tmp')),
      'no part of a file is left',
    );
  };
  writeFileSync(at('filler'), '');
  try {
    for (;;) writeFileSync(at('filler'), Buffer.alloc(4096), { flag: 'a' });
  } catch {} // full
  await checkFull('ENOSPC');
  disk.resize(2000, 'ro');
  await checkFull('EROFS');
  disk.resize(4000);
  await save(other, at('float.safetensors'));
  await downloadDataset(set, disk.path);
  t.ok(readFileSync(at('images.gz')).equals(bytes));
  t.equal(run([program, ...convert]).status, 0);
  t.equal((await load(at('float.safetensors'))).name, 'lenet5bn');
});

testNeeding([!existsSync('/dev/full') && 'there is no /dev/full'], 'an output that is redirected to a full disk', (t) => {
  const command = `"${process.execPath}" "${program}" info lenet5-bn-mnist --json > /dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  t.equal(status, 1);
  t.match(stderr, /^addernet: cannot write the output: ENOSPC[^\n]*\n$/);
  t.end();
});

// Before a tarball is packed, this machine's binary is compiled where there is none, or where the native code is newer. Tried in a folder
// with a compiler that writes a mark.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const libc = existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
const folder = `${process.platform}-${process.arch}`;
const file = `addernet${process.platform === 'linux' ? libc : ''}.node`;

t.test('prepack compiles a binary that is missing or outdated', (t) => {
  const root = t.testdir({
    'CMakeLists.txt': '',
    'binding.d.ts': '',
    native: { nn: { 'pool.cc': '' } },
    node_modules: { prebuildify: {} },
    prebuilds: { [folder]: { 'addernet.other.node': 'of another C library' } },
    scripts: { 'prebuild.cjs': `require('node:fs').writeFileSync('prebuilds/${folder}/${file}', 'compiled')` },
  });
  const prepack = join(root, 'scripts/prepack.cjs');
  copyFileSync(join(__dirname, '../../scripts/prepack.cjs'), prepack);
  const binary = join(root, 'prebuilds', folder, file);
  const date = (name: string, year: number) => utimesSync(join(root, name), new Date(year, 0), new Date(year, 0));
  for (const source of ['CMakeLists.txt', 'binding.d.ts', 'native', 'native/nn', 'native/nn/pool.cc']) date(source, 2001);
  const packed = (): string => {
    execFileSync(process.execPath, [prepack]);
    return readFileSync(binary, 'utf8');
  };

  t.equal(packed(), 'compiled', 'missing');
  for (const source of ['CMakeLists.txt', 'binding.d.ts', 'native/nn/pool.cc']) {
    writeFileSync(binary, 'there');
    utimesSync(binary, new Date(2002, 0), new Date(2002, 0));
    t.equal(packed(), 'there', 'newer than the native code');
    date(source, 2003);
    t.equal(packed(), 'compiled', `older than ${source}`);
    date(source, 2001);
  }
  rmSync(binary);
  t.equal(packed(), 'compiled', 'removed');
  t.end();
});

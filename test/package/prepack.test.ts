// Before a tarball is packed, this machine's binary and the WebAssembly module are compiled where there are none, or where the native code is newer.
// Tried in a folder with compilers that write a mark.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
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
    scripts: {
      'prebuild.cjs': `require('node:fs').writeFileSync('prebuilds/${folder}/${file}', 'compiled')`,
      'build-wasm.sh': '#!/bin/sh\nmkdir -p prebuilds/wasm32 && printf compiled > prebuilds/wasm32/addernet.wasm',
    },
  });
  chmodSync(join(root, 'scripts/build-wasm.sh'), 0o755);
  const prepack = join(root, 'scripts/prepack.cjs');
  copyFileSync(join(__dirname, '../../scripts/prepack.cjs'), prepack);
  const compiled = [join(root, 'prebuilds', folder, file), join(root, 'prebuilds/wasm32/addernet.wasm')];
  const date = (name: string, year: number) => utimesSync(join(root, name), new Date(year, 0), new Date(year, 0));
  for (const source of ['CMakeLists.txt', 'binding.d.ts', 'native', 'native/nn', 'native/nn/pool.cc']) date(source, 2001);
  const packed = (): string[] => {
    execFileSync(process.execPath, [prepack]);
    return compiled.map((path) => readFileSync(path, 'utf8'));
  };

  t.same(packed(), ['compiled', 'compiled'], 'missing');
  for (const source of ['CMakeLists.txt', 'binding.d.ts', 'native/nn/pool.cc']) {
    for (const path of compiled) {
      writeFileSync(path, 'there');
      utimesSync(path, new Date(2002, 0), new Date(2002, 0));
    }
    t.same(packed(), ['there', 'there'], 'newer than the native code');
    date(source, 2003);
    t.same(packed(), ['compiled', 'compiled'], `older than ${source}`);
    date(source, 2001);
  }
  for (const path of compiled) rmSync(path);
  t.same(packed(), ['compiled', 'compiled'], 'removed');

  writeFileSync(join(root, 'scripts/build-wasm.sh'), '#!/bin/sh\nexit 1');
  date('native/nn/pool.cc', new Date().getFullYear() + 1);
  t.throws(packed, 'an old module that cannot be built anew');
  rmSync(compiled[1]!);
  const { status, stderr } = spawnSync(process.execPath, [prepack], { encoding: 'utf8' });
  t.equal(status, 0, 'without one the rest is packed');
  t.match(stderr, /the tarball has no WebAssembly module/);
  t.end();
});

// What a machine lacks for compiling is named in one line, before anything is compiled.
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../support/needing';
import { repository } from '../support/repository';

const which = (program: string): string => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();
const needs = ['cmake', 'g++', 'make', 'which'].map((program) => missingProgram(program, 'it is left out of the PATH'));

/** What a command prints with no other programs than these in its PATH. */
function run(folder: string, programs: readonly string[], command: string, ...args: string[]) {
  mkdirSync(folder, { recursive: true });
  for (const program of ['node', 'npm', 'sh', ...programs]) symlinkSync(which(program), join(folder, program));
  const { CXX: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: repository, env: { ...env, PATH: folder }, encoding: 'utf8' });
  return { status, stdout, lines: stderr.trim().split('\n') };
}

testNeeding(needs, 'each program is named, and how it is installed', (t) => {
  const folder = t.testdir();
  const check = (name: string, programs: string[]) =>
    run(join(folder, name), programs, process.execPath, join(repository, 'scripts/check-toolchain.cjs'));
  const compilers = { 'a C++ compiler': ['cmake', 'make'], CMake: ['g++', 'make'], 'make or ninja': ['cmake', 'g++'] };
  for (const [missing, there] of Object.entries(compilers)) {
    const { status, lines } = check(missing.replaceAll(' ', '-'), there);
    t.equal(status, 1);
    t.equal(lines.length, 1);
    t.ok(lines[0]!.startsWith(`compiling addernet needs ${missing}, which is not here. `), lines[0]!);
    t.match(lines[0], /Debian, Ubuntu: apt-get install .*; Fedora: dnf install /);
  }
  t.match(check('all', ['cmake', 'g++', 'make']), { status: 0, lines: [''] });
});

testNeeding(needs, 'whatever compiles begins with it', (t) => {
  const folder = t.testdir();
  const commands = [
    ['npm', 'run', '-s', 'build'],
    ['npm', 'run', '-s', 'demo'],
    ['npm', 'run', '-s', 'test'],
    ['npm', 'run', '-s', 'prebuilds'],
    ['node', 'dist/cli/main.js', 'rebuild'],
  ];
  for (const [i, [command, ...args]] of commands.entries()) {
    const { status, stdout, lines } = run(join(folder, String(i)), [], command!, ...args);
    t.equal(status, 1, `${command} ${args.join(' ')}`);
    t.equal(stdout, '');
    t.match(lines, [/^(addernet: |prebuild: )?compiling addernet needs CMake, a C\+\+ compiler and make or ninja, which are not here/]);
    t.equal(lines.length, 1);
  }
});

testNeeding(needs, 'the cross compiler', (t) => {
  const { missingToolchain } = require('../../scripts/check-toolchain.cjs') as { missingToolchain(crossing: boolean): string | undefined };
  const { PATH } = process.env;
  const folder = t.testdir();
  for (const program of ['cmake', 'g++', 'make']) symlinkSync(which(program), join(folder, program));
  process.env.PATH = folder;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  t.equal(missingToolchain(false), undefined);
  t.match(missingToolchain(true), /cross compiler aarch64-linux-gnu-g\+\+, .* apt-get install g\+\+-aarch64-linux-gnu/);
});

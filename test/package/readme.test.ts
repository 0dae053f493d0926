// What the README shows runs as it stands there, from a checkout: scripts/run-docs.cjs does the same, and more, with the package installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { generateDigits } from '../../dist';
import { testNeeding } from '../support/needing';
import { repository } from '../support/repository';

const { blocks, deadLinks, runProgram } = require('../../scripts/run-docs.cjs') as {
  blocks(markdown: string, language: string): string[];
  deadLinks(markdown: string, folder: string, root: string): string[];
  runProgram(project: string, name: string, program: string): { stdout: string; stderr: string };
};
const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const folder = t.testdir();
const programs = blocks(readme, 'js');

t.before(async () => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repository, join(folder, 'node_modules/addernet'), 'junction');
  const digits = generateDigits(100, 1);
  const i = [...digits.targets(0, 100)].indexOf(7);
  await sharp(digits.images(i, i + 1).data, { raw: { width: 28, height: 28, channels: 1 } }).toFile(join(folder, 'seven.png'));
});

/** What the n-th program prints. */
function printed(n: number): string {
  const { stdout, stderr } = runProgram(folder, `${n}.mjs`, programs[n]!);
  t.equal(stderr, '');
  return stdout;
}

t.test('an image in three lines', async (t) => {
  t.equal(programs[0]!.trim().split('\n').length, 3);
  t.match(printed(0), /^\[ { class: 7, name: '7', probability: 0\.\d+ } \]\n$/);
});

t.test('inference in ten lines', async (t) => {
  t.equal(programs[1]!.match(/^(?!import).+$/gm)!.length, 9);
  t.match(printed(1), /isa: .*\n7 0\.\d+\n\[ 16, 10 \]\n$/s);
});

t.test('training in twenty lines', async (t) => {
  const lines = printed(2).trim().split('\n');
  t.equal(lines.length, 6);
  t.ok(Number(lines[5]) > 0.98, lines[5]!);
});

testNeeding(
  [!existsSync(join(repository, 'dist/wasm/addernet.wasm')) && 'the WebAssembly module is not built'],
  'in browsers and Workers',
  (t) => {
    const classes = printed(3).match(/probability: [\d.e-]+/g);
    t.equal(classes?.length, 5);
  },
);

t.equal(programs.length, 4, 'each of them is run');

t.test('commands and links', async (t) => {
  const help = spawnSync(process.execPath, [join(repository, 'dist/cli/main.js'), '--help'], { encoding: 'utf8' }).stdout;
  for (const [, command] of readme.matchAll(/^npx addernet (\w+)/gm)) t.match(help, new RegExp(`^  ${command} `, 'm'), command!);
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  for (const [, script] of readme.matchAll(/npm run (\w+)/g)) t.ok(script! in scripts, script!);
  t.same(deadLinks(readme, repository, repository), []);
});

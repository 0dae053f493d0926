// Node as careful people start it: without a JIT, without code from strings, with frozen intrinsics, under the permission model. It works, or says
// which flag it needs.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { program, repository } from '../support/repository';
import { type Report, report } from './inference';
import { serveArguments, served } from './serving';

const start = promisify(execFile);
/** Without what a test runner has all processes load, which needs more than is allowed here. */
const run = (...command: [string, string[]]) => start('env', ['-u', 'NODE_OPTIONS', command[0], ...command[1]]);
const inference = join(__dirname, 'inference.js');
const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
const readsItself = [permission, `--allow-fs-read=${repository}/*`];
const alpine = '/etc/alpine-release';

const shown = (flags: readonly string[]): string => flags.join(' ').replaceAll(repository, '.');

const working = [
  ['--jitless'],
  ['--disallow-code-generation-from-strings'],
  ['--frozen-intrinsics'],
  ['--disable-proto=throw'],
  ['--max-old-space-size=40'],
  [...readsItself, `--allow-fs-read=${alpine}`, '--allow-addons'],
];
for (const flags of working)
  t.test(`inference with ${shown(flags)}`, async (t) => {
    const { stdout } = await run(process.execPath, [...flags, inference]);
    t.same((JSON.parse(stdout) as Report).logits, (await report()).logits);
  });

const servedWith = (t: Test, flags: string[]) => served(t, 'env', ['-u', 'NODE_OPTIONS', process.execPath, ...flags, ...serveArguments]);
const refusedByFastify = ['--disallow-code-generation-from-strings', '--frozen-intrinsics'];
for (const flags of working.filter(([flag]) => !refusedByFastify.includes(flag!)))
  t.test(`serving with ${shown(flags)}`, async (t) => {
    t.same(await servedWith(t, flags), await servedWith(t, []));
  });

const refused: readonly { flags: string[]; remedy: RegExp; args?: readonly string[] }[] = [
  ...refusedByFastify.map((flag) => ({ flags: [flag], remedy: new RegExp(`start it without ${flag}`), args: serveArguments })),
  { flags: ['--no-addons'], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, `--allow-fs-read=${alpine}`], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, '--allow-addons'], remedy: new RegExp(`start it with --allow-fs-read=${alpine}`) },
];
for (const { flags, remedy, args = [program, 'info'] } of refused)
  t.test(`${args[1]} is refused with ${shown(flags)}`, async (t) => {
    const { code, stderr } = await run(process.execPath, [...flags, ...args]).catch((error) => error);
    t.equal(code, 1);
    t.match(stderr, remedy);
    t.notMatch(stderr, /unexpected/);
  });

t.test('the command line names the folder that the permission model must let it write', async (t) => {
  const out = join(t.testdir(), 'run');
  const flags = [permission, '--allow-fs-read=*', '--allow-addons'];
  const { code, stderr } = await run(process.execPath, [
    ...flags,
    program,
    'train',
    '--dataset',
    'digits',
    '--limit',
    '10',
    '--out',
    out,
  ]).catch((error) => error);
  t.equal(code, 1);
  t.match(stderr, `start it with --allow-fs-write=${out}`);
});

// Node as careful people start it: without a JIT, without code from strings, with frozen intrinsics, under the permission model. It works, or says
// which flag it needs.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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

for (const flag of refusedByFastify)
  t.test(`serve is refused with ${flag}`, async (t) => {
    const { code, stderr } = await run(process.execPath, [flag, ...serveArguments]).catch((error) => error);
    t.equal(code, 1);
    t.match(stderr, new RegExp(`start it without ${flag}`));
    t.notMatch(stderr, /unexpected/);
  });

/** Networks run in WebAssembly then, and a warning says which flag the addon needs; without the module, that is an error. */
const withoutAddon: readonly { flags: string[]; remedy: RegExp }[] = [
  { flags: ['--no-addons'], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, `--allow-fs-read=${alpine}`], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, '--allow-addons'], remedy: new RegExp(`start it with --allow-fs-read=${alpine}`) },
];
const hasModule = existsSync(join(repository, 'dist/wasm/addernet.wasm'));
for (const { flags, remedy } of withoutAddon)
  t.test(`no addon with ${shown(flags)}`, async (t) => {
    const { code = 0, stdout, stderr } = await run(process.execPath, [...flags, program, 'info']).catch((error) => error);
    t.equal(code, hasModule ? 0 : 1);
    t.match(stdout, hasModule ? /wasm_simd128/ : /^$/);
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

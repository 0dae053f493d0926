// Node as careful people start it: without a JIT, without code from strings, with frozen intrinsics, under the permission model. It works, or says
// which flag it needs.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { program, repository } from '../support/repository';
import { type Report, report } from './inference';

const start = promisify(execFile);
/** Without what a test runner has all processes load, which needs more than is allowed here. */
const run = (...command: [string, string[]]) => start('env', ['-u', 'NODE_OPTIONS', command[0], ...command[1]]);
const inference = join(__dirname, 'inference.js');
const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
const readsItself = [permission, `--allow-fs-read=${repository}/*`];
const alpine = '/etc/alpine-release';

const working = [
  ['--jitless'],
  ['--disallow-code-generation-from-strings'],
  ['--frozen-intrinsics'],
  ['--disable-proto=throw'],
  ['--max-old-space-size=40'],
  [...readsItself, `--allow-fs-read=${alpine}`, '--allow-addons'],
];
for (const flags of working)
  t.test(`inference with ${flags.join(' ').replaceAll(repository, '.')}`, async (t) => {
    const { stdout } = await run(process.execPath, [...flags, inference]);
    t.same((JSON.parse(stdout) as Report).logits, (await report()).logits);
  });

const refused = [
  { flags: ['--no-addons'], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, `--allow-fs-read=${alpine}`], remedy: /start it without --no-addons, or with --allow-addons/ },
  { flags: [...readsItself, '--allow-addons'], remedy: new RegExp(`start it with --allow-fs-read=${alpine}`) },
];
for (const { flags, remedy } of refused)
  t.test(`refused with ${flags.join(' ').replaceAll(repository, '.')}`, async (t) => {
    const { code, stderr } = await run(process.execPath, [...flags, program, 'info']).catch((error) => error);
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

// A container of a careful operator: nothing can be written, there is no HOME, and the user has no name.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingProgram, testNeeding } from '../support/needing';
import { program, repository } from '../support/repository';
import { type Report, report } from './inference';
import { serveArguments, served } from './serving';

const run = promisify(execFile);
const needed = [
  process.platform !== 'linux' && 'mounts are remounted as on Linux',
  process.getuid?.() !== 0 && 'only root may remount',
  missingProgram('unshare', 'apt-get install util-linux'),
  missingProgram('setpriv', 'apt-get install util-linux'),
];
const image = join(repository, 'docs/paper/features/lenet5bn-adder.png');

const nameless = 'setpriv --reuid 12345 --regid 12345 --clear-groups';
/** Runs Node where the root file system is read-only, with an empty environment, as root or by a command that becomes another user. */
const confinement = (user: string) => [
  '--mount',
  'sh',
  '-c',
  `mount -o remount,bind,ro / && exec env -i ${user} "$@"`,
  'sh',
  process.execPath,
];
const confined = (user: string, ...args: string[]) => run('unshare', [...confinement(user), ...args]);

testNeeding(needed, 'inference and the command line work', async (t) => {
  t.same((JSON.parse((await confined(nameless, join(__dirname, 'inference.js'))).stdout) as Report).logits, (await report()).logits);
  t.match((await confined(nameless, program, 'info')).stdout, /instruction set/);
  t.match((await confined(nameless, program, 'predict', '--weights', 'resnet20-cifar10-8bit', image)).stdout, /%/);
});

testNeeding(needed, 'the server works', async (t) => {
  const answer = await served(t, 'unshare', [...confinement(nameless), ...serveArguments]);
  t.same(answer, await served(t, process.execPath, serveArguments));
});

for (const { user, reason } of [
  { user: '', reason: /is on a file system that is read only: choose another place/ },
  { user: nameless, reason: /(may not be written by this user|is on a file system that is read only): choose another place/ },
])
  testNeeding(needed, `what must write says where it cannot, as ${user || 'root'}`, async (t) => {
    const out = join(repository, 'no-such-folder');
    const { code, stderr } = await confined(user, program, 'train', '--dataset', 'digits', '--limit', '10', '--out', out).catch(
      (error) => error,
    );
    t.equal(code, 1);
    t.match(stderr, out);
    t.match(stderr, reason);
  });

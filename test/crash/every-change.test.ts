// `addernet train` is killed, or its disk fails, at a change of the file system: at every one in the long form.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isLong } from '../support/long';
import { checkFailure, checkFinished, checkWhole, epochs, failing, folder, newTraining, training } from './training';

const whole = join(folder, 'whole');
const count = join(folder, 'changes');
t.equal(failing(newTraining(whole), { count }).status, 0);
const changes = readFileSync(count, 'utf8').trim().split('\n');
const all = changes.map((_, i) => i + 1);

/** Goes on without interruption. */
async function finish(t: Test, out: string, when: string): Promise<void> {
  const { status, stderr } = spawnSync(process.execPath, training(out), { encoding: 'utf8' });
  t.same({ status, stderr }, { status: 0, stderr: '' }, `${when}: and then it goes on`);
  await checkFinished(t, out, whole, when);
  rmSync(out, { recursive: true });
}

t.test('killed', async (t) => {
  // After the checkpoint of each epoch, before what follows from it.
  const afterCheckpoint = changes.flatMap((change, i) => (change === 'rename checkpoint.safetensors' ? [i + 2] : []));
  t.equal(afterCheckpoint.length, epochs);
  const points = isLong ? all : afterCheckpoint;
  for (const at of points) {
    const out = join(folder, `killed-${at}`);
    t.equal(failing(newTraining(out), { at, with: 'kill' }).signal, 'SIGKILL');
    const when = `killed at change ${at}, ${changes[at - 1]}`;
    await checkWhole(t, out, when);
    await finish(t, out, when);
  }
  t.comment(`${points.length} of ${changes.length} changes`);
});

t.test('failing', async (t) => {
  const codes = ['ENOSPC', 'EIO', 'ENOSPC', 'EROFS', 'ENOSPC', 'EACCES'];
  const points = isLong ? all : [5, 32, 59, 84];
  for (const [i, at] of points.entries()) {
    const code = codes[i % codes.length]!;
    const out = join(folder, `${code}-${at}`);
    const when = `${code} at change ${at}, ${changes[at - 1]}`;
    checkFailure(t, failing(newTraining(out), { at, with: code }), code, when);
    await checkWhole(t, out, when);
    t.same(existsSync(out) ? readdirSync(out).filter((name) => /\.(lock|tmp)/.test(name)) : [], [], `${when}: nothing is left`);
    await finish(t, out, when);
  }
  t.comment(`${points.length} of ${changes.length} changes`);
});

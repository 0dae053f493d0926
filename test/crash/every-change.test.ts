// `addernet train` is killed, or its disk fails, at a change of the file system: at every one in the long form.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isLong } from '../support/long';
import { changesIn, checkFailure, checkFinished, checkWhole, epochs, failing, folder, newTraining, temporary, training } from './training';

const whole = join(folder, 'whole');
const count = join(folder, 'changes');
t.equal(failing(newTraining(whole), { count }).status, 0);
const changes = changesIn(count);
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

/** The number of a change: of the first one of this name, or a later one. */
function numberOf(change: string, which = 1): number {
  const found = all.filter((at) => changes[at - 1] === change)[which - 1];
  if (found === undefined) throw new Error(`no training makes the change '${change}' ${which} times`);
  return found;
}

t.test('failing', async (t) => {
  const otherCodes = ['EIO', 'EROFS', 'EACCES'];
  const points = isLong
    ? [...all.map((at) => [at, 'ENOSPC'] as const), ...all.map((at) => [at, otherCodes[at % otherCodes.length]!] as const)]
    : ([
        [numberOf('sync train.lock.tmp'), 'ENOSPC'],
        [numberOf('write checkpoint.safetensors.tmp', 2), 'ENOSPC'],
        [numberOf('close log.jsonl.tmp', 2), 'EIO'],
        [numberOf('open curves.svg.tmp'), 'EROFS'],
        [numberOf('rm train.lock'), 'EIO'],
      ] as const);
  for (const [at, code] of points) {
    const out = join(folder, `${code}-${at}`);
    const when = `${code} at change ${at}, ${changes[at - 1]}`;
    const found = failing(newTraining(out), { at, with: code });
    if (changes.slice(at - 1).every((change) => change.startsWith('rm '))) t.same(found, { ...found, status: 0, stderr: '' }, when);
    else checkFailure(t, found, code, when);
    await checkWhole(t, out, when);
    if (code === 'ENOSPC')
      t.same(existsSync(out) ? readdirSync(out).filter((name) => temporary.test(name)) : [], [], `${when}: nothing is left`);
    await finish(t, out, when);
  }
  t.comment(`${points.length} failures at ${changes.length} changes`);
});

// `addernet train` is killed, at random moments and at each change of the file system, and resumed until it is done.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Random } from '../../dist/random';
import { checkFinished, checkWhole, epochs, failing, isLong, newTraining, training } from './training';

const folder = t.testdir();
const whole = join(folder, 'whole');
const count = join(folder, 'changes');
const began = performance.now();
t.equal(failing(newTraining(whole), { count }).status, 0);
const milliseconds = performance.now() - began;
const changes = readFileSync(count, 'utf8').trim().split('\n');

/** Goes on without interruption. */
async function finish(t: Test, out: string, when: string): Promise<void> {
  const { status, stderr } = spawnSync(process.execPath, training(out), { encoding: 'utf8' });
  t.same({ status, stderr }, { status: 0, stderr: '' }, when);
  await checkFinished(t, out, whole, when);
}

t.test('killed at random moments', async (t) => {
  const kills = isLong ? 300 : 3;
  const seed = Number(process.env.ADDERNET_SEED ?? 1);
  const random = new Random(seed);
  t.comment(`ADDERNET_SEED=${seed}; the training takes ${Math.round(milliseconds)} ms`);
  let [done, trainings, longest] = [0, 0, 0];
  for (let killed = 0; killed < kills; ) {
    const out = join(folder, `random-${trainings++}`);
    for (let attempt = 1; ; attempt++) {
      const child = spawn(process.execPath, training(out), { stdio: 'ignore' });
      const ended = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds * (0.2 + random.uniform()));
      const [status, signal] = await ended;
      clearTimeout(timer);
      if (signal === 'SIGKILL') killed++;
      else if (status !== 0) t.fail(`attempt ${attempt} of training ${trainings} ended with ${status}`);
      else done++;
      if (signal !== 'SIGKILL') break;
      await checkWhole(t, out, `killed ${attempt} times`);
      longest = Math.max(longest, attempt);
      if (killed >= kills) {
        await finish(t, out, 'the last one');
        break;
      }
    }
    await checkFinished(t, out, whole, `training ${trainings}`);
  }
  t.comment(`${kills} kills of ${trainings} trainings, at most ${longest} of one; ${done} reached their end while threatened`);
});

t.test('killed at a change of the file system', async (t) => {
  // After the checkpoint of each epoch, before what follows from it; all changes in the long form.
  const afterCheckpoint = changes.flatMap((change, i) => (change === 'rename checkpoint.safetensors' ? [i + 2] : []));
  t.equal(afterCheckpoint.length, epochs);
  const points = isLong ? changes.map((_, i) => i + 1) : afterCheckpoint;
  t.comment(`${changes.length} changes; killed at ${points.join(' ')}`);
  for (const at of points) {
    const out = join(folder, `change-${at}`);
    t.equal(failing(newTraining(out), { at, with: 'kill' }).signal, 'SIGKILL');
    const when = `killed at change ${at}, ${changes[at - 1]}`;
    await checkWhole(t, out, when);
    await finish(t, out, when);
  }
});

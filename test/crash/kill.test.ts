// `addernet train` is killed at random moments, and resumed until it is done.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { Random } from '../../dist/random';
import { isLong } from '../support/long';
import { checkFinished, checkWhole, folder, newTraining, training } from './training';

const whole = join(folder, 'whole');
const began = performance.now();
t.equal(spawnSync(process.execPath, newTraining(whole)).status, 0);
let milliseconds = performance.now() - began; // less where trainings end before they are killed: the load of the machine changes

t.test('killed at random moments', async (t) => {
  const kills = isLong ? 300 : 3;
  const seed = Number(process.env.ADDERNET_SEED ?? 1);
  const random = new Random(seed);
  t.comment(`ADDERNET_SEED=${seed}; the training took ${Math.round(milliseconds)} ms`);
  let [done, trainings, longest] = [0, 0, 0];
  for (let killed = 0; killed < kills; ) {
    const out = join(folder, `random-${trainings++}`);
    for (let attempt = 1; ; attempt++) {
      const child = spawn(process.execPath, training(out), { stdio: 'ignore' });
      const ended = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds * (0.2 + random.uniform()));
      const [status, signal] = await ended;
      clearTimeout(timer);
      if (signal !== 'SIGKILL') {
        t.equal(status, 0, `attempt ${attempt} of training ${trainings}`);
        done++;
        milliseconds *= 0.7;
        break;
      }
      killed++;
      milliseconds *= 1.05;
      await checkWhole(t, out, `killed ${attempt} times`);
      longest = Math.max(longest, attempt);
      if (killed >= kills) {
        t.equal(spawnSync(process.execPath, training(out)).status, 0, 'the last one goes on');
        break;
      }
    }
    await checkFinished(t, out, whole, `training ${trainings}`);
  }
  t.comment(`${kills} kills of ${trainings} trainings, at most ${longest} of one; ${done} ended before the kill came`);
});

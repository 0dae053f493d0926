// ES modules: the same exports by name, and two workers that compute at the same time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, Worker } from 'node:worker_threads';
import { compile, load, Tensor } from 'addernet';

const session = await compile(await load('lenet5-bn-mnist'));
const x = Tensor.zeros([64, 28, 28, 1]);
for (let i = 0; i < x.data.length; i++) x.data[i] = Math.sin(i);
const y = session.runSync(x);
for (let i = 0; i < 20; i++) assert.deepEqual((await session.run(x)).data, y.data);
session.dispose();

if (isMainThread) {
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)));
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  assert.deepEqual(codes, [0, 0]);
  console.log('import: and two workers');
}

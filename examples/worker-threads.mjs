// node worker-threads.mjs WEIGHTS [WORKERS]        Each worker has its own session; all share the threads of the process.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { compile, load, Tensor } from 'addernet';

if (isMainThread) {
  const [weights, workers = '2'] = process.argv.slice(2);
  if (weights === undefined) {
    console.error('usage: node worker-threads.mjs WEIGHTS [WORKERS]');
    process.exit(2);
  }
  const started = Array.from({ length: Number(workers) }, () => new Worker(new URL(import.meta.url), { workerData: weights }));
  const images = await Promise.all(started.map(async (worker) => (await once(worker, 'message'))[0]));
  console.log(`${images.reduce((a, b) => a + b)} images in ${workers} workers`);
} else {
  const session = await compile(await load(workerData));
  const batch = Tensor.zeros([16, ...session.inputShape]);
  let images = 0;
  for (let i = 0; i < 10; i++) images += (await session.run(batch)).shape[0];
  session.dispose();
  parentPort.postMessage(images);
}

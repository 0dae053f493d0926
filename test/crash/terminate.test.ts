// worker.terminate() while native code is at work: the process goes on, results stay right, memory stays flat.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { compile, generateDigits, load, models, quantize, save, saveQuantized } from '../../dist';
import { isLong } from '../support/long';
import { library } from '../support/repository';
import { normal } from '../support/tensors';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const folder = t.testdir();
const float = join(folder, 'float.safetensors');
const eightBit = join(folder, '8bit.safetensors');

/** What a worker does again and again; `started()` after the first time. */
const works = {
  'session.run': `
    const sessions = await Promise.all([1, 2].map(() => compile(model)));
    for (;;) { await Promise.all([...sessions, ...sessions].map((session) => session.run(x))); started(); }`,
  runSync: `
    const session = await compile(await load(eightBit));
    for (;;) { session.runSync(x); started(); }`,
  'a training step': `
    for (let i = 0; ; i++)
      await fit(model, digits, { epochs: 1, batch: 16, optimizer: new Sgd(model.parameters(), { lr: 0.01 }), augment: { crop: 2 },
        checkpoint: { path: float + '.' + threadId + '-' + i, everySeconds: 0 }, onBatch: started });`,
  loading: 'for (;;) { await load(float); await compile(await load(eightBit)); started(); }',
  quantize: 'for (;;) { await quantize(model, digits, { bits: 8 }); started(); }',
  saving: "for (let i = 0; ; i++) { await save(model, float + '.' + threadId + '.safetensors'); started(); }",
};

const workerFor = (work: string) =>
  new Worker(
    `const { parentPort, threadId, workerData } = require('node:worker_threads');
    const { library, float, eightBit } = workerData;
    const { compile, fit, generateDigits, load, models, quantize, save, Sgd, Tensor } = require(library);
    const digits = generateDigits(48, 1);
    const model = models.lenet5bn({ seed: 1 });
    const x = Tensor.zeros([16, ...model.inputShape]);
    let isStarted = false;
    const started = () => { if (!isStarted) parentPort.postMessage('at work'); isStarted = true; };
    (async () => { ${work} })();`,
    { eval: true, workerData: { library, float, eightBit } },
  );

t.test('workers are terminated in mid-work', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  await save(model, float);
  await saveQuantized(await quantize(model, generateDigits(48, 1)), eightBit);
  const [before, weights] = [await load(float), [...model.stateDict()].map(([, { data }]) => [...data])];
  const session = await compile(before);
  const x = normal([4, ...model.inputShape], 1);
  const expected = [...session.runSync(x).data];

  const rounds = isLong ? 167 : 2; // of each of the six
  const megabytes: number[] = [];
  let terminated = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const worker = workerFor(work);
      const failed = once(worker, 'error').then(([error]) => t.fail(`${name}: ${error}`));
      await Promise.race([once(worker, 'message'), failed]);
      await sleep((round * 7) % 20);
      const neighbor = session.run(x);
      t.equal(await worker.terminate(), 1, name);
      terminated++;
      t.same([...(await neighbor).data], expected, 'a run of another thread meanwhile');
    }
    if (round % Math.ceil(rounds / 12) === 0) {
      collectGarbage();
      await sleep(1);
      megabytes.push(Math.round(process.memoryUsage().rss / 2 ** 20));
    }
  }
  t.comment(`${terminated} workers; resident memory ${megabytes.join(' ')} MB`);
  t.same([...session.runSync(x).data], expected);
  t.same(
    [...(await load(float, { dtype: 'f32' })).stateDict()].map(([, { data }]) => [...data]),
    weights,
    'files are whole',
  );
  if (isLong) t.ok(megabytes.at(-1)! - megabytes[3]! < 30, `grows by ${megabytes.at(-1)! - megabytes[3]!} MB`); // the heaps of workers come and go
});

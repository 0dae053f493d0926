// What only long use shows: that memory stays flat, and that JavaScript goes on beside full batches. Minutes long, so it is a command of its
// own, npm run test:soak, and wants a quiet machine.
import { once } from 'node:events';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { compile, cpuInfo, type Model, models, type QuantizedModel, quantize, type Tensor } from '../../dist';
import { calibrate, randomize } from '../support/random-network';
import { normal } from '../support/tensors';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const trained = (name: string): Model => {
  const model = randomize(models.createModel(name, { seed: 1 }), 2);
  return calibrate(model, normal([4, ...model.inputShape], 3));
};
const batchOf = ({ inputShape }: Model, n: number): Tensor => normal([n, ...inputShape], 4);

/** Resident memory in MB after each of `samples` times `use`. */
async function residentMemory(samples: number, use: () => Promise<void>): Promise<number[]> {
  const megabytes: number[] = [];
  for (let i = 0; i < samples; i++) {
    await use();
    collectGarbage();
    await sleep(1); // finalizers run in a turn of their own
    megabytes.push(process.memoryUsage().rss / 2 ** 20);
  }
  return megabytes;
}

/** Flat: after a fifth of the samples, the second half is not above the first by more than noise, nor any sample far from another. */
function checkFlat(t: Test, what: string, megabytes: readonly number[]): void {
  const warm = megabytes.slice(Math.ceil(megabytes.length / 5));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const half = Math.floor(warm.length / 2);
  const growth = mean(warm.slice(-half)) - mean(warm.slice(0, half));
  const spread = Math.max(...warm) - Math.min(...warm);
  t.comment(`${what}: ${megabytes.map((mb) => mb.toFixed(1)).join(' ')} MB`);
  t.ok(growth < 2, `${what}: grows by ${growth.toFixed(2)} MB from half to half`);
  t.ok(spread < 10, `${what}: stays within ${spread.toFixed(1)} MB`);
}

t.test('200,000 runs of one session', async (t) => {
  const model = trained('resnet20');
  const x = batchOf(model, 1);
  const session = await compile(await quantize(model, batchOf(model, 8)));
  const samples = 20;
  const runs = 200_000 / samples / 2;
  const megabytes = await residentMemory(samples, async () => {
    for (let i = 0; i < runs; i++) session.runSync(x);
    for (let i = 0; i < runs; i++) await session.run(x);
  });
  checkFlat(t, 'half by runSync, half by run', megabytes);
  session.dispose();
});

t.test('2,000 sessions made and gone', async (t) => {
  const model = trained('lenet5bn');
  const quantized = await quantize(model, batchOf(model, 8));
  const x = batchOf(model, 1);
  const samples = 20;
  const make = async (network: Model | QuantizedModel) => {
    const session = await compile(network);
    session.runSync(x);
    return session;
  };
  const sessions = (gone: (session: Awaited<ReturnType<typeof make>>) => void) =>
    residentMemory(samples, async () => {
      for (let i = 0; i < 1000 / samples; i++) gone(await make(i % 2 ? quantized : model));
    });
  checkFlat(t, '1,000 disposed of', await sessions((session) => session.dispose()));
  checkFlat(t, '1,000 forgotten', await sessions(() => undefined));
});

t.test('1,000 workers terminated while runs are under way and wait', async (t) => {
  const body = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { compile, models, Tensor } = require(workerData);
    (async () => {
      const model = models.lenet5bn({ seed: 1 });
      const sessions = await Promise.all([1, 2, 3].map(() => compile(model)));
      const x = Tensor.zeros([16, ...model.inputShape]);
      parentPort.postMessage('at work');
      for (;;) await Promise.all([...sessions, ...sessions].map((session) => session.run(x)));
    })();`;
  const samples = 10;
  let atWork = 0;
  const megabytes = await residentMemory(samples, async () => {
    for (let i = 0; i < 1000 / samples; i++) {
      const worker = new Worker(body, { eval: true, workerData: join(__dirname, '../../dist') });
      await once(worker, 'message');
      await sleep(i % 20);
      if ((await worker.terminate()) === 1) atWork++;
    }
  });
  t.equal(atWork, 1000);
  t.comment(`${megabytes.map((mb) => mb.toFixed(1)).join(' ')} MB`);
  const [early, late] = [megabytes[2]!, megabytes.at(-1)!];
  t.ok(late - early < 30, `grows by ${(late - early).toFixed(1)} MB`); // the heaps of workers come and go
});

t.test('the event loop while batches of 256 are queued back to back for 5 seconds', async (t) => {
  const { model: cpu, isa, threads } = cpuInfo();
  t.comment(`${cpu}, ${isa}, ${threads} threads; delays of the event loop in ms`);
  const model = trained('resnet20');
  const x = batchOf(model, 256);
  const idle = await delays(() => sleep(5000));
  t.comment(`idle: p99 ${idle.p99.toFixed(2)}, maximum ${idle.max.toFixed(2)}`);
  for (const [name, network] of Object.entries({ '8 bits': await quantize(model, batchOf(model, 8)), floats: model })) {
    const session = await compile(network);
    await session.run(x);
    let batches = 0;
    const busy = await delays(async () => {
      const end = performance.now() + 5000;
      let next = session.run(x);
      while (performance.now() < end) {
        const current = next;
        next = session.run(x); // always one that waits
        await current;
        batches++;
      }
      await next;
    });
    t.comment(`${name}: ${batches} batches, p99 ${busy.p99.toFixed(2)}, maximum ${busy.max.toFixed(2)}`);
    t.ok(batches > 5, 'it was at work');
    t.ok(busy.p99 < 5, `${name}: p99 below 5 ms`);
    t.ok(busy.max < 20, `${name}: never 20 ms`);
    session.dispose();
  }
});

/** In ms. */
async function delays(meanwhile: () => Promise<unknown>): Promise<{ p99: number; max: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await meanwhile();
  histogram.disable();
  return { p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}

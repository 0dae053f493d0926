// Sessions at work beside each other and beside JavaScript: several at once, in workers, disposed of in mid-run, forgotten.
// The thread sanitizer runs this file.
import { once } from 'node:events';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { compile, cpuInfo, type InferenceSession, layers, models, setThreads, type Tensor } from '../dist';
import { normal, randomize, sameBits } from './random-network';

const library = join(__dirname, '../dist');
const networks = join(__dirname, 'random-network.js');
const quick = process.env.ADDERNET_QUICK !== undefined;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Some milliseconds for an image. */
const block = (channels: number) =>
  new layers.Residual(
    new layers.Sequential([new layers.AdderConv2d(channels, channels, { kernel: 3, padding: 1 }), new layers.BatchNorm(channels)]),
  );
const network = randomize(new layers.Sequential([block(32), block(32), new layers.GlobalAveragePool2d(), new layers.Flatten()]), 1);
const input = [24, 24, 32];

async function expectedOf(x: Tensor): Promise<Tensor> {
  const session = await compile(network, { input, threads: 1 });
  const y = session.runSync(x);
  session.dispose();
  return y;
}

t.test('many runs of several sessions', async (t) => {
  const { threads } = cpuInfo();
  setThreads(3);
  const sessions = await Promise.all([undefined, 1, 2].map((threads) => compile(network, { input, threads })));
  const batches = [1, 2, 5].map((n) => normal([n, ...input], n));
  const expected = await Promise.all(batches.map(expectedOf));
  const runs: Promise<boolean>[] = [];
  for (let round = 0; round < 4; round++)
    for (const session of sessions)
      for (const [i, x] of batches.entries()) runs.push(session.run(x).then((y) => sameBits(y, expected[i]!)));
  const sync = sessions.every((session) => sameBits(session.runSync(batches[1]!), expected[1]!));
  t.ok(sync, 'runSync waits for its turn');
  t.ok((await Promise.all(runs)).every(Boolean), 'every result is right');
  for (const session of sessions) session.dispose();
  setThreads(threads);
});

t.test('the event loop goes on', async (t) => {
  const session = await compile(network, { input });
  const x = normal([quick ? 10 : 60, ...input], 1);
  let turns = 0;
  let running = true;
  const run = session.run(x).finally(() => {
    running = false;
  });
  while (running) {
    await nextTurn();
    turns++;
  }
  await run;
  t.ok(turns > 20, `${turns} turns of the event loop during one run`);
  session.dispose();
});

t.test('x is the caller’s again at once', async (t) => {
  const session = await compile(network, { input });
  const x = normal([2, ...input], 1);
  const expected = await expectedOf(x);
  const [first, second] = [session.run(x), session.run(x)];
  x.data.fill(Number.NaN);
  t.ok(sameBits(await first, expected));
  t.ok(sameBits(await second, expected), 'of a run that waits, too');
  session.dispose();
});

t.test('dispose while runs are under way', async (t) => {
  const x = normal([2, ...input], 1);
  const expected = await expectedOf(x);
  const session = await compile(network, { input });
  const runs = [1, 2, 3].map(() => session.run(x));
  session.dispose();
  session.dispose();
  t.equal(session.memory, 0);
  await t.rejects(session.run(x), { name: 'AdderNetError', code: 'ERR_DISPOSED', message: /compile/ });
  t.throws(() => session.runSync(x), { name: 'AdderNetError', code: 'ERR_DISPOSED' });
  for (const y of await Promise.all(runs)) t.ok(sameBits(y, expected), 'runs that were asked for before still end');
});

// Compiles a network of its own and runs it again and again; posts the first result.
const worker = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { compile, models } = require(workerData.library);
  const { normal, randomize } = require(workerData.networks);
  (async () => {
    const model = randomize(models.lenet5bn({ seed: 1 }), 2);
    const session = await compile(model);
    const x = normal([8, ...model.inputShape], 3);
    parentPort.postMessage((await session.run(x)).data);
    for (let round = 0; round < workerData.rounds; round++) await Promise.all([1, 2, 3].map(() => session.run(x)));
  })();
`;
const startWorker = (rounds: number) => new Worker(worker, { eval: true, workerData: { library, networks, rounds } });

t.test('sessions in several workers', async (t) => {
  const model = randomize(models.lenet5bn({ seed: 1 }), 2);
  const session = await compile(model);
  const expected = session.runSync(normal([8, ...model.inputShape], 3));
  const verdicts = [1, 2, 3].map(async () => {
    const worker = startWorker(3);
    const exit = once(worker, 'exit');
    const [data] = await once(worker, 'message');
    return { data, exit: (await exit)[0] };
  });
  for (const verdict of await Promise.all(verdicts)) t.same(verdict, { data: expected.data, exit: 0 }, 'right, and ends by itself');
  session.dispose();
});

t.test('a worker may be terminated with runs under way', async (t) => {
  for (let i = 0; i < 4; i++) {
    const worker = startWorker(Number.POSITIVE_INFINITY);
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 3 * i));
    t.equal(await worker.terminate(), 1, 'it was at work');
  }
  t.ok((await expectedOf(normal([1, ...input], 1))).data.every(Number.isFinite), 'and the threads work on');
});

t.test('memory does not grow', { skip: quick ? 'a sanitizer keeps freed memory' : false }, async (t) => {
  const model = models.vggSmall({ seed: 1 }); // 20 MB packed
  const megabytes = () => process.memoryUsage().rss / 2 ** 20;
  const grown = async (rounds: number, use: () => Promise<void>) => {
    const round = async () => {
      await use();
      collectGarbage();
      await nextTurn();
    };
    await round();
    const before = megabytes();
    for (let i = 0; i < rounds; i++) await round();
    return megabytes() - before;
  };
  const disposed = await grown(20, async () => (await compile(model)).dispose());
  t.ok(disposed < 150, `compiled and disposed of: ${Math.round(disposed)} MB`);
  const forgotten = await grown(20, async () => void (await compile(model)));
  t.ok(forgotten < 150, `compiled and forgotten: ${Math.round(forgotten)} MB`);

  const session: InferenceSession = await compile(network, { input });
  const x = normal([8, ...input], 1);
  const ran = await grown(100, async () => void (await Promise.all([session.run(x), session.run(x)])));
  t.ok(ran < 50, `run: ${Math.round(ran)} MB`);
  session.dispose();
});

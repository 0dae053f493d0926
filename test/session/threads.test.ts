// Sessions at work beside each other and beside JavaScript: several at once, in workers, disposed of in mid-run, forgotten.
// The thread sanitizer runs this file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { compile, type InferenceSession, layers, models, type Tensor } from '../../dist';
import { useThreads } from '../support/cpu-settings';
import { randomize } from '../support/random-network';
import { library } from '../support/repository';
import { normal, sameBits } from '../support/tensors';

const support = join(__dirname, '../support');
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
  useThreads(t, 3);
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

// A process of its own, with a single thread of libuv's. Its input ends when it has written something.
async function child(body: string, environment: NodeJS.ProcessEnv = {}): Promise<{ lines: string[]; code: number | null }> {
  const script = `
    const { compile, layers, models, Tensor } = require(${JSON.stringify(library)});
    const { readFile, read } = require('node:fs');
    const { pbkdf2 } = require('node:crypto');
    const { promisify } = require('node:util');
    const convolutions = () => Array.from({ length: ${quick ? 3 : 24} }, () => new layers.AdderConv2d(32, 32, { kernel: 3, padding: 1 }));
    const network = () => compile(new layers.Sequential(convolutions()), { input: [32, 32, 32] });
    const x = Tensor.zeros([${quick ? 4 : 32}, 32, 32, 32]); // some 100 ms
    ${body}`;
  const withoutLeaks = 'detect_leaks=0'; // of Node's own, which frees little where a process exits
  const process_ = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', ADDERNET_NUM_THREADS: '1', ASAN_OPTIONS: withoutLeaks, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(process_, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: process_.stdout })) {
    lines.push(line);
    process_.stdin.end();
  }
  return { lines, code: (await exited)[0] };
}

for (const sessions of [6, 12])
  t.test(`${sessions} sessions at work leave libuv’s threads to others`, async (t) => {
    const { lines, code } = await child(`(async () => {
      const all = await Promise.all(Array.from({ length: ${sessions} }, network));
      let ended = 0;
      const runs = all.map((session) => session.run(x).then(() => { ended++; }));
      await Promise.all([promisify(readFile)(${JSON.stringify(__filename)}), promisify(pbkdf2)('a', 'b', 1, 32, 'sha256')]);
      console.log(ended);
      await Promise.all(runs);
      console.log(ended);
    })()`);
    t.equal(code, 0);
    t.ok(Number(lines[0]) < sessions, `${lines[0]} of ${sessions} runs had ended when a file was read and a key derived`);
    t.equal(Number(lines[1]), sessions);
  });

t.test('others that hold libuv’s threads do not hold up a run', async (t) => {
  const { lines } = await child(`
    read(0, Buffer.alloc(1), () => console.log('read'));
    network().then((session) => session.run(x)).then(() => console.log('ran'));
  `);
  t.same(lines, ['ran', 'read']);
});

t.test('a run keeps the process alive, and nothing else does', async (t) => {
  const started = performance.now();
  t.same(await child(`network().then((session) => session.run(x)).then(() => console.log('ran'))`), { lines: ['ran'], code: 0 });
  t.same(await child('network()'), { lines: [], code: 0 });
  t.same(await child(`network().then((session) => session.runSync(x)).then(() => console.log('ran'))`), { lines: ['ran'], code: 0 });
  t.comment(`${Math.round(performance.now() - started)} ms`);
});

t.test('a process may exit while runs are under way or wait', async (t) => {
  const runs = 'Promise.all([network(), network(), network()]).then((all) => { for (const session of [...all, ...all]) session.run(x);';
  t.same(await child(`${runs} setTimeout(() => process.exit(3), 5); })`), { lines: [], code: 3 });
  t.same(await child(`${runs} process.exit(3); })`), { lines: [], code: 3 });
  t.equal((await child(`${runs} setTimeout(() => process.kill(process.pid, 'SIGTERM'), 5); })`)).code, null);
});

// Compiles a network of its own and runs it again and again; posts the first result.
const worker = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { compile, models } = require(workerData.library);
  const { randomize } = require(workerData.support + '/random-network');
  const { normal } = require(workerData.support + '/tensors');
  (async () => {
    const model = randomize(models.lenet5bn({ seed: 1 }), 2);
    const session = await compile(model);
    const x = normal([8, ...model.inputShape], 3);
    parentPort.postMessage((await session.run(x)).data);
    for (let round = 0; round < workerData.rounds; round++) await Promise.all([1, 2, 3].map(() => session.run(x)));
  })();
`;
const startWorker = (rounds: number) => new Worker(worker, { eval: true, workerData: { library, support, rounds } });

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

const notLinux = process.platform !== 'linux' && 'reads /proc/self/maps';
t.test('the addon stays loaded for its threads', { skip: notLinux }, async (t) => {
  const body = 'const { ops, Tensor } = require(require("node:worker_threads").workerData); ops.relu(Tensor.zeros([1 << 20]));';
  const script = `
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(${JSON.stringify(body)}, { eval: true, workerData: ${JSON.stringify(library)} });
    worker.once('exit', () => console.log(/addernet.node/.test(require('node:fs').readFileSync('/proc/self/maps', 'utf8'))));`;
  t.same(await child(script, { ADDERNET_NUM_THREADS: '2' }), { lines: ['true'], code: 0 }, 'when the worker that loaded it has ended');
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

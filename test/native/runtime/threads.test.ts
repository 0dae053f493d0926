// Threads change nothing but the time: bit-identical with any number of them, for several callers at once, and while a caller is killed.
// The thread sanitizer runs this file.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { cpuInfo, ops, setThreads } from '../../../dist';
import { checkThreads, useIsa, useThreads } from '../../support/cpu-settings';
import { library } from '../../support/repository';
import { normal } from '../../support/tensors';

// One for each form of the convolution and each way to cut it into tasks.
const convolutions: { name: string; x: number[]; filters: number[]; options: ops.ConvolutionOptions }[] = [
  { name: 'rows are pixels', x: [2, 13, 11, 16], filters: [40, 3, 3, 16], options: { padding: 1 } },
  { name: 'rows are filters', x: [1, 20, 37, 8], filters: [3, 5, 3, 8], options: { stride: 2 } },
  { name: 'many small images', x: [9, 4, 4, 24], filters: [10, 4, 4, 24], options: {} },
  { name: 'several blocks of k', x: [1, 6, 6, 300], filters: [33, 3, 3, 300], options: { padding: 1 } },
  { name: 'groups, dilated', x: [2, 12, 9, 12], filters: [18, 3, 3, 4], options: { groups: 3, dilation: 2, padding: 2 } },
  { name: 'depthwise', x: [2, 15, 15, 19], filters: [19, 3, 3, 1], options: { groups: 19, padding: 1 } },
];

for (const isa of cpuInfo().supported)
  t.test(`${isa}: bit-identical with 1, 2 and 3 threads`, async (t) => {
    useIsa(t, isa);
    for (const { name, x, filters, options } of convolutions)
      for (const op of [ops.adderConv2d, ops.conv2d])
        checkThreads(t, `${op.name}: ${name}`, () => [
          op(normal(x, 1), normal(filters, 2), { ...options, bias: normal([filters[0]!], 3) }),
        ]);
  });

// Convolves the same tensors `rounds` times and posts whether every result had the expected bits.
const worker = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { ops, Tensor } = require(workerData.library);
  const [x, filters, expected] = workerData.tensors.map(({ data, shape }) => new Tensor(data, shape));
  let good = true;
  parentPort.postMessage('started');
  for (let round = 0; round < workerData.rounds; round++)
    good &&= Buffer.from(ops.adderConv2d(x, filters, { padding: 1 }).data.buffer).equals(Buffer.from(expected.data.buffer));
  parentPort.postMessage(good);
`;

function startWorker(rounds: number): Worker {
  const [x, filters] = [normal([2, 16, 16, 16], 1), normal([32, 3, 3, 16], 2)];
  const tensors = [x, filters, ops.adderConv2d(x, filters, { padding: 1 })].map(({ data, shape }) => ({ data, shape }));
  return new Worker(worker, { eval: true, workerData: { library, tensors, rounds } });
}

t.test('several workers share the threads', async (t) => {
  useThreads(t, 4);
  const workers = [1, 2, 3].map(() => startWorker(200));
  const verdicts = workers.map(async (worker) => {
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    await once(worker, 'exit');
    return messages;
  });
  for (const messages of await Promise.all(verdicts)) t.same(messages, ['started', true], 'every result is right');
});

t.test('a worker may be terminated while it works', async (t) => {
  for (let i = 0; i < 5; i++) {
    const worker = startWorker(Number.POSITIVE_INFINITY);
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 5 * i));
    t.equal(await worker.terminate(), 1, 'it was at work');
  }
  const [x, filters] = [normal([1, 8, 8, 4], 1), normal([8, 3, 3, 4], 2)];
  t.ok(ops.adderConv2d(x, filters).data.every(Number.isFinite), 'and the threads work on');
});

t.test('a number of threads is an integer from 1 to 1024', async (t) => {
  const { threads } = cpuInfo();
  for (const bad of [0, -1, 1.5, 1025, Number.NaN, Number.POSITIVE_INFINITY, '2', undefined])
    t.throws(() => setThreads(bad as number), { name: 'AdderNetError', code: 'ERR_ARGUMENT' }, `not ${String(bad)}`);
  t.equal(cpuInfo().threads, threads, 'a refused number changes nothing');
  useThreads(t, 7);
  t.equal(cpuInfo().threads, 7);

  const child = (value: string) =>
    spawnSync(process.execPath, ['-p', `try { require(${JSON.stringify(library)}).cpuInfo().threads } catch (error) { error.code }`], {
      env: { ...process.env, ADDERNET_NUM_THREADS: value },
      encoding: 'utf8',
    }).stdout.trim();
  for (const bad of ['0', '-1', '1.5', '1025', 'many', '99999999999999999999', '2 3'])
    t.equal(child(bad), 'ERR_ARGUMENT', `ADDERNET_NUM_THREADS is not ${bad}`);
  t.equal(child('3'), '3', 'ADDERNET_NUM_THREADS counts');
  t.match(child(''), /^[1-9]\d*$/, 'and says nothing where it is empty');
});

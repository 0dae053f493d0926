// Another thread writes to the memory of all arguments while calls read them. Numbers that say where or how far to read and write, such as
// geometries and classes, are copied and then checked: a call gives any result or a code, but never looks outside of its memory. The address
// sanitizer runs this file.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { useThreads } from '../../support/cpu-settings';
import { type NativeCall, nativeCalls } from '../../support/native-calls';

/**
 * Writes an extreme number into one element after the other and puts back what was there, each for a while: whoever looks twice may see two
 * numbers.
 */
const writer = `
  const { parentPort, workerData: { arrays, stop } } = require('node:worker_threads');
  const integers = arrays.filter((array) => array instanceof Int32Array);
  const others = arrays.filter((array) => !(array instanceof Int32Array));
  const extremes = [2 ** 30, 2 ** 31 - 1, -1, 1e6, 77, 0, -(2 ** 31)];
  const wait = (turns) => { for (let i = 0; i < turns; i++) Atomics.load(stop, 0); };
  parentPort.postMessage('writing');
  for (let round = 0; Atomics.load(stop, 0) === 0; round++) {
    for (const array of integers)
      for (let i = round % 2; i < array.length && Atomics.load(stop, 0) === 0; i++)
        for (const [before, extreme] of extremes.map((extreme) => [array[i], extreme])) {
          Atomics.store(array, i, extreme);
          wait(Math.random() * 100);
          Atomics.store(array, i, before);
          wait(Math.random() * 100);
        }
    for (const array of others) for (let i = 0; i < array.length; i++) array[i] = Math.random() * 60;
  }
`;

type Objects = Record<string, unknown>;
/** The same arguments, their arrays in shared memory and listed. */
function shared(value: unknown, arrays: Float32Array[]): unknown {
  if (ArrayBuffer.isView(value)) {
    const array = value as Float32Array;
    const copy = new (array.constructor as Float32ArrayConstructor)(new SharedArrayBuffer(array.byteLength));
    copy.set(array);
    arrays.push(copy);
    return copy;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inside]) => [key, shared(inside, arrays)]);
  return Array.isArray(value) ? entries.map(([, inside]) => inside) : (Object.fromEntries(entries) as Objects);
}

const milliseconds = process.env.ADDERNET_QUICK ? 60 : 150;

/** Calls again and again while the arrays among the arguments change. */
async function race(t: Test, name: string, make: () => Pick<NativeCall, 'args' | 'run'>): Promise<void> {
  const arrays: Float32Array[] = [];
  const args = shared(make().args, arrays) as unknown[];
  if (arrays.length === 0) return;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(writer, { eval: true, workerData: { arrays, stop } });
  await once(worker, 'message');
  const counts = { good: 0, refused: 0 };
  const end = performance.now() + milliseconds;
  while (performance.now() < end || counts.good + counts.refused < 5) {
    const { run } = make();
    try {
      run(...args);
      counts.good++;
    } catch (error) {
      const { code } = error as { code?: string };
      if (!/^ERR_(SHAPE|ARGUMENT|MEMORY|DTYPE)$/.test(code ?? '')) t.fail(`${name}: ${error}`);
      counts.refused++;
    }
    if (name === 'Plan.run' || name === 'Plan.profile' || name === 'cropMirrorNormalize') await new Promise(setImmediate);
  }
  Atomics.store(stop, 0, 1);
  await once(worker, 'exit');
  t.pass(`${name}: ${counts.good} good, ${counts.refused} refused`);
}

t.test('arguments that change during the call', async (t) => {
  useThreads(t, 2);
  for (const [name, make] of nativeCalls) await race(t, name, make);
});

t.test('so many classes that some change between the check and the use', async (t) => {
  useThreads(t, 1);
  const run = nativeCalls.get('softmaxCrossEntropy')!().run;
  const n = 1 << 14;
  for (let round = 0; round < 5; round++)
    await race(t, 'softmaxCrossEntropy', () => ({ args: [new Float32Array(2 * n), new Int32Array(n), 0, new Float32Array(2 * n)], run }));
});

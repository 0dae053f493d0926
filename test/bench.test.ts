// The benchmarks run and report what they say; how fast is not tested.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { cpuInfo } from '../dist';
import { native } from '../dist/binding';
import { kernels, type Layer, measureKernels } from '../dist-bench/kernels';
import { measure, measureAsync, median } from '../dist-bench/measure';
import { measureModels } from '../dist-bench/models';

const shortest = { rounds: 1, seconds: 0.005 };

t.test('measure takes turns and gives medians', async (t) => {
  const order: string[] = [];
  const turn = (name: string) => () => {
    if (order.at(-1) !== name) order.push(name);
    const end = performance.now() + 0.2;
    while (performance.now() < end);
  };
  const seconds = measure({ a: turn('a'), b: turn('b') }, { ...shortest, rounds: 3 });
  t.same(order, ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'], 'a first touch, then three rounds');
  t.ok(seconds.a >= 0.0002 && seconds.b >= 0.0002, 'in seconds a call');
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.throws(() => measure({ bad: () => native().peak('none', 1) }, shortest), { message: /there is no peak named 'none'/ });
});

t.test('measureAsync takes turns with what it awaits', async (t) => {
  const order: string[] = [];
  const turn = (name: string) => async () => {
    if (order.at(-1) !== name) order.push(name);
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const seconds = await measureAsync({ a: turn('a'), b: turn('b') }, { ...shortest, rounds: 2 });
  t.same(order, ['a', 'b', 'a', 'b', 'a', 'b']);
  t.ok(seconds.a >= 0.0015 && seconds.b >= 0.0015, 'in seconds a call');
  await t.rejects(measureAsync({ bad: () => Promise.reject(new Error('no')) }, shortest), { message: 'no' });
});

t.test('whole networks, each by every contestant', async (t) => {
  const { isa: before, threads } = cpuInfo();
  const report = await measureModels({ ...shortest, tasks: [{ network: 'resnet20', batch: 1 }], isa: 'scalar' });
  const ours = report.results.filter(({ contestant }) => !contestant.startsWith('onnxruntime'));
  t.same(
    ours.map(({ contestant }) => contestant),
    ['adder u8', 'adder u8 run', 'adder f32', 'adder f32 run', 'conv f32'],
  );
  for (const { isa, seconds, imagesPerSecond } of ours) {
    t.equal(isa, 'scalar');
    t.ok(seconds > 0 && Math.abs(imagesPerSecond * seconds - 1) < 1e-9);
  }
  t.same([report.threads, cpuInfo().isa], [threads, before], 'the instruction set in force before is so again');
});

t.test('every kernel has a peak on every instruction set', async (t) => {
  const { isa: before, supported, threads, model } = cpuInfo();
  const layer: Layer = { network: 'none', x: [1, 6, 6, 16], co: 16, stride: 2 };
  const seen: string[] = [];
  const report = measureKernels({ ...shortest, layers: [layer], onLayer: (results) => seen.push(results[0]!.isa) });
  t.match(report, { cpu: model, threads });
  t.same(seen, supported);
  t.equal(report.results.length, supported.length * kernels.length);
  for (const { seconds, rate, peak, share } of report.results) {
    t.ok([seconds, rate, peak, share].every((v) => v > 0 && Number.isFinite(v)));
    t.ok(Math.abs((rate * 1e9 * seconds) / (3 * 3 * 16 * 9 * 16) - 1) < 1e-9, 'an element is a pair of an input and a weight');
  }
  t.equal(cpuInfo().isa, before, 'the instruction set in force before is so again');
});

t.test('a peak is some number of steps', async (t) => {
  for (const steps of [0, -1, 2 ** 31, Number.NaN]) t.throws(() => native().peak('xnor', steps), { code: 'ERR_ARGUMENT' });
  const { isa: before, supported } = cpuInfo();
  for (const isa of supported) {
    native().setIsa(isa);
    for (const { peak } of kernels) t.equal(native().peak(peak, 10), 10 * native().peak(peak, 1), `${peak} on ${isa}`);
    const bytes = isa === 'scalar' ? 1 : 2; // plain C++ works on one element at a time, whatever its type
    t.equal(native().peak('l1 u8', 1), bytes * native().peak('l1 i16', 1), `${isa}: twice as many bytes as int16 fill a vector`);
  }
  native().setIsa(before);
});

t.test('addernet bench', async (t) => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(__dirname, '../dist/cli/main.js'), 'bench', ...args], { encoding: 'utf8' });
  t.match(run('kernels', '--isa', 'avx1024'), { status: 1, stdout: '', stderr: /^addernet: isa is 'avx1024'/ });
  t.equal(run('birds').status, 2);
});

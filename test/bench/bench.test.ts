// The benchmarks run and report what they say; how fast is not tested.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cpuInfo, setThreads } from '../../dist';
import { native } from '../../dist/binding';
import { inRegisters, kernels, measureKernels } from '../../dist-bench/kernels';
import { measureLayers } from '../../dist-bench/layers';
import { measure, measureAsync, median } from '../../dist-bench/measure';
import { measureModels } from '../../dist-bench/models';
import { measureNodes } from '../../dist-bench/nodes';
import { cpuPage } from '../../dist-bench/report/cpu-page';
import { readMeasurements } from '../../dist-bench/report/measurements';
import { overview } from '../../dist-bench/report/overview';
import { measureServe, overheadOf } from '../../dist-bench/serve';
import { measureTrain } from '../../dist-bench/train';
import { measureWasm } from '../../dist-bench/wasm';
import { chainableLayers, type Layer } from '../../dist-bench/workloads';
import { useIsa } from '../support/cpu-settings';
import { testNeeding } from '../support/needing';
import { library } from '../support/repository';

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
  const own = await measureAsync({ a: async () => 2, b: turn('b') }, { ...shortest, rounds: 2 });
  t.equal(own.a, 2, 'or what they say that they took');
  await t.rejects(measureAsync({ bad: () => Promise.reject(new Error('no')) }, shortest), { message: 'no' });
});

t.test('whole networks, each in every implementation', async (t) => {
  const { isa: before, threads } = cpuInfo();
  const report = await measureModels({ ...shortest, tasks: [{ network: 'resnet20', batch: 1 }], isa: 'scalar' });
  const ours = report.results.filter(({ implementation }) => !implementation.startsWith('onnxruntime'));
  t.same(
    ours.map(({ implementation }) => implementation),
    [
      'adder u8',
      'adder u8 run',
      'adder i16',
      'adder i16 run',
      'adder f32',
      'adder f32 run',
      '2x2 u8',
      '2x2 i16',
      '2x2 f32',
      'winograd u8',
      'winograd i16',
      'winograd f32',
      'conv f32',
      'xnor',
    ],
  );
  for (const { isa, seconds, imagesPerSecond } of ours) {
    t.equal(isa, 'scalar');
    t.ok(seconds > 0 && Math.abs(imagesPerSecond * seconds - 1) < 1e-9);
  }
  t.same([report.threads, cpuInfo().isa], [threads, before], 'the instruction set active before is active again');
});

testNeeding(
  [!existsSync(join(library, 'wasm/addernet.wasm')) && 'the WebAssembly module is not built: npm run build:wasm'],
  'networks in WebAssembly',
  async (t) => {
    const { isa: before, supported } = cpuInfo();
    const report = await measureWasm(shortest);
    const names = ['conv f32', ...['adder', '2x2', 'winograd'].flatMap((form) => [`${form} f32`, `${form} u8`])];
    const of = (isa: string) => report.results.filter((result) => result.isa === isa).map(({ implementation }) => implementation);
    t.same(of('wasm_simd128'), [...names, ...(report.baselines ? ['onnxruntime f32', 'onnxruntime int8'] : [])]);
    for (const isa of ['sse41', 'avx2', 'neon']) t.same(of(isa), supported.includes(isa) ? names : [], `${isa} beside it`);
    t.equal(cpuInfo().isa, before, 'the instruction set active before is active again');
  },
);

t.test('the nodes of whole networks', async (t) => {
  const { isa: before, threads } = cpuInfo();
  const report = await measureNodes({ ...shortest, tasks: [{ network: 'resnet20', batch: 1 }], isa: 'scalar' });
  const names = ['adder', '2x2', 'winograd']
    .flatMap((form) => ['u8', 'i16', 'f32'].map((dtype) => `${form} ${dtype}`))
    .concat('conv f32', 'xnor');
  t.same([...new Set(report.results.map(({ implementation }) => implementation))], names);
  for (const implementation of names) {
    const results = report.results.filter((result) => result.implementation === implementation);
    t.same(
      results.slice(-2).map(({ name }) => name),
      ['sum of the nodes', 'a run'],
    );
    const nodes = results.slice(0, -2);
    const shares = nodes.reduce((sum, { share }) => sum + share, 0);
    t.ok(Math.abs(shares - 1) < 1e-9, 'shares are of the sum');
    const pairs = nodes.reduce((sum, { pairs = 0 }) => sum + pairs, 0);
    const [form] = implementation.split(' ') as [string];
    t.equal(pairs, { '2x2': 18_530_944, winograd: 19_841_664 }[form] ?? 40_813_184, implementation);
    for (const { seconds, pairs, rate, peakShare } of nodes)
      if (pairs) t.ok(Math.abs(rate! * 1e9 * seconds - pairs) < 1 && peakShare! > 0, `${rate} is ${peakShare} of a peak`);
  }
  t.same([report.threads, cpuInfo().isa], [threads, before], 'the instruction set active before is active again');
});

t.test('layers, each in every implementation', async (t) => {
  const { isa: before, threads } = cpuInfo();
  for (const { x, co, stride } of chainableLayers) t.same([x[0], x[3], stride], [64, co, 1]);
  const layer: Layer = { network: 'none', x: [2, 6, 6, 16], co: 16, stride: 1 };
  const report = await measureLayers({ ...shortest, layers: [layer], isa: 'scalar' });
  const ours = report.results.filter(({ implementation }) => !implementation.startsWith('onnxruntime'));
  t.same(
    ours.map(({ implementation }) => implementation),
    [
      ...['adder f32', 'conv f32', 'xnor', 'adder u8', 'conv int8, 8-bit weights', 'conv int8, 7-bit weights'],
      ...['adder f32 node', '2x2 f32', 'winograd f32', 'adder u8 node', '2x2 u8', 'winograd u8', 'adder i16', '2x2 i16', 'winograd i16'],
    ],
  );
  t.equal(report.results.length - ours.length, report.baselines ? 2 : 0, 'and onnxruntime in floats and in 8 bits where it is installed');
  for (const { seconds, rate } of report.results) t.ok(Math.abs((rate * 1e9 * seconds) / (2 * 6 * 6 * 16 * 9 * 16) - 1) < 1e-9);
  t.same([report.threads, cpuInfo().threads, cpuInfo().isa], [1, threads, before], 'threads and instruction set are again as before');
});

t.test('training steps, each in every implementation', async (t) => {
  const { isa: before, threads } = cpuInfo();
  t.teardown(() => setThreads(threads));
  // On one thread: those of PyTorch wait for each other thousands of times a step, minutes where other tests take their cores.
  const report = await measureTrain({ ...shortest, batches: [4, 2], isa: 'scalar', threads: 1 });
  t.equal(cpuInfo().threads, 1);
  const all = report.results.map(({ implementation, batch }) => `${implementation} ${batch}`);
  t.same(all, [
    'adder 4',
    '2x2 4',
    'winograd 4',
    'conv 4',
    'xnor 4',
    'adder 2',
    ...(report.torch ? ['PyTorch conv 4', 'PyTorch adder 2'] : []),
  ]);
  for (const { seconds, millisecondsPerImage, batch } of report.results)
    t.ok(seconds > 0 && Math.abs((millisecondsPerImage * batch) / 1000 - seconds) < 1e-9);
  t.ok(report.residentBytes > 1e7);
  t.same([report.threads, cpuInfo().isa], [1, before]);
});

t.test('the report says what was measured', async (t) => {
  const about = { cpu: 'a CPU', date: '2001-02-03', baselines: true };
  const isa = 'avx2';
  // Seconds that make ratios of every kind: the adders in bytes take 1, floats 2, whatever else 4.
  const seconds = (implementation: string) => (implementation.startsWith('adder u8') ? 1 : implementation.startsWith('adder') ? 2 : 4);
  const ours = ['adder u8', 'adder f32', 'conv f32', 'xnor'];
  const baselines = ['onnxruntime f32', 'onnxruntime int8'];
  const ofLayers = [...ours, 'conv int8, 8-bit weights', 'conv int8, 7-bit weights', ...baselines];
  const ofModels = [...ours, 'adder u8 run', ...baselines];
  const tasks = [['resnet20', 1] as const, ['resnet20', 64] as const, ['resnet18', 1] as const];
  const models = [1, 2].map((threads) => ({
    ...about,
    threads,
    results: tasks.flatMap(([network, batch]) =>
      ofModels.map((implementation) => {
        const time = seconds(implementation) / threads;
        return { isa, network, batch, implementation, seconds: time, imagesPerSecond: batch / time, ratios: { f32: 0.125, int8: 0.375 } };
      }),
    ),
  }));
  const results = ['ResNet-20 8x8 64-64 batch 64', 'ResNet-18 7x7 512-512 batch 64'].flatMap((layer) =>
    ofLayers.map((implementation) => ({
      isa,
      layer,
      implementation,
      seconds: seconds(implementation),
      rate: 100 / seconds(implementation),
    })),
  );
  const kernel = {
    isa,
    byteAdder: 'mixed',
    layer: 'ResNet-20 8x8 64-64 batch 64',
    kernel: 'adderConv2d f32',
    seconds: 1,
    rate: 37,
    peak: 50,
    share: 0.74,
  };
  const step = (implementation: string, batch: number, millisecondsPerImage: number) =>
    ({ network: 'resnet20', isa, implementation, batch, seconds: (batch * millisecondsPerImage) / 1000, millisecondsPerImage }) as const;
  const server = [{ network: 'resnet20-cifar10', isa, implementation: 'HTTP', concurrency: 32, seconds: 0.1, imagesPerSecond: 320 }];
  const train = [step('adder', 128, 2), step('adder', 2, 4), step('PyTorch conv', 128, 1.6), step('PyTorch adder', 2, 100)];
  const measured = {
    name: 'one',
    models,
    train: { ...about, threads: 2, torch: '1.13', residentBytes: 1e9, results: train },
    serve: { ...about, threads: 1, addedMilliseconds: 0.8, throughputShare: 0.5, answers: 10, errors: 0, results: server },
    layers: { ...about, threads: 1, results },
    kernels: { ...about, threads: 1, results: [kernel] },
  };
  const { markdown, charts } = await cpuPage(measured);
  const row = (start: string) => markdown.split('\n').find((line) => line.startsWith(`| ${start}`));
  t.equal(
    row('float convolution /'),
    '| float convolution / onnxruntime Conv | 1.1 | 1.00 (ResNet-20 8x8 64-64), 1.00 (ResNet-18 7x7 512-512) | yes |',
  );
  t.match(row('float adder / float'), /0\.50 \(ResNet-20 8x8 64-64\), .* yes/);
  t.match(row('8-bit adder ResNet-20'), /\| 0\.5 \| 0\.25 \(resnet20, batch 1\), 0\.25 \(resnet20, batch 64\) \| yes/);
  t.match(row('two threads / one'), /\| 0\.6 \| 0\.50 \(adder u8\), 0\.50 \(adder f32\) \| yes/);
  t.match(row('training step / PyTorch CNN'), /\| 1 \| 1\.25 .* no \|/);
  t.match(row('images from 32 clients over HTTP'), /\| 1\.25 \| 2\.00 .* no \|/);
  t.match(row('training, an image'), /\| 0\.04 \| 0\.020 .* yes \|/);
  t.match(row('16-bit adder ResNet-20'), /\| 0\.8 \| {2}\| not measured \|/, 'an implementation that is younger than the measurements');
  t.match(row('float Winograd / float adder'), /\| 0\.52 \| {2}\| not measured \|/);
  t.match(markdown, 'relative to adder layers with 3x3 windows of the same shape and numbers:\n\nNot measured.');
  t.match(markdown, '| PyTorch adder | 2 | 200.0 | 100.00 | 10 |');
  t.match(markdown, 'a CPU, avx2, 2 threads, 2001-02-03.');
  t.match(markdown, '| adder u8 | resnet20, batch 64 | 1000.000 | 64 | 0.13 | 0.38 |');
  t.match(markdown, /\| ResNet-20 8x8 64-64 \| 37, 74 % \|/);
  for (const [name, svg] of charts) {
    t.match(markdown, `](${name})`, 'every chart is shown');
    for (const implementation of [...ours, ...baselines]) t.match(svg, `>${implementation}<`, `${implementation} in ${name}`);
  }

  const slow = results.map((r) => (r.implementation === 'adder f32' && /ResNet-20/.test(r.layer) ? { ...r, seconds: 8 } : r));
  const second = await cpuPage({ ...measured, layers: { ...measured.layers, results: slow } });
  t.match(second.markdown, /float adder \/ float convolution \| 1\.1 \| 2\.00 .*, 0\.50 .* \| 1 of 2 \|/, 'a goal that was missed');
  const without = results.filter(({ implementation }) => implementation !== 'onnxruntime int8');
  await t.rejects(cpuPage({ ...measured, layers: { ...measured.layers, results: without } }), {
    message: /lack onnxruntime int8.*bench\/baselines/,
  });

  const vnni = models.map((report) => ({
    ...report,
    cpu: 'Intel(R) Xeon(R)',
    results: report.results.flatMap((r) => [
      { ...r, isa: 'avx512_vnni' },
      ...(r.implementation === 'adder f32' ? [{ ...r, isa: 'avx512_vnni', implementation: 'adder i16' }] : []),
    ]),
  }));
  const side = await overview([measured, { ...measured, name: 'other', models: vnni }]);
  t.match(
    side.markdown,
    /^\| {2}\| \[one\]\(https:.*\/bench\/results\/one\/README\.md\) \| \[other\]\(https:.*\/bench\/results\/other\/README\.md\) \|$/m,
  );
  t.match(side.markdown, '| 8-bit adder ResNet-20 / onnxruntime int8 CNN | 0.25 (0.5: yes) | 0.25 (0.75: yes) |', 'each has its own goal');
  t.match(side.markdown, /\| 16-bit adder ResNet-20 \/ onnxruntime float CNN \| not measured \| \d\.\d\d \(1: \w+\) \|/);
  t.match(side.markdown, '\n## Layers with fewer pairs\n\n');
  t.match(side.markdown, /Above 1, they lose\.\n\nNot measured\.\n/);
  for (const text of ['one', 'other', '8-bit adders / 8-bit CNN', '16-bit adders / float CNN'])
    t.match(side.charts.get('models.svg'), `>${text}<`);

  // Winograd's take half of the adders' time, and twice as much of bytes on the layer of 64 channels.
  const winograd = <Result extends { implementation: string; seconds: number }>(all: readonly Result[]): Result[] =>
    all.flatMap((r) => {
      const dtype = /^adder (u8|f32)$/.exec(r.implementation)?.[1];
      const isSlow = dtype === 'u8' && 'layer' in r && /64-64/.test(String(r.layer));
      const own = { ...r, implementation: `winograd ${dtype}`, seconds: r.seconds * (isSlow ? 2 : 0.5) };
      return dtype === undefined ? [r] : [r, own, { ...r, implementation: `adder ${dtype} node` }];
    });
  const faster = {
    ...measured,
    name: 'faster',
    models: vnni.map((report) => ({ ...report, results: winograd(report.results) })),
    layers: { ...measured.layers, results: winograd(results) },
    train: { ...measured.train, results: [...train, step('winograd', 128, 1)] },
  };
  const page = await cpuPage(faster);
  t.match(page.markdown, '|  | 2x2, floats | 2x2, bytes | 2x2, 16 bits | winograd, floats | winograd, bytes | winograd, 16 bits |');
  t.match(page.markdown, '| ResNet-20 8x8 64-64 | not measured | not measured | not measured | 0.50 | 2.00 | not measured |');
  t.match(page.markdown, '\n\nThey lose on ResNet-20 8x8 64-64 (winograd, bytes, 2.00).\n');
  t.match(
    page.markdown,
    '| training step of Winograd adders / PyTorch CNN, two threads | 0.8 | 0.63 (batch 128 / 128) | yes |',
    "Intel's goal",
  );
  t.match(page.markdown, '| the same, 32x32 16, 16x16 32, 8x8 64 | 0.7 | 0.50 (ResNet-20 8x8 64-64) | yes |');
  t.match(page.markdown, '| float Winograd ResNet-18 / onnxruntime float CNN | 1.05 | 0.25 (resnet18, batch 1) | yes |');
  for (const [name, svg] of page.charts) t.match(svg, '>winograd f32<', name);
  const both = await overview([measured, faster]);
  t.match(both.markdown, '| winograd, bytes, ResNet-20 8x8 64-64 | not measured | 2.00 |');
  t.match(both.markdown, '\n\n- faster: They lose on ResNet-20 8x8 64-64 (winograd, bytes, 2.00).\n');
  t.notMatch(both.charts.get('models.svg'), 'Winograd', 'which only the tables have');
});

t.test('results of every CPU have a page, whenever they were measured', async (t) => {
  const folder = join(__dirname, '../../bench/results');
  const names = readdirSync(folder).filter((name) => /^zen\d$/.test(name));
  t.ok(names.includes('zen3'));
  const all = names.map((name) => readMeasurements(join(folder, name)));
  for (const measured of all) t.match((await cpuPage(measured)).markdown, `# ${measured.name}\n`);
  t.match((await overview(all)).markdown, '| float Winograd ResNet-18 / onnxruntime float CNN |');
});

t.test('every kernel has a peak on every instruction set', async (t) => {
  const { isa: before, supported, threads, model } = cpuInfo();
  const layer: Layer = { network: 'none', x: [1, 6, 6, 16], co: 16, stride: 2 };
  const seen: string[] = [];
  const report = measureKernels({ ...shortest, layers: [layer], onResults: (results) => seen.push(results[0]!.isa) });
  t.match(report, { cpu: model, threads });
  t.same([...new Set(seen)], supported);
  t.equal(cpuInfo().isa, before, 'the instruction set active before is active again');
  for (const isa of supported) {
    useIsa(t, isa);
    const [{ byteAdders }, ofIsa] = [cpuInfo(), report.results.filter((result) => result.isa === isa)];
    const named = (isPeak: boolean) => ofIsa.filter(({ layer }) => (layer === inRegisters) === isPeak).map(({ kernel }) => kernel);
    t.same(named(true), native().peakNames(), `${isa}: its micro-ops`);
    const others = byteAdders.slice(1).map((byteAdder) => `adderConv2d u8 ${byteAdder}`);
    t.same(named(false).sort(), [...kernels.map(({ name }) => name), ...others].sort(), `${isa}: its kernels, bytes in every way`);
    for (const { kernel, byteAdder } of ofIsa.filter(({ layer }) => layer !== inRegisters))
      t.equal(byteAdder, /^adderConv2d u8 (.*)/.exec(kernel)?.[1] ?? byteAdders[0], `${isa}: ${kernel}`);
  }
  for (const { seconds, rate, peak, share, layer } of report.results) {
    t.ok([seconds, rate, peak, share].every((v) => v > 0 && Number.isFinite(v)));
    if (layer !== inRegisters)
      t.ok(Math.abs((rate * 1e9 * seconds) / (3 * 3 * 16 * 9 * 16) - 1) < 1e-9, 'an element is a pair of an input and a weight');
  }
});

t.test('a peak is some number of steps', async (t) => {
  for (const steps of [0, -1, 2 ** 31, Number.NaN]) t.throws(() => native().peak('xnor', steps), { code: 'ERR_ARGUMENT' });
  for (const isa of cpuInfo().supported) {
    useIsa(t, isa);
    for (const peak of native().peakNames()) t.equal(native().peak(peak, 10), 10 * native().peak(peak, 1), `${peak} on ${isa}`);
    t.same(
      kernels.filter(({ peak }) => !native().peakNames().includes(peak)),
      [],
      `${isa}: every kernel has one`,
    );
    const bytes = isa === 'scalar' ? 1 : 2; // plain C++ works on one element at a time, whatever its type
    const adder = cpuInfo().byteAdders.find((name) => name !== 'vdbpsadbw'); // which counts what is of use
    t.equal(native().peak(`l1 u8 ${adder}`, 1), bytes * native().peak('l1 i16', 1), `${isa}: twice as many bytes as int16 fill a vector`);
  }
});

t.test('the server beside its session: every answer is right', async (t) => {
  const { threads: before } = cpuInfo();
  t.teardown(() => setThreads(before));
  const report = await measureServe({ rounds: 1, concurrency: 4 });
  t.match(report, { threads: 1, answers: 300 + 300 + 80, errors: 0 });
  t.same(
    report.results.map(({ implementation, concurrency }) => [implementation, concurrency]),
    [
      ['session', 1],
      ['HTTP', 1],
      ['session', 4],
      ['HTTP', 4],
    ],
  );
  t.ok(report.results.every(({ seconds }) => seconds > 0));
  t.ok(report.addedMilliseconds > 0, 'HTTP takes time');
  t.ok(report.throughputShare > 0);
});

t.test('what HTTP costs', (t) => {
  const result = (implementation: string, concurrency: number, seconds: number) => ({
    ...{ implementation, concurrency, seconds },
    imagesPerSecond: concurrency / seconds,
  });
  // 2 ms become 3 for one image; 800 images a second become 640 for many.
  const results = [result('session', 1, 0.002), result('HTTP', 1, 0.003), result('session', 32, 0.04), result('HTTP', 32, 0.05)];
  const { addedMilliseconds, throughputShare } = overheadOf(results);
  t.ok(Math.abs(addedMilliseconds - 1) < 1e-9, '1 ms is added');
  t.ok(Math.abs(throughputShare - 0.8) < 1e-9, '80 % of the throughput are left');
  t.end();
});

t.test('a filter leaves what it names, by the function or its group', async (t) => {
  const small: Layer = { network: 'none', x: [1, 4, 4, 16], co: 16, stride: 1 };
  const groups: string[] = [];
  const names = (filter: string, layers: Layer[] = [small]) => {
    const options = { ...shortest, layers, isa: 'scalar', filter, onGroup: (group: string) => groups.push(group) };
    return measureKernels(options).results.map(({ kernel }) => kernel);
  };
  t.same(names('ADDERCONV2D u8'), ['adderConv2d u8']);
  t.same(names('4x4 16-16 batch 1 xnor'), ['xnorConv2d'], 'of one layer');
  t.same(groups, ['scalar, none 4x4 16-16 batch 1', 'scalar, none 4x4 16-16 batch 1'], 'what begins is said');
  t.same(names('birds'), []);
  t.equal(groups.length, 2);
  const layerNames = (await measureLayers({ ...shortest, layers: [small], isa: 'scalar', filter: 'xnor' })).results;
  t.same(
    layerNames.map(({ implementation }) => implementation),
    ['xnor'],
  );
  t.same((await measureModels({ ...shortest, isa: 'scalar', filter: 'birds' })).results, [], 'and no network is made for nothing');
  const steps = (await measureTrain({ ...shortest, batches: [2, 1], isa: 'scalar', threads: 1, filter: 'xnor' })).results;
  t.same(
    steps.map(({ implementation }) => implementation),
    ['xnor'],
  );
});

t.test('addernet bench', async (t) => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(__dirname, '../../dist/cli/main.js'), 'bench', ...args], { encoding: 'utf8' });
  t.match(run('kernels', '--isa', 'avx1024'), { status: 1, stdout: '', stderr: /^addernet: isa is 'avx1024'/ });
  t.equal(run('birds').status, 2);
  const { status, stdout, stderr } = run('kernels', '--quick', '--filter', '8x8 64-64 batch 64 adderConv2d', '--threads', '1');
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(
    stdout,
    /^.+\n1e9\/s: billions .*\n\n {2}kernel +1e9\/s +peak +share\n\n\w+, ResNet-20 8x8 64-64 batch 64\n( {2}adderConv2d\w* [\w ]+ +[\d.]+ +[\d.]+ +[\d.]+ %\n)+\n1 thread; quick/,
  );
  for (const line of stdout.split('\n').slice(2)) t.ok(line.length <= 80, line);
  const { results } = JSON.parse(run('kernels', '--quick', '--filter', '8x8 64-64 batch 64 xnor', '--json').stdout);
  t.match(results, [{ kernel: 'xnorConv2d', isa: cpuInfo().isa }]);
  const nodes = run('models', '--nodes', '--quick', '--filter', 'resnet20, batch 1 xnor');
  t.match(nodes.stdout, /resnet20, batch 1, xnor\n {2}node 0 \(conv2d of conv1\.weight\)\s+[\d.]+ +[\d.]+ % +0\.0004 +[\d.]+ +[\d.]+ %\n/);
  t.match(run('kernels', '--nodes'), { status: 2, stderr: /--nodes applies only to models/ });
  t.match(run('kernels', '--filter', 'birds'), { status: 1, stdout: '', stderr: /no name in kernels contains 'birds'/ });
});

// Every allocation of native code fails once, in calls, in plans and on other threads: each time that is an error with a code, or no error
// where the code can do without the memory, but never the end of the process.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../../support/needing';
import { repository } from '../../support/repository';

/** What runs in the other process: `use` for each allocation, until ten in a row are beyond its last one. */
const program = `
  const { compile, layers, load, ops, setThreads, Tensor } = require(process.argv[1] + '/dist');
  const { native } = require(process.argv[1] + '/dist/binding');
  const { cropMirrorNormalize } = require(process.argv[1] + '/dist/ops/crop-mirror-normalize');
  const tensor = (...shape) => { const t = Tensor.zeros(shape); t.data.forEach((_, i) => { t.data[i] = Math.sin(i); }); return t; };
  const bytes = (T, ...shape) => new Tensor(T.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i % 50), shape);
  const shared = (T, ...shape) => {
    const size = shape.reduce((a, b) => a * b);
    return new Tensor(new T(new SharedArrayBuffer(size * T.BYTES_PER_ELEMENT)), shape);
  };
  const [x, w, gy, u] = [tensor(4, 12, 12, 8), tensor(20, 3, 3, 8), tensor(4, 10, 10, 20), tensor(4, 4, 20, 8)];
  const [few, c] = [tensor(4, 3, 3, 8), (n = 8) => tensor(n)];
  const one = () => new Tensor(new Float32Array(8).fill(1), [8]);
  const model = new layers.Sequential([new layers.AdderConv2d(8, 20, { kernel: 3 }), new layers.BatchNorm(20), new layers.Relu(),
    new layers.WinogradAdderConv2d(20, 20, { padding: 1 }), new layers.XnorConv2d(20, 8, { kernel: 3 }), new layers.MaxPool2d({ kernel: 2 })]);
  const statistics = () => ({ gamma: c(), beta: c(), runningMean: c(), runningVariance: one() });
  const scales = { scale: new Tensor(new Float32Array(20).fill(0.1), [20]), shift: tensor(20) };

  const [parameter, gradient, digits] = [tensor(99999), tensor(99999), tensor(3, 28, 28, 1)];
  const quantized = load('lenet5-bn-mnist-8bit');

  const uses = {
    adderConv2d: () => ops.adderConv2d(x, w, { padding: 1 }),
    'conv2d of few filters': () => ops.conv2d(x, few),
    depthwise: () => ops.adderConv2d(x, tensor(8, 3, 3, 1), { groups: 8 }),
    xnorConv2d: () => ops.xnorConv2d(x, w),
    adderConv2dGradInput: () => ops.adderConv2dGradInput(gy, x, w, { stride: 1 }),
    adderConv2dGradFilter: () => ops.adderConv2dGradFilter(gy, x, w),
    winogradAdderConv2d: () => ops.winogradAdderConv2d(x, u, { padding: 1 }),
    'winogradAdderConv2d of int16': () => ops.winogradAdderConv2d(bytes(Int16Array, 4, 12, 12, 8), bytes(Int16Array, 4, 4, 20, 8)),
    winogradAdderConv2dGradInput: () => ops.winogradAdderConv2dGradInput(gy, x, u),
    winogradAdderConv2dGradFilter: () => ops.winogradAdderConv2dGradFilter(gy, x, u),
    int8Conv2d: () => ops.int8Conv2d(bytes(Uint8Array, 4, 12, 12, 8), bytes(Int8Array, 20, 3, 3, 8)),
    adderConv2dRequantized: () => ops.adderConv2dRequantized(bytes(Uint8Array, 4, 12, 12, 8), bytes(Uint8Array, 20, 3, 3, 8), scales),
    batchNorm: () => ops.batchNorm(x, { mean: c(), variance: one(), gamma: c(), beta: c() }),
    batchNormTrain: () => ops.batchNormTrain(x, statistics()),
    batchNormGrad: () => ops.batchNormGrad(x, { x, gamma: c(), mean: c(), invStd: one() }),
    maxPool2dGrad: () => ops.maxPool2dGrad(tensor(4, 6, 6, 8), x, { kernel: 2 }),
    biasGrad: () => ops.biasGrad(gy),
    relu: () => ops.relu(x),
    softmaxCrossEntropy: () => ops.softmaxCrossEntropy(tensor(300, 10), new Int32Array(300)),
    sgdStep: () => ops.sgdStep(parameter, gradient, { learningRate: 1, rate: 'adaptive' }),
    cropMirrorNormalize: () =>
      cropMirrorNormalize(shared(Uint8Array, 2, 4, 4, 3), new Int32Array(6), new Float32Array(768), shared(Float32Array, 2, 4, 4, 3)),
    'compile and runSync': async () => (await compile(model, { input: [12, 12, 8] })).runSync(x),
    'compile and run': async () => (await compile(model, { input: [12, 12, 8] })).run(x),
    'a session with threads of its own': async () => (await compile(model, { input: [12, 12, 8], threads: 2 })).run(x),
    'a quantized network': async () => (await compile(await quantized)).run(digits),
  };

  (async () => {
    native();
    await quantized;
    for (const [name, use] of Object.entries(uses)) {
      let [failures, good] = [0, 0];
      for (let k = 1; good < 10; k++) {
        process.env.ADDERNET_FAIL_ALLOCATION = name.length + name[0] + ':' + k;
        try {
          await use();
          good++;
        } catch (error) {
          if (error.name !== 'AdderNetError' || error.code !== 'ERR_MEMORY') throw error;
          [failures, good] = [failures + 1, 0];
        }
      }
      process.env.ADDERNET_FAIL_ALLOCATION = '';
      await use();
      console.log(name + '\\t' + failures);
      if (name === 'sgdStep') setThreads(3);
    }
  })();
`;

const missing = [
  process.platform !== 'linux' && 'allocations are made to fail by LD_PRELOAD, on Linux',
  missingProgram('g++', 'it compiles what makes allocations fail'),
];
testNeeding(missing, 'no allocation that fails ends the process', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'addernet-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const preload = join(folder, 'failing-allocations.so');
  const source = join(repository, 'test/support/failing-allocations.cc');
  const compiled = spawnSync('g++', ['-O1', '-std=c++17', '-shared', '-fPIC', source, '-o', preload, '-ldl'], { encoding: 'utf8' });
  t.equal(compiled.status, 0, compiled.stderr);

  const env = { ...process.env, LD_PRELOAD: preload, NODE_OPTIONS: '' };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', program, repository], { env, encoding: 'utf8' });
  t.same([status, signal], [0, null], 'the process goes on', { stdout, stderr });
  const results = stdout.trim().split('\n');
  // The working memory of a thread is kept, so the first of these take it for the others.
  const needNoMore = ['relu', 'maxPool2dGrad', 'biasGrad', 'softmaxCrossEntropy'];
  for (const [name, failures] of results.map((line) => line.split('\t')))
    t.ok(Number(failures) > 0 || needNoMore.includes(name!), `${name}: ${failures} failures with ERR_MEMORY`);
});

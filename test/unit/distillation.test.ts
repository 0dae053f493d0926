// What a teacher adds to the loss, and the moving average of the weights.
import t from 'tap';
import { BatchLoader, compile, evaluate, fit, generateDigits, models, ops, Random, Sgd, Tensor } from '../../dist';
import { lossOf } from '../../dist/train/loss';
import { estimateStatistics, WeightAverage } from '../../dist/train/weight-average';

const [n, classes] = [5, 4];
const normal = (seed: number, deviation: number) => {
  const tensor = Tensor.zeros([n, classes]);
  new Random(seed).fillNormal(tensor.data, 0, deviation);
  return tensor;
};
const targets = Int32Array.of(0, 3, 1, 1, 2);
const x = Tensor.zeros([n, 1, 1, 1]);
const teacherOf = (logits: Tensor) => ({
  name: 'teacher',
  inputShape: [1, 1, 1] as const,
  classes,
  normalization: { mean: [0], std: [1] },
  forward: () => logits,
});

t.test('the loss with a teacher', async (t) => {
  const [logits, said] = [normal(1, 2), normal(2, 2)];
  const options = { labelSmoothing: 0.1, distillation: { teacher: teacherOf(said), temperature: 3, share: 0.7 } };
  const { loss, grad, correct } = lossOf(logits, targets, x, options);
  const plain = ops.softmaxCrossEntropy(logits, targets, { labelSmoothing: 0.1 });
  t.equal(correct, plain.correct);
  const softened = (row: number, of: Tensor) => {
    const powers = Array.from(of.data.subarray(row * classes, (row + 1) * classes), (v) => Math.exp(v / 3));
    return powers.map((v) => v / powers.reduce((a, b) => a + b));
  };
  let divergence = 0;
  for (let row = 0; row < n; row++) {
    const [p, q] = [softened(row, logits), softened(row, said)];
    q.forEach((v, c) => {
      divergence += (v * Math.log(v / p[c]!)) / n;
    });
  }
  t.ok(Math.abs(loss - (0.3 * plain.loss + 0.7 * 9 * divergence)) < 1e-6);
  for (let i = 0; i < logits.data.length; i++) {
    const at = (delta: number) => {
      const moved = new Tensor(logits.data.slice(), logits.shape);
      moved.data[i]! += delta;
      return lossOf(moved, targets, x, options).loss;
    };
    const slope = (at(0.01) - at(-0.01)) / 0.02;
    t.ok(Math.abs(slope - grad.data[i]!) < 1e-4, `the gradient is that of the loss: ${slope} and ${grad.data[i]}`);
  }
  t.ok(lossOf(said, targets, x, { distillation: { teacher: teacherOf(said), share: 1 } }).loss < 1e-12, 'a pupil that agrees');
  t.same(lossOf(logits, targets, x, { labelSmoothing: 0.1 }), plain, 'without a teacher');
});

t.test('a network learns from a teacher alone', async (t) => {
  const digits = generateDigits(600, 1);
  const start = () => models.lenet5bn({ unit: 'adder', seed: 1, dataset: 'digits' });
  const optimizer = (model: models.Model) => new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, adder: { rate: 'adaptive', eta: 0.1 } });
  const trained = start();
  await fit(trained, digits, { epochs: 4, batch: 32, optimizer: optimizer(trained), average: { decay: 0.9 } });
  const session = await compile(trained);
  const teacher = { ...trained.metadata, forward: (x: Tensor) => session.runSync(x) };
  t.ok((await evaluate(teacher, digits)).top1 > 0.95);
  const pupil = models.lenet5bn({ unit: 'conv', seed: 2, dataset: 'digits' });
  const { history } = await fit(pupil, digits, { epochs: 3, batch: 64, optimizer: optimizer(pupil), distillation: { teacher, share: 1 } });
  t.ok(history[2]!.accuracy > 0.9, `${history[2]!.accuracy}`);
  const refused = (distillation: object) =>
    fit(pupil, digits, { epochs: 1, optimizer: optimizer(pupil), distillation: { teacher, ...distillation } });
  await t.rejects(refused({ temperature: 0 }), { code: 'ERR_ARGUMENT', message: /temperature is 0/ });
  await t.rejects(refused({ share: 2 }), { code: 'ERR_ARGUMENT', message: /share is 2/ });
  await t.rejects(refused({ teacher: { ...teacher, classes: 7 } }), { code: 'ERR_SHAPE', message: /tells 7 classes/ });
  const other = { ...teacher, normalization: { mean: [0], std: [1] } };
  await t.rejects(refused({ teacher: other }), { code: 'ERR_ARGUMENT', message: /another normalization/ });
});

t.test('the moving average', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  const filters = model.stateDict().get('conv1.adder')!.data;
  const average = new WeightAverage(model, { decay: 0.5 });
  const first = filters.slice();
  filters.fill(3);
  average.update(0); // decay 1 / 10
  filters.fill(5);
  average.update(90); // decay 1 / 2, not 91 / 100
  const expected = first.map((v) => (v * 0.1 + 3 * 0.9) * 0.5 + 5 * 0.5);
  const close = (a: Float32Array) => a.every((v, i) => Math.abs(v - expected[i]!) < 1e-5);
  await average.within(async () => t.ok(close(filters)));
  t.ok(
    filters.every((v) => v === 5),
    'the weights are back',
  );
  await t.rejects(
    average.within(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.equal(filters[0], 5, 'even then');
  average.install();
  t.ok(close(filters));
});

t.test('statistics anew', async (t) => {
  const model = models.lenet5bn({ seed: 1, dataset: 'digits' });
  const loader = new BatchLoader(generateDigits(96, 1), { batch: 32, normalization: model.normalization });
  await estimateStatistics(model, loader.batches(0));
  const mean = model.stateDict().get('bn1.running_mean')!.data;
  const sums = new Float64Array(mean.length);
  for (let step = 0; step < 3; step++) {
    const { x } = await loader.load(0, step);
    const y = model.layer('conv1').forward(x);
    y.data.forEach((v, i) => {
      sums[i % mean.length]! += v / (y.data.length / mean.length) / 3;
    });
  }
  for (const [c, v] of mean.entries()) t.ok(Math.abs(v / sums[c]! - 1) < 1e-4, `${v} and ${sums[c]}`);
});

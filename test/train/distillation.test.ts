// What a teacher adds to the loss, and the moving average of the weights.
import t from 'tap';
import {
  BatchLoader,
  compile,
  type Distillation,
  evaluate,
  featureTeacher,
  fit,
  generateDigits,
  models,
  ops,
  Random,
  Sgd,
  Tensor,
} from '../../dist';
import { estimateStatistics } from '../../dist/train/batch-statistics';
import { distilledLoss } from '../../dist/train/distillation';
import { featureDistance } from '../../dist/train/feature-distance';
import { crossEntropy } from '../../dist/train/loss';
import { trainingPass } from '../../dist/train/training-pass';
import { WeightAverage } from '../../dist/train/weight-average';

const [n, classes] = [5, 4];
const normal = (seed: number, deviation: number) => {
  const tensor = Tensor.zeros([n, classes]);
  new Random(seed).fillNormal(tensor.data, 0, deviation);
  return tensor;
};
const targets = Int32Array.of(0, 3, 1, 1, 2);
const teacherOf = (logits: Tensor) => ({
  name: 'teacher',
  inputShape: [1, 1, 1] as const,
  classes,
  normalization: { mean: [0], std: [1] },
  forward: () => logits,
});

t.test('the loss with a teacher', async (t) => {
  const [logits, said] = [normal(1, 2), normal(2, 2)];
  const lossAt = (logits: Tensor) => distilledLoss(logits, crossEntropy(0.1)(logits, targets), said, { temperature: 3, alpha: 0.7 });
  const { loss, grad, correct } = lossAt(logits);
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
      return lossAt(moved).loss;
    };
    const slope = (at(0.01) - at(-0.01)) / 0.02;
    t.ok(Math.abs(slope - grad.data[i]!) < 1e-4, `the gradient is that of the loss: ${slope} and ${grad.data[i]}`);
  }
  t.ok(distilledLoss(said, crossEntropy()(said, targets), said, { alpha: 1 }).loss < 1e-12, 'a student that agrees');
  t.same(distilledLoss(logits, plain, said, { alpha: 0 }), plain, 'a teacher that does not count');
});

t.test('a network trains on a teacher alone', async (t) => {
  const digits = generateDigits(600, 1);
  const start = () => models.lenet5bn({ kind: 'adder', seed: 1, dataset: 'digits' });
  const optimizer = (model: models.Model) => new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, adder: { rate: 'adaptive', eta: 0.1 } });
  const trained = start();
  await fit(trained, digits, { epochs: 4, batch: 32, optimizer: optimizer(trained), average: { decay: 0.9 } });
  const session = await compile(trained);
  const teacher = { ...trained.metadata, forward: (x: Tensor) => session.runSync(x) };
  t.ok((await evaluate(teacher, digits)).top1 > 0.95);
  const student = models.lenet5bn({ kind: 'conv', seed: 2, dataset: 'digits' });
  const { history } = await fit(student, digits, {
    epochs: 3,
    batch: 64,
    optimizer: optimizer(student),
    distillation: { teacher, alpha: 1 },
  });
  t.ok(history[2]!.accuracy > 0.9, `${history[2]!.accuracy}`);
  const refused = (distillation: object) =>
    fit(student, digits, { epochs: 1, optimizer: optimizer(student), distillation: { teacher, ...distillation } });
  await t.rejects(refused({ temperature: 0 }), { code: 'ERR_ARGUMENT', message: /temperature is 0/ });
  await t.rejects(refused({ alpha: 2 }), { code: 'ERR_ARGUMENT', message: /alpha is 2/ });
  await t.rejects(refused({ teacher: { ...teacher, classes: 7 } }), { code: 'ERR_SHAPE', message: /classifies 7 classes/ });
  const other = { ...teacher, normalization: { mean: [0], std: [1] } };
  await t.rejects(refused({ teacher: other }), { code: 'ERR_ARGUMENT', message: /another normalization/ });
});

t.test('a teacher whose classes are others, or in another order', async (t) => {
  const digits = generateDigits(16, 1);
  const network = (classNames?: string[]) => models.lenet5bn({ seed: 1, dataset: 'digits', ...(classNames && { classNames }) });
  const names = Array.from({ length: 10 }, (_, i) => String(i));
  const attempt = (studentNames: string[] | undefined, teacher: Distillation['teacher']) => {
    const student = network(studentNames);
    const optimizer = new Sgd(student.parameters(), { lr: 0.1 });
    return fit(student, digits, { epochs: 1, optimizer, distillation: { teacher } });
  };
  const reversed = [...names].reverse();
  for (const teacher of [network(reversed), featureTeacher(network(reversed))])
    await t.rejects(attempt(names, teacher), {
      code: 'ERR_ARGUMENT',
      message: /in another order than those of lenet5bn: .*9.*8.*, and .*0.*1/,
    });
  const letters = names.map((name) => `letter ${name}`);
  await t.rejects(attempt(names, network(letters)), { code: 'ERR_ARGUMENT', message: /other than those of lenet5bn: .*letter 0/ });
  await t.resolves(attempt(names, network(names)));
  await t.resolves(attempt(names, network()), 'one whose classes have no names');
});

t.test('the distance between features', async (t) => {
  const [features, wanted] = [normal(1, 2), normal(2, 30)];
  const { loss, grad } = featureDistance(features, wanted);
  const rows = (tensor: Tensor) => Array.from({ length: n }, (_, i) => tensor.data.subarray(i * classes, (i + 1) * classes));
  const directions = (tensor: Tensor) => rows(tensor).map((row) => row.map((v) => v / Math.hypot(...row)));
  const [f, d] = [directions(features), directions(wanted)];
  const expected = f.reduce((sum, row, i) => sum + row.reduce((sum, v, c) => sum + (v - d[i]![c]!) ** 2, 0) / n, 0);
  t.ok(Math.abs(loss - expected) < 1e-6, `${loss} and ${expected}`);
  for (let i = 0; i < features.data.length; i++) {
    const at = (delta: number) => {
      const moved = new Tensor(features.data.slice(), features.shape);
      moved.data[i]! += delta;
      return featureDistance(moved, wanted).loss;
    };
    const slope = (at(0.01) - at(-0.01)) / 0.02;
    t.ok(Math.abs(slope - grad.data[i]!) < 1e-4, `the gradient is that of the loss: ${slope} and ${grad.data[i]}`);
  }
  t.ok(Math.abs(featureDistance(features, features).loss) < 1e-6);
  const none = Tensor.zeros([n, classes]);
  t.ok(featureDistance(none, wanted).grad.data.every(Number.isFinite), 'features that are all zero have no direction');
});

t.test('features of a teacher', async (t) => {
  const digits = generateDigits(64, 1);
  const loader = new BatchLoader(digits, { batch: 64, normalization: models.lenet5bn({ seed: null }).normalization });
  const { x, targets } = await loader.load(0, 0);
  const trained = models.lenet5bn({ kind: 'adder', seed: 1, dataset: 'digits' });
  await estimateStatistics(trained, loader, 0); // or its features would all be zero
  const teacher = featureTeacher(trained);
  t.same(teacher.featureShape, [1, 1, 84]);
  t.same(teacher.forward(x), trained.forward(x));

  const student = models.lenet5bn({ kind: 'conv', seed: 2, dataset: 'digits' });
  const { body } = models.bodyAndHead(student);
  const weights = student.namedParameters().get('conv2.weight')!;
  const [alpha, features] = [0.5, 3];
  const pass = trainingPass(student, crossEntropy(), { teacher, alpha, features });
  const { loss, correct } = pass(x, targets);
  const slope = weights.gradient!.data.slice();
  const logits = student.forward(x, { training: true });
  const target = teacher.forwardWithFeatures(x);
  const plain = distilledLoss(logits, crossEntropy()(logits, targets), target.logits, { alpha });
  t.equal(correct, plain.correct);
  const distance = featureDistance(body.forward(x, { training: true }), target.features);
  t.ok(Math.abs(loss - (plain.loss + features * distance.loss)) < 1e-4, `${loss}`);

  const square = slope.reduce((sum, g) => sum + g * g, 0);
  const before = weights.value.data.slice();
  const along = (step: number) => {
    weights.value.data.forEach((_, i, data) => {
      data[i] = before[i]! + step * slope[i]!;
    });
    return pass(x, targets).loss;
  };
  const step = 1e-3 / Math.sqrt(square);
  const measured = (along(step) - along(-step)) / (2 * step);
  t.ok(Math.abs(measured / square - 1) < 0.05, `the gradient below the head is that of both losses: ${measured} and ${square}`);

  const learn = async (features: number) => {
    const model = models.lenet5bn({ kind: 'conv', seed: 3, dataset: 'digits' });
    const optimizer = new Sgd(model.parameters(), { lr: 0.05, momentum: 0.9 });
    await fit(model, digits, { epochs: 15, batch: 8, optimizer, distillation: { teacher, alpha: 0, features } });
    return featureDistance(models.bodyAndHead(model).body.forward(x), target.features).loss;
  };
  const [without, withFeatures] = [await learn(0), await learn(3)];
  t.ok(withFeatures < 0.75 * without, `${withFeatures} and ${without}`);

  const refused = (distillation: Distillation) =>
    fit(student, digits, { epochs: 1, optimizer: new Sgd(student.parameters(), { lr: 0.1 }), distillation });
  const mute = teacherOf(logits);
  await t.rejects(refused({ teacher: { ...mute, ...student.metadata }, features: 1 }), {
    code: 'ERR_ARGUMENT',
    message: /featureTeacher\(model\)/,
  });
  await t.rejects(refused({ teacher, features: -1 }), { code: 'ERR_ARGUMENT', message: /features is -1/ });
  await t.rejects(refused({ teacher: { ...teacher, featureShape: [64] }, features: 1 }), {
    code: 'ERR_SHAPE',
    message: /the teacher has features/,
  });
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
  await estimateStatistics(model, loader, 0);
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

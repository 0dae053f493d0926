import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { poolGeometry } from '../../../dist/shape';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { goldenManifest, readGolden } from '../../support/golden-cases';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { bits, checkClose, normal } from '../../support/tensors';

const wrong = (t: Test, code: string, message: RegExp, use: () => unknown) =>
  t.throws(use, { name: 'AdderNetError', code, message }, String(message));

const size = (most: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: most }) });

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);

    t.test('reluGrad', async (t) => {
      const property = fc.property(size(5), size(99), fc.nat(), (n, c, seed) => {
        const [gy, y, out] = [normal([n, c], seed), normal([n, c], seed + 1), guarded([n, c])];
        [0, -0, Number.NaN, Number.POSITIVE_INFINITY].forEach((v, i) => {
          if (i < y.size) y.data[i] = v;
        });
        ops.reluGrad(gy, y, { out });
        checkGuards(out);
        checkClose(
          'gx',
          out.data,
          gy.data.map((g, i) => (y.data[i]! > 0 ? g : 0)),
          () => 0,
        );
        for (const place of [gy, y]) {
          const before = bits(out);
          const copies = [gy, y].map((tensor) => new Tensor(tensor.data.slice(), tensor.shape));
          if (bits(ops.reluGrad(copies[0]!, copies[1]!, { out: copies[place === gy ? 0 : 1] })) !== before) throw new Error('in place');
        }
      });
      t.doesNotThrow(() => fc.assert(property, draws(80)));
    });

    t.test('biasGrad', async (t) => {
      const property = fc.property(size(3), size(30), size(30), size(70), fc.nat(), (n, h, w, c, seed) => {
        const [gy, out] = [normal([n, h, w, c], seed, 1), guarded([c])];
        const [want, sum] = [new Float64Array(c), new Float64Array(c)];
        gy.data.forEach((v, i) => {
          want[i % c]! += v;
          sum[i % c]! += Math.abs(v);
        });
        // Half of the last digit of the result, and what double loses.
        checkClose('gbias', ops.biasGrad(gy, { out }).data, want, (i) => 2 ** -24 * Math.abs(want[i]!) + 1e-14 * sum[i]!);
        checkGuards(out);
      });
      t.doesNotThrow(() => fc.assert(property, draws(80)));
      const cancelling = Float32Array.from({ length: 500 }, (_, i) => (i === 0 ? 2 ** 40 : i === 499 ? -(2 ** 40) : 1));
      t.same([...ops.biasGrad(new Tensor(cancelling, [500, 1])).data], [498], 'ones beside numbers of 2^40 count');
    });
  });

interface Pooling {
  shape: [number, number, number, number];
  options: { kernel: [number, number]; stride: [number, number]; padding: [number, number, number, number] };
  seed: number;
}
const pooling: fc.Arbitrary<Pooling> = fc
  .record({
    n: size(4),
    c: size(40),
    kernel: fc.tuple(size(5), size(5)),
    stride: fc.tuple(size(6), size(6)),
    padded: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
    extra: fc.tuple(fc.nat(9), fc.nat(9)),
    seed: fc.nat(),
  })
  .map(({ n, c, kernel, stride, padded, extra, seed }) => {
    const padding = padded.map((is, side) => (is ? Math.floor(kernel[side % 2]! / 2) : 0)) as Pooling['options']['padding'];
    return { shape: [n, kernel[0] + extra[0], kernel[1] + extra[1], c], options: { kernel, stride, padding }, seed };
  });

/** For each element of y the places in x that its window holds, row by row. */
function* windows({ shape: [, h, w, c], options: { kernel, stride, padding } }: Pooling, [n, ho, wo]: readonly number[]) {
  for (let i = 0; i < n! * ho! * wo! * c; i++) {
    const [image, row, column] = [Math.floor(i / c / wo! / ho!), Math.floor(i / c / wo!) % ho!, Math.floor(i / c) % wo!];
    const held: number[] = [];
    for (let kh = 0; kh < kernel[0]; kh++)
      for (let kw = 0; kw < kernel[1]; kw++) {
        const [y, x] = [row * stride[0] + kh - padding[0], column * stride[1] + kw - padding[1]];
        if (y >= 0 && y < h && x >= 0 && x < w) held.push(((image * h + y) * w + x) * c + (i % c));
      }
    yield held;
  }
}

t.test('pooling', async (t) => {
  const check = (problem: Pooling) => {
    const { shape, options, seed } = problem;
    const { output } = poolGeometry('pool', shape, options);
    const [x, gy, out] = [normal(shape, seed, 0, 2), normal(output, seed + 1), guarded(shape)];
    x.data.forEach((v, i) => {
      x.data[i] = Math.round(v); // ties
    });
    if (seed % 3 === 0) x.data.fill(Number.NEGATIVE_INFINITY, 0, x.size / 2);
    const [most, mean] = [new Float64Array(x.size), new Float64Array(x.size)];
    const elements = options.kernel[0] * options.kernel[1];
    const forward = { max: ops.maxPool2d(x, options).data, average: ops.averagePool2d(x, options).data };
    let i = 0;
    for (const held of windows(problem, output)) {
      const values = held.map((at) => x.data[at]!);
      const magnitude = values.reduce((sum, v) => sum + Math.abs(v), 0) / elements;
      if (forward.max[i] !== Math.max(...values)) throw new Error(`maxPool2d: element ${i} is ${forward.max[i]}`);
      const want = values.reduce((sum, v) => sum + v, 0) / elements;
      if (forward.average[i] !== want && !(Math.abs(forward.average[i]! - want) <= 1e-6 * magnitude))
        throw new Error(`averagePool2d: element ${i} is ${forward.average[i]}, expected ${want}`);
      const g = gy.data[i++]!;
      most[held.reduce((best, at) => (x.data[at]! > x.data[best]! ? at : best))]! += g;
      for (const at of held) mean[at]! += g / elements;
    }
    checkClose('max', ops.maxPool2dGrad(gy, x, { ...options, out }).data, most, () => 1e-5);
    checkClose('average', ops.averagePool2dGrad(gy, shape, { ...options, out }).data, mean, () => 1e-5);
    checkGuards(out);
  };
  for (const isa of instructionSets) {
    useIsa(t, isa);
    t.doesNotThrow(() => fc.assert(fc.property(pooling, check), draws(80)), `${isa}: random geometries`);
  }

  const gy = normal([3, 1, 1, 5], 1);
  const gx = ops.globalAveragePool2dGrad(gy, [3, 4, 7, 5]);
  t.doesNotThrow(
    () =>
      checkClose(
        'gx',
        gx.data,
        gx.data.map((_, i) => gy.data[Math.floor(i / 140) * 5 + (i % 5)]! / 28),
        () => 1e-7,
      ),
    'global',
  );
});

t.test('softmax cross-entropy', async (t) => {
  const check = (n: number, classes: number, scale: number, labelSmoothing: number, seed: number) => {
    const [logits, out] = [normal([n, classes], seed, 0, scale), guarded([n, classes])];
    const targets = Int32Array.from(normal([n], seed + 1).data, (v) => Math.floor(Math.abs(v) * 1e4) % classes);
    const want = { loss: 0, correct: 0, grad: new Float64Array(n * classes) };
    targets.forEach((target, row) => {
      const z = Array.from(logits.data.subarray(row * classes, (row + 1) * classes));
      const most = Math.max(...z);
      const sum = z.reduce((sum, v) => sum + Math.exp(v - most), 0);
      if (z.indexOf(most) === target) want.correct++;
      z.forEach((v, c) => {
        const q = (c === target ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
        want.loss -= (q * (v - most - Math.log(sum))) / n;
        want.grad[row * classes + c] = (Math.exp(v - most) / sum - q) / n;
      });
    });
    const got = ops.softmaxCrossEntropy(logits, targets, { labelSmoothing, out });
    checkGuards(out);
    checkClose('grad', got.grad.data, want.grad, (i) => 1e-7 * Math.abs(want.grad[i]!) + 1e-15);
    if (!(Math.abs(got.loss - want.loss) <= 1e-13 * (1 + scale))) throw new Error(`loss is ${got.loss}, expected ${want.loss}`);
    if (got.correct !== want.correct) throw new Error(`correct is ${got.correct}, expected ${want.correct}`);
    if (bits(ops.softmaxCrossEntropy(logits, targets, { labelSmoothing, out: logits }).grad) !== bits(out)) throw new Error('in place');
  };
  const property = fc.property(size(40), size(120), fc.constantFrom(0.1, 1, 10, 1000), fc.constantFrom(0, 0.1, 1), fc.nat(), check);
  t.doesNotThrow(() => fc.assert(property, draws(80)), 'random problems');

  const loss = (...z: number[]) => ops.softmaxCrossEntropy(new Tensor(Float32Array.from(z), [1, z.length]), Int32Array.of(0));
  t.match(loss(3, 3, 1), { correct: 1 }, 'the first of equal logits counts');
  t.match(loss(1e30, -1e30), { loss: 0, correct: 1 }, 'nothing overflows');
  t.match(loss(1, Number.NEGATIVE_INFINITY), { loss: 0, correct: 1 }, 'a class that cannot be');
  t.match(loss(5, 5, Number.NaN), { loss: Number.NaN, correct: 0 }, 'NaN');
  t.match(loss(Number.NaN, 5), { loss: Number.NaN, correct: 0 }, 'NaN first');
  t.ok(Math.abs(loss(15, 0).loss / Math.log1p(Math.exp(-15)) - 1) < 1e-9, 'a small loss keeps its digits');
});

t.test('sgdStep', async (t) => {
  const step = ({ n, rate, momentum, nesterov, weightDecay, limit, seed }: Step) => {
    const [value, velocity] = [guarded([n]), guarded([n])];
    value.data.set(normal([n], seed).data);
    velocity.data.set(normal([n], seed + 1).data);
    const [w, v] = [Float64Array.from(value.data), Float64Array.from(velocity.data)];
    for (let round = 0; round < 3; round++) {
      const gradient = normal([n], seed + 2 + round, 0, rate === 'adaptive' ? 1e-9 : 1);
      const norm = Math.hypot(...gradient.data);
      const a = { plain: 1, adaptive: (0.1 * Math.sqrt(n)) / Math.max(norm, 1e-12), increased: 100 }[rate];
      gradient.data.forEach((g, i) => {
        const d = a * g + weightDecay * w[i]!;
        v[i] = momentum * v[i]! + d;
        const moved = w[i]! - 0.05 * (momentum === 0 ? d : nesterov ? d + momentum * v[i]! : v[i]!);
        w[i] = limit === undefined ? moved : Math.max(-limit, Math.min(limit, moved));
      });
      ops.sgdStep(value, gradient, {
        learningRate: 0.05,
        ...(rate === 'adaptive' && { eta: 0.1 }),
        rate,
        weightDecay,
        momentum,
        nesterov: nesterov && momentum > 0,
        velocity: momentum > 0 ? velocity : undefined,
        limit,
      });
    }
    checkGuards(value, velocity);
    const tolerance = rate === 'increased' ? 2e-4 : 2e-6;
    checkClose('value', value.data, w, (i) => tolerance * (1 + Math.abs(w[i]!)));
    if (momentum > 0) checkClose('velocity', velocity.data, v, (i) => tolerance * (1 + Math.abs(v[i]!)));
  };
  interface Step {
    n: number;
    rate: 'plain' | 'adaptive' | 'increased';
    momentum: number;
    nesterov: boolean;
    weightDecay: number;
    limit: number | undefined;
    seed: number;
  }
  const problem: fc.Arbitrary<Step> = fc.record({
    n: size(300),
    rate: fc.constantFrom('plain', 'adaptive', 'increased'),
    momentum: fc.constantFrom(0, 0.9),
    nesterov: fc.boolean(),
    weightDecay: fc.constantFrom(0, 5e-4),
    limit: fc.constantFrom(undefined, 0.5),
    seed: fc.nat(),
  });
  t.doesNotThrow(() => fc.assert(fc.property(problem, step), draws(80)), 'random problems');

  const { adaptive } = goldenManifest() as {
    adaptive: { eta: number; grad: { file: string }; scaled: { file: string } }[];
  };
  t.equal(adaptive.length, 12, 'all golden cases are there');
  for (const { eta, grad, scaled } of adaptive) {
    const gradient = new Tensor(readGolden(grad.file).data as Float32Array, readGolden(grad.file).shape);
    const value = Tensor.zeros(gradient.shape);
    ops.sgdStep(value, gradient, { learningRate: 1, rate: 'adaptive', eta });
    const want = (readGolden(scaled.file).data as Float64Array).map((v) => -v);
    t.doesNotThrow(() => checkClose(scaled.file, value.data, want, (i) => 3e-7 * Math.abs(want[i]!)), scaled.file);
  }

  const value = normal([40], 1);
  const before = bits(value);
  ops.sgdStep(value, Tensor.zeros([40]), { learningRate: 1, rate: 'adaptive' });
  t.equal(bits(value), before, 'a zero gradient changes nothing');
  const gradient = normal([40], 2, 0, 1e30);
  ops.sgdStep(value, gradient, { learningRate: 1, rate: 'adaptive', eta: 1 });
  t.ok(
    value.data.every((v) => Math.abs(v) < 10),
    'squares of large gradients do not overflow',
  );
  gradient.data[3] = Number.NaN;
  ops.sgdStep(value, gradient, { learningRate: 1, rate: 'adaptive' });
  t.ok(value.data.every(Number.isNaN), 'a NaN does not pass unseen');
});

t.test('bit-identical with 1, 2 and 3 threads', async (t) => {
  checkThreads(t, 'training', () => {
    const [gy, x] = [normal([5, 20, 21, 9], 1), normal([5, 41, 43, 9], 2)];
    const options = { kernel: 3, stride: 2 };
    const value = normal([100_000], 3);
    ops.sgdStep(value, normal([100_000], 4), { learningRate: 0.1, rate: 'adaptive' });
    const { loss, correct, grad } = ops.softmaxCrossEntropy(normal([99, 100], 5), new Int32Array(99).fill(7));
    const gradients = [ops.maxPool2dGrad(gy, x, options), ops.averagePool2dGrad(gy, x.shape, options), ops.reluGrad(x, x)];
    return [new Tensor(Float64Array.of(loss, correct), [2]), ...gradients, value, grad];
  });
});

t.test('errors', async (t) => {
  const [gy, x] = [normal([1, 2, 2, 3], 1), normal([1, 4, 4, 3], 2)];
  const f64 = Tensor.zeros([1, 2, 2, 3], 'f64') as unknown as Tensor;
  wrong(t, 'ERR_SHAPE', /y has shape/, () => ops.reluGrad(gy, x));
  wrong(t, 'ERR_DTYPE', /gy has dtype f64/, () => ops.reluGrad(f64, gy));
  wrong(t, 'ERR_DTYPE', /gy has dtype f64/, () => ops.biasGrad(f64));
  wrong(t, 'ERR_SHAPE', /channels on the last axis/, () => ops.biasGrad(new Tensor(new Float32Array(1), [])));
  wrong(t, 'ERR_SHAPE', /out has shape \[2\], expected \[3\]/, () => ops.biasGrad(gy, { out: Tensor.zeros([2]) }));
  wrong(t, 'ERR_SHAPE', /gy has shape/, () => ops.maxPool2dGrad(gy, x, { kernel: 3 }));
  wrong(t, 'ERR_ARGUMENT', /out overlaps/, () => ops.maxPool2dGrad(gy, x, { kernel: 2, out: x }));
  wrong(t, 'ERR_SHAPE', /gy has shape/, () => ops.averagePool2dGrad(gy, [1, 4, 4, 2], { kernel: 2 }));
  wrong(t, 'ERR_SHAPE', /rank 4/, () => ops.globalAveragePool2dGrad(gy, [4, 4, 3]));

  const logits = normal([2, 3], 3);
  const loss = (targets: unknown, options = {}) => ops.softmaxCrossEntropy(logits, targets as Int32Array, options);
  wrong(t, 'ERR_ARGUMENT', /targets\[1\] is 3, expected an integer from 0 to 2/, () => loss(Int32Array.of(0, 3)));
  wrong(t, 'ERR_ARGUMENT', /targets\[0\] is -1/, () => loss(Int32Array.of(-1, 3)));
  wrong(t, 'ERR_SHAPE', /logits have shape \[2,3\]/, () => loss(Int32Array.of(0)));
  wrong(t, 'ERR_DTYPE', /targets/, () => loss([0, 1]));
  wrong(t, 'ERR_ARGUMENT', /labelSmoothing is 2/, () => loss(Int32Array.of(0, 1), { labelSmoothing: 2 }));
  t.throws(
    () => native().softmaxCrossEntropy(logits.data, Int32Array.of(0, 3), 0, new Float32Array(6)),
    { code: 'ERR_ARGUMENT', message: /targets\[1\] is 3, expected 0 to 2/ },
    'the native side checks again',
  );

  const sgd = (options: object) => () => ops.sgdStep(logits, normal([2, 3], 4), { learningRate: 0.1, ...options });
  wrong(t, 'ERR_ARGUMENT', /momentum is 0.9, but there is no velocity/, sgd({ momentum: 0.9 }));
  wrong(t, 'ERR_ARGUMENT', /momentum is 1,/, sgd({ momentum: 1 }));
  for (const limit of [0, -1, Number.NaN]) wrong(t, 'ERR_ARGUMENT', /limit is .*, expected a positive number/, sgd({ limit }));
  wrong(t, 'ERR_ARGUMENT', /learningRate is NaN/, sgd({ learningRate: Number.NaN }));
  wrong(t, 'ERR_ARGUMENT', /rate is 'fast'/, sgd({ rate: 'fast' }));
  wrong(t, 'ERR_ARGUMENT', /nesterov/, sgd({ nesterov: true }));
  wrong(t, 'ERR_ARGUMENT', /velocity overlaps/, sgd({ momentum: 0.9, velocity: logits }));
  wrong(t, 'ERR_SHAPE', /velocity has shape/, sgd({ momentum: 0.9, velocity: x }));
  wrong(t, 'ERR_SHAPE', /gradient has shape/, () => ops.sgdStep(logits, x, { learningRate: 0.1 }));
  wrong(t, 'ERR_ARGUMENT', /value overlaps/, () => ops.sgdStep(logits, logits, { learningRate: 0.1 }));
});

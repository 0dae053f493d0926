// Batch normalization in training against its definition in double, on every instruction set of this CPU.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { bits, checkClose, normal } from '../../support/tensors';

const epsilon = 1e-5;

interface Moments {
  mean: Float64Array;
  variance: Float64Array;
}

function momentsOf(x: ArrayLike<number>, channels: number): Moments {
  const rows = x.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) mean[i % channels]! += x[i]! / rows;
  for (let i = 0; i < x.length; i++) variance[i % channels]! += (x[i]! - mean[i % channels]!) ** 2 / rows;
  return { mean, variance };
}

/** y before the ReLU */
function normalized(x: ArrayLike<number>, gamma: Float32Array, beta: Float32Array, residual?: Float32Array): Float64Array {
  const { mean, variance } = momentsOf(x, gamma.length);
  return Float64Array.from(x, (v, i) => {
    const c = i % gamma.length;
    return ((v - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * gamma[c]! + beta[c]! + (residual?.[i] ?? 0);
  });
}

/** The gradient where mean and inverse deviation are given, and the size of what each sum adds up. */
function gradient(g: Float64Array, x: Float32Array, gamma: Float32Array, mean: Float32Array, inverse: Float32Array) {
  const channels = gamma.length;
  const rows = x.length / channels;
  const hat = Float64Array.from(x, (v, i) => (v - mean[i % channels]!) * inverse[i % channels]!);
  const sums = () => ({ g: new Float64Array(channels), dot: new Float64Array(channels) });
  const [sum, size] = [sums(), sums()];
  g.forEach((v, i) => {
    const c = i % channels;
    sum.g[c]! += v;
    sum.dot[c]! += v * hat[i]!;
    size.g[c]! += Math.abs(v);
    size.dot[c]! += Math.abs(v * hat[i]!);
  });
  const of = (part: typeof sum, i: number, g: number, hat: number, sign: number) =>
    gamma[i % channels]! * inverse[i % channels]! * (g + sign * (part.g[i % channels]! / rows + (hat * part.dot[i % channels]!) / rows));
  return {
    sum,
    size,
    gx: g.map((v, i) => of(sum, i, v, hat[i]!, -1)),
    gxSize: g.map((v, i) => Math.abs(of(size, i, Math.abs(v), Math.abs(hat[i]!), 1))),
  };
}

interface Problem {
  shape: [number, number, number, number];
  kind: 'plain' | 'far' | 'dead';
  relu: boolean;
  residual: boolean;
  seed: number;
}

function inputs({ shape, kind, residual, seed }: Problem) {
  const channels = [shape[3]];
  const x = kind === 'far' ? normal(shape, seed, -3200, 5) : normal(shape, seed, 1, 2);
  if (kind === 'dead')
    x.data.forEach((_, i) => {
      if (i % 3 === 0 || shape[3] === 1) x.data[i] = x.data[i % shape[3]]!;
    });
  return {
    x,
    gamma: normal(channels, seed + 1),
    beta: normal(channels, seed + 2),
    runningMean: normal(channels, seed + 3),
    runningVariance: normal(channels, seed + 4, 5, 0.1),
    residual: residual ? normal(shape, seed + 5) : undefined,
    gy: normal(shape, seed + 6),
  };
}

type Inputs = ReturnType<typeof inputs>;
/** What each pass takes of them besides its first argument. */
const forward = ({ gamma, beta, runningMean, runningVariance, residual }: Omit<Inputs, 'gy'>) => ({
  gamma,
  beta,
  runningMean,
  runningVariance,
  residual,
});
const backward = ({ x, gamma }: Omit<Inputs, 'gy'>, { y, mean, invStd }: ops.BatchNormTrained) => ({
  x,
  gamma,
  y,
  mean,
  invStd,
});

function check(problem: Problem): void {
  const { shape, relu } = problem;
  const channels = shape[3];
  const rows = shape[0] * shape[1] * shape[2];
  const { x, gamma, beta, runningMean, runningVariance, residual, gy } = inputs(problem);
  const before = { mean: runningMean.data.slice(), variance: runningVariance.data.slice() };
  const perChannel = () => guarded([channels]);
  const out = { y: guarded(shape), mean: perChannel(), invStd: perChannel() };
  const { y, mean, invStd } = ops.batchNormTrain(x, { gamma, beta, runningMean, runningVariance, relu, residual, out });
  checkGuards(out.y, out.mean, out.invStd);

  const moments = momentsOf(x.data, channels);
  const want = normalized(x.data, gamma.data, beta.data, residual?.data);
  const size = want.map(
    (v, i) =>
      Math.abs(v) + 2 * Math.abs(beta.data[i % channels]!) + Math.abs(gamma.data[i % channels]!) + 2 * Math.abs(residual?.data[i] ?? 0),
  );
  checkClose('y', y.data, relu ? want.map((v) => Math.max(0, v)) : want, (i) => 3e-6 * size[i]!);
  checkClose('mean', mean.data, moments.mean, (c) => 1e-7 * Math.abs(moments.mean[c]!) + 1e-6 * Math.sqrt(moments.variance[c]!));
  const inverse = moments.variance.map((v) => 1 / Math.sqrt(v + epsilon));
  checkClose('invStd', invStd.data, inverse, (c) => 2e-6 * inverse[c]!);
  const unbiased = rows / Math.max(rows - 1, 1);
  const towards = (from: Float32Array, to: Float64Array, factor: number) =>
    Float64Array.from(from, (v, c) => 0.9 * v + 0.1 * factor * to[c]!);
  const close = (want: Float64Array) => (c: number) => 2e-6 * (Math.abs(want[c]!) + Math.sqrt(moments.variance[c]!));
  const [wantMean, wantVariance] = [towards(before.mean, moments.mean, 1), towards(before.variance, moments.variance, unbiased)];
  checkClose('runningMean', runningMean.data, wantMean, close(wantMean));
  checkClose('runningVariance', runningVariance.data, wantVariance, close(wantVariance));

  const gradientOut = { gx: guarded(shape), ggamma: perChannel(), gbeta: perChannel(), gresidual: guarded(shape) };
  const fused = { ...(relu && { y }), residual: problem.residual };
  if (!relu) delete (gradientOut as Partial<typeof gradientOut>).gresidual;
  const got = ops.batchNormGrad(gy, { x, gamma, mean, invStd, ...fused, out: gradientOut });
  checkGuards(got.gx, got.ggamma, got.gbeta, ...(relu && problem.residual ? [got.gresidual!] : []));
  const g = Float64Array.from(gy.data, (v, i) => (!relu || y.data[i]! > 0 ? v : 0));
  const wanted = gradient(g, x.data, gamma.data, mean.data, invStd.data);
  checkClose('gbeta', got.gbeta.data, wanted.sum.g, (c) => 2e-6 * wanted.size.g[c]!);
  checkClose('ggamma', got.ggamma.data, wanted.sum.dot, (c) => 2e-6 * wanted.size.dot[c]!);
  checkClose('gx', got.gx.data, wanted.gx, (i) => 3e-6 * wanted.gxSize[i]!);
  if (problem.residual) checkClose('gresidual', got.gresidual!.data, g, () => 0);
  else if (got.gresidual) throw new Error('a gradient of a residual that is not there');
}

const size = (most: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: most }) });
const problem: fc.Arbitrary<Problem> = fc.record({
  shape: fc.tuple(size(4), size(20), size(20), size(70)),
  kind: fc.constantFrom('plain', 'far', 'dead'),
  relu: fc.boolean(),
  residual: fc.boolean(),
  seed: fc.nat(),
});

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);
    const property = fc.property(problem, check);
    t.doesNotThrow(() => fc.assert(property, draws(80)), 'random problems');

    t.test('a batch in many chunks, far from zero', async (t) => {
      for (const relu of [false, true])
        t.doesNotThrow(() => check({ shape: [5, 33, 31, 19], kind: 'far', relu, residual: relu, seed: 3 }), `relu: ${relu}`);
    });

    t.test('a constant channel', async (t) => {
      const [x, one, two] = [Tensor.zeros([3, 9, 11, 5]), Tensor.zeros([5]), Tensor.zeros([5])];
      x.data.fill(-3200.37);
      one.data.fill(1);
      two.data.fill(2);
      const { y, mean, invStd } = ops.batchNormTrain(x, {
        gamma: one,
        beta: two,
        runningMean: Tensor.zeros([5]),
        runningVariance: Tensor.zeros([5]),
      });
      t.ok(
        y.data.every((v) => v === 2),
        'gives beta, exactly',
      );
      t.ok(mean.data.every((v) => v === x.data[0]));
      t.ok(invStd.data.every((v) => v === Math.fround(1 / Math.sqrt(epsilon))));
    });

    t.test('the gradient is the slope of the loss', async (t) => {
      const { x, gamma, beta, runningMean, runningVariance, gy } = inputs({
        shape: [2, 3, 4, 5],
        kind: 'plain',
        relu: false,
        residual: false,
        seed: 7,
      });
      const { mean, invStd } = ops.batchNormTrain(x, { gamma, beta, runningMean, runningVariance });
      const { gx } = ops.batchNormGrad(gy, { x, gamma, mean, invStd });
      const loss = (x: Float64Array) => normalized(x, gamma.data, beta.data).reduce((sum, v, i) => sum + v * gy.data[i]!, 0);
      const step = 1e-5;
      const slope = Float64Array.from(x.data, (_, i) => {
        const moved = (by: number) => Float64Array.from(x.data, (v, j) => (i === j ? v + by : v));
        return (loss(moved(step)) - loss(moved(-step))) / (2 * step);
      });
      t.doesNotThrow(() => checkClose('gx', gx.data, slope, () => 1e-5));
    });

    t.test('NaN spoils its channel, no other', async (t) => {
      const { x, gamma, beta, runningMean, runningVariance, gy } = inputs({
        shape: [2, 5, 7, 6],
        kind: 'plain',
        relu: false,
        residual: false,
        seed: 9,
      });
      x.data[6 * 11 + 4] = Number.NaN;
      const { y, mean, invStd } = ops.batchNormTrain(x, { gamma, beta, runningMean, runningVariance, relu: true });
      const { gx, ggamma } = ops.batchNormGrad(gy, { x, gamma, mean, invStd, y });
      const spoilt = ({ data }: Tensor) => data.every((v, i) => Number.isNaN(v) === (i % 6 === 4));
      for (const tensor of [y, mean, invStd, runningMean, runningVariance, gx, ggamma]) t.ok(spoilt(tensor));
    });

    t.test('in place', async (t) => {
      const at = (place: 'x' | 'residual' | undefined) => {
        const made = inputs({ shape: [2, 13, 17, 20], kind: 'plain', relu: true, residual: true, seed: 4 });
        return bits(ops.batchNormTrain(made.x, { ...forward(made), relu: true, out: place && { y: made[place] } }).y);
      };
      t.equal(at('x'), at(undefined), 'y may be x');
      t.equal(at('residual'), at(undefined), 'y may be residual');
      const gradients = (place: 'gx' | 'gresidual' | undefined) => {
        const { gy, ...made } = inputs({ shape: [2, 13, 17, 20], kind: 'plain', relu: true, residual: true, seed: 4 });
        const saved = ops.batchNormTrain(made.x, { ...forward(made), relu: true });
        const { gx, gresidual } = ops.batchNormGrad(gy, { ...backward(made, saved), residual: true, out: place && { [place]: gy } });
        return bits(gx) + bits(gresidual!);
      };
      t.equal(gradients('gx'), gradients(undefined), 'gx may be gy');
      t.equal(gradients('gresidual'), gradients(undefined), 'gresidual may be gy');
    });

    t.test('bit-identical with 1, 2 and 3 threads', async (t) => {
      for (const shape of [
        [3, 40, 41, 24],
        [2, 5, 5, 600],
        [70, 31, 31, 1],
      ] as Problem['shape'][])
        checkThreads(t, String(shape), () => {
          const { gy, ...made } = inputs({ shape, kind: 'far', relu: true, residual: true, seed: 5 });
          const saved = ops.batchNormTrain(made.x, { ...forward(made), relu: true });
          const { gx, ggamma, gbeta, gresidual } = ops.batchNormGrad(gy, { ...backward(made, saved), residual: true });
          const { y, mean, invStd } = saved;
          return [y, mean, invStd, made.runningMean, made.runningVariance, gx, ggamma, gbeta, gresidual!, ops.biasGrad(gy)];
        });
    });
  });

t.test('errors', async (t) => {
  const made = inputs({ shape: [2, 3, 4, 5], kind: 'plain', relu: true, residual: true, seed: 1 });
  const wrong = (code: string, message: RegExp, use: () => unknown) => t.throws(use, { name: 'AdderNetError', code, message });
  const train = (options: object) => () => ops.batchNormTrain(made.x, { ...forward(made), ...options });
  wrong('ERR_SHAPE', /gamma has shape \[4\], expected \[5\]/, train({ gamma: Tensor.zeros([4]) }));
  wrong('ERR_SHAPE', /residual has shape/, train({ residual: Tensor.zeros([2, 3, 4, 4]) }));
  wrong('ERR_DTYPE', /runningMean has dtype f64/, train({ runningMean: Tensor.zeros([5], 'f64') }));
  wrong('ERR_ARGUMENT', /momentum is 2/, train({ momentum: 2 }));
  wrong('ERR_ARGUMENT', /epsilon is 0/, train({ epsilon: 0 }));
  const { residual } = made;
  wrong('ERR_ARGUMENT', /out\.y overlaps/, train({ gamma: new Tensor(residual!.data.subarray(0, 5), [5]), out: { y: residual } }));
  wrong('ERR_ARGUMENT', /runningVariance overlaps/, train({ runningVariance: made.runningMean }));
  wrong('ERR_ARGUMENT', /out\.mean overlaps/, train({ out: { mean: made.beta } }));
  wrong('ERR_SHAPE', /out\.invStd has shape/, train({ out: { invStd: Tensor.zeros([6]) } }));

  const saved = ops.batchNormTrain(made.x, { ...forward(made), relu: true });
  const grad = (options: object) => () => ops.batchNormGrad(made.gy, { ...backward(made, saved), residual: true, ...options });
  wrong('ERR_SHAPE', /x has shape/, grad({ x: Tensor.zeros([2, 3, 4, 6]) }));
  wrong('ERR_ARGUMENT', /y is not a Tensor/, grad({ y: 1 }));
  wrong('ERR_ARGUMENT', /out\.gx overlaps/, grad({ out: { gx: made.x } }));
  wrong('ERR_ARGUMENT', /out\.gx overlaps/, grad({ out: { gx: made.gy, gresidual: made.gy } }));
  wrong('ERR_ARGUMENT', /out\.gx overlaps/, grad({ y: undefined, out: { gx: made.gy } }));
  wrong('ERR_ARGUMENT', /out\.gresidual is given/, grad({ y: undefined, out: { gresidual: Tensor.zeros(made.gy.shape) } }));
  wrong('ERR_ARGUMENT', /out\.gbeta overlaps/, grad({ out: { gbeta: saved.mean } }));
});

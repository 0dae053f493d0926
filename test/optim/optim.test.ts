// The optimizer: one step is the step of its operation for each parameter; and schedules against their formulas.
import t from 'tap';
import { Parameter, type ParameterRule } from '../../dist/layers';
import { sgdStep } from '../../dist/ops';
import { Sgd, type SgdOptions, schedule } from '../../dist/optim';
import { Random } from '../../dist/random';
import { Tensor } from '../../dist/tensor';

function parameter(kind: ParameterRule, seed: number, size = 40): Parameter {
  const made = new Parameter(Tensor.zeros([size]), kind);
  new Random(seed).fillNormal(made.value.data);
  new Random(seed + 100).fillNormal(made.gradient.data, 0, 3);
  return made;
}
const copy = (tensor: Tensor): Tensor => new Tensor(tensor.data.slice(), tensor.shape);
const norm = (data: Float32Array): number => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0));

t.test('a step is the operation of each parameter by its kind', (t) => {
  for (const rate of ['adaptive', 'increased', 'plain'] as const) {
    const [adder, ordinary, frozen] = [parameter('adder', 1), parameter('ordinary', 2), parameter('ordinary', 3)];
    frozen.frozen = true;
    const untouched = copy(frozen.value);
    const expected = [adder, ordinary].map(({ value }) => ({ value: copy(value), velocity: Tensor.zeros(value.shape) }));
    const common = { momentum: 0.9, nesterov: true, weightDecay: 1e-2 };
    const adderRate = rate === 'adaptive' ? { rate, eta: 0.3 } : { rate };
    const optimizer = new Sgd([adder, ordinary, frozen, adder], { lr: 0.1, ...common, adder: adderRate });
    for (const factor of [1, 0.5, 0.25]) {
      sgdStep(expected[0]!.value, adder.gradient, {
        learningRate: 0.1 * factor,
        ...common,
        velocity: expected[0]!.velocity,
        ...adderRate,
      });
      sgdStep(expected[1]!.value, ordinary.gradient, { learningRate: 0.1 * factor, ...common, velocity: expected[1]!.velocity });
      optimizer.step(factor);
    }
    t.same(adder.value.data, expected[0]!.value.data, `adder, ${rate}: once, though it was listed twice`);
    t.same(ordinary.value.data, expected[1]!.value.data, 'ordinary');
    t.same(optimizer.velocity(ordinary)!.data, expected[1]!.velocity.data, 'its momentum');
    t.same(frozen.value.data, untouched.data, 'frozen');
  }
  t.end();
});

t.test('adder filters train at an adaptive rate by default', (t) => {
  const [adder, same] = [parameter('adder', 1), parameter('adder', 1)];
  new Sgd([adder], { lr: 0.1 }).step();
  sgdStep(same.value, same.gradient, { learningRate: 0.1, rate: 'adaptive', eta: 0.2 });
  t.same(adder.value.data, same.value.data);
  t.end();
});

t.test('binary filters have the rate of adder filters, do not decay, and stay in [-1, 1]', (t) => {
  const [binary, same] = [parameter('binary', 1), parameter('binary', 1)];
  const optimizer = new Sgd([binary], { lr: 1, momentum: 0.9, weightDecay: 0.5, clipNorm: 1e-9 });
  const velocity = Tensor.zeros(same.value.shape);
  for (let step = 0; step < 3; step++) {
    sgdStep(same.value, same.gradient, { learningRate: 1, momentum: 0.9, velocity, rate: 'adaptive', eta: 0.2 });
    t.ok(same.value.data.some((v) => Math.abs(v) > 1));
    same.value.data.forEach((v, i) => {
      same.value.data[i] = Math.min(1, Math.max(-1, v));
    });
    optimizer.step();
    t.same(binary.value.data, same.value.data);
  }
  t.end();
});

t.test('what is left out of the adder options is as by default', (t) => {
  const values = [undefined, {}, { rate: undefined }, { eta: 0.2 }, { rate: 'adaptive', eta: 0.2 }].map((adder) => {
    const filters = parameter('adder', 1);
    new Sgd([filters], { lr: 0.1, adder: adder as never }).step();
    return filters.value.data;
  });
  for (const value of values) t.same(value, values[0]);
  t.end();
});

t.test('clipping scales ordinary gradients down to a common norm', (t) => {
  const build = () => [parameter('ordinary', 1), parameter('adder', 2), parameter('ordinary', 3)] as const;
  const moved = (clipNorm: number | undefined) => {
    const [a, adder, b] = build();
    const before = [a, adder, b].map(({ value }) => copy(value));
    new Sgd([a, adder, b], { lr: 1, clipNorm }).step();
    const steps = [a, adder, b].map(({ value }, i) => value.data.map((v, j) => before[i]!.data[j]! - v));
    return { ordinary: Math.hypot(norm(steps[0]!), norm(steps[2]!)), adder: steps[1]! };
  };
  const [free, clipped, loose] = [moved(undefined), moved(2), moved(1e6)];
  t.ok(free.ordinary > 10);
  t.ok(Math.abs(clipped.ordinary - 2) < 1e-4, `the step is as long as the norm allows: ${clipped.ordinary}`);
  t.equal(loose.ordinary, free.ordinary, 'below the norm nothing changes');
  t.same(clipped.adder, free.adder, 'adder filters have a rate of their own');

  const [a] = build();
  a.gradient.data.fill(0);
  const before = copy(a.value);
  new Sgd([a], { lr: 1, clipNorm: 1 }).step();
  t.same(a.value.data, before.data, 'zero gradients stay zero');
  t.end();
});

t.test('options out of range are named', (t) => {
  const one = [parameter('ordinary', 1)];
  t.throws(() => new Sgd([], { lr: 0.1 }), { code: 'ERR_ARGUMENT', message: /no parameters/ });
  t.throws(() => new Sgd(one, { lr: 0 }), { code: 'ERR_ARGUMENT', message: /lr is 0/ });
  t.throws(() => new Sgd(one, { lr: 0.1, momentum: 1 }), { code: 'ERR_ARGUMENT', message: /momentum is 1/ });
  t.throws(() => new Sgd(one, { lr: 0.1, nesterov: true }), { code: 'ERR_ARGUMENT', message: /nesterov/ });
  t.throws(() => new Sgd(one, { lr: 0.1, weightDecay: -1 }), { code: 'ERR_ARGUMENT', message: /weightDecay/ });
  t.throws(() => new Sgd(one, { lr: 0.1, clipNorm: Number.NaN }), { code: 'ERR_ARGUMENT', message: /clipNorm/ });
  t.throws(() => new Sgd(one, { lr: 0.1, adder: { rate: 'increased', eta: 0.1 } }), {
    code: 'ERR_ARGUMENT',
    message: /eta is of the adaptive rate/,
  });
  t.throws(() => new Sgd(one, { lr: 0.1, learningRate: 1 } as SgdOptions), { code: 'ERR_ARGUMENT', message: /no option 'learningRate'/ });
  t.throws(() => new Sgd(one, { lr: 0.1, adder: { rte: 'plain' } as object }), {
    code: 'ERR_ARGUMENT',
    message: /'rte', did you mean rate/,
  });
  t.throws(() => new Sgd(5 as never, { lr: 0.1 }), { code: 'ERR_ARGUMENT', message: /model\.parameters/ });
  t.throws(() => new Sgd(['w'] as never, { lr: 0.1 }), { code: 'ERR_ARGUMENT', message: /model\.parameters/ });
  t.throws(() => new Sgd(one, { lr: 0.1, adder: { rate: 'fast' as 'plain' } }), { code: 'ERR_ARGUMENT', message: /'fast'/ });
  t.end();
});

t.test('schedules', (t) => {
  const close = (found: number, wanted: number, message: string) => t.ok(Math.abs(found - wanted) < 1e-12, `${message}: ${found}`);
  const cosine = schedule.cosine({ epochs: 400 });
  for (const e of [0, 1, 200, 399.5, 400]) close(0.1 * cosine(e), 0.05 * (1 + Math.cos((Math.PI * e) / 400)), `cosine at ${e}`);
  close(schedule.cosine({ epochs: 4, end: 0.1 })(4), 0.1, 'cosine ends');
  close(schedule.cosine({ epochs: 4 })(9), 0, 'and stays there');
  close(schedule.constant()(17), 1, 'constant');
  const steps = schedule.step({ milestones: [2, 4], factor: 0.5 });
  for (const [e, wanted] of [
    [0, 1],
    [1.99, 1],
    [2, 0.5],
    [4, 0.25],
    [9, 0.25],
  ] as const)
    close(steps(e), wanted, `step at ${e}`);
  close(schedule.polynomial({ epochs: 10 })(2.5), 0.75, 'a line');
  close(schedule.polynomial({ epochs: 10, power: 2, end: 0.5 })(5), 0.625, 'a parabola');
  close(schedule.polynomial({ epochs: 10 })(11), 0, 'and stays there');
  const warm = schedule.warmUp({ epochs: 2, start: 0.1, into: schedule.polynomial({ epochs: 10 }) });
  close(warm(0), 0.1, 'warm-up starts');
  close(warm(1), 0.55 * 0.9, 'rises');
  close(warm(2), 0.8, 'and hands over');
  t.throws(() => schedule.cosine({ epochs: 0 }), { code: 'ERR_ARGUMENT', message: /schedule.cosine: epochs is 0/ });
  t.throws(() => schedule.step({ milestones: [Number.NaN] }), { code: 'ERR_ARGUMENT' });
  t.end();
});

// Layers in training: gradients of what is differentiable against slopes, those of convolutions against their operations, and what is frozen,
// fused and reused.
import t, { type Test } from 'tap';
import * as layers from '../../dist/layers';
import {
  adderConv2d,
  adderConv2dGradFilter,
  adderConv2dGradInput,
  batchNorm,
  biasGrad,
  centerChannels,
  conv2d,
  winogradAdderConv2dGradFilter,
  winogradAdderConv2dGradInput,
} from '../../dist/ops';
import { Random } from '../../dist/random';
import { Tensor } from '../../dist/tensor';
import { normal } from '../support/tensors';

const { AdderConv2d, AveragePool2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Layer, Linear, MaxPool2d } = layers;
const { Relu, Residual, Sequential, SymmetricPad2d, WinogradAdderConv2d, XnorConv2d } = layers;

const copy = (tensor: Tensor): Tensor => new Tensor(tensor.data.slice(), tensor.shape);
const dot = (a: Tensor, b: Tensor): number => a.data.reduce((sum, v, i) => sum + v * b.data[i]!, 0);
const random = new Random(7);

/**
 * The slope of sum(g * forward(x)) along a direction, by central differences, against the gradient that backward gives. float32 leaves about
 * three digits of the difference.
 */
function followsSlopes(t: Test, layer: layers.Layer, x: Tensor, message: string): void {
  const g = normal(layer.outputShape(x.shape), 3);
  layer.forward(x, { training: true });
  const gx = copy(layer.backward(copy(g))!);
  const gradients = new Map([...layer.namedParameters()].map(([name, { gradient }]) => [name, copy(gradient)]));
  const slope = (tensor: Tensor, direction: Tensor): number => {
    const [start, step] = [tensor.data.slice(), 2e-4];
    const at = (distance: number): number => {
      tensor.data.forEach((_, i) => {
        tensor.data[i] = start[i]! + distance * direction.data[i]!;
      });
      return dot(layer.forward(x, { training: true }), g);
    };
    const difference = (at(step) - at(-step)) / (2 * step);
    tensor.data.set(start);
    return difference;
  };
  const check = (name: string, tensor: Tensor, gradient: Tensor): void => {
    // Along the gradient itself, whose slope is its squared length: no other direction has more to show.
    const length = Math.sqrt(dot(gradient, gradient));
    const direction = copy(gradient);
    direction.data.forEach((v, i) => {
      direction.data[i] = v / length;
    });
    const found = slope(tensor, direction);
    t.ok(Math.abs(found - length) < 0.02 * length, `${message}: gradient of ${name} is ${length}, slope ${found}`);
  };
  check('x', x, gx);
  for (const [name, parameter] of layer.namedParameters()) check(name, parameter.value, gradients.get(name)!);
}

t.test('what is differentiable follows its slopes', (t) => {
  const image = normal([3, 8, 8, 4], 1);
  const conv = (options: Partial<layers.Conv2dOptions> = {}) => new Conv2d(4, 4, { kernel: 3, padding: 1, random, ...options });
  followsSlopes(t, conv({ bias: true, stride: 2 }), image, 'Conv2d');
  followsSlopes(t, new Linear(6, 5, { random }), normal([4, 6], 2), 'Linear');
  followsSlopes(t, new BatchNorm(4), image, 'BatchNorm');
  followsSlopes(t, new Relu(), image, 'Relu');
  followsSlopes(t, new SymmetricPad2d(), image, 'SymmetricPad2d');
  followsSlopes(t, new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }), image, 'MaxPool2d');
  followsSlopes(t, new AveragePool2d({ kernel: 2 }), image, 'AveragePool2d');
  followsSlopes(t, new GlobalAveragePool2d(), image, 'GlobalAveragePool2d');
  const body = () => new Sequential([conv(), new BatchNorm(4), new Relu(), conv(), new BatchNorm(4)]);
  followsSlopes(t, new Residual(body()), image, 'Residual, fused');
  followsSlopes(t, new Residual(body(), undefined, { relu: false }), image, 'Residual, fused, no ReLU');
  followsSlopes(t, new Residual(new Sequential([conv()])), image, 'Residual without a batch norm at its end');
  followsSlopes(t, new Residual(new Sequential([conv()]), undefined, { relu: false }), image, 'the same, no ReLU');
  const downsample = new Sequential([new Conv2d(4, 4, { kernel: 1, stride: 2, random }), new BatchNorm(4)]);
  followsSlopes(t, new Residual(new Sequential([conv({ stride: 2 }), new BatchNorm(4)]), downsample), image, 'Residual with a downsample');
  const network = new Sequential([
    conv(),
    new BatchNorm(4),
    new Relu(),
    new MaxPool2d({ kernel: 2 }),
    new Residual(body()),
    new Flatten(),
    new Linear(64, 3, { random }),
  ]);
  followsSlopes(t, network, image, 'a network');
  t.end();
});

t.test('adder layers train by the rule of the paper, not by slopes', (t) => {
  const x = normal([2, 6, 5, 3], 1);
  for (const filterGradient of layers.filterGradients) {
    const layer = new AdderConv2d(3, 4, { kernel: 3, padding: 1, stride: 2, bias: true, random, filterGradient });
    const y = layer.forward(x, { training: true });
    t.same(y.data, layer.forward(x).data, 'the same in training and inference');
    const gy = normal(y.shape, 2);
    const gx = layer.backward(copy(gy))!;
    const w = layer.filters.value;
    const options = { stride: 2, padding: 1 };
    t.same(gx.data, adderConv2dGradInput(gy, x, w, options).data);
    t.same(layer.filters.gradient.data, adderConv2dGradFilter(gy, x, w, { ...options, gradient: filterGradient }).data, filterGradient);
  }
  t.throws(() => new AdderConv2d(1, 1, { kernel: 1, filterGradient: 'half' as 'full' }), { code: 'ERR_ARGUMENT', message: /'half'/ });
  t.end();
});

t.test('where outputs are centered, their gradient is, too, but not that of the bias', (t) => {
  const x = normal([2, 6, 5, 3], 1);
  const layer = new AdderConv2d(3, 4, { kernel: 2, center: true, bias: true, random });
  random.fillNormal(layer.bias!.value.data);
  const w = layer.filters.value;
  const y = layer.forward(x, { training: true });
  t.same(y.data, layer.forward(x).data, 'the same in training and inference');
  t.same(y.data, centerChannels(adderConv2d(x, w), { bias: layer.bias!.value }).data);
  const gy = normal(y.shape, 2);
  const gx = layer.backward(copy(gy))!;
  t.same(gx.data, adderConv2dGradInput(centerChannels(gy), x, w).data);
  t.same(layer.filters.gradient.data, adderConv2dGradFilter(centerChannels(gy), x, w).data);
  t.same(layer.bias!.gradient.data, biasGrad(gy).data);
  t.throws(() => new AdderConv2d(1, 1, { kernel: 1, center: 1 as never }), {
    code: 'ERR_ARGUMENT',
    message: /center is 1, expected true or false/,
  });
  t.end();
});

t.test('where outputs are centered in training alone, both gradients are those of that', (t) => {
  const x = normal([2, 6, 5, 3], 1);
  const layer = new AdderConv2d(3, 4, { kernel: 2, bias: true, random });
  random.fillNormal(layer.bias!.value.data);
  const w = layer.filters.value;
  const [bias, part] = [layer.bias!.value, 0.3];
  layer.trainingCenter = part;
  t.same(layer.forward(x, { training: true }).data, centerChannels(adderConv2d(x, w), { bias, part }).data);
  t.same(layer.forward(x).data, adderConv2d(x, w, { bias }).data, 'not in inference');
  const gy = normal([2, 5, 4, 4], 2);
  const gx = layer.backward(copy(gy))!;
  t.same(gx.data, adderConv2dGradInput(centerChannels(gy, { part }), x, w).data);
  t.same(layer.filters.gradient.data, adderConv2dGradFilter(centerChannels(gy, { part }), x, w).data);
  t.end();
});

t.test('where it computes products in training, it is an ordinary convolution until its end', (t) => {
  const x = normal([2, 6, 5, 4], 1);
  for (const center of [false, true]) {
    const shape = { kernel: 3, stride: 2, padding: 1, groups: 2 };
    const layer = new AdderConv2d(4, 6, { ...shape, center, random });
    const conv = new Conv2d(4, 6, shape);
    const w = layer.filters.value;
    conv.filters.value.data.set(w.data);
    layer.trainingProduct = true;
    const centerIf = (tensor: Tensor) => (center ? centerChannels(tensor) : tensor);
    const y = layer.forward(x, { training: true });
    t.same(y.data, centerIf(conv.forward(x, { training: true })).data);
    const gy = normal(y.shape, 2);
    t.same(layer.backward(copy(gy))!.data, conv.backward(centerIf(copy(gy)))!.data);
    t.same(layer.filters.gradient.data, conv.filters.gradient.data);
    t.same(layer.forward(x).data, centerIf(adderConv2d(x, w, { stride: 2, padding: 1, groups: 2 })).data, 'in inference it is not');
  }
  t.end();
});

t.test('Winograd layers train by the same rule, in the transformed domain', (t) => {
  const x = normal([2, 7, 5, 3], 1);
  const layer = new WinogradAdderConv2d(3, 4, { padding: 1, bias: true, random });
  random.fillNormal(layer.bias!.value.data);
  const y = layer.forward(x, { training: true });
  t.same(y.data, layer.forward(x).data, 'the same in training and inference');
  const gy = normal(y.shape, 2);
  const gx = layer.backward(copy(gy))!;
  const u = layer.filters.value;
  t.same(gx.data, winogradAdderConv2dGradInput(gy, x, u, { padding: 1 }).data);
  t.same(layer.filters.gradient.data, winogradAdderConv2dGradFilter(gy, x, u, { padding: 1 }).data);
  t.ok(layer.bias!.gradient.data.every((g, c) => Math.abs(g - gy.data.filter((_, i) => i % 4 === c).reduce((a, b) => a + b, 0)) < 1e-4));
  t.equal(layer.filters.rule, 'adder', 'with the learning rate of adder filters');
  layer.filters.gradient.data.fill(7);
  layer.freeze();
  layer.forward(x, { training: true });
  layer.backward(copy(gy), { inputGradient: false });
  t.ok(
    layer.filters.gradient.data.every((g) => g === 7),
    'frozen filters get no gradient',
  );
  t.end();
});

t.test('binary layers train through their signs', (t) => {
  const [x, padding, stride] = [normal([2, 5, 6, 3], 1), 1, 2];
  const layer = new XnorConv2d(3, 4, { kernel: 3, padding, stride, random });
  const w = layer.filters.value;
  w.data.forEach((v, i) => {
    w.data[i] = 3 * v; // some beyond 1, where no gradient passes
  });
  const y = layer.forward(x, { training: true });
  const gy = normal(y.shape, 2);
  const gx = layer.backward(copy(gy))!;

  const signOf = (v: number) => (v < 0 ? -1 : 1);
  const k = 27;
  const [expectedGx, gbinary] = [new Float64Array(x.size), new Float64Array(w.size)];
  const alpha = Array.from({ length: 4 }, (_, co) => w.data.subarray(co * k, co * k + k).reduce((sum, v) => sum + Math.abs(v) / k, 0));
  const expectedY = Tensor.zeros(y.shape);
  const [, ho, wo] = y.shape as [number, number, number, number];
  gy.data.forEach((g, i) => {
    const co = i % 4;
    const [column, row, n] = [Math.floor(i / 4) % wo, Math.floor(i / 4 / wo) % ho, Math.floor(i / 4 / wo / ho)];
    for (let tap = 0; tap < k; tap++) {
      const [ci, kw, kh] = [tap % 3, Math.floor(tap / 3) % 3, Math.floor(tap / 9)];
      const [r, c] = [row * stride + kh - padding, column * stride + kw - padding];
      const inside = r >= 0 && r < 5 && c >= 0 && c < 6;
      const at = ((n * 5 + r) * 6 + c) * 3 + ci;
      const [signX, weight] = [inside ? signOf(x.data[at]!) : 1, w.data[co * k + tap]!];
      expectedY.data[i]! += alpha[co]! * signX * signOf(weight);
      gbinary[co * k + tap]! += g * signX;
      if (inside) expectedGx[at]! += g * alpha[co]! * signOf(weight) * Math.max(0, 2 - 2 * Math.abs(x.data[at]!));
    }
  });
  const expectedGw = gbinary.map((g, i) => {
    const co = Math.floor(i / k);
    let galpha = 0;
    for (let j = co * k; j < co * k + k; j++) galpha += gbinary[j]! * signOf(w.data[j]!);
    return (Math.abs(w.data[i]!) <= 1 ? alpha[co]! * g : 0) + (signOf(w.data[i]!) * galpha) / k;
  });
  const worst = (a: Float32Array, b: Float32Array | Float64Array) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
  t.ok(worst(y.data, expectedY.data) < 1e-4, 'forward, padding +1');
  t.ok(worst(gx.data, expectedGx) < 1e-4, 'gradient to the input');
  t.ok(worst(layer.filters.gradient.data, expectedGw) < 1e-4, 'gradient to the filters');
  t.ok(expectedGx.some((v) => v === 0) && expectedGw.some((v) => v !== 0), 'the case has both kinds');
  t.end();
});

t.test('a ReLU after a batch norm is part of its pass', (t) => {
  const x = normal([4, 3, 3, 5], 1);
  const [norm, apart] = [new BatchNorm(5), new BatchNorm(5)];
  const fused = new Sequential([norm, new Relu()]);
  const relu = new Relu();
  const g = normal(x.shape, 2);
  const y = fused.forward(x, { training: true });
  t.same(y.data, relu.forward(apart.forward(x, { training: true }), { training: true }).data, 'forward');
  const gx = fused.backward(copy(g))!;
  t.same(gx.data, apart.backward(relu.backward(copy(g)))!.data, 'backward');
  t.same(norm.runningVariance.data, apart.runningVariance.data, 'running statistics');
  t.end();
});

t.test('a Sequential fuses the epilogue of its last layer, as that does', (t) => {
  const x = normal([4, 3, 3, 5], 1);
  const flat = new Residual(new Sequential([new AdderConv2d(5, 5, { kernel: 1, random: new Random(1) }), new BatchNorm(5)]));
  const nested = new Residual(
    new Sequential([new Sequential([new AdderConv2d(5, 5, { kernel: 1, random: new Random(1) }), new BatchNorm(5)])]),
  );
  t.ok(nested.body.fuses(new Relu().activation));
  t.same(nested.forward(x, { training: true }).data, flat.forward(x, { training: true }).data);
  t.same(nested.backward(normal(x.shape, 2))!.data, flat.backward(normal(x.shape, 2))!.data);
  t.same(
    nested.parameters().map(({ gradient }) => gradient.data),
    flat.parameters().map(({ gradient }) => gradient.data),
  );
  t.notOk(new Sequential([new BatchNorm(5), new Relu()]).fuses(undefined), 'not where it ends in another activation');
  t.notOk(new BatchNorm(5).fuses({ min: 0, max: 6 }), 'not an activation that a batch norm cannot do');
  t.notOk(new Sequential([]).fuses(undefined));
  t.throws(() => new Sequential([]).residualGradient, { code: 'ERR_ARGUMENT', message: /Sequential: this layer fuses no epilogue/ });
  t.end();
});

t.test('custom layers take part in fusing', (t) => {
  const seen: (layers.Epilogue | undefined)[] = [];
  class Double extends Layer {
    forward(x: Tensor, { epilogue }: layers.ForwardOptions = {}): Tensor {
      seen.push(epilogue);
      return new Tensor(
        x.data.map((v) => (epilogue?.activation ? Math.max(0, 2 * v) : 2 * v)),
        x.shape,
      );
    }
    override backward(gy: Tensor): Tensor {
      return new Tensor(
        gy.data.map((g) => 2 * g),
        gy.shape,
      );
    }
    outputShape(input: readonly number[]) {
      return input;
    }
    override fuses() {
      return true;
    }
  }
  class Named extends Relu {
    override forward(x: Tensor, options?: layers.ForwardOptions): Tensor {
      if (options?.training) t.fail('it is fused');
      return super.forward(x, options);
    }
    override fuses() {
      return true;
    }
  }
  const x = normal([2, 3], 1);
  const y = new Sequential([new Double(), new Named(), new Relu()]).forward(x, { training: true });
  t.same(
    y.data,
    x.data.map((v) => Math.max(0, 2 * v)),
  );
  t.same(seen, [{ activation: new Relu().activation }], 'a fused layer fuses nothing itself: the last ReLU runs by itself');
  t.end();
});

t.test('what is frozen stays as it is', (t) => {
  const x = normal([4, 6, 6, 3], 1);
  const build = () =>
    new Sequential({
      conv1: new AdderConv2d(3, 4, { kernel: 3, random: new Random(1) }),
      bn1: new BatchNorm(4),
      relu: new Relu(),
      conv2: new Conv2d(4, 2, { kernel: 4, random: new Random(2) }),
      bn2: new BatchNorm(2),
    });
  const network = build();
  for (let step = 0; step < 50; step++) network.forward(x, { training: true }); // running statistics that let something through
  for (const name of ['conv1', 'bn1']) network.layer(name).freeze();
  t.equal(network.layer('conv1').isTrainable, false);
  t.equal(network.isTrainable, true);
  const before = [...network.stateDict()].map(([name, tensor]) => [name, tensor.data.slice()] as const);
  const y = network.forward(x, { training: true });
  t.equal(network.backward(normal(y.shape, 1), { inputGradient: false }), undefined, 'no gradient goes below the first layer that trains');
  for (const [name, data] of before) {
    const same = data.every((v, i) => v === network.stateDict().get(name)!.data[i]);
    t.equal(same, !/^bn2.running/.test(name), `${name} ${same ? 'stays' : 'moves'}`);
  }
  t.ok(
    network
      .layer('conv2')
      .parameters()[0]!
      .gradient.data.some((g) => g !== 0),
    'what is above trains',
  );

  const whole = build();
  whole.layer('bn1').freeze();
  const { gamma, runningVariance } = whole.layer('bn1') as layers.BatchNorm;
  new Random(5).fillNormal(gamma.value.data);
  runningVariance.data.set([1, 2, 3, 4]);
  const frozen = whole.layer('bn1') as layers.BatchNorm;
  const g = normal([4, 4, 4, 4], 3);
  const input = normal([4, 4, 4, 4], 4);
  const zero = Tensor.zeros([4]);
  const scaled = batchNorm(g, { mean: zero, variance: runningVariance, gamma: gamma.value, beta: zero });
  t.same(frozen.forward(input, { training: true }).data, frozen.forward(input).data, 'a frozen batch norm uses its running statistics');
  t.same(frozen.backward(copy(g))!.data, scaled.data, 'as constants');
  const residual = normal(input.shape, 6);
  const withRelu = frozen.forward(input, {
    training: true,
    epilogue: { residual, activation: { min: 0, max: Number.POSITIVE_INFINITY } },
  });
  t.ok(
    frozen.forward(input).data.every((v, i) => Math.abs(Math.max(0, v + residual.data[i]!) - withRelu.data[i]!) < 1e-6),
    'its epilogue too',
  );
  const masked = g.data.map((v, i) => (withRelu.data[i]! > 0 ? v : 0));
  frozen.backward(copy(g));
  t.same(frozen.residualGradient.data, masked, 'gradient to the residual');

  network.freeze(false);
  t.equal(network.layer('conv1').isTrainable, true, 'thawed');
  whole.freeze();
  whole.forward(x, { training: true });
  t.equal(whole.backward(normal([4, 1, 1, 2], 1), { inputGradient: false }), undefined, 'a network that is frozen as a whole');
  t.end();
});

t.test('layers by name', (t) => {
  const inner = new Relu();
  const network = new Sequential({ block: new Residual(new Sequential({ first: inner })), end: new Relu() });
  t.equal(network.layer('block.first'), inner);
  t.throws(() => network.layer('block.second'), { code: 'ERR_ARGUMENT', message: /'block.second'.*'second', expected one of first/ });
  t.end();
});

t.test('training allocates nothing once it runs', (t) => {
  const network = new Sequential([
    new AdderConv2d(2, 3, { kernel: 3, random }),
    new BatchNorm(3),
    new Relu(),
    new MaxPool2d({ kernel: 2 }),
  ]);
  const run = (n: number) => {
    const y = network.forward(normal([n, 6, 6, 2], n), { training: true });
    return { y, gx: network.backward(normal(y.shape, 1))! };
  };
  const [first, second, smaller, again] = [run(4), run(4), run(3), run(4)];
  t.equal(second.y.data.buffer, first.y.data.buffer);
  t.equal(second.gx.data.buffer, first.gx.data.buffer);
  t.equal(smaller.y.data.buffer, first.y.data.buffer, 'the last batch of an epoch takes the start of it');
  t.same(smaller.y.shape, [3, 2, 2, 3]);
  t.same(smaller.gx.data, network.backward(run(3).y && normal([3, 2, 2, 3], 1))!.data, 'and is right');
  t.equal(again.y.data.buffer, first.y.data.buffer);
  t.end();
});

t.test('misuse is named', (t) => {
  const all = [
    new Conv2d(1, 1, { kernel: 1 }),
    new Linear(1, 1),
    new BatchNorm(1),
    new Relu(),
    new MaxPool2d({ kernel: 1 }),
    new AveragePool2d({ kernel: 1 }),
    new GlobalAveragePool2d(),
    new Flatten(),
    new Residual(new Sequential([])),
  ];
  for (const layer of all)
    t.throws(
      () => layer.backward(Tensor.zeros([1, 1, 1, 1])),
      { code: 'ERR_ARGUMENT', message: new RegExp(`^${layer.type}: backward needs a forward pass`) },
      layer.type,
    );
  class Doubler extends Layer {
    forward(x: Tensor): Tensor {
      return conv2d(x, new Tensor(Float32Array.of(2), [1, 1, 1, 1]));
    }
    outputShape(input: readonly number[]): readonly number[] {
      return input;
    }
  }
  t.throws(() => new Doubler().backward(Tensor.zeros([1])), { code: 'ERR_ARGUMENT', message: /Doubler.*inference only/ });
  t.end();
});

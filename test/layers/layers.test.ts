// Layers: what they compute against plain loops, the shapes and operations they promise, and loading that is all or nothing.
import t, { type Test } from 'tap';
import * as layers from '../../dist/layers';
import { add, batchNorm, relu } from '../../dist/ops';
import { Random } from '../../dist/random';
import { Tensor } from '../../dist/tensor';
import { normal } from '../support/tensors';

const { AdderConv2d, AveragePool2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Linear, MaxPool2d, Relu, Residual, Sequential } =
  layers;
const { SymmetricPad2d, WinogradAdderConv2d } = layers;

function close(t: Test, y: Tensor, expected: Tensor, message: string): void {
  t.same(y.shape, expected.shape, `${message}: shape`);
  const worst = y.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i]!)), 0);
  t.ok(worst < 1e-4, `${message}: worst difference ${worst}`);
}

/** y[n,ho,wo,co] by the definition: `term` is what an input adds when it meets a weight. */
function convolve(
  x: Tensor,
  w: Tensor,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: { stride?: number; padding?: number; dilation?: number; groups?: number },
  bias: Tensor | undefined,
  term: (input: number, weight: number) => number,
): Tensor {
  const [n, h, width, ci] = x.shape as [number, number, number, number];
  const [co, kh, kw, perGroup] = w.shape as [number, number, number, number];
  const ho = Math.floor((h + 2 * padding - dilation * (kh - 1) - 1) / stride) + 1;
  const wo = Math.floor((width + 2 * padding - dilation * (kw - 1) - 1) / stride) + 1;
  const y = Tensor.zeros([n, ho, wo, co]);
  const input = (image: number, row: number, column: number, channel: number) =>
    row < 0 || row >= h || column < 0 || column >= width ? 0 : x.data[((image * h + row) * width + column) * ci + channel]!;
  for (let i = 0; i < y.size; i++) {
    const c = i % co;
    const [column, row, image] = [Math.floor(i / co) % wo, Math.floor(i / co / wo) % ho, Math.floor(i / co / wo / ho)];
    const firstInput = Math.floor(c / (co / groups)) * perGroup;
    let sum = bias?.data[c] ?? 0;
    for (let k = 0; k < kh * kw * perGroup; k++) {
      const [e, b, a] = [k % perGroup, Math.floor(k / perGroup) % kw, Math.floor(k / perGroup / kw)];
      sum += term(
        input(image, row * stride + a * dilation - padding, column * stride + b * dilation - padding, firstInput + e),
        w.data[c * kh * kw * perGroup + k]!,
      );
    }
    y.data[i] = sum;
  }
  return y;
}

t.test('convolutions follow their definitions', (t) => {
  const x = normal([2, 7, 6, 4], 1);
  const cases = [
    { kernel: 3, padding: 1 },
    { kernel: 3, padding: 2, stride: 2, bias: true },
    { kernel: 2, dilation: 2, groups: 2 },
    { kernel: 1, stride: 3 },
    { kernel: 3, padding: 1, groups: 4, bias: true },
  ];
  for (const [i, options] of cases.entries()) {
    const random = new Random(i);
    const units = [
      { layer: new AdderConv2d(4, 8, { ...options, random }), term: (a: number, b: number) => -Math.abs(a - b) },
      { layer: new Conv2d(4, 8, { ...options, random }), term: (a: number, b: number) => a * b },
    ];
    for (const { layer, term } of units) {
      if (layer.bias) random.fillNormal(layer.bias.value.data);
      const y = layer.forward(x);
      const message = `${layer.type} ${JSON.stringify(options)}`;
      close(t, y, convolve(x, layer.filters.value, options, layer.bias?.value, term), message);
      t.same(layer.outputShape(x.shape), y.shape, `${message}: promised shape`);
    }
  }
  t.end();
});

t.test('linear, batch norm, ReLU and pools follow their definitions', (t) => {
  const features = normal([3, 5], 1);
  const dense = new Linear(5, 4, { random: new Random(2) });
  new Random(3).fillNormal(dense.bias!.value.data);
  const products = Tensor.zeros([3, 4]);
  for (let n = 0; n < 3; n++)
    for (let co = 0; co < 4; co++) {
      let sum = dense.bias!.value.data[co]!;
      for (let k = 0; k < 5; k++) sum += features.data[n * 5 + k]! * dense.weights.value.data[co * 5 + k]!;
      products.data[n * 4 + co] = sum;
    }
  close(t, dense.forward(features), products, 'Linear');

  const x = normal([2, 4, 6, 3], 4);
  const norm = new BatchNorm(3);
  const random = new Random(5);
  for (const tensor of norm.stateDict().values()) for (let c = 0; c < 3; c++) tensor.data[c] = 0.5 + random.uniform();
  const [gamma, beta, mean, variance] = [...norm.stateDict().values()].map((tensor) => tensor.data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const normed = x.data.map((v, i) => (gamma[i % 3]! * (v - mean[i % 3]!)) / Math.sqrt(variance[i % 3]! + 1e-5) + beta[i % 3]!);
  close(t, norm.forward(x), new Tensor(normed, x.shape), 'BatchNorm');
  close(
    t,
    new Relu().forward(x),
    new Tensor(
      x.data.map((v) => Math.max(0, v)),
      x.shape,
    ),
    'Relu',
  );

  const windows = (n: number, row: number, column: number, c: number) =>
    [0, 1].flatMap((a) => [0, 1].map((b) => x.data[((n * 4 + 2 * row + a) * 6 + 2 * column + b) * 3 + c]!));
  const maximum = Tensor.zeros([2, 2, 3, 3]);
  const average = Tensor.zeros([2, 2, 3, 3]);
  for (let i = 0; i < maximum.size; i++) {
    const window = windows(Math.floor(i / 18), Math.floor(i / 9) % 2, Math.floor(i / 3) % 3, i % 3);
    maximum.data[i] = Math.max(...window);
    average.data[i] = window.reduce((sum, v) => sum + v, 0) / 4;
  }
  close(t, new MaxPool2d({ kernel: 2 }).forward(x), maximum, 'MaxPool2d');
  close(t, new AveragePool2d({ kernel: 2 }).forward(x), average, 'AveragePool2d');
  const image = Tensor.zeros([2, 1, 1, 3]);
  x.data.forEach((v, i) => {
    image.data[Math.floor(i / 72) * 3 + (i % 3)]! += v / 24;
  });
  close(t, new GlobalAveragePool2d().forward(x), image, 'GlobalAveragePool2d');
  t.end();
});

t.test('the shapes that layers promise are those they give', (t) => {
  const x = normal([2, 8, 9, 4], 1);
  const several = [
    new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
    new AveragePool2d({ kernel: [2, 3] }),
    new GlobalAveragePool2d(),
    new BatchNorm(4),
    new Relu(),
    new Flatten(),
    new Sequential([new Flatten(), new Linear(8 * 9 * 4, 5)]),
    new Sequential([]),
    new SymmetricPad2d(),
    new WinogradAdderConv2d(4, 6, { padding: [1, 0, 2, 1] }),
    new AdderConv2d(4, 6, { kernel: [3, 1], stride: [2, 1], padding: [0, 2], dilation: [1, 2], groups: 2 }),
  ];
  for (const layer of several) t.same(layer.forward(x).shape, layer.outputShape(x.shape), layer.type);
  t.same(new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }).outputShape([1, 112, 112, 64]), [1, 56, 56, 64]);
  t.end();
});

t.test('shapes that do not fit are refused by name', (t) => {
  const wrong = [
    { layer: new AdderConv2d(4, 8, { kernel: 3 }), shape: [1, 8, 8, 3], message: /AdderConv2d: filters expect 4 input channels/ },
    { layer: new AdderConv2d(4, 8, { kernel: 3 }), shape: [1, 2, 2, 4], message: /does not fit/ },
    { layer: new Conv2d(4, 8, { kernel: 3 }), shape: [8, 8, 4], message: /rank 4/ },
    { layer: new WinogradAdderConv2d(4, 8), shape: [1, 8, 8, 3], message: /WinogradAdderConv2d: filters expect 4 input channels/ },
    { layer: new WinogradAdderConv2d(4, 8), shape: [1, 8, 2, 4], message: /WinogradAdderConv2d: a 3x3 kernel .* does not fit/ },
    { layer: new Linear(5, 2), shape: [1, 6], message: /expected \[n,5\]/ },
    { layer: new BatchNorm(4), shape: [1, 8, 8, 3], message: /4 channels/ },
    { layer: new MaxPool2d({ kernel: 3 }), shape: [1, 2, 2, 1], message: /MaxPool2d/ },
    { layer: new GlobalAveragePool2d(), shape: [1, 4], message: /rank 4/ },
    { layer: new Flatten(), shape: [], message: /rank 1/ },
    { layer: new Residual(new Sequential([new Conv2d(4, 8, { kernel: 1 })])), shape: [1, 8, 8, 4], message: /pass a downsample/ },
  ];
  for (const { layer, shape, message } of wrong) t.throws(() => layer.outputShape(shape), { code: 'ERR_SHAPE', message });
  t.end();
});

t.test('arguments out of range are refused by name', (t) => {
  const refused: [() => unknown, RegExp][] = [
    [() => new AdderConv2d(0, 8, { kernel: 3 }), /AdderConv2d: inputChannels is 0/],
    [() => new Conv2d(4, 1.5, { kernel: 3 }), /Conv2d: outputChannels is 1.5/],
    [() => new Conv2d(4, 8, { kernel: 0 }), /Conv2d: kernel is 0/],
    [() => new Conv2d(4, 8, { kernel: 3, stride: 0 }), /Conv2d: stride is 0/],
    [() => new Conv2d(4, 8, { kernel: 3, padding: -1 }), /Conv2d: padding is -1/],
    [() => new Conv2d(4, 8, { kernel: 3, dilation: 0 }), /Conv2d: dilation is 0/],
    [() => new Conv2d(4, 8, { kernel: 3, groups: 3 }), /groups is 3, expected a divisor/],
    [() => new Conv2d(4, 8, { kernel: 3, groups: 0 }), /groups is 0/],
    [() => new WinogradAdderConv2d(0, 8), /WinogradAdderConv2d: inputChannels is 0/],
    [() => new WinogradAdderConv2d(8, 8, { padding: 0.5 }), /WinogradAdderConv2d: padding is 0.5/],
    [() => new WinogradAdderConv2d(8, 8, { biased: true } as object), /there is no option 'biased', did you mean bias/],
    [() => new WinogradAdderConv2d(8, 8, { stride: 2 } as object), /there is no option 'stride': windows are 3x3, with stride 1/],
    [() => new WinogradAdderConv2d(8, 8, { kernel: 5 } as object), /there is no option 'kernel': windows are 3x3/],
    [() => new Linear(4, Number.NaN), /Linear: outputs is NaN/],
    [() => new BatchNorm(-1), /BatchNorm: channels is -1/],
    [() => new BatchNorm(1, { epsilon: 0 }), /epsilon is 0/],
    [() => new BatchNorm(1, { momentum: 2 }), /momentum is 2/],
    [() => new MaxPool2d({ kernel: 2, stride: 0 }), /MaxPool2d: stride is 0/],
    [() => new Sequential({ '1': new Relu() }), /'1' is not a valid layer name/],
    [() => new Sequential({ 'a.b': new Relu() }), /'a.b' is not a valid layer name/],
  ];
  for (const [make, message] of refused) t.throws(make, { code: 'ERR_ARGUMENT', message });
  t.end();
});

t.test('initial filters: N(0,1) for adders, N(0, 2/fan-out) for convolutions, N(0, 1/k) for linear layers', (t) => {
  const random = new Random(1);
  const deviation = ({ data }: Tensor) => Math.sqrt(data.reduce((sum, w) => sum + w * w, 0) / data.length);
  const within = (value: number, expected: number) => t.ok(Math.abs(value / expected - 1) < 0.03, `${value}, expected ${expected}`);
  within(deviation(new AdderConv2d(64, 64, { kernel: 3, random }).filters.value), 1);
  within(deviation(new WinogradAdderConv2d(64, 64, { random }).filters.value), 1);
  within(deviation(new Conv2d(64, 64, { kernel: 3, random }).filters.value), Math.sqrt(2 / (9 * 64)));
  within(deviation(new Conv2d(64, 64, { kernel: 3, groups: 2, random }).filters.value), Math.sqrt(2 / (9 * 32)));
  within(deviation(new Linear(256, 64, { random }).weights.value), 1 / 16);
  t.ok(
    new Conv2d(2, 2, { kernel: 1, random: null }).filters.value.data.every((w) => w === 0),
    'null leaves zeros',
  );
  const [gamma, beta, mean, variance] = [...new BatchNorm(2).stateDict().values()].map(({ data }) => [...data]);
  t.same({ gamma, beta, mean, variance }, { gamma: [1, 1], beta: [0, 0], mean: [0, 0], variance: [1, 1] });
  t.end();
});

const block = (seed: number) => {
  const random = new Random(seed);
  return new Residual(
    new Sequential({
      conv1: new AdderConv2d(4, 6, { kernel: 3, padding: 1, stride: 2, random }),
      bn1: new BatchNorm(6),
      relu: new Relu(),
      conv2: new AdderConv2d(6, 6, { kernel: 3, padding: 1, bias: true, random }),
      bn2: new BatchNorm(6),
    }),
    new Sequential([new Conv2d(4, 6, { kernel: 1, stride: 2, random }), new BatchNorm(6)]),
  );
};

t.test('a residual block adds its branches, then applies ReLU', (t) => {
  const x = normal([2, 6, 6, 4], 1);
  const layer = block(2);
  const branch = (part: layers.Sequential | layers.Layer) => part.children().reduce((y, [, inner]) => inner.forward(y), x);
  close(t, layer.forward(x), relu(add(branch(layer.body), branch(layer.downsample!))), 'with a downsample');
  const plain = new Residual(new Sequential([new AdderConv2d(4, 4, { kernel: 1 }), new BatchNorm(4)]));
  close(t, plain.forward(x), relu(add(branch(plain.body), x)), 'without');
  t.end();
});

t.test("a network works in place on tensors of its own, never on the caller's", (t) => {
  const x = normal([1, 4, 4, 4], 1);
  const before = x.data.slice();
  const norm = new BatchNorm(4);
  norm.runningMean.data.fill(0.5);
  const networks = [
    new Sequential([norm, new Relu(), norm]),
    new Sequential([new Sequential([new Relu(), norm]), new Relu()]),
    new Sequential([new Flatten(), new Relu()]),
    new Sequential([new Residual(new Sequential([])), new Relu()]),
    new Residual(new Sequential([new Relu()])),
    new Residual(new Sequential([new Flatten()]), new Sequential([new Flatten(), new Relu()])),
    block(3),
  ];
  for (const network of networks) {
    const y = network.forward(x);
    t.not(y.data.buffer, x.data.buffer);
    t.same(x.data, before, 'x is as it was');
  }
  t.equal(norm.forward(x, { inPlace: true }), x);
  close(t, new Sequential([norm, new Relu(), norm]).forward(new Tensor(before, x.shape)), norm.forward(relu(x)), 'values in place');
  close(
    t,
    x,
    batchNorm(new Tensor(before, x.shape), {
      mean: norm.runningMean,
      variance: norm.runningVariance,
      gamma: norm.gamma.value,
      beta: norm.beta.value,
    }),
    'x in place',
  );
  t.end();
});

t.test('operations count what the paper counts', (t) => {
  const input = [1, 8, 8, 4];
  const elements = 8 * 8 * 6 * 9 * 2;
  const options = { kernel: 3, padding: 1, groups: 2, bias: true };
  t.same(new AdderConv2d(4, 6, options).operations(input), { multiplications: 0, additions: 2 * elements, xnors: 0 });
  t.same(new Conv2d(4, 6, options).operations(input), { multiplications: elements, additions: elements, xnors: 0 });
  t.same(new Linear(4, 6).operations([1, 4]), { multiplications: 24, additions: 24, xnors: 0 });
  t.same(new BatchNorm(4).operations(input), { multiplications: 0, additions: 0, xnors: 0 });
  t.same(block(1).operations(input), { multiplications: 16 * 24, additions: 2 * 16 * (216 + 324) + 16 * 24, xnors: 0 });
  t.end();
});

t.test('state is named as PyTorch names it, and is the live tensors', (t) => {
  const network = new Sequential({ stem: new Linear(2, 2), layer1: new Sequential([block(1)]) });
  const statistics = (name: string) => ['weight', 'bias', 'running_mean', 'running_var'].map((key) => `${name}.${key}`);
  const names = [
    'stem.weight',
    'stem.bias',
    'layer1.0.conv1.adder',
    ...statistics('layer1.0.bn1'),
    'layer1.0.conv2.adder',
    'layer1.0.conv2.bias',
    ...statistics('layer1.0.bn2'),
    'layer1.0.downsample.0.weight',
    ...statistics('layer1.0.downsample.1'),
  ];
  t.same([...network.stateDict().keys()], names);
  t.same(
    [...network.namedParameters().keys()],
    names.filter((name) => !name.includes('running_')),
  );
  t.same(
    [...network.namedParameters()].filter(([, parameter]) => parameter.rule === 'adder').map(([name]) => name),
    ['layer1.0.conv1.adder', 'layer1.0.conv2.adder'],
  );
  t.equal(network.stateDict().get('stem.weight'), network.namedParameters().get('stem.weight')!.value);
  const shared = new BatchNorm(2);
  t.equal(new Sequential([shared, shared]).parameters().length, 2, 'a parameter used twice is listed once');
  t.end();
});

t.test('loading copies every tensor', (t) => {
  const [from, to] = [block(1), block(2)];
  const state = new Map<string, Tensor<Float32Array | BigInt64Array>>(from.stateDict());
  state.set('bn1.num_batches_tracked', new Tensor(new BigInt64Array(1), []));
  const filters = to.stateDict().get('conv1.adder')!;
  t.same(to.loadStateDict(state), { missing: [], unexpected: [] });
  t.same([...to.stateDict()], [...from.stateDict()]);
  t.equal(to.stateDict().get('conv1.adder'), filters, 'into the tensors that were there');
  t.not(to.stateDict().get('conv1.adder')!.data, from.stateDict().get('conv1.adder')!.data);
  t.end();
});

t.test('a state that does not fit changes nothing, and all that is wrong is said at once', (t) => {
  const network = block(1);
  const before = new Map([...network.stateDict()].map(([name, { data }]) => [name, data.slice()]));
  const state = () => new Map<string, Tensor<Float32Array | Float64Array>>(block(2).stateDict());
  const unchanged = () => t.same(new Map([...network.stateDict()].map(([name, { data }]) => [name, data])), before);

  const names = state();
  names.delete('bn2.weight');
  names.set('extra', Tensor.zeros([1]));
  names.set('bn1.bias', Tensor.zeros([7]));
  t.throws(() => network.loadStateDict(names), {
    code: 'ERR_FORMAT',
    message: /missing "bn2\.weight"; unexpected "extra"; "bn1\.bias" is f32 \[7\], expected f32 \[6\]/,
  });
  unchanged();
  t.throws(() => network.loadStateDict(names, { strict: false }), { code: 'ERR_SHAPE', message: /"bn1\.bias" is f32 \[7\]/ });
  unchanged();

  const types = state().set('bn1.bias', Tensor.zeros([6], 'f64'));
  t.throws(() => network.loadStateDict(types), { code: 'ERR_DTYPE', message: /"bn1\.bias" is f64 \[6\], expected f32 \[6\]/ });
  unchanged();

  const error = t.throws(() => network.loadStateDict(new Map()), { code: 'ERR_FORMAT', message: /and 10 more/ }) as Error;
  t.ok(error.message.length < 300, 'a message of sensible length');
  unchanged();

  names.set('bn1.bias', Tensor.zeros([6]));
  t.same(network.loadStateDict(names, { strict: false }), { missing: ['bn2.weight'], unexpected: ['extra'] });
  t.same(network.stateDict().get('bn1.bias')!.data, new Float32Array(6));
  t.same(network.stateDict().get('conv1.adder')!.data, names.get('conv1.adder')!.data);
  t.end();
});

// What compile takes and refuses, and what a session asks of its input.
import { join } from 'node:path';
import t from 'tap';
import { compile, layers, load, models, save, Tensor } from '../../dist';
import { randomize } from '../support/random-network';
import { normal, sameBits } from '../support/tensors';

const { BatchNorm, Conv2d, Flatten, Layer, Linear, Relu, Residual, Sequential } = layers;

class Swish extends Layer {
  forward(x: Tensor): Tensor {
    return x;
  }
  outputShape(input: readonly number[]): readonly number[] {
    return input;
  }
}

/** y = max(0, x) + x */
class Leaky extends Swish {
  override lower(builder: layers.GraphBuilder, x: layers.Value): layers.Value {
    return builder.add(builder.relu(x), x);
  }
}

t.test('a layer of the user’s own', async (t) => {
  const network = new Sequential([new Conv2d(3, 4, { kernel: 1 }), new Residual(new Sequential([new Swish()]))]);
  await t.rejects(
    compile(network, { input: [2, 2, 3] }),
    { code: 'ERR_ARGUMENT', message: /Swish.*lower/ },
    'is named if it cannot be compiled',
  );

  const session = await compile(new Sequential([new Leaky(), new Relu()]), { input: [2, 2, 1] });
  t.same([...session.runSync(new Tensor(Float32Array.of(-1, 2, -3, 4), [1, 2, 2, 1])).data], [0, 4, 0, 8], 'and compiled if it says how');
});

t.test('what a layer emits is checked', async (t) => {
  class Wrong extends Swish {
    constructor(readonly emit: (builder: layers.GraphBuilder, x: layers.Value) => layers.Value) {
      super();
    }
    override lower(builder: layers.GraphBuilder, x: layers.Value): layers.Value {
      return this.emit(builder, x);
    }
  }
  const options = { kind: 'conv' } as const;
  const cases: [string, string, ConstructorParameters<typeof Wrong>[0]][] = [
    ['ERR_ARGUMENT', 'a value of no builder', () => ({ shape: [1, 2, 2, 3] })],
    ['ERR_SHAPE', 'another number of elements', (builder, x) => builder.reshape(x, [1, 5])],
    ['ERR_SHAPE', 'images made of one', (builder, x) => builder.reshape(x, [2, 6])],
    ['ERR_SHAPE', 'filters of other channels', (builder, x) => builder.conv2d(x, { ...options, filters: Tensor.zeros([2, 1, 1, 4]) })],
    ['ERR_SHAPE', 'addends of other shapes', (builder, x) => builder.add(x, builder.reshape(x, [1, 12]))],
    [
      'ERR_SHAPE',
      'a bias of other channels',
      (builder, x) => builder.conv2d(x, { ...options, filters: Tensor.zeros([2, 1, 1, 3]), bias: Tensor.zeros([3]) }),
    ],
  ];
  for (const [code, name, emit] of cases)
    await t.rejects(compile(new Wrong(emit), { input: [2, 2, 3] }), { name: 'AdderNetError', code }, name);
});

t.test('options', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  const bad = async (options: object, code: string, message: RegExp) =>
    t.rejects(compile(model, options as never), { name: 'AdderNetError', code, message }, JSON.stringify(options));
  await bad({ dtype: 'f64' }, 'ERR_ARGUMENT', /f64.*f32/);
  for (const threads of [0, 1.5, 1025, '2']) await bad({ threads }, 'ERR_ARGUMENT', /compile: threads/);
  await bad({ input: [28, 28] }, 'ERR_SHAPE', /rank 4/);
  await bad({ input: [28, 28, 3] }, 'ERR_SHAPE', /input channels/);
  await bad({ input: [4, 4, 1] }, 'ERR_SHAPE', /fit/);
  await bad({ input: [0, 28, 1] }, 'ERR_SHAPE', /input/);
  await t.rejects(compile(new Relu()), { code: 'ERR_ARGUMENT', message: /Relu.*input/ }, 'a layer does not tell its input');
  await t.rejects(compile({} as never), { code: 'ERR_ARGUMENT', message: /network/ }, 'no network');
  for (const [options, message] of [
    [{ inputShape: [32, 32, 3] }, /compile: there is no option 'inputShape', did you mean input\?/],
    [{ bits: 8 }, /no option 'bits'/],
    [null, /options are null/],
  ] as const)
    await t.rejects(compile(new Relu(), options as never), { code: 'ERR_ARGUMENT', message });
  await t.rejects(compile(new Sequential([new Linear(4, 2)]), { input: [5] }), { code: 'ERR_SHAPE' }, 'features that do not fit');
  await t.rejects(compile(new BatchNorm(3), { input: [2, 2, 4] }), { code: 'ERR_SHAPE' }, 'channels that do not fit');

  const other = await compile(new Sequential([new Relu(), new Flatten()]), { input: [2, 3, 4] });
  t.same([other.inputShape, other.outputShape], [[2, 3, 4], [24]]);
});

t.test('input of a run', async (t) => {
  const session = await compile(new Relu(), { input: [2, 2, 1] });
  const bad = async (x: Tensor, code: string, message: RegExp) => {
    t.throws(() => session.runSync(x), { name: 'AdderNetError', code, message });
    await t.rejects(session.run(x), { name: 'AdderNetError', code, message }, 'as a rejection');
  };
  await bad(Tensor.zeros([1, 2, 2, 2]), 'ERR_SHAPE', /\[1,2,2,2\], expected \[n,2,2,1\]/);
  await bad(Tensor.zeros([2, 2, 1]), 'ERR_SHAPE', /expected/);
  await bad(Tensor.zeros([1, 2, 2, 1], 'f64') as never, 'ERR_DTYPE', /f64/);
  await bad(new Float32Array(4) as never, 'ERR_ARGUMENT', /Tensor/);
  const gone = Tensor.zeros([1, 2, 2, 1]);
  structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
  await bad(gone, 'ERR_ARGUMENT', /detached/);

  const x = normal([3, 2, 2, 1], 1);
  t.throws(() => session.runSync(x, { out: x }), { code: 'ERR_ARGUMENT', message: /overlaps/ });
  t.throws(() => session.runSync(x, { out: Tensor.zeros([3, 4]) }), { code: 'ERR_SHAPE' });
  t.same(session.runSync(x, { out: Tensor.zeros([3, 2, 2, 1]) }).data, new Relu().forward(x).data);
});

t.test('a session is a snapshot', async (t) => {
  const model = randomize(models.lenet5bn({ seed: 1 }), 2);
  const x = normal([2, ...model.inputShape], 3);
  const session = await compile(model);
  const before = session.runSync(x);
  for (const { data } of model.stateDict().values()) data.fill(0.5);
  t.ok(sameBits(session.runSync(x), before), 'later training does not change it');
  session[Symbol.dispose]();
  t.throws(() => session.runSync(x), { code: 'ERR_DISPOSED' });
});

t.test('a network with a NaN is refused', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  model.stateDict().get('conv2.adder')!.data[7] = Number.NaN;
  await t.rejects(compile(model), { code: 'ERR_ARGUMENT', message: /^compile: conv2\.adder holds NaN, expected finite numbers$/ });
  const other = models.lenet5bn({ seed: 1 });
  const [name] = [...other.stateDict().keys()].filter((key) => key.endsWith('running_var'));
  other.stateDict().get(name!)!.data[0] = -1;
  await t.rejects(compile(other), { code: 'ERR_ARGUMENT', message: /^compile: the scale of node 0 \(conv2d of conv1\.\w+\) holds NaN/ });
  const quantized = await load('lenet5-bn-mnist-8bit');
  const node = quantized.graph.nodes.find(({ op }) => op === 'quantizedConv2d') as { shift: Tensor };
  node.shift.data[3] = Number.NEGATIVE_INFINITY;
  const place = /: the shift of node \d+ \(quantizedConv2d\) holds -Infinity/;
  await t.rejects(compile(quantized), { code: 'ERR_ARGUMENT', message: place });
  await t.rejects(save(quantized, join(t.testdir(), 'spoilt.safetensors')), { code: 'ERR_ARGUMENT', message: place });
});

// Compiled networks of integers against their plain reference, bit-exactly: on every instruction set, for any number of images and threads.
import t from 'tap';
import { compile, layers, Model, models, ops, type Padding, type QuantizedModel, quantize, Tensor } from '../../dist';
import type { Quantize, QuantizedConv2d } from '../../dist/graph';
import { quantizeValue } from '../../dist/graph/quantized-nodes';
import { Random } from '../../dist/random';
import { useThreads } from '../support/cpu-settings';
import { integerSessionSets, sessionSets, useIntegerSessionSet, useSessionSet } from '../support/session-sets';
import { bits, normal } from '../support/tensors';

const {
  AdderConv2d,
  BatchNorm,
  Conv2d,
  Flatten,
  GlobalAveragePool2d,
  MaxPool2d,
  Relu,
  Residual,
  Sequential,
  SymmetricPad2d,
  WinogradAdderConv2d,
} = layers;

const unnormalized = { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, dataset: 'none' };

/** With batch norms of a network that has seen images. */
function settled(model: Model): Model {
  const x = normal([8, ...model.inputShape], 1);
  for (let step = 0; step < 60; step++) model.forward(x, { training: true });
  return model;
}

/** Shortcuts of bytes, of an adder layer's floats, of an ordinary layer's floats, and a value that bytes and floats are made of. */
function shortcuts(): Model {
  const random = new Random(2);
  const body = (ci: number, co: number, stride = 1) => [
    new AdderConv2d(ci, co, { kernel: 3, padding: 1, stride, random }),
    new BatchNorm(co),
    new Relu(),
    new AdderConv2d(co, co, { kernel: 3, padding: 1, random }),
    new BatchNorm(co),
  ];
  const down = (layer: layers.Layer, co: number) => new Sequential([layer, new BatchNorm(co)]);
  return new Model(
    {
      conv1: new Conv2d(3, 10, { kernel: 3, padding: 1, random }),
      bn1: new BatchNorm(10),
      relu: new Relu(),
      plain: new Residual(new Sequential(body(10, 10))),
      strided: new Residual(new Sequential(body(10, 17, 2)), down(new AdderConv2d(10, 17, { kernel: 1, stride: 2, random }), 17)),
      ordinary: new Residual(new Sequential(body(17, 9)), down(new Conv2d(17, 9, { kernel: 1, random }), 9)),
      last: new Sequential([new AdderConv2d(9, 6, { kernel: 1, random, bias: true }), new BatchNorm(6), new Relu()]),
      avgpool: new GlobalAveragePool2d(),
      fc: new Conv2d(6, 4, { kernel: 1, random }),
      flatten: new Flatten(),
    },
    { ...unnormalized, name: 'small', kind: 'adder', classes: 4, inputShape: [9, 7, 3] },
  );
}

/** A first layer that multiplies bytes, into the bytes of an adder layer or into floats that are pooled. */
function stem(pooled: boolean): Model {
  const random = new Random(5);
  return new Model(
    {
      conv1: new Conv2d(3, 9, { kernel: 7, stride: 2, padding: 3, random, bias: true }),
      bn1: new BatchNorm(9),
      relu: new Relu(),
      ...(pooled && { maxpool: new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }) }),
      unit: new AdderConv2d(9, 5, { kernel: 3, padding: 1, random }),
      bn2: new BatchNorm(5),
      avgpool: new GlobalAveragePool2d(),
      flatten: new Flatten(),
    },
    { ...unnormalized, name: 'stem', kind: 'adder', classes: 5, inputShape: [19, 23, 3] },
  );
}

/** Winograd layers of every end: into bytes, with either kind of residual, into floats, and one that reads an image. */
function winograd(): Model {
  const random = new Random(6);
  const unit = (ci: number, co: number, padding: Padding = 1) => new WinogradAdderConv2d(ci, co, { padding, random });
  const body = (co: number, first: layers.Layer) => [first, new BatchNorm(co), new Relu(), unit(co, co), new BatchNorm(co)];
  const strided = new AdderConv2d(10, 17, { kernel: 3, padding: 1, stride: 2, random });
  return new Model(
    {
      conv1: unit(3, 10),
      bn1: new BatchNorm(10),
      relu: new Relu(),
      plain: new Residual(new Sequential(body(10, unit(10, 10)))),
      strided: new Residual(
        new Sequential(body(17, strided)),
        new Sequential([new AdderConv2d(10, 17, { kernel: 1, stride: 2, random }), new BatchNorm(17)]),
      ),
      pool: new MaxPool2d({ kernel: 3, stride: 1, padding: 1 }),
      last: new Sequential([unit(17, 6, [1, 0, 2, 1]), new BatchNorm(6), new Relu()]),
      avgpool: new GlobalAveragePool2d(),
      fc: new Conv2d(6, 4, { kernel: 1, random }),
      flatten: new Flatten(),
    },
    { ...unnormalized, name: 'winograd', kind: 'adder-winograd', classes: 4, inputShape: [9, 7, 3] },
  );
}

/** Symmetric padding before windows as wide as those that slide along rows, not centered and centered. */
function symmetric(): Model {
  const random = new Random(7);
  const unit = (co: number, kernel: number | [number, number], center: boolean, stride = 1) => [
    new SymmetricPad2d(),
    new AdderConv2d(8, co, { kernel, stride, center, random }),
    new BatchNorm(co),
    new Relu(),
  ];
  return new Model(
    {
      conv1: new Conv2d(3, 8, { kernel: 3, padding: 1, random }),
      bn1: new BatchNorm(8),
      relu: new Relu(),
      three: new Sequential(unit(8, 3, false)),
      four: new Sequential(unit(8, [3, 4], false)),
      strided: new Sequential(unit(8, 2, false, 2)),
      centered: new Sequential(unit(6, 3, true)),
      avgpool: new GlobalAveragePool2d(),
      flatten: new Flatten(),
    },
    { ...unnormalized, name: 'symmetric', kind: 'adder', classes: 6, inputShape: [11, 12, 3] },
  );
}

const networks = {
  symmetric: settled(symmetric()),
  winograd: settled(winograd()),
  shortcuts: settled(shortcuts()),
  'a stem into bytes': settled(stem(false)),
  'a stem into a pool': settled(stem(true)),
  lenet5bn: settled(models.lenet5bn({ seed: 3 })),
  // Slow under a sanitizer or an emulator, where the others have every kind of step.
  ...(process.env.ADDERNET_QUICK === undefined && {
    'resnet20 of 2x2 windows': settled(models.resnet20({ kind: 'adder-2x2', seed: 4 })),
    resnet20: settled(models.resnet20({ seed: 4 })),
  }),
};

for (const [i, kernels] of integerSessionSets.entries())
  for (const [name, model] of Object.entries(networks))
    t.test(`${name} on ${kernels.isa}, ${kernels.byteAdder}`, async (t) => {
      useIntegerSessionSet(t, kernels);
      const isFirst = kernels.isa !== integerSessionSets[i - 1]?.isa; // byte adders have no part in more than 8 bits
      for (const levels of isFirst ? [16, 8, 12, 5] : [8, 5]) {
        const network = await quantize(model, normal([6, ...model.inputShape], 5), { bits: levels });
        const x = normal([5, ...model.inputShape], 6);
        const wanted = network.forward(x);
        t.ok(wanted.data.every(Number.isFinite) && new Set(wanted.data).size > 5, 'the reference gives numbers');
        using session = await compile(network, { dtype: levels > 8 ? 'i16' : 'u8' });
        for (const count of [1, 2]) {
          useThreads(t, count);
          for (const n of [5, 1, 3]) {
            const part = new Tensor(x.data.slice(0, (n * x.size) / 5), [n, ...model.inputShape]);
            const own = wanted.data.slice(0, n * model.classes);
            t.same(bits(session.runSync(part)), bits(new Tensor(own, [n, model.classes])), `${levels} bits, ${n} images, ${count} threads`);
            t.same(bits(await session.run(part)), bits(new Tensor(own, [n, model.classes])), 'and on another thread');
          }
        }
      }
    });

/** Filters of 360 elements, all far below what they meet. */
async function farFilters(): Promise<{ network: QuantizedModel; x: Tensor }> {
  const random = new Random(7);
  const unit = new AdderConv2d(40, 8, { kernel: 3, random });
  unit.filters.value.data.set(unit.filters.value.data.map((w) => w / 100));
  const perChannel = (value: number) => Array(40).fill(value);
  const model = new Model(
    { unit, avgpool: new GlobalAveragePool2d(), flatten: new Flatten() },
    {
      ...{ name: 'far', kind: 'adder', classes: 8, inputShape: [5, 5, 40], dataset: 'none' },
      normalization: { mean: perChannel(0), std: perChannel(1) },
    },
  );
  const x = new Tensor(
    Float32Array.from({ length: 3 * 5 * 5 * 40 }, () => 0.8 + 0.2 * random.uniform()),
    [3, 5, 5, 40],
  );
  return { network: await quantize(model, x, { bits: 16 }), x };
}

for (const isa of sessionSets)
  t.test(`sums beyond 2^24 on ${isa}`, async (t) => {
    useSessionSet(t, isa);
    const { network, x } = await farFilters();
    const [quantizeNode, conv] = network.graph.nodes as [Quantize, QuantizedConv2d];
    const { data } = ops.adderConv2d(quantizeValue(quantizeNode, x), conv.filters as Tensor<ops.QuantizedArray>, {
      padValue: conv.padValue,
    });
    t.ok(data.filter((sum) => Math.fround(sum) !== sum).length > 20, 'float32 does not hold some of them');
    using session = await compile(network);
    t.same(bits(session.runSync(x)), bits(network.forward(x)), 'they are rounded alike');
  });

t.test('an infinite number is refused also where a ReLU would make it 0 before anything is quantized', async (t) => {
  const conv = new Conv2d(1, 2, { kernel: 1 });
  conv.filters.value.data.fill(-1);
  const unit = new AdderConv2d(2, 3, { kernel: 1, random: new Random(1) });
  const model = new Model(
    { conv, relu: new Relu(), unit, avgpool: new GlobalAveragePool2d(), flatten: new Flatten() },
    {
      ...{ name: 'small', kind: 'adder', classes: 3, inputShape: [4, 4, 1], dataset: 'none' },
      normalization: { mean: [0], std: [1] },
    },
  );
  for (const levels of [16, 8, 4]) {
    const network = await quantize(model, normal([4, 4, 4, 1], 1), { bits: levels });
    t.equal(network.graph.nodes[0]!.op, levels === 8 ? 'quantize' : 'conv2d');
    using session = await compile(network);
    const x = normal([3, 4, 4, 1], 2);
    t.same(bits(session.runSync(x)), bits(network.forward(x)));
    x.data[40] = Number.POSITIVE_INFINITY;
    t.throws(() => session.runSync(x), { code: 'ERR_ARGUMENT', message: /not finite/ }, `${levels} bits`);
    await t.rejects(session.run(x), { code: 'ERR_ARGUMENT', message: /not finite/ });
    t.throws(() => network.forward(x), { code: 'ERR_ARGUMENT', message: /small: x holds Infinity, expected finite numbers/ });
  }
});

t.test('a session of integers takes finite numbers, and a quantized network', async (t) => {
  const network = await quantize(networks.shortcuts, normal([2, 9, 7, 3], 1));
  const wide = await quantize(networks.shortcuts, normal([2, 9, 7, 3], 1), { bits: 16 });
  const x = normal([1, 9, 7, 3], 1);
  const wrong = { code: 'ERR_ARGUMENT', message: /not finite/ };
  for (const quantized of [network, wide]) {
    using session = await compile(quantized);
    for (const strange of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      x.data[3] = strange;
      t.throws(() => session.runSync(x), wrong);
      await t.rejects(session.run(x), wrong);
    }
  }
  await t.rejects(compile(wide, { dtype: 'u8' }), { code: 'ERR_ARGUMENT', message: /of i16: quantize the float network again/ });
  await t.rejects(compile(network, { dtype: 'i16' }), { code: 'ERR_ARGUMENT', message: /of u8: quantize the float network again/ });
  await t.rejects(compile(networks.shortcuts, { dtype: 'u8' }), { code: 'ERR_ARGUMENT', message: /of f32: quantize it first/ });
  await t.rejects(compile(network, { input: [5, 5, 5] }), {
    code: 'ERR_ARGUMENT',
    message: /input is \[5,5,5\], but the quantized network takes/,
  });
  (await compile(network, { input: network.inputShape })).dispose();
  await t.rejects(compile(network, { dtype: 'f32' }), { code: 'ERR_ARGUMENT', message: /of u8: compile the float network/ });
});

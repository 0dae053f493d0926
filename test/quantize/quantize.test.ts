// Quantized networks: that their nodes are what they say, that clamping loses nothing, and how close they come to the float network.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { generateDigits, layers, load, loadQuantized, Model, models, save, saveQuantized, Tensor } from '../../dist';
import { checkGraphFinite } from '../../dist/graph';
import { roundHalfEven } from '../../dist/graph/rounding';
import { QuantizedModel, quantize } from '../../dist/quantize';
import { Random } from '../../dist/random';
import { normal } from '../support/tensors';

const { AdderConv2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Linear, MaxPool2d, Relu, Residual, Sequential } = layers;

/** Batch norms as after training: running statistics of what they see, and other gammas, some negative. */
function settle(model: Model, x: Tensor): Model {
  const random = new Random(9);
  for (const [name, { data }] of model.stateDict()) {
    if (/(bn\d?|\.\d)\.weight$/.test(name)) data.set(data.map((_, i) => 0.5 + random.uniform() - (i % 7 === 3 ? 1.6 : 0)));
    if (name.endsWith('bias')) random.fillNormal(data, 0.2, 0.3);
  }
  for (let step = 0; step < 60; step++) model.forward(x, { training: true });
  return model;
}

/** Ordinary, then adder layers with every kind of residual, pooling, groups and a filter far out of range. */
function network(): Model {
  const random = new Random(1);
  const unit = (ci: number, co: number, options = {}) => new AdderConv2d(ci, co, { kernel: 3, padding: 1, random, ...options });
  const block = (ci: number, co: number, stride: number) =>
    new Residual(
      new Sequential([unit(ci, co, { stride }), new BatchNorm(co), new Relu(), unit(co, co, { groups: 2 }), new BatchNorm(co)]),
      stride > 1 ? new Sequential([new AdderConv2d(ci, co, { kernel: 1, stride, random }), new BatchNorm(co)]) : undefined,
    );
  const model = new Model(
    {
      conv1: new Conv2d(3, 8, { kernel: 3, padding: 1, random }),
      bn1: new BatchNorm(8),
      relu: new Relu(),
      layer1: new Sequential([block(8, 8, 1), block(8, 12, 2)]),
      unit: unit(12, 10, { bias: true }),
      bn3: new BatchNorm(10),
      relu3: new Relu(),
      pool: new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      unit2: unit(10, 12),
      bn4: new BatchNorm(12),
      relu4: new Relu(),
      avgpool: new GlobalAveragePool2d(),
      fc: new Conv2d(12, 4, { kernel: 1, random }),
      flatten: new Flatten(),
    },
    {
      name: 'small',
      kind: 'adder',
      classes: 4,
      inputShape: [9, 8, 3],
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      dataset: 'none',
    },
  );
  model.stateDict().get('unit.adder')!.data[5] = 71;
  return model;
}
const images = normal([24, 9, 8, 3], 4);
const model = settle(network(), images);

const distance = (a: Tensor, b: Tensor): number => {
  const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
  return norm(a.data.map((v, i) => v - b.data[i]!)) / norm(b.data);
};

t.test('with eight bits it comes close to the float network, with fewer less so', async (t) => {
  const wanted = model.forward(images);
  const distances: number[] = [];
  for (const bits of [8, 6, 4]) distances.push(distance((await quantize(model, images, { bits, range: 'max' })).forward(images), wanted));
  t.ok(distances[0]! < 0.03, `8 bits: ${distances[0]}`);
  t.ok(distances[0]! < distances[1]! && distances[1]! < distances[2]!, `8, 6 and 4 bits: ${distances}`);
});

t.test('with nine to sixteen bits it comes closer, in int16', async (t) => {
  const wanted = model.forward(images);
  let before = distance((await quantize(model, images)).forward(images), wanted);
  for (const bits of [9, 10, 12, 14, 16]) {
    const network = await quantize(model, images, { bits });
    t.same([network.bits, network.dtype], [bits, 'i16']);
    const [qmin, qmax] = bits === 16 ? [-32768, 32767] : [0, 2 ** bits - 1];
    for (const node of network.graph.nodes) {
      if (node.op === 'quantize') t.match(node, { output: { dtype: 'i16' }, qmin, qmax });
      if (node.op !== 'quantizedConv2d') continue;
      t.same([node.kind, node.x.dtype, node.filters.dtype], ['adder', 'i16', 'i16'], 'ordinary layers stay in floats');
      t.same([node.qmin, node.qmax], node.output.dtype === 'f32' ? [undefined, undefined] : [qmin, qmax]);
      t.ok(node.filters.data.every((q) => q >= qmin && q <= qmax));
    }
    const d = distance(network.forward(images), wanted);
    t.ok(d < 0.8 * before, `${bits} bits: ${d} after ${before}`);
    before = d;
  }
  t.ok(before < 1e-4, `16 bits: ${before}`);
});

t.test('a filter of int16 may be as long as int32 holds its sums, and one of bytes as long as floats do', async (t) => {
  const of = (h: number, w: number, bits: number) => {
    const unit = new AdderConv2d(1, 1, { kernel: [h, w], random: new Random(1) });
    const normalization = { mean: [0], std: [1] };
    const network = new Model({ unit, flatten: new Flatten() }, { ...model.metadata, classes: 1, inputShape: [h, w, 1], normalization });
    return quantize(network, normal([1, h, w, 1], 1), { bits });
  };
  const refused = (elements: number, limit: number) => ({
    code: 'ERR_ARGUMENT',
    message: `quantize: a filter has ${elements} elements, expected at most ${limit}`,
  });
  for (const bits of [9, 16]) {
    t.ok(await of(128, 256, bits));
    await t.rejects(of(3, 10923, bits), refused(32769, 32768));
  }
  await t.rejects(of(2, 32897, 8), refused(65794, 65793));
});

t.test('where nothing is rounded, the network is the same: clamped filters lose nothing', async (t) => {
  // Pixels and weights are multiples of 1/16 and pixels reach up to 2^bits - 1 of them, which the bits hold.
  for (const bits of [8, 13, 16]) {
    const random = new Random(3);
    const max = 2 ** bits - 1;
    const unit = new AdderConv2d(2, 5, { kernel: 3, padding: 1, random });
    unit.filters.value.data.set(unit.filters.value.data.map(() => Math.round(random.normal() * max * 0.6) / 16));
    const x = new Tensor(
      Float32Array.from({ length: 2 * 6 * 6 * 2 }, (_, i) => (i === 0 ? max : random.integer(max + 1)) / 16),
      [2, 6, 6, 2],
    );
    const metadata = { ...model.metadata, classes: 5, inputShape: [6, 6, 2] as const, normalization: { mean: [0, 0], std: [1, 1] } };
    const exact = new Model({ unit, avgpool: new GlobalAveragePool2d(), flatten: new Flatten() }, metadata);
    const far = unit.filters.value.data.some((w) => w < 0 || w > max / 16);
    t.ok(far, 'some filters lie out of the range of the pixels');
    t.ok(distance((await quantize(exact, x, { bits })).forward(x), exact.forward(x)) < 1e-6, `${bits} bits`);
  }
});

t.test('values below zero have a zero point, which padding reads', async (t) => {
  const lenet = settle(models.lenet5bn({ seed: 2 }), normal([8, 28, 28, 1], 5));
  const x = normal([8, 28, 28, 1], 5);
  const quantized = await quantize(lenet, x);
  const first = quantized.graph.nodes.find((node) => node.op === 'quantizedConv2d');
  t.ok(first?.op === 'quantizedConv2d' && first.padValue > 50 && first.padValue < 200, 'zero lies in the middle of a normal distribution');
  const d = distance(quantized.forward(x), lenet.forward(x));
  t.ok(d < 0.1, `distance ${d}`);
});

t.test('a first layer of images multiplies bytes, with eight bits', async (t) => {
  const random = new Random(6);
  const layersOf = (conv1: layers.Layer) => ({
    conv1,
    bn1: new BatchNorm(8),
    relu: new Relu(),
    unit: new AdderConv2d(8, 6, { kernel: 3, padding: 1, random }),
    bn2: new BatchNorm(6),
    avgpool: new GlobalAveragePool2d(),
    flatten: new Flatten(),
  });
  const conv1 = new Conv2d(3, 8, { kernel: 7, stride: 2, padding: 3, random, bias: true });
  const stem = settle(new Model(layersOf(conv1), { ...model.metadata, classes: 6, inputShape: [20, 20, 3] }), normal([8, 20, 20, 3], 7));
  const x = normal([8, 20, 20, 3], 7);
  const quantized = await quantize(stem, x);
  t.same(
    quantized.graph.nodes.map(({ op }) => op),
    ['quantize', 'quantizedConv2d', 'quantizedConv2d', 'pool'],
  );
  const [, first] = quantized.graph.nodes;
  t.ok(first?.op === 'quantizedConv2d' && first.filters.dtype === 'i8' && first.output.dtype === 'u8');
  const wanted = stem.forward(x);
  t.ok(distance(quantized.forward(x), wanted) < 0.05, `distance ${distance(quantized.forward(x), wanted)}`);
  const path = join(t.testdir(), 'stem.safetensors');
  await saveQuantized(quantized, path);
  t.same((await loadQuantized(path)).forward(x).data, quantized.forward(x).data, 'and so it is saved');
  const [few] = (await quantize(stem, x, { bits: 6 })).graph.nodes;
  t.equal(few?.op, 'conv2d', 'with fewer bits it stays in floats');

  const ofGroups = new Conv2d(3, 9, { kernel: 3, groups: 3, random });
  const grouped = new Model(
    { ...layersOf(ofGroups), bn1: new BatchNorm(9), unit: new AdderConv2d(9, 6, { kernel: 3, random }) },
    stem.metadata,
  );
  const [firstOfGroups] = (await quantize(grouped, x)).graph.nodes;
  t.equal(firstOfGroups?.op, 'conv2d', 'and one of groups, too');
});

t.test('what a max pool reads is pooled in bytes where bytes alone are read', async (t) => {
  const random = new Random(6);
  const layersOf = (maxpool: layers.Layer, relu: boolean) => ({
    conv1: new AdderConv2d(3, 8, { kernel: 3, padding: 1, random }),
    bn1: new BatchNorm(8),
    ...(relu && { relu: new Relu() }),
    maxpool,
    unit: new AdderConv2d(8, 6, { kernel: 3, padding: 1, random }),
    bn2: new BatchNorm(6),
    avgpool: new GlobalAveragePool2d(),
    flatten: new Flatten(),
  });
  const x = normal([8, 11, 13, 3], 7);
  const of = async (pool: layers.Layer, relu = true) => {
    const network = new Model(layersOf(pool, relu), { ...model.metadata, classes: 6, inputShape: [11, 13, 3] });
    return { network: settle(network, x), quantized: await quantize(network, x) };
  };
  for (const [i, options] of [{ kernel: 3, stride: 2, padding: 1 }, { kernel: 2 }, { kernel: [3, 1] as const, stride: 1 }].entries()) {
    const { network, quantized } = await of(new MaxPool2d(options));
    t.same(
      quantized.graph.nodes.map(({ op, output }) => [op, output.dtype]),
      [
        ['quantize', 'u8'],
        ['quantizedConv2d', 'u8'],
        ['pool', 'u8'],
        ['quantizedConv2d', 'f32'],
        ['pool', 'f32'],
      ],
    );
    const wanted = network.forward(x);
    const d = distance(quantized.forward(x), wanted);
    t.ok(d < 0.05, `distance ${d}`);
    const path = join(t.testdir(), `${i}.safetensors`);
    await saveQuantized(quantized, path);
    t.same((await loadQuantized(path)).forward(x).data, quantized.forward(x).data, 'and so it is saved');
  }
  const { quantized } = await of(new MaxPool2d({ kernel: 2 }), false);
  t.match(quantized.graph.nodes[2], { op: 'pool', output: { dtype: 'f32' } }, 'numbers below zero are not what bytes end at');
});

t.test('an image gives the same in any batch', async (t) => {
  const quantized = await quantize(model, images);
  const together = quantized.forward(images);
  const alone = quantized.forward(new Tensor(images.data.slice(0, 9 * 8 * 3), [1, 9, 8, 3]));
  t.same(alone.data, together.data.slice(0, 4));
});

t.test('saved and loaded back it is bit-identical, from a quarter of the bytes', async (t) => {
  const folder = t.testdir();
  const quantized = await quantize(model, images, { bits: 7 });
  await saveQuantized(quantized, join(folder, 'small.safetensors'));
  const loaded = await loadQuantized(join(folder, 'small.safetensors'));
  t.same(loaded.forward(images).data, quantized.forward(images).data);
  t.same([loaded.metadata, loaded.bits], [quantized.metadata, 7]);
  const resnet = models.resnet20({ seed: 1 });
  await save(resnet, join(folder, 'float.safetensors'));
  await saveQuantized(await quantize(resnet, normal([2, 32, 32, 3], 1)), join(folder, 'bytes.safetensors'));
  const [bytes, floats] = ['bytes', 'float'].map((name) => statSync(join(folder, `${name}.safetensors`)).size);
  t.ok(bytes! < 0.3 * floats!, `${bytes} of ${floats} bytes`);

  for (const bits of [9, 16]) {
    const path = join(folder, `${bits}.safetensors`);
    const wide = await quantize(model, images, { bits });
    await save(wide, path);
    for (const again of [await load(path), await load(path, { dtype: 'i16' }), await loadQuantized(path)]) {
      t.ok(again instanceof QuantizedModel && again.bits === bits && again.dtype === 'i16');
      t.same(again.forward(images).data, wide.forward(images).data, `${bits} bits, bit-identical`);
    }
    await t.rejects(load(path, { dtype: 'u8' }), { code: 'ERR_FORMAT', message: /a network of \d+ bits, which is i16, but dtype is 'u8'/ });
    await t.rejects(load(path, { dtype: 'f32' }), { code: 'ERR_FORMAT', message: /a float one is needed/ });
  }
  await t.rejects(load(join(folder, 'small.safetensors'), { dtype: 'i16' }), { code: 'ERR_FORMAT', message: /7 bits, which is u8/ });

  await t.rejects(loadQuantized(join(folder, 'float.safetensors')), { code: 'ERR_FORMAT', message: /a quantized one is needed/ });
  await t.rejects(loadQuantized(join(folder, 'nothing')), { code: 'ERR_ARGUMENT' });
});

t.test('misuse is named', async (t) => {
  const refuses = (options: object, message: RegExp) => t.rejects(quantize(model, images, options), { code: 'ERR_ARGUMENT', message });
  for (const bits of [1, 17, 8.5]) await refuses({ bits }, new RegExp(`bits is ${bits}, expected an integer from 2 to 16`));
  await refuses({ bit: 8 }, /no option 'bit', did you mean bits/);
  await refuses({ calibration: 4 }, /calibration counts images of a data set/);
  const data = generateDigits(4, 1);
  await t.rejects(quantize(models.lenet5bn({ seed: 1 }), data, { calibration: 0 }), { code: 'ERR_ARGUMENT', message: /calibration is 0/ });
  await t.rejects(quantize(model, data), { code: 'ERR_SHAPE', message: /digits.*\[28,28,1\], expected \[9,8,3\]/ });
  for (const strange of [undefined, {}, [1]])
    await t.rejects(quantize(model, strange as never), { code: 'ERR_ARGUMENT', message: /a Dataset/ });
  await t.rejects(quantize(new Sequential([new Flatten()]) as never, images), {
    code: 'ERR_ARGUMENT',
    message: /a Sequential, expected a Model/,
  });
  await t.rejects(quantize((await quantize(model, images)) as never, images), { code: 'ERR_ARGUMENT', message: /quantized already/ });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const spoilt = network();
    spoilt.stateDict().get('layer1.0.1.running_var')!.data[2] = value;
    await t.rejects(quantize(spoilt, images), {
      code: 'ERR_ARGUMENT',
      message: `quantize: layer1.0.1.running_var holds ${value}, expected finite numbers`,
    });
  }
  const strange = normal([2, 9, 8, 3], 1);
  strange.data[3] = Number.NaN;
  await t.rejects(quantize(model, strange), { code: 'ERR_ARGUMENT', message: /not finite/ });
  await t.rejects(quantize(model, Tensor.zeros([1, 9, 8, 3], 'f64') as never), { code: 'ERR_DTYPE', message: /f64/ });
  await refuses({ bits: 1 }, /bits is 1/);
  await refuses({ range: 0 }, /range is 0/);
  await refuses({ range: 'most' }, /range is "most"/);
  await t.rejects(quantize(models.resnet20({ kind: 'conv', seed: null }), normal([1, 32, 32, 3], 1)), { message: /no adder layer/ });
  await t.rejects(quantize(model, normal([2, 8, 8, 3], 1)), { code: 'ERR_SHAPE', message: /\[n,9,8,3\]/ });
  const quantized: QuantizedModel = await quantize(model, images);
  t.throws(() => quantized.forward(normal([1, 8, 8, 3], 1)), { code: 'ERR_SHAPE' });
  const poisoned = normal([1, 9, 8, 3], 1);
  poisoned.data[7] = Number.NaN;
  t.throws(() => quantized.forward(poisoned), { code: 'ERR_ARGUMENT', message: /NaN/ });
});

t.test('no number of a quantized network is NaN or infinite, whatever its weights are, and what is at fault is named', async (t) => {
  const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38, -3.4e38, -1, 1e-45];
  const few = normal([2, 9, 8, 3], 4);
  let refused = 0;
  for (const name of model.stateDict().keys())
    for (const value of strange) {
      const spoilt = network();
      spoilt.stateDict().get(name)!.data[1] = value;
      try {
        const quantized = await quantize(spoilt, few);
        checkGraphFinite('test', quantized.graph);
        t.ok(quantized.forward(few).data.every(Number.isFinite), `${name} = ${value}`);
      } catch (error) {
        t.match(
          error,
          { code: 'ERR_ARGUMENT', message: /^quantize: .* holds (NaN|-?Infinity|-1).* expected finite numbers/ },
          `${name} = ${value}`,
        );
        refused++;
      }
    }
  t.ok(refused > 3 * model.stateDict().size, `${refused} are refused`);
  const refusal = async (name: string, value: number) => {
    const spoilt = network();
    spoilt.stateDict().get(name)!.data[1] = value;
    return quantize(spoilt, few).catch((error) => error.message);
  };
  t.match(await refusal('layer1.0.1.running_var', Number.NaN), /^quantize: layer1.0.1.running_var holds NaN/);
  t.match(
    await refusal('bn1.running_var', -1),
    /^quantize: the scale of node 0 \(conv2d of conv1.weight\) holds NaN, .*a variance below 0/,
  );
  t.match(
    await refusal('conv1.weight', 3.4e38),
    /^quantize: the output of node 0 \(conv2d of conv1.weight\) holds .* on the calibration images/,
  );
});

t.test('rounding is to the nearest, half to even', (t) => {
  t.same([-1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001, 7].map(roundHalfEven), [-2, 0, 0, 2, 2, 2, 3, 7]);
  t.end();
});

/** y = min(max(x, 0), 6) */
class Relu6 extends layers.Layer {
  forward(x: Tensor): Tensor {
    return new Tensor(
      x.data.map((v) => Math.min(Math.max(v, 0), 6)),
      x.shape,
    );
  }
  override lower(builder: layers.GraphBuilder, x: layers.Value): layers.Value {
    return builder.activate(x, { min: 0, max: 6 });
  }
  outputShape(input: readonly number[]): readonly number[] {
    return input;
  }
}

t.test('a shortcut that ends in a ReLU6 is clamped where its floats are', async (t) => {
  const random = new Random(8);
  const adder = (inputs: number, outputs: number) => new AdderConv2d(inputs, outputs, { kernel: 3, padding: 1, random });
  const block = new Residual(new Sequential([adder(8, 8), new BatchNorm(8)]), new Sequential([adder(8, 8), new BatchNorm(8), new Relu6()]));
  const clamped = settle(
    new Model(
      {
        ...{ conv: new Conv2d(3, 8, { kernel: 3, padding: 1, random }), bn: new BatchNorm(8), relu: new Relu(), block },
        ...{
          last: adder(8, 6),
          norm: new BatchNorm(6),
          pool: new GlobalAveragePool2d(),
          flatten: new Flatten(),
          fc: new Linear(6, 4, { random }),
        },
      },
      { ...model.metadata, name: 'clamped' },
    ),
    images,
  );
  const quantized = await quantize(clamped, images, { range: 'max' });
  const difference = distance(quantized.forward(images), clamped.forward(images));
  t.ok(difference < 0.05, `${difference}`);
});

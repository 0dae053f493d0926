// Quantized Winograd layers: what is not rounded is the same, bytes come close to floats, 13 bits closer, and how V becomes bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compile, layers, load, Model, type ModelMetadata, models, quantize, save, Tensor } from '../../dist';
import type { QuantizedConv2d } from '../../dist/graph';
import { chooseRounding, levelsOf } from '../../dist/quantize/winograd-rounding';
import { Random } from '../../dist/random';
import { bits, normal } from '../support/tensors';

const { AdderConv2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Relu, Residual, Sequential, WinogradAdderConv2d } = layers;

const distance = (a: Tensor, b: Tensor): number => {
  const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
  return norm(a.data.map((v, i) => v - b.data[i]!)) / norm(b.data);
};

const metadata: ModelMetadata = {
  ...{ name: 'small', kind: 'adder-winograd', classes: 4, inputShape: [9, 8, 3], dataset: 'none' },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
};

/** With filters of the size that training gives them: initial ones lie among what they meet, and magnify every error. */
function enlarged(layer: layers.WinogradAdderConv2d): layers.WinogradAdderConv2d {
  layer.filters.value.data.set(layer.filters.value.data.map((v) => 4 * v));
  return layer;
}

/** Ordinary, Winograd and other adder layers, with shortcuts and a filter far out of range. */
function network(): Model {
  const random = new Random(1);
  const unit = (ci: number, co: number) => enlarged(new WinogradAdderConv2d(ci, co, { padding: 1, random }));
  const model = new Model(
    {
      conv1: new Conv2d(3, 8, { kernel: 3, padding: 1, random }),
      bn1: new BatchNorm(8),
      relu: new Relu(),
      layer1: new Residual(new Sequential([unit(8, 8), new BatchNorm(8), new Relu(), unit(8, 8), new BatchNorm(8)])),
      layer2: new Residual(
        new Sequential([
          new AdderConv2d(8, 12, { kernel: 3, stride: 2, padding: 1, random }),
          ...[new BatchNorm(12), new Relu(), unit(12, 12), new BatchNorm(12)],
        ]),
        new Sequential([new AdderConv2d(8, 12, { kernel: 1, stride: 2, random }), new BatchNorm(12)]),
      ),
      unit: enlarged(new WinogradAdderConv2d(12, 10, { random, bias: true })),
      bn3: new BatchNorm(10),
      relu3: new Relu(),
      avgpool: new GlobalAveragePool2d(),
      fc: new Conv2d(10, 4, { kernel: 1, random }),
      flatten: new Flatten(),
    },
    metadata,
  );
  model.stateDict().get('unit.filters')!.data[5] = 71;
  for (let step = 0; step < 60; step++) model.forward(images, { training: true });
  return model;
}
const images = normal([24, 9, 8, 3], 4);
const model = network();
const wanted = model.forward(images);

const winogradOf = (nodes: readonly object[]) =>
  nodes.filter((node) => (node as QuantizedConv2d).kind === 'adder-winograd') as QuantizedConv2d[];

t.test('with eight bits it comes close to the float network, with fewer less so', async (t) => {
  const distances: number[] = [];
  for (const bits of [8, 6, 4]) {
    const quantized = await quantize(model, images, { bits, range: 'max' });
    t.same([quantized.bits, quantized.dtype], [bits, 'u8']);
    const nodes = winogradOf(quantized.graph.nodes);
    t.equal(nodes.length, 4, 'each Winograd layer is one');
    for (const { filters, offsets, shifts, constants } of nodes) {
      t.same([filters.dtype, offsets?.shape, shifts?.shape, constants?.shape], ['u8', [16], [16], [4, filters.shape[2]]]);
      if (bits <= 6)
        t.ok(
          shifts!.data.every((shift) => shift === 0),
          'bytes hold V of six bits',
        );
    }
    distances.push(distance(quantized.forward(images), wanted));
  }
  t.ok(distances[0]! < 0.05, `8 bits: ${distances[0]}`);
  t.ok(distances[0]! < distances[1]! && distances[1]! < distances[2]!, `8, 6 and 4 bits: ${distances}`);
});

t.test('with nine to thirteen bits it comes closer, and more than thirteen are thirteen', async (t) => {
  let before = distance((await quantize(model, images)).forward(images), wanted);
  for (const bits of [9, 11, 13]) {
    const quantized = await quantize(model, images, { bits });
    t.same([quantized.bits, quantized.dtype], [bits, 'i16']);
    for (const { filters, offsets, shifts, qmax = 0 } of winogradOf(quantized.graph.nodes)) {
      t.same([filters.dtype, offsets, shifts], ['i16', undefined, undefined]);
      t.ok(qmax < 2 ** 13);
    }
    const d = distance(quantized.forward(images), wanted);
    t.ok(d < 0.8 * before, `${bits} bits: ${d} after ${before}`);
    before = d;
  }
  t.ok(before < 1e-3, `13 bits: ${before}`);
  const thirteen = await quantize(model, images, { bits: 13 });
  for (const asked of [14, 16]) {
    const quantized = await quantize(model, images, { bits: asked });
    t.equal(quantized.bits, 13);
    t.equal(bits(quantized.forward(images)), bits(thirteen.forward(images)));
  }
  t.equal(
    (await quantize(models.lenet5bn({ seed: 1 }), normal([2, 28, 28, 1], 1), { bits: 16 })).bits,
    16,
    'other networks have what is asked',
  );
});

t.test('where nothing is rounded, the network is the same: clamped filters lose nothing', async (t) => {
  // Pixels and weights are multiples of 1/16 and pixels reach up to 2^bits - 1 of them. Bytes hold V of 6 bits, int16 that of 13.
  for (const bits of [3, 6, 9, 13]) {
    const random = new Random(3);
    const max = 2 ** bits - 1;
    const unit = new WinogradAdderConv2d(2, 5, { padding: [1, 0, 1, 2], random });
    unit.filters.value.data.set(unit.filters.value.data.map(() => Math.round(random.normal() * max * 1.5) / 16));
    const x = new Tensor(
      Float32Array.from({ length: 2 * 7 * 6 * 2 }, (_, i) => (i === 0 ? max : random.integer(max + 1)) / 16),
      [2, 7, 6, 2],
    );
    const perChannel = { mean: [0, 0], std: [1, 1] };
    const exact = new Model(
      { unit, avgpool: new GlobalAveragePool2d(), flatten: new Flatten() },
      { ...metadata, classes: 5, inputShape: [7, 6, 2], normalization: perChannel },
    );
    // The mean of a pixel's channels, an integer, is off by half a step at most, the same in all of them.
    const [got, want] = [(await quantize(exact, x, { bits, range: 'max' })).forward(x), exact.forward(x)];
    const rounding = 1e-7 * max; // of sums in float32
    const offBy = got.data.map((v, i) => v - want.data[i]!);
    t.ok(
      offBy.every((d, i) => Math.abs(d) <= 0.5 / 16 + rounding && Math.abs(d - offBy[i - (i % 5)]!) <= 2 * rounding),
      `${bits} bits: off by ${offBy}`,
    );
  }
});

t.test('values below zero have a zero point, which padding reads and V at (1,1) holds four times', async (t) => {
  const random = new Random(2);
  const unit = enlarged(new WinogradAdderConv2d(3, 6, { padding: 1, random }));
  const first = new Model({ unit, avgpool: new GlobalAveragePool2d(), flatten: new Flatten() }, { ...metadata, classes: 6 });
  for (const [bits, limit] of [
    [8, 0.02],
    [13, 1e-3],
  ] as const) {
    const quantized = await quantize(first, images, { bits });
    const [node] = winogradOf(quantized.graph.nodes);
    t.ok(node!.padValue > 0.3 * 2 ** bits && node!.padValue < 0.7 * 2 ** bits, 'zero lies in the middle of a normal distribution');
    const d = distance(quantized.forward(images), first.forward(images));
    t.ok(d < limit, `${bits} bits: ${d}`);
  }
});

t.test('it is the same each time, and saved and loaded back', async (t) => {
  const folder = t.testdir();
  for (const count of [8, 5, 13]) {
    const quantized = await quantize(model, images, { bits: count });
    const path = join(folder, `${count}.safetensors`);
    await save(quantized, path);
    await save(await quantize(model, images, { bits: count }), join(folder, 'again.safetensors'));
    t.ok(readFileSync(path).equals(readFileSync(join(folder, 'again.safetensors'))), `${count} bits: the same file`);
    const loaded = await load(path, { dtype: quantized.dtype });
    t.same([loaded.metadata, loaded.bits], [quantized.metadata, count]);
    t.equal(bits(loaded.forward(images)), bits(quantized.forward(images)));
    using session = await compile(loaded);
    t.equal(bits(session.runSync(images)), bits(quantized.forward(images)), 'and compiled');
  }
});

t.test('filters that constants cannot reach are refused', async (t) => {
  const far = network();
  far.stateDict().get('layer1.0.filters')!.data[3] = 1e12;
  for (const bits of [8, 13])
    await t.rejects(quantize(far, images, { bits }), {
      code: 'ERR_ARGUMENT',
      message: /filters of a Winograd layer are too far from what/,
    });
});

t.test('how V becomes bytes', async (t) => {
  const range = { dtype: 'u8', qmin: 0, qmax: 255 } as const;
  /** V of the same numbers at every position; at (1,1), where there are none below zero, of their sizes. */
  const rounding = (numbers: readonly number[]) =>
    chooseRounding(Int32Array.from(numbers.flatMap((v) => Array.from({ length: 16 }, (_, p) => (p === 5 ? Math.abs(v) : v)))), range);
  const uniform = (least: number, most: number) => Array.from({ length: most - least + 1 }, (_, i) => least + i);
  const cases: [string, number[], number][] = [
    ['numbers that bytes hold', uniform(-27, 228), 0],
    ['twice as many', uniform(0, 510), 1],
    ['all there are', uniform(-510, 510), 2],
    ['a few far ones, which cost little where they are clipped', [...Array(500).fill(uniform(-20, 20)).flat(), 140, -150], 0],
    ['far ones, which cost more than what is rounded', [...uniform(-100, 100), ...uniform(400, 500)], 2],
  ];
  for (const [what, numbers, shift] of cases) t.equal(rounding(numbers).shifts[0], shift, what);
  const { offsets, shifts } = rounding(uniform(0, 100));
  t.same(
    [offsets[0], shifts[0], offsets[5], shifts[5]],
    [128, 0, 0, 0],
    'what clips nothing lies in the middle, or as near to it as it can',
  );
  t.same(levelsOf({ offsets: Int16Array.of(10), shifts: Uint8Array.of(2) }, 0), { first: -8.5, step: 4, max: 255 }, 'levels are middles');
});

// Winograd networks: how they start from adder networks, that they train and go on bit-identically, and that files keep them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  compile,
  evaluate,
  type FitOptions,
  fit,
  generateDigits,
  layers,
  load,
  Model,
  models,
  Random,
  Sgd,
  save,
  Tensor,
} from '../../dist';
import { native } from '../../dist/binding';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { transformFilters } from '../../dist/models/winograd';
import { convGeometry } from '../../dist/shape';
import { useThreads } from '../support/cpu-settings';
import { calibrate, randomize } from '../support/random-network';
import { smallNetwork } from '../support/small-network';
import { normal, sameBits } from '../support/tensors';
import { at, bt, eachTile, patch, sandwich } from '../support/winograd';

const { AdderConv2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, MaxPool2d, Relu, Residual, Sequential, WinogradAdderConv2d } = layers;

const bits = (model: Model) => [...model.stateDict()].map(([name, { data }]) => [name, [...new Uint32Array(data.buffer.slice(0))]]);

t.test('with U = G g G^T, products in the transformed domain are a convolution', async (t) => {
  const [x, filters, padding] = [normal([2, 5, 6, 3], 1), normal([2, 3, 3, 3], 2), 1];
  const { output, packed } = convGeometry('conv2d', x.shape, filters.shape, { padding });
  const expected = new Float64Array(output.reduce((a, b) => a * b));
  native().referenceConv2d(x.data, filters.data, undefined, expected, packed);
  const u = transformFilters(filters);
  t.same(u.shape, [4, 4, 2, 3]);
  const [, ho, wo, co] = output;
  eachTile(output, (image, row, column) => {
    for (let c = 0; c < co; c++) {
      const sums = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
      for (let k = 0; k < 3; k++) {
        const v = sandwich(
          bt,
          patch(x.shape, 4, image, row - padding, column - padding, (first) => x.data[first + k]!),
        );
        sums.forEach((line, i) => {
          line.forEach((_, j) => {
            line[j]! += v[i]![j]! * u.data[((4 * i + j) * co + c) * 3 + k]!;
          });
        });
      }
      sandwich(at, sums).forEach((line, a) => {
        line.forEach((sum, b) => {
          if (row + a >= ho || column + b >= wo) return;
          const want = expected[((image * ho + row + a) * wo + column + b) * co + c]!;
          if (!(Math.abs(sum - want) < 1e-5)) t.fail(`output (${row + a}, ${column + b}) is ${sum}, expected ${want}`);
        });
      });
    }
  });
});

t.test('a Winograd network starts from an adder network', async (t) => {
  const adder = randomize(models.resnet20({ seed: 1, classes: 4, classNames: ['a', 'b', 'c', 'd'], dataset: 'mine' }), 2);
  const before = bits(adder);
  const winograd = models.toWinograd(adder);
  t.same(winograd.metadata, { ...adder.metadata, kind: 'adder-winograd' });
  t.same(
    [...winograd.stateDict()].map(([name, { shape }]) => [name, shape]),
    [...models.resnet20({ kind: 'adder-winograd', classes: 4, seed: null }).stateDict()].map(([name, { shape }]) => [name, shape]),
    'that of createModel',
  );
  const old = adder.stateDict();
  for (const [name, tensor] of winograd.stateDict()) {
    const source = name.endsWith('.filters') ? transformFilters(old.get(name.replace(/filters$/, 'adder'))!) : old.get(name)!;
    t.ok(sameBits(tensor, source), name);
    t.not(tensor.data, source.data, 'a copy');
  }
  t.same(bits(adder), before, 'the adder network stays as it is');

  const trained = new Model(adder, { ...adder.metadata, training: { command: 'x', seed: 1, epochs: 1, accuracy: 0.9, images: 10 } });
  t.equal(models.toWinograd(trained).metadata.training, undefined, 'its accuracy is not that of the copy');
});

t.test('of a custom network, the layers with 3x3 windows at stride 1, with padding and bias', async (t) => {
  const { metadata } = smallNetwork();
  const network = new Model(
    [
      new AdderConv2d(1, 4, { kernel: 3, padding: [0, 1], bias: true }),
      new Residual(new Sequential([new AdderConv2d(4, 4, { kernel: 3, padding: 1, filterGradient: 'sign' })])),
      new AdderConv2d(4, 4, { kernel: 3, stride: [1, 2] }),
      new AdderConv2d(4, 4, { kernel: 3, padding: 2, dilation: 2, groups: 1 }),
      new AdderConv2d(4, 4, { kernel: [1, 3], padding: 1 }),
      new Residual(new Sequential([new AdderConv2d(4, 4, { kernel: 3, padding: 1, groups: 2 })])),
      new Residual(new Sequential([new Conv2d(4, 4, { kernel: 3, padding: 1 })])),
      new GlobalAveragePool2d(),
      new Flatten(),
      new layers.Linear(4, 3),
    ],
    metadata,
  );
  randomize(network, 3);
  const winograd = models.toWinograd(network);
  t.same(
    [...winograd.stateDict().keys()],
    [...network.stateDict().keys()].map((name) => (/^(0|1\.0)\.adder$/.test(name) ? name.replace('adder', 'filters') : name)),
  );
  const first = winograd.layer('0') as layers.WinogradAdderConv2d;
  t.same([first.options.padding, first.bias!.value.data], [[0, 1], network.stateDict().get('0.bias')!.data]);

  const refused = (call: () => unknown, message: RegExp) => t.throws(call, { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
  refused(
    () => models.toWinograd(models.resnet20({ kind: 'conv', seed: null })),
    /toWinograd: resnet20 is of kind 'conv', expected 'adder'/,
  );
  refused(() => models.toWinograd(winograd), /is of kind 'adder-winograd'/);
  refused(() => models.toWinograd(models.lenet5bn({ seed: null })), /lenet5bn has no adder layers with 3x3 windows at stride 1/);
  refused(() => models.toWinograd(new Sequential([]) as never), /toWinograd: model is a Sequential, expected a Model/);
  class Custom extends Relu {
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  refused(
    () =>
      models.toWinograd(
        new Model(
          [
            new Custom(),
            ...smallNetwork()
              .children()
              .map(([, layer]) => layer),
          ],
          metadata,
        ),
      ),
    /toWinograd: small: .* is a Custom/,
  );
});

/** A small Winograd network for digits, which trains in a moment. */
function small(seed = 1): Model {
  const random = new Random(seed);
  const { metadata } = models.lenet5bn({ dataset: 'digits', seed: null });
  return new Model(
    {
      conv1: new Conv2d(1, 8, { kernel: 3, stride: 3, random }), // 9x9: the last tiles reach over the edge
      bn1: new BatchNorm(8),
      relu: new Relu(),
      block: new Residual(new Sequential({ conv: new WinogradAdderConv2d(8, 8, { padding: 1, random }), bn: new BatchNorm(8) })),
      conv2: new WinogradAdderConv2d(8, 12, { bias: true, random }),
      bn2: new BatchNorm(12),
      relu2: new Relu(),
      pool: new MaxPool2d({ kernel: 2 }),
      conv3: new AdderConv2d(12, 16, { kernel: 3, random }),
      bn3: new BatchNorm(16),
      relu3: new Relu(),
      fc: new Conv2d(16, 10, { kernel: 1, random }),
      flatten: new Flatten(),
    },
    { ...metadata, name: 'small', kind: 'adder-winograd' },
  );
}

const digits = generateDigits(400, 1);
async function run(options: Partial<FitOptions> = {}, model = small()) {
  const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-4, adder: { rate: 'adaptive', eta: 0.1 } });
  return { model, ...(await fit(model, digits, { epochs: 5, batch: 32, seed: 5, optimizer, augment: { crop: 1 }, ...options })) };
}

t.test('it trains, and an interrupted training goes on bit-identically, on any number of threads', async (t) => {
  const whole = await run();
  const { top1 } = await evaluate(whole.model, generateDigits(300, 2));
  t.ok(top1 > 0.7, `accuracy on new images: ${top1}`);
  for (const threads of [1, 3]) {
    useThreads(t, threads);
    const checkpoint = join(t.testdir(), `${threads}.safetensors`);
    const controller = new AbortController();
    let steps = 0;
    const onBatch = () => void (++steps === 17 && controller.abort());
    t.equal((await run({ checkpoint, signal: controller.signal, onBatch })).stopped, 'aborted');
    const resumed = await run({ checkpoint, resume: true }, small(9));
    t.same(bits(resumed.model), bits(whole.model), `${threads} threads`);
  }
});

t.test('weight decay moves its filters towards 0, and frozen ones stay', async (t) => {
  const [filters] = [new WinogradAdderConv2d(3, 4, { random: new Random(1) }).filters];
  const before = filters.value.data.slice();
  filters.gradient.data.fill(0);
  new Sgd([filters], { lr: 0.1, weightDecay: 0.5, adder: { rate: 'plain' } }).step();
  t.ok(
    filters.value.data.every((v, i) => Math.abs(v - 0.95 * before[i]!) < 1e-6),
    'by lr times decay',
  );
  const model = small();
  model.layer('block').freeze();
  const frozen = bits(model).filter(([name]) => /^block.*filters/.test(String(name)));
  await run({ epochs: 1 }, model);
  t.same(
    bits(model).filter(([name]) => /^block.*filters/.test(String(name))),
    frozen,
  );
});

t.test('files keep it, whole and in half precision, and sessions compute it', async (t) => {
  const folder = t.testdir();
  const x = normal([3, 28, 28, 1], 4);
  const model = calibrate(randomize(small(), 2), x);
  const path = join(folder, 'small.safetensors');
  await save(model, path);
  const loaded = await load(path, { dtype: 'f32' });
  t.same(bits(loaded), bits(model));
  t.same(loaded.metadata, model.metadata);
  t.ok(sameBits(loaded.forward(x), model.forward(x)));
  using session = await compile(loaded);
  const [y, expected] = [session.runSync(x).data, model.forward(x).data];
  t.ok(y.every((v, i) => Math.abs(v - expected[i]!) < 1e-4 * (1 + Math.abs(expected[i]!))));
  await save(model, path, { half: true });
  const half = (await load(path, { dtype: 'f32' })).stateDict().get('conv2.filters')!.data;
  t.ok(
    model
      .stateDict()
      .get('conv2.filters')!
      .data.every((v, i) => Math.abs(v - half[i]!) <= 2 ** -10 * (1 + Math.abs(v))),
  );
});

t.test('a file of weights alone is recognized, and the kind cannot be mistaken', async (t) => {
  const model = randomize(models.resnet20({ kind: 'adder-winograd', classes: 7, seed: 1 }), 2);
  const bytes = formatSafetensors(model.stateDict());
  const notes: string[] = [];
  const loaded = (await load(bytes, { dtype: 'f32', onNote: (note) => notes.push(note) })) as Model;
  t.match(loaded, { name: 'resnet20', kind: 'adder-winograd', classes: 7 });
  t.same(bits(loaded), bits(model));
  for (const kind of ['adder', 'conv', 'xnor'] as const)
    await t.rejects(load(bytes, { kind, onNote() {} }), {
      code: 'ERR_ARGUMENT',
      message: new RegExp(`kind is '${kind}', but the layers of .* are of kind 'adder-winograd'`),
    });
  await t.rejects(load(formatSafetensors(models.resnet20({ seed: 1 }).stateDict()), { kind: 'adder-winograd', onNote() {} }), {
    code: 'ERR_ARGUMENT',
    message: /kind is 'adder-winograd', but the layers of .* are of kind 'adder'/,
  });
});

t.test('a new head', async (t) => {
  const model = randomize(models.resnet20({ kind: 'adder-winograd', seed: 1 }), 2);
  const copy = models.replaceHead(model, { classes: 3, seed: 2 });
  t.match(copy, { kind: 'adder-winograd', classes: 3 });
  t.ok(sameBits(copy.stateDict().get('layer3.2.conv2.filters')!, model.stateDict().get('layer3.2.conv2.filters')!));
  t.throws(() => models.replaceHead(model, { filterGradient: 'sign' }), { code: 'ERR_ARGUMENT', message: /are trained by 'full' alone/ });
});

t.test('a file that describes a Winograd layer that there is not is refused', async (t) => {
  const model = small();
  await save(model, join(t.testdir(), 'x.safetensors'));
  const { tensors, metadata } = parseSafetensors(readFileSync(join(t.testdirName, 'x.safetensors')), 'x');
  const key = 'addernet.network';
  const changed = (from: RegExp, to: string, weights = tensors) => {
    const json = metadata[key]!.replace(from, to);
    t.not(json, metadata[key]);
    return load(formatSafetensors(weights, { ...metadata, [key]: json }));
  };
  const winograd = /("type":"WinogradAdderConv2d","inputs":)8(,"outputs":)12/;
  const refused = { name: 'AdderNetError', code: 'ERR_CORRUPT' };
  await t.rejects(changed(winograd, '$19$212'), refused, 'other channels');
  await t.rejects(changed(winograd, '$12147483647$22147483647'), refused, 'more numbers than the file has');
  await t.rejects(changed(winograd, '$1-8$212'), refused);
  await t.rejects(changed(winograd, '$18$212,"padding":-1'), refused);
  await t.rejects(changed(/"padding":\[0,0\],"bias":true/, '"padding":[1,2,3],"bias":true'), refused);
  const key2 = 'conv2.filters';
  for (const shape of [
    [12, 3, 3, 8],
    [16, 12, 8],
    [4, 4, 8, 12],
  ]) {
    const weights = new Map(tensors);
    weights.set(key2, Tensor.zeros(shape));
    await t.rejects(load(formatSafetensors(weights, metadata)), refused, `filters of ${shape}`);
  }
});

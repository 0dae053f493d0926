// Networks built of layers: what is saved comes back as the very same layers, what a file cannot hold is refused before it is written, and a
// file that lies of its layers costs an error and no memory.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import {
  AdderNetError,
  compile,
  type Dataset,
  evaluate,
  fit,
  ImageDataset,
  layers,
  load,
  loadQuantized,
  Model,
  type ModelMetadata,
  models,
  QuantizedModel,
  quantize,
  Sgd,
  save,
  saveQuantized,
  Tensor,
} from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { buildLayer } from '../../dist/layers/build';
import { describeLayer } from '../../dist/layers/describe';
import { layerTypes } from '../../dist/layers/layer-types';
import { Random } from '../../dist/random';
import { draws } from '../support/draws';
import { randomize } from '../support/random-network';
import { normal, sameBits } from '../support/tensors';

const { AdderConv2d, AveragePool2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Linear, MaxPool2d, Relu, Residual, Sequential } =
  layers;

const metadata: ModelMetadata = {
  name: 'of my own: "ä" / \n',
  kind: 'adder',
  classes: 3,
  classNames: ['a', 'b', 'c'],
  inputShape: [9, 10, 2],
  normalization: { mean: [0.5, 0.4], std: [0.2, 0.3] },
  dataset: 'mine',
};

/** A layer of each type, with options that are not the defaults, nested. */
function everyLayer(seed = 1): Model {
  const random = new Random(seed);
  const body = new Sequential([new AdderConv2d(8, 8, { kernel: [3, 1], padding: [1, 0], groups: 2, random }), new BatchNorm(8)]);
  const shortcut = new Conv2d(8, 8, { kernel: 1, bias: true, random });
  return randomize(
    new Model(
      {
        stem: new Conv2d(2, 8, { kernel: 3, stride: [1, 2], padding: [2, 1, 2, 3], dilation: [1, 2], random }),
        constructor_: new BatchNorm(8, { epsilon: 1e-3, momentum: 0.3 }),
        relu: new Relu(),
        pool: new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
        stage: new Sequential({
          block: new Residual(body, shortcut, { relu: false }),
          inner: new Sequential([new Residual(body2(random))]),
        }),
        binary: new layers.XnorConv2d(8, 6, { kernel: 3, padding: 1, bias: true, random }),
        tiles: new layers.WinogradAdderConv2d(6, 6, { padding: [2, 0, 1, 1], bias: true, random }),
        pad: new layers.SymmetricPad2d(),
        even: new AdderConv2d(6, 6, { kernel: 2, center: true, bias: true, random }),
        mean: new AveragePool2d({ kernel: 2, stride: 1 }),
        sign: new AdderConv2d(6, 5, { kernel: 1, bias: true, filterGradient: 'sign', random }),
        norm: new BatchNorm(5),
        all: new GlobalAveragePool2d(),
        rows: new Flatten(),
        fc: new Linear(5, 3, { bias: false, random }),
      },
      metadata,
    ),
    seed,
  );
}
const body2 = (random: Random) => new Sequential({ a: new AdderConv2d(8, 8, { kernel: 1, random }), b: new BatchNorm(8), c: new Relu() });

function randomImages(images: number, { inputShape, classes }: Model): Dataset {
  const random = new Random(3);
  const [h, w, c] = inputShape;
  const data = Uint8Array.from({ length: images * h * w * c }, () => random.integer(256));
  const targets = Int32Array.from({ length: images }, (_, i) => i % classes);
  return new ImageDataset({ name: 'noise', images: new Tensor(data, [images, h, w, c]), targets, classes });
}

const differing = (a: Model, b: Model): string[] => {
  const [one, other] = [a.stateDict(), b.stateDict()];
  return [...new Set([...one.keys(), ...other.keys()])].filter((name) => {
    const [x, y] = [one.get(name), other.get(name)];
    return !x || !y || !sameBits(x, y);
  });
};

t.test('a network of every layer comes back, and is used as before', async (t) => {
  const path = join(t.testdir(), 'own.safetensors');
  const model = everyLayer();
  const described = describeLayer(model);
  const seen = JSON.stringify(described);
  for (const type of layerTypes.keys()) t.ok(seen.includes(`"type":"${type}"`), `${type} is in it`);
  await save(model, path);
  const loaded = await load(path, { dtype: 'f32' });
  t.same(loaded.metadata, metadata);
  t.same(differing(model, loaded), []);
  t.same(describeLayer(loaded), described, 'every option');
  t.equal(loaded.layer('stem').constructor, Conv2d, 'the very classes');
  const x = normal([2, ...metadata.inputShape], 5);
  t.ok(sameBits(loaded.forward(x), model.forward(x)));
  const [one, other] = [await compile(model), await compile(loaded)];
  t.ok(sameBits(one.runSync(x), other.runSync(x)), 'compiled');

  const data = randomImages(24, model);
  for (const network of [model, loaded])
    await fit(network, data, { epochs: 2, optimizer: new Sgd(network.parameters(), { lr: 0.05, momentum: 0.9 }) });
  t.same(differing(model, loaded), [], 'trained on alike');
  t.same((await evaluate(model, data)).top1, (await evaluate(loaded, data)).top1);

  const small = await quantize(loaded, data, { calibration: 12 });
  for (const write of [save, saveQuantized] as ((model: QuantizedModel, path: string) => Promise<void>)[]) {
    await write(small, path);
    const [again, narrow] = [await load(path), await loadQuantized(path)];
    t.ok(again instanceof QuantizedModel);
    t.same(again.metadata, metadata);
    for (const network of [again, narrow]) t.ok(sameBits(network.forward(x), small.forward(x)));
  }
});

t.test('any way of naming layers, from paths, URLs and memory', async (t) => {
  const path = join(t.testdir(), 'list.safetensors');
  const list = new Sequential([new Flatten(), new Linear(180, 3)]);
  const model = new Model(list, { ...metadata, name: 'resnet20', kind: 'conv' });
  t.equal(model.layer('1'), list.layer('1'), 'a Sequential lends its layers');
  await save(model, pathToFileURL(path));
  const bytes = readFileSync(path);
  for (const source of [
    path,
    pathToFileURL(path),
    bytes,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    new Blob([bytes]),
  ]) {
    const loaded = (await load(source as string)) as Model;
    t.equal(loaded.name, 'resnet20', 'the layers count, not the name');
    t.same(differing(model, loaded), []);
  }
});

t.test('networks of the registry come back with their options', async (t) => {
  const path = join(t.testdir(), 'sign.safetensors');
  const model = models.lenet5bn({ filterGradient: 'sign', inputShape: [40, 36, 3], normalization: rgb, seed: 1 });
  await save(model, path);
  const loaded = await load(path, { dtype: 'f32' });
  t.same(describeLayer(loaded), describeLayer(model));
  t.same(loaded.inputShape, [40, 36, 3]);
  const head = models.replaceHead(loaded, { classes: 2, seed: 1 });
  t.same([head.inputShape, head.classes, head.classNames], [[40, 36, 3], 2, undefined]);
});
const rgb = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };

t.test('a new head for a custom network', (t) => {
  const model = everyLayer();
  t.same(models.headLayers(model), ['fc']);
  const { body, head } = models.bodyAndHead(model);
  t.same([body.children().at(-1)?.[0], head.children().map(([name]) => name)], ['rows', ['fc']]);
  const copy = models.replaceHead(model, { classes: 7, seed: 4 });
  t.same(copy.outputShape([1, ...metadata.inputShape]), [1, 7]);
  t.same(differing(model, copy), ['fc.weight']);
  const nested = new Model({ all: new Sequential([new Flatten(), new Linear(180, 3), new BatchNorm(3)]) }, metadata);
  t.same(models.headLayers(nested), ['all.1', 'all.2']);
  const none = new Model({ features: new Conv2d(2, 3, { kernel: [9, 10] }), later: new BatchNorm(3), rows: new Flatten() }, metadata);
  t.same(models.headLayers(none), ['features', 'later']);
  const wide = new Model({ fc: new Conv2d(2, 6, { kernel: [9, 5] }), rows: new Flatten() }, {
    ...metadata,
    classes: 36,
    classNames: undefined,
  } as never);
  t.throws(() => models.replaceHead(wide, { classes: 2 }), { code: 'ERR_ARGUMENT', message: /does not have an output for each class/ });
  t.throws(() => models.replaceHead(model, { class: 2 } as object), {
    code: 'ERR_ARGUMENT',
    message: /no option 'class', did you mean classes/,
  });
  t.throws(() => models.replaceHead(body as never), { code: 'ERR_ARGUMENT', message: /a Sequential, expected a Model/ });
  t.end();
});

t.test('what a file cannot hold is refused, and nothing is written', async (t) => {
  const path = join(t.testdir(), 'refused.safetensors');
  class Scale extends layers.Layer {
    forward(x: Tensor): Tensor {
      return new Tensor(
        x.data.map((v) => 2 * v),
        x.shape,
      );
    }
    outputShape(input: readonly number[]) {
      return input;
    }
  }
  class Twice extends Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x);
    }
  }
  class Named extends Sequential {}
  const around = (layer: layers.Layer) =>
    new Model({ rows: new Flatten(), inner: new Sequential({ own: layer }), fc: new Linear(180, 3) }, metadata);
  const refuses = async (model: unknown, message: RegExp) => {
    await t.rejects(save(model as Model, path), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
    t.notOk(existsSync(path));
  };
  await refuses(around(new Scale()), /the layer 'inner\.own' is a Scale, which is not a layer of this package/);
  await refuses(around(new Twice(180, 180)), /'inner\.own' is a Twice/);
  const patched = new Relu();
  patched.forward = (x) => x;
  await refuses(around(patched), /'inner\.own' is a Relu/);
  const shared = new Linear(180, 180);
  await refuses(around(new Sequential([shared, shared])), /'inner\.own\.1' occurs twice in the network/);
  await refuses(new Sequential([new Flatten()]), /model is a Sequential, expected a Model.*new Model\(layers, metadata\)/);
  await refuses(new Linear(2, 2), /a Linear, expected a Model/);
  await refuses({}, /a Object, expected a Model/);
  await refuses(undefined, /undefined, expected a Model/);
  await t.rejects(save(everyLayer(), new Uint8Array(3) as never), { code: 'ERR_ARGUMENT', message: /the path is bytes/ });
  await t.rejects(save(everyLayer(), path, { halff: true } as object), { code: 'ERR_ARGUMENT', message: /'halff', did you mean half/ });

  const relu = new Relu();
  const kept = new Model({ a: relu, named: new Named({ b: relu }), rows: new Flatten(), fc: new Linear(180, 3) }, metadata);
  await save(kept, path);
  t.same(differing(kept, await load(path, { dtype: 'f32' })), [], 'a layer without weights, and a class that changes nothing');
  const small = await quantize(models.lenet5bn({ seed: 1 }), normal([1, 28, 28, 1], 1));
  await t.rejects(save(small, path, { half: true }), { code: 'ERR_ARGUMENT', message: /half applies to float networks/ });
});

/** A file of these weights whose layers are described so. */
function fileOf(model: Model, network: unknown, own: unknown = model.metadata): Uint8Array {
  const text = typeof network === 'string' ? network : JSON.stringify(network);
  return formatSafetensors(model.stateDict(), { addernet: JSON.stringify(own), 'addernet.network': text });
}

t.test('files of other versions', async (t) => {
  const model = everyLayer();
  const description = describeLayer(model);
  await t.rejects(load(fileOf(model, { version: 3, layers: description })), {
    code: 'ERR_FORMAT',
    message: /a newer version of this package wrote it: its format is 3, and this one reads up to 2/,
  });
  await t.rejects(load(fileOf(model, { version: 1, layers: { ...description, type: 'Attention' } })), {
    code: 'ERR_FORMAT',
    message: /layer 0 is of type "Attention", which this version of the package does not know/,
  });
  await t.rejects(load(fileOf(model, { version: 1, layers: { ...description, drop: 0.5 } })), {
    code: 'ERR_FORMAT',
    message: /an option that/,
  });
  t.same((await load(fileOf(model, { version: 1, layers: description, later: 1 }, { ...metadata, later: 2 }))).metadata, metadata);
  const quantized = await quantize(model, randomImages(4, model));
  const path = join(t.testdir(), 'q.safetensors');
  await save(quantized, path);
  const { tensors, metadata: text } = parseSafetensors(readFileSync(path));
  const said = JSON.parse(text['addernet.quantized']!);
  const rewritten = (change: object) => formatSafetensors(tensors, { 'addernet.quantized': JSON.stringify({ ...said, ...change }) });
  await t.rejects(load(rewritten({ version: 3 })), { code: 'ERR_FORMAT', message: /a newer version/ });
  for (const lie of [
    { metadata: null },
    { metadata: { ...metadata, name: 5 } },
    { bits: 9 },
    { outputs: [{ ...said.outputs[0], id: 999 }] },
    { outputs: ['__proto__'] },
    { outputs: [] },
    { nodes: [null] },
    { nodes: {} },
    { version: 'x' },
  ])
    await t.rejects(load(rewritten(lie)), { name: 'AdderNetError', code: 'ERR_CORRUPT' }, JSON.stringify(lie));
});

t.test('a description that lies is refused before memory is taken', async (t) => {
  const model = new Model({ rows: new Flatten(), fc: new Linear(180, 3) }, metadata);
  const network = (...inner: unknown[]) => ({ version: 1, layers: { type: 'Sequential', layers: inner } });
  const flatten = { type: 'Flatten' };
  const linear = (inputs: unknown, outputs: unknown = 3, bias: unknown = true) => ({ type: 'Linear', inputs, outputs, bias });
  const conv = {
    type: 'Conv2d',
    inputs: 2,
    outputs: 2,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
    groups: 1,
    bias: false,
  };
  let deep: object = { type: 'Relu' };
  for (let i = 0; i < 2000; i++) deep = { type: 'Sequential', layers: [deep] };
  const lies: [unknown, RegExp][] = [
    ['', /not JSON/],
    ['null', /version/],
    [{ version: 0, layers: {} }, /version/],
    [{ version: 1 }, /layer 0 is no object/],
    [{ version: 1, layers: [] }, /layer 0 is no object/],
    [{ version: 1, layers: { type: { toString: 1 } } }, /layer 0 has no type/],
    [{ version: 1, layers: flatten }, /a single layer/],
    [network(flatten, linear(1e9)), /more numbers than the file/],
    [network(flatten, linear(2 ** 53)), /linear|Linear/],
    [network(flatten, linear('180')), /inputs is damaged/],
    [network(flatten, linear(180, 3, 'yes')), /bias is damaged/],
    [network(flatten, linear(-180, -3)), /damaged/],
    [network(flatten, { type: 'Linear' }), /inputs is damaged/],
    [network(flatten, { ...conv, kernel: [1e5, 1e5] }), /more numbers than the file/],
    [network(flatten, { ...conv, groups: 0 }), /more numbers than the file|groups/],
    [network(flatten, { ...conv, stride: [0, 1] }), /stride/],
    [network(flatten, { ...conv, stride: 'a' }), /stride is damaged/],
    [network(flatten, { type: 'BatchNorm', channels: 3, epsilon: '1', momentum: 0.1 }), /epsilon is damaged/],
    [network(flatten, { type: 'BatchNorm', channels: 3, epsilon: -1, momentum: 0.1 }), /epsilon is -1/],
    [network(flatten, { type: 'Residual', body: flatten, relu: true }), /body is damaged/],
    [network(flatten, linear(180)), /missing "1\.weight"/],
    [{ version: 1, layers: { type: 'Sequential', names: ['a'], layers: [flatten, linear(180)] } }, /1 names for 2 layers/],
    [{ version: 1, layers: { type: 'Sequential', names: ['a', 'a'], layers: [flatten, linear(180)] } }, /2 names for 2 layers/],
    [{ version: 1, layers: { type: 'Sequential', names: ['a.b', 'fc'], layers: [flatten, linear(180)] } }, /not a valid layer name/],
    [{ version: 1, layers: { type: 'Sequential', names: [{}], layers: [flatten] } }, /names is damaged/],
    [{ version: 1, layers: deep }, /nested more than \d+ deep/],
    [network(...Array(10_001).fill({ type: 'Relu' })), /more than 10000 layers/],
  ];
  for (const [lie, message] of lies) {
    const error = await load(fileOf(model, lie)).then(
      () => undefined,
      (reason) => reason,
    );
    t.match(error, { name: 'AdderNetError', code: 'ERR_CORRUPT', message }, String(JSON.stringify(lie)).slice(0, 80));
    t.ok(error?.message.length < 500, 'a message of sensible length');
  }
  for (const lie of [{ classes: 1e9 }, { inputShape: [1e9, 1e9, 2] }, { kind: {} }, { training: 5 }, { name: '' }])
    await t.rejects(load(fileOf(model, { version: 1, layers: describeLayer(model) }, { ...metadata, ...lie })), {
      name: 'AdderNetError',
      code: /^ERR_(FORMAT|CORRUPT)$/,
    });
});

t.test('any change to a description gives an error with a code, or a network', (t) => {
  const model = everyLayer();
  const description = describeLayer(model);
  const elements = [...model.stateDict().values()].reduce((sum, { size }) => sum + size, 0);
  const places: [object, string][] = [];
  const copy = JSON.parse(JSON.stringify(description));
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inside] of Object.entries(value)) {
      places.push([value, key]);
      walk(inside);
    }
  };
  walk(copy);
  fc.assert(
    fc.property(fc.nat(places.length - 1), fc.anything(), (place, lie) => {
      const [holder, key] = places[place] as [Record<string, unknown>, string];
      const before = holder[key];
      holder[key] = lie;
      try {
        buildLayer(copy, { random: null, elements });
      } catch (error) {
        if (!(error instanceof AdderNetError) || !/^ERR_(FORMAT|CORRUPT)$/.test(error.code)) throw error;
      } finally {
        holder[key] = before;
      }
    }),
    draws(3000),
  );
  t.end();
});

t.test('files of before, whose layers are those of the registry', async (t) => {
  const folder = t.testdir();
  const model = models.resnet20({ seed: 1 });
  const before = (own: object) => formatSafetensors(model.stateDict(), { addernet: JSON.stringify(own) });
  t.same(differing(model, (await load(before(model.metadata), { dtype: 'f32' })) as Model), []);
  const large = (await load(before({ ...model.metadata, inputShape: [64, 48, 3] }))) as Model;
  t.same(large.inputShape, [64, 48, 3], 'a size that such a file holds is not lost');
  writeFileSync(join(folder, 'own'), before({ ...model.metadata, name: 'mine' }));
  await t.rejects(load(join(folder, 'own')), { code: 'ERR_FORMAT', message: /no network 'mine'/ });
});

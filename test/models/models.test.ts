// Networks: the counts of the paper's tables, the names of the authors' checkpoint, and recognition by names and shapes.
import { inspect } from 'node:util';
import t from 'tap';
import { AdderConv2d, BatchNorm, Conv2d, Flatten, Linear, MaxPool2d, Relu, Residual, Sequential } from '../../dist/layers';
import * as models from '../../dist/models';
import { closestNetwork } from '../../dist/models/identify';
import { softmaxCrossEntropy } from '../../dist/ops';
import { Sgd } from '../../dist/optim';
import { Random } from '../../dist/random';
import { Tensor } from '../../dist/tensor';
import { kindsOf } from '../support/network-kinds';

const zeros = { seed: null };

t.test('operations of one image, every layer ordinary or adder', (t) => {
  const products = {
    lenet5bn: 416_520,
    vggSmall: 607_600_640,
    resnet20: 40_813_184,
    resnet32: 69_124_736,
    resnet18: 1_814_073_344,
    resnet50: 3_857_973_248,
  };
  t.same(Object.keys(products), models.modelNames);
  for (const name of models.modelNames) {
    const conv = models.createModel(name, { kind: 'conv', ...zeros }).summary().totals;
    t.equal(conv.multiplications, products[name], name);
    t.equal(conv.additions, products[name], name);
    const adder = models.createModel(name, { kind: 'adder', ...zeros }).summary().totals;
    t.equal(adder.additions, 2 * products[name] - adder.multiplications, `${name}: what is not an adder layer still multiplies`);
    t.equal(adder.parameters, conv.parameters);
  }
  t.equal(models.lenet5bn(zeros).summary().totals.multiplications, 0);
  t.equal(models.resnet20(zeros).summary().totals.multiplications, 32 * 32 * 16 * 27 + 640, 'the stem and the classifier');
  t.end();
});

const statistics = (name: string) => ['weight', 'bias', 'running_mean', 'running_var'].map((key) => `${name}.${key}`);

t.test("resnet20 has the names and shapes of the authors' file", (t) => {
  for (const [kind, key] of [
    ['adder', 'adder'],
    ['conv', 'weight'],
  ] as const) {
    const names = ['conv1.weight', ...statistics('bn1')];
    for (const stage of [1, 2, 3])
      for (const block of [0, 1, 2]) {
        const prefix = `layer${stage}.${block}`;
        for (const i of [1, 2]) names.push(`${prefix}.conv${i}.${key}`, ...statistics(`${prefix}.bn${i}`));
        if (stage > 1 && block === 0) names.push(`${prefix}.downsample.0.${key}`, ...statistics(`${prefix}.downsample.1`));
      }
    names.push('fc.weight', ...statistics('bn2'));
    const state = models.resnet20({ kind, classes: 10, ...zeros }).stateDict();
    t.same([...state.keys()], names, kind);
    t.same(state.get('conv1.weight')!.shape, [16, 3, 3, 3]);
    t.same(state.get(`layer2.0.conv1.${key}`)!.shape, [32, 3, 3, 16]);
    t.same(state.get(`layer3.0.downsample.0.${key}`)!.shape, [64, 1, 1, 32]);
    t.same(state.get('fc.weight')!.shape, [10, 1, 1, 64]);
    t.same(state.get('bn2.running_var')!.shape, [10]);
  }
  t.end();
});

t.test('a Winograd network has 4 pairs where an adder network has 9, and transforms', (t) => {
  const { rows, totals } = models.resnet20({ kind: 'adder-winograd', ...zeros }).summary();
  const row = (name: string) => rows.find((row) => row.name === name)!;
  // 256 tiles of 2x2 outputs: 16 positions of 16x16 channels; 32 additions for each input channel, for each output channel 24 and 8 to center
  const additions = 256 * (2 * 16 * 16 * 16 + 32 * 16 + 32 * 16);
  t.match(row('layer1.0.conv1'), { type: 'WinogradAdderConv2d', parameters: 16 * 16 * 16, multiplications: 0, additions, xnors: 0 });
  t.match(row('layer2.0.conv1'), { type: 'AdderConv2d', additions: 2 * 16 * 16 * 32 * 16 * 9 }, 'at stride 2');
  t.match(row('layer2.0.downsample.0'), { type: 'AdderConv2d', additions: 2 * 16 * 16 * 32 * 16 }, 'of 1x1');
  const stage = (pixels: number, channels: number, layers: number) =>
    layers * (pixels / 2) ** 2 * (2 * 16 * channels ** 2 + (32 + 32) * channels);
  const adders = 2 * 9 * (16 * 16 * 32 * 16 + 8 * 8 * 64 * 32) + 2 * (16 * 16 * 32 * 16 + 8 * 8 * 64 * 32);
  const products = 32 * 32 * 16 * 27 + 640;
  t.equal(totals.additions, stage(32, 16, 6) + stage(16, 32, 5) + stage(8, 64, 5) + adders + products);
  t.equal(totals.multiplications, products);
  const odd = models.resnet20({ kind: 'adder-winograd', inputShape: [9, 5, 3], ...zeros }).summary();
  t.equal(odd.rows.find(({ name }) => name === 'layer1.0.conv1')!.additions, 5 * 3 * (2 * 16 * 256 + 64 * 16), 'tiles reach over the edge');
  t.end();
});

t.test('a network with 2x2 windows has 4 pairs where an adder network has 9, all of its adders centered', (t) => {
  const model = models.resnet20({ kind: 'adder-2x2', ...zeros });
  const { rows, totals } = model.summary();
  const row = (name: string) => rows.find((row) => row.name === name)!;
  t.match(row('layer1.0.conv1.pad'), { type: 'SymmetricPad2d', outputShape: [1, 33, 33, 16], additions: 0 });
  const additions = 2 * 32 * 32 * 16 * 16 * 4;
  t.match(row('layer1.0.conv1.conv'), { type: 'AdderConv2d', outputShape: [1, 32, 32, 16], parameters: 4 * 16 * 16, additions });
  t.match(row('layer2.0.conv1.conv'), { outputShape: [1, 16, 16, 32], additions: 2 * 16 * 16 * 32 * 16 * 4 }, 'at stride 2 too');
  const stage = (pixels: number, channels: number, layers: number) => layers * 2 * 4 * pixels ** 2 * channels ** 2;
  const adders = 2 * (4 + 1) * (16 * 16 * 32 * 16 + 8 * 8 * 64 * 32);
  t.equal(totals.additions, stage(32, 16, 6) + stage(16, 32, 5) + stage(8, 64, 5) + adders + 32 * 32 * 16 * 27 + 640);
  for (const odd of [33, 7]) {
    const shapes = (kind: 'adder' | 'adder-2x2') => {
      const { rows } = models.resnet20({ kind, inputShape: [odd, odd + 2, 3], ...zeros }).summary();
      return rows.filter(({ type }) => type === 'BatchNorm').map(({ outputShape }) => outputShape);
    };
    t.same(shapes('adder-2x2'), shapes('adder'), 'images of the same sizes, where they are odd');
  }
  for (const name of ['layer1.0.conv1.conv', 'layer2.0.conv1.conv', 'layer2.0.downsample.0'])
    t.equal((model.layer(name) as AdderConv2d).center, true, name);
  t.end();
});

t.test('resnet50 is version 1, with a shortcut of its own in the first block of each stage', (t) => {
  const { rows, totals } = models.resnet50(zeros).summary();
  const shape = (name: string) => rows.find((row) => row.name === name)?.outputShape;
  t.same(shape('maxpool'), [1, 56, 56, 64]);
  t.same(shape('layer1.0.downsample.0'), [1, 56, 56, 256]);
  t.same(shape('layer2.0.conv1'), [1, 28, 28, 128], 'the stride is in the first 1x1');
  t.same(shape('layer4.2.conv3'), [1, 7, 7, 2048]);
  t.notOk(shape('layer4.2.downsample'));
  t.equal(totals.parameters, 25_557_032 - 1000 + 2000, 'those of the usual ResNet-50, with a batch norm in place of the bias');
  t.end();
});

t.test('every network and kind is recognized, but that binary ones look like ordinary ones', (t) => {
  for (const name of models.modelNames)
    for (const kind of kindsOf(name)) {
      const classes = name === 'resnet18' ? 21 : 7;
      const state = new Map<string, Tensor<Float32Array | BigInt64Array>>(
        models.createModel(name, { kind, classes, ...zeros }).stateDict(),
      );
      state.set('bn1.num_batches_tracked', new Tensor(new BigInt64Array(1), []));
      t.same(models.identify(state), { name, kind: kind === 'xnor' ? 'conv' : kind, classes });
    }
  const small = models.lenet5bn({ inputShape: [16, 16, 1], ...zeros });
  t.equal(closestNetwork(small.stateDict(), { model: 'lenet5bn', inputShape: [16, 16, 1] }).kind, 'adder', 'with 2x2 windows of its own');
  t.end();
});

t.test('a state of no known network is refused with what was seen', (t) => {
  t.throws(() => models.identify(new Map([['head.weight', Tensor.zeros([10, 64])]])), {
    code: 'ERR_FORMAT',
    message: /no classifier.*1 tensor: "head\.weight" \[10,64\]/,
  });
  const state = models.resnet20(zeros).stateDict();
  state.delete('bn2.bias');
  state.set('layer1.0.conv1.adder', Tensor.zeros([16, 5, 5, 16]));
  t.throws(() => models.identify(state), {
    code: 'ERR_FORMAT',
    message:
      /"conv1\.weight" \[16,3,3,3\].*The closest is resnet20 of kind 'adder', from which "bn2\.bias", "layer1\.0\.conv1\.adder" differ/,
  });
  t.end();
});

t.test('the seed decides the weights', (t) => {
  const filters = (seed?: number) =>
    models
      .lenet5bn({ ...(seed !== undefined && { seed }) })
      .stateDict()
      .get('conv2.adder')!.data;
  t.same(filters(1), filters(1));
  t.notSame(filters(1), filters(2));
  t.notSame(filters(), filters());
  t.ok(
    models
      .lenet5bn(zeros)
      .stateDict()
      .get('conv2.adder')!
      .data.every((w) => w === 0),
  );
  t.end();
});

t.test('forward gives logits, alike for one image and for a batch, and leaves x alone', (t) => {
  for (const model of [
    models.lenet5bn({ seed: 1 }),
    models.resnet20({ seed: 1, classes: 4 }),
    models.resnet20({ seed: 1, kind: 'conv' }),
  ]) {
    const x = Tensor.zeros([2, ...model.inputShape]);
    new Random(2).fillNormal(x.data);
    const before = x.data.slice();
    const y = model.forward(x);
    t.same(y.shape, [2, model.classes]);
    t.ok(y.data.every(Number.isFinite));
    t.same(x.data, before);
    const second = new Tensor(x.data.slice(x.size / 2), [1, ...model.inputShape]);
    const alone = model.forward(second).data;
    t.ok(alone.every((logit, i) => Math.abs(logit - y.data[model.classes + i]!) <= 1e-4 * Math.max(1, Math.abs(logit))));
  }
  t.end();
});

t.test('a model carries its metadata', (t) => {
  const model = models.resnet20({ classes: 2, classNames: ['cat', 'dog'], dataset: 'pets', ...zeros });
  t.match(model, { name: 'resnet20', kind: 'adder', classes: 2, inputShape: [32, 32, 3], classNames: ['cat', 'dog'] });
  t.same(JSON.parse(JSON.stringify(model.metadata)), {
    name: 'resnet20',
    kind: 'adder',
    classes: 2,
    inputShape: [32, 32, 3],
    normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
    dataset: 'pets',
    classNames: ['cat', 'dog'],
  });
  const { classNames } = models.resnet20(zeros);
  t.same([classNames?.length, classNames?.[0]], [10, 'airplane'], 'the names of its own data');
  t.equal(models.resnet20({ classes: 2, ...zeros }).classNames, undefined, 'which are not those of other classes');
  t.equal(models.resnet20({ dataset: 'digits', ...zeros }).classNames, undefined, 'nor those of other data');
  t.equal(models.resnet18(zeros).classNames, undefined, 'ImageNet has too many to list here');
  t.end();
});

t.test('unknown names and options that do not fit are refused', (t) => {
  const refused: [() => unknown, RegExp][] = [
    [() => models.createModel('resnet21'), /no network 'resnet21', expected one of lenet5bn, .*resnet50/],
    [() => models.createModel('toString'), /no network 'toString'/],
    [() => models.resnet20({ kind: 'and' as models.NetworkKind }), /kind is 'and', expected one of adder, adder-2x2, adder-winograd, conv/],
    [() => models.lenet5bn({ kind: 'adder-2x2' }), /lenet5bn: kind is 'adder-2x2', but no layer has 3x3 windows with padding 1, which/],
    [() => models.lenet5bn({ kind: 'adder-2x2', inputShape: [16, 16, 1] }), /lenet5bn: kind is 'adder-2x2', but no layer/],
    [() => models.lenet5bn({ kind: 'adder-2x2', inputShape: [20, 20, 1] }), /no layer has 3x3 windows with padding 1/],
    [
      () => models.lenet5bn({ kind: 'adder-winograd' }),
      /lenet5bn: kind is 'adder-winograd', but no layer has 3x3 windows at stride 1, which/,
    ],
    [
      () => models.resnet20({ kind: 'adder-winograd', filterGradient: 'sign' }),
      /the filters of kind 'adder-winograd' are trained by 'full' alone/,
    ],
    [() => models.resnet20({ classes: 0 }), /resnet20: classes is 0, expected a positive integer/],
    [() => models.resnet20({ classes: 3, classNames: ['a', 'b'] }), /2 names, expected one for each of 3 classes/],
    [() => models.resnet20({ normalization: { mean: [0], std: [1] } }), /each of 3 channels/],
    [() => models.resnet20({ normalization: { mean: [0, 0, 0], std: [1, 1, 0] } }), /positive std/],
    [() => models.resnet20({ seed: 0.5 }), /seed is 0.5/],
  ];
  for (const [make, message] of refused) t.throws(make, { code: 'ERR_ARGUMENT', message });
  t.end();
});

t.test('images of other sizes and channels', (t) => {
  const normalization = { mean: [0.5], std: [0.5] };
  for (const [name, inputShape] of [
    ['lenet5bn', [12, 12, 1]],
    ['lenet5bn', [16, 16, 1]],
    ['lenet5bn', [33, 64, 1]],
    ['vggSmall', [8, 8, 1]],
    ['vggSmall', [17, 40, 1]],
    ['resnet20', [64, 48, 1]],
    ['resnet20', [1, 1, 1]],
    ['resnet18', [50, 70, 1]],
  ] as const) {
    const model = models.createModel(name, { inputShape, normalization, classes: 3, seed: 1 });
    t.same(model.metadata.inputShape, inputShape);
    const x = Tensor.zeros([2, ...inputShape]);
    new Random(1).fillNormal(x.data);
    const { grad } = softmaxCrossEntropy(model.forward(x, { training: true }), Int32Array.of(0, 2));
    model.backward(grad, { inputGradient: false });
    t.same(model.forward(x).shape, [2, 3], `${name} ${inputShape}`);
  }
  for (const [name, inputShape, least] of [
    ['lenet5bn', [11, 28, 1], 12],
    ['vggSmall', [32, 7, 3], 8],
  ] as const)
    t.throws(() => models.createModel(name, { inputShape, ...zeros }), {
      code: 'ERR_SHAPE',
      message: `${name}: inputShape is [${inputShape}], too small for this network: expected at least ${least}x${least} pixels`,
    });
  for (const inputShape of [[32, 32], 'large', [32, 32, 0], [1.5, 3, 3], [32, 32, 3, 1]])
    t.throws(() => models.resnet20({ inputShape: inputShape as never, ...zeros }), {
      code: 'ERR_SHAPE',
      message: /expected \[height, width, channels\]/,
    });
  t.throws(() => models.resnet20({ inputShape: [32, 32, 1], ...zeros }), { code: 'ERR_ARGUMENT', message: /each of 1 channels/ });
  t.end();
});

t.test('options and metadata that there are not', (t) => {
  const { metadata } = models.lenet5bn(zeros);
  const layers = { flatten: new Flatten(), fc: new Linear(784, 10) };
  const refused: [() => unknown, RegExp][] = [
    [() => models.resnet20({ input: [32, 32, 3] } as object), /resnet20: there is no option 'input', did you mean inputShape/],
    [() => models.resnet20({ kind: 'conv', filterGradient: 'sign', ...zeros }), /kind 'conv' has no adder filters/],
    [
      () => new models.Model(layers, { ...metadata, classnames: [] } as never),
      /Model: there is no option 'classnames', did you mean classNames/,
    ],
    [() => new models.Model(layers, { ...metadata, name: '' }), /name is ""/],
    [() => new models.Model(layers, { ...metadata, kind: 'and' as 'adder' }), /kind is "and"/],
    [
      () => new models.Model(layers, { ...metadata, task: 'detection' as models.Task }),
      /lenet5bn: task is "detection", expected classification/,
    ],
    [() => new models.Model(layers, undefined as never), /Model: options are undefined/],
    [() => new models.Model({ fc: 5 as never }, metadata), /'fc' is 5, expected a layer/],
    [() => new models.Model(undefined as never, metadata), /layers is undefined, expected a list or an object of layers/],
    [() => new Conv2d(1, 1, { kernal: 3 } as never), /Conv2d: there is no option 'kernal', did you mean kernel/],
    [() => new Conv2d(1, 1, undefined as never), /Conv2d: options are undefined, expected an object \{ kernel/],
    [() => new AdderConv2d(1, 1, undefined as never), /AdderConv2d: options are/],
    [() => new Conv2d(1, 1, { kernel: 1, filterGradient: 'full' } as never), /no option 'filterGradient'/],
    [() => new Linear(1, 1, { biased: true } as never), /Linear: there is no option 'biased', did you mean bias/],
    [() => new BatchNorm(1, { eps: 1 } as never), /no option 'eps'/],
    [() => new MaxPool2d({ kernel: 2, strides: 2 } as never), /no option 'strides', did you mean stride/],
    [() => new Residual(new Relu() as never), /the body is a Relu, expected a Sequential/],
    [() => new Residual(new Sequential([new Relu()]), undefined, { rellu: true } as never), /no option 'rellu', did you mean relu/],
    [() => new Residual(new Sequential({ downsample: new Relu() }), new Relu()), /called 'downsample'/],
  ];
  for (const [make, message] of refused) t.throws(make, { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
  t.end();
});

t.test('a network of other layers may be a model too', (t) => {
  const { metadata } = models.lenet5bn(zeros);
  const layers = { flatten: new Flatten(), fc1: new Linear(784, 16), relu: new Relu(), fc2: new Linear(16, 10) };
  const model = new models.Model(layers, { ...metadata, name: 'mlp', kind: 'conv' });
  t.equal(model.summary().totals.multiplications, 784 * 16 + 160);
  t.throws(() => new models.Model({ conv: new Conv2d(1, 10, { kernel: 3 }) }, metadata), {
    code: 'ERR_SHAPE',
    message: /the layers give \[n,26,26,10\], expected \[n,10\]/,
  });
  t.end();
});

t.test('the summary is rows in forward order, blocks before their layers, and prints as a table', (t) => {
  const summary = models.resnet20(zeros).summary();
  const names = summary.rows.map(({ name }) => name);
  t.same(names.slice(0, 7), ['conv1', 'bn1', 'relu', 'layer1', 'layer1.0', 'layer1.0.conv1', 'layer1.0.bn1']);
  t.same(
    summary.rows.find(({ name }) => name === 'layer2.0.downsample.0'),
    {
      name: 'layer2.0.downsample.0',
      depth: 3,
      type: 'AdderConv2d',
      outputShape: [1, 16, 16, 32],
      parameters: 512,
      multiplications: 0,
      additions: 2 * 16 * 16 * 32 * 16,
      xnors: 0,
    },
  );
  const top = summary.rows.filter(({ depth }) => depth === 0);
  t.equal(
    top.reduce((sum, row) => sum + row.additions, 0),
    summary.totals.additions,
  );
  t.equal(
    top.reduce((sum, row) => sum + row.parameters, 0),
    summary.totals.parameters,
  );

  const lines = String(summary).split('\n');
  t.equal(lines.length, summary.rows.length + 4);
  t.equal(new Set(lines.map((line) => line.length)).size, 1, 'aligned');
  t.match(lines[0], /^layer +type +output +parameters +multiplications +additions +xnors$/);
  t.match(lines[2], /^conv1 +Conv2d +\[1,32,32,16\] +432 +442,368 +442,368 +0$/);
  t.match(lines[6], /^ {2}0 +Residual /);
  t.match(lines.at(-1), /^total +272,484 +443,008 +81,183,360 +0$/);
  t.equal(inspect(summary), String(summary));
  t.end();
});

t.test('a new head leaves the body as it was', (t) => {
  for (const name of ['lenet5bn', 'resnet20', 'vggSmall'] as const) {
    const model = models.createModel(name, { seed: 1 });
    for (const [key, { data }] of model.stateDict()) if (key.endsWith('running_mean')) data.fill(0.5);
    const copy = models.replaceHead(model, { classes: 3, classNames: ['a', 'b', 'c'], dataset: 'mine', seed: 2 });
    t.same([copy.classes, copy.classNames, copy.metadata.dataset], [3, ['a', 'b', 'c'], 'mine']);
    t.same(copy.normalization, model.normalization);
    const head = models.headLayers(copy);
    t.same(head, { lenet5bn: ['fc', 'bn5'], resnet20: ['fc', 'bn2'], vggSmall: ['fc'] }[name]);
    for (const [key, { data }] of copy.stateDict()) {
      if (head.some((layer) => key.startsWith(`${layer}.`))) continue;
      const original = model.stateDict().get(key)!.data;
      t.ok(Buffer.from(data.buffer).equals(Buffer.from(original.buffer)), key);
      t.not(data, original, 'a copy');
    }
    const sameClasses = models.replaceHead(model, { seed: 2 });
    const filters = name === 'lenet5bn' ? 'fc.adder' : 'fc.weight';
    t.not(sameClasses.stateDict().get(filters)!.data[0], model.stateDict().get(filters)!.data[0], 'new for as many classes as well');
  }
  t.end();
});

t.test('binary networks have no ReLU before a convolution, and pool before they normalize', (t) => {
  const names = (kind: models.NetworkKind) =>
    models
      .lenet5bn({ kind, ...zeros })
      .children()
      .map(([name]) => name)
      .slice(0, 4);
  t.same(names('adder'), ['conv1', 'bn1', 'relu1', 'pool1']);
  t.same(names('xnor'), ['conv1', 'pool1', 'bn1', 'conv2']);
  t.equal((models.resnet20({ kind: 'xnor', ...zeros }).layer('layer1.0') as Residual).relu, false);
  t.equal((models.resnet20({ kind: 'conv', ...zeros }).layer('layer1.0') as Residual).relu, true);
  t.end();
});

t.test('every network trains with every kind', async (t) => {
  for (const name of models.modelNames)
    for (const kind of kindsOf(name)) {
      const model = models.createModel(name, { kind, seed: 1, classes: 3 });
      const [h, w, c] = name.startsWith('resnet') ? [32, 32, 3] : model.inputShape; // images of 224x224 would take long
      const x = Tensor.zeros([4, h, w, c]);
      new Random(1).fillNormal(x.data);
      const logits = model.forward(x, { training: true });
      const { loss, grad } = softmaxCrossEntropy(logits, Int32Array.of(0, 2, 1, 1));
      t.ok(Number.isFinite(loss), `${name}, ${kind}: loss ${loss}`);
      model.backward(grad, { inputGradient: false });
      new Sgd(model.parameters(), { lr: 0.1 }).step();
      const first = model.parameters()[0]!;
      t.ok(
        first.gradient.data.some((g) => g !== 0),
        'the gradient reaches the first layer',
      );
      t.ok(
        model.parameters().every(({ value }) => value.data.every(Number.isFinite)),
        'and gives numbers',
      );
    }
});

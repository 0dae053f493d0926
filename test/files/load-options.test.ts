// What load is given beside a file, what it assumes where nothing is given, and how it says so.
import { join } from 'node:path';
import t from 'tap';
import {
  AdderNetError,
  type LoadOptions,
  load,
  type Model,
  models,
  QuantizedModel,
  quantize,
  readTensors,
  save,
  Tensor,
  type TensorData,
} from '../../dist';
import { formatSafetensors } from '../../dist/io/safetensors';
import { randomize } from '../support/random-network';
import { normal } from '../support/tensors';

/** The file of another program: no metadata, filters as PyTorch has them if `turned`. */
function foreign(model: Model, turned = true): Uint8Array {
  const state = [...model.stateDict()].map(([name, { data, shape }]) => {
    if (shape.length !== 4 || !turned) return [name, new Tensor(data, shape)] as const;
    const [co, kh, kw, ci] = shape as [number, number, number, number];
    const values = new Float32Array(data.length);
    data.forEach((v, i) => {
      const [c, pixel, o] = [i % ci, Math.floor(i / ci) % (kh * kw), Math.floor(i / (ci * kh * kw))];
      values[(o * ci + c) * kh * kw + pixel] = v;
    });
    return [name, new Tensor(values, [co, ci, kh, kw])] as const;
  });
  return formatSafetensors(new Map(state));
}

async function noted(source: Uint8Array | string, options: LoadOptions = {}) {
  const notes: string[] = [];
  const model = (await load(source, { ...options, onNote: (note) => notes.push(note) })) as Model;
  return { model, notes };
}
const same = (a: Model, b: Model) =>
  [...a.stateDict()].every(([name, { data }]) => Buffer.from(data.buffer).equals(Buffer.from(b.stateDict().get(name)!.data.buffer)));

t.test('every assumption is said once, and none that was given', async (t) => {
  const model = randomize(models.resnet20({ kind: 'conv', seed: 1 }), 2);
  const { notes, model: loaded } = await noted(foreign(model));
  t.ok(same(loaded, model));
  for (const assumption of [
    /normalized \(assumed: mean \[0\.4914,0\.4822,0\.4465\] and std .*for cifar10\)/,
    /classes are called \(assumed: .*cifar10\)/,
    /images are \(assumed: \[32,32,3\], as for resnet20\)/,
    /multiply or are binary \(assumed: kind 'conv'\)/,
  ])
    t.match(notes[0], assumption);
  t.equal(notes.length, 1);
  const normalization = { mean: [0, 0, 0], std: [1, 1, 1] };
  const classNames = Array.from({ length: 10 }, (_, i) => `thing ${i}`);
  const given = { normalization, classNames, inputShape: [64, 48, 3], kind: 'conv', classes: 10 } as const;
  const described = await noted(foreign(model), given);
  t.same(described.notes, []);
  t.match(described.model.metadata, { normalization, classNames, inputShape: [64, 48, 3] });
  const lenet = await noted(foreign(models.lenet5bn({ seed: 1, classes: 4 })));
  t.match(lenet.notes, [/normalized .*images are/]);
  t.notMatch(lenet.notes[0], /binary|called/, 'adders are known by their names, and four classes are not those of MNIST');
  t.same((await noted('lenet5-bn-mnist')).notes, [], 'the files of this package say all');
});

t.test('what reading the file rounded or left out', async (t) => {
  const state = new Map<string, Tensor<TensorData>>(models.lenet5bn({ seed: 1 }).stateDict());
  const { data, shape } = state.get('bn1.bias') as Tensor;
  state.set(
    'bn1.bias',
    new Tensor(
      Float64Array.from(data, () => 0.1),
      shape,
    ),
  );
  const { model, notes } = await noted(formatSafetensors(state), { normalization: { mean: [0], std: [1] } });
  t.match(notes[0], /^\d+ bytes in memory: "?bn1\.bias"? was rounded from f64 to f32\.$/);
  t.ok(
    model
      .stateDict()
      .get('bn1.bias')!
      .data.every((v) => v === Math.fround(0.1)),
  );
});

t.test('without onNote it is a warning of the process', async (t) => {
  const warnings: (Error & { code?: string })[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  await load(foreign(models.lenet5bn({ seed: 1 })));
  await new Promise((resolve) => setImmediate(resolve));
  t.match(warnings, [{ name: 'AdderNetWarning', code: 'ADDERNET_ASSUMED' }]);
  t.equal(warnings.length, 1);
});

t.test('the layout of filters follows from their shapes', async (t) => {
  for (const model of [models.lenet5bn({ seed: 1 }), models.resnet20({ seed: 1, classes: 3 })])
    for (const turned of [true, false]) {
      const { model: loaded, notes } = await noted(foreign(model, turned));
      t.ok(same(loaded, model), `${model.name}, ${turned}`);
      t.notOk(notes.some((note) => /order its filters/.test(note)));
    }
});

t.test('other sizes and channels of images', async (t) => {
  const normalization = { mean: [0.5], std: [0.5] };
  const gray = models.resnet20({ inputShape: [40, 40, 1], normalization, seed: 1 });
  await t.rejects(load(foreign(gray)), { code: 'ERR_ARGUMENT', message: /each of 1 channels/ });
  t.same((await noted(foreign(gray), { normalization })).model.inputShape, [32, 32, 1]);
  const vgg = models.vggSmall({ inputShape: [16, 16, 3], seed: 1 });
  await t.rejects(load(foreign(vgg)), { code: 'ERR_FORMAT', message: /The closest is vggSmall.*fc\.weight.*readTensors/ });
  t.same((await noted(foreign(vgg), { inputShape: [16, 16, 3] })).model.inputShape, [16, 16, 3]);
  const lenet = models.lenet5bn({ inputShape: [64, 64, 1], seed: 1 });
  t.same((await noted(foreign(lenet), { inputShape: [64, 64, 1] })).model.inputShape, [64, 64, 1]);
});

t.test('options that contradict the file, or that there are not', async (t) => {
  const pytorch = foreign(models.lenet5bn({ seed: 1, classes: 4 }));
  const path = join(t.testdir(), 'own.safetensors');
  await save(models.lenet5bn({ seed: 1, classes: 4 }), path);
  const refuses = (source: string | Uint8Array, options: object, message: RegExp, code = 'ERR_ARGUMENT') =>
    t.rejects(load(source, { onNote: () => {}, ...options }), { name: 'AdderNetError', code, message }, String(message));
  for (const source of [pytorch, path]) {
    await refuses(source, { classes: 10 }, /classes is 10, but .* says 4/);
    await refuses(source, { kind: 'conv' }, /kind is ('conv'|"conv")/);
    await refuses(source, { classNames: ['a'] }, /1 names, expected one for each of 4/);
    await refuses(source, { normalization: { mean: [1], std: [0] } }, /positive std/);
    await refuses(source, { inputShape: [90, 90, 1] }, /layers give|does not fit|for \[28,28,1\]/, 'ERR_SHAPE');
    await refuses(source, { dtype: 'u8' }, /a quantized one is needed/, 'ERR_FORMAT');
    await refuses(source, { dtype: 'f16' }, /dtype is 'f16'/);
    await refuses(source, { modle: 'x' }, /no option 'modle', did you mean model/);
  }
  const own = (await load(path, {
    classes: 4,
    kind: 'adder',
    classNames: ['a', 'b', 'c', 'd'],
    normalization: { mean: [0], std: [1] },
  })) as Model;
  t.same([own.classNames, own.normalization], [['a', 'b', 'c', 'd'], { mean: [0], std: [1] }], 'what the file says may be replaced');

  await save(await quantize(own, normal([2, 28, 28, 1], 1)), path);
  await refuses(path, { dtype: 'f32' }, /a quantized network/, 'ERR_FORMAT');
  await refuses(path, { model: 'resnet20' }, /model is "resnet20", but .* says "lenet5bn"/);
  await refuses(path, { inputShape: [32, 32, 1] }, /inputShape is \[32,32,1\], but/);
  const small = await load(path, { normalization: { mean: [0.5], std: [1] }, model: 'lenet5bn', inputShape: [28, 28, 1] });
  t.ok(small instanceof QuantizedModel);
  t.same(small.normalization, { mean: [0.5], std: [1] });
});

t.test('messages say how many bytes came, not which', async (t) => {
  const secret = Buffer.from('secret weights '.repeat(100));
  for (const source of [secret, new Blob([secret]), secret.buffer.slice(secret.byteOffset, secret.byteOffset + secret.length)]) {
    const error = await load(source as Uint8Array).catch((reason) => reason);
    t.ok(error instanceof AdderNetError);
    t.ok(error.message.length < 300 && /1500 bytes in memory/.test(error.message), error.message);
  }
  const own = formatSafetensors(models.lenet5bn({ seed: 1 }).stateDict(), { addernet: 'secret text' });
  await t.rejects(load(own), { code: 'ERR_CORRUPT', message: /^\d+ bytes in memory: its metadata 'addernet' is not JSON$/ });
  for (const source of [undefined, 5, {}, [1]])
    await t.rejects(load(source as never), { code: 'ERR_ARGUMENT', message: /expected a path/ });
  await t.rejects(load(new URL('https://example.org/x')), { code: 'ERR_ARGUMENT', message: /fetch it, and pass its bytes/ });
});

t.test('names out of a file are quoted and cut in messages', async (t) => {
  const hostile = `\u001b[31m${'x'.repeat(5000)}`;
  const state = () => new Map<string, Tensor<TensorData>>([[hostile, Tensor.zeros([2])]]);
  const model = models.lenet5bn({ seed: 1 });
  const attempts: (() => unknown)[] = [
    () => load(formatSafetensors(state())),
    () => models.identify(state()),
    () => models.identify(new Map([...state(), ['fc.weight', Tensor.zeros([10, 84])]])),
    () => model.loadStateDict(state()),
    async () => {
      const path = join(t.testdir(), 'own.safetensors');
      await save(await quantize(model, normal([2, 28, 28, 1], 1)), path);
      const file = await readTensors(path);
      return load(formatSafetensors(new Map([...file, ...state()]), file.metadata));
    },
  ];
  for (const attempt of attempts) {
    const error: Error = await Promise.resolve()
      .then(attempt)
      .then(
        () => new Error('nothing was refused'),
        (reason) => reason,
      );
    t.ok(error instanceof AdderNetError, error.message);
    t.match(error.message, /\\u001b\[31mx/);
    t.notOk(error.message.includes('\u001b') || error.message.length > 1000, error.message);
  }
  const few = formatSafetensors(new Map([['fc.weight', Tensor.zeros([200, 2])]]));
  await t.rejects(load(few), {
    code: 'ERR_FORMAT',
    message: /^\d+ bytes in memory: no network of this package classifies 200 classes with 400 numbers/,
  });
  t.throws(() => models.identify(null as never), { code: 'ERR_ARGUMENT', message: /^identify: the state is null, expected a Map/ });
});

t.test('replaceHead refuses classes that are no count, and a rule that the kind has not', (t) => {
  const model = models.lenet5bn({ kind: 'conv', seed: 1 });
  for (const classes of [0, 'x', 1.5, null])
    t.throws(() => models.replaceHead(model, { classes: classes as number }), { code: 'ERR_ARGUMENT', message: /replaceHead: classes is/ });
  t.throws(() => models.replaceHead(model, { filterGradient: 'sign' }), { code: 'ERR_ARGUMENT', message: /no adder filters/ });
  t.end();
});

// Weights files: what is saved comes back bit-exactly, and a file that lies is refused.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type LoadOptions, load as loadAny, type Model, models, readTensors, save, Tensor, type TensorData } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
import { kindsOf } from '../support/network-kinds';
import * as pt from '../support/pytorch-bytes';

const quiet = () => {};
const load = (path: string, options: LoadOptions = {}) => loadAny(path, { onNote: quiet, ...options, dtype: 'f32' });

const bytesOf = ({ data }: Tensor<TensorData>) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Names of the tensors that differ in name, shape or any bit. */
function differences(a: ReadonlyMap<string, Tensor<TensorData>>, b: ReadonlyMap<string, Tensor<TensorData>>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => {
    const [one, other] = [a.get(name), b.get(name)];
    return !one || !other || `${one.shape}` !== `${other.shape}` || !bytesOf(one).equals(bytesOf(other));
  });
}

/** Statistics are at 0 and 1 in a new network; a trained one has others. */
function shaken(model: Model): Model {
  const random = new Random(7);
  for (const [name, { data }] of model.stateDict()) if (/running|bn\d\.(weight|bias)/.test(name)) random.fillNormal(data, 1, 0.1);
  return model;
}

for (const name of models.modelNames.filter((name) => name !== 'resnet50'))
  for (const kind of kindsOf(name).filter((kind) => name !== 'resnet18' || kind === 'adder'))
    t.test(`${name} of kind ${kind} comes back bit-exactly`, async (t) => {
      const folder = t.testdir();
      const path = join(folder, 'weights.safetensors');
      const model = shaken(models.createModel(name, { kind, seed: 1 }));
      await save(model, path);
      t.same(readdirSync(folder), ['weights.safetensors'], 'no temporary file stays');
      const loaded = await load(path);
      t.same(differences(model.stateDict(), loaded.stateDict()), []);
      t.same(loaded.metadata, model.metadata);
      if (!['lenet5bn', 'resnet20'].includes(name)) return;
      const x = Tensor.zeros([1, ...model.inputShape]);
      new Random(2).fillNormal(x.data);
      t.ok(bytesOf(loaded.forward(x)).equals(bytesOf(model.forward(x))), 'and computes the same');
    });

const tiny = () => shaken(models.lenet5bn({ seed: 3 }));

t.test('half the size', async (t) => {
  const path = join(t.testdir(), 'half.safetensors');
  const model = tiny();
  await save(model, path, { half: true });
  const whole = formatSafetensors(model.stateDict()).length;
  t.ok(readFileSync(path).length < 0.53 * whole);
  const loaded = (await load(path)).stateDict();
  for (const [name, { data, shape }] of model.stateDict()) {
    const error = shape.length > 1 ? 2 ** -11 : 0;
    t.ok(
      loaded.get(name)!.data.every((v, i) => Math.abs(v - data[i]!) <= Math.max(error * Math.abs(data[i]!), error && 2 ** -25)),
      name,
    );
  }
});

t.test('every part of the metadata survives', async (t) => {
  const path = join(t.testdir(), 'pets.safetensors');
  const normalization = { mean: [0.1 + 0.2], std: [1 / 3] };
  const model = models.lenet5bn({ kind: 'conv', classes: 2, classNames: ['Katze "ä"', 'dog\n'], dataset: 'pets', normalization, seed: 1 });
  await save(model, path);
  t.same((await load(path)).metadata, {
    name: 'lenet5bn',
    kind: 'conv',
    classes: 2,
    classNames: ['Katze "ä"', 'dog\n'],
    dataset: 'pets',
    normalization,
    inputShape: [28, 28, 1],
  });
});

/** The file that the authors' program would write: PyTorch's order of axes, DataParallel's prefix, counts of batches. */
function pytorchFile(model: Model, file: typeof pt.zipFile | typeof pt.legacyFile): Uint8Array {
  const storages: pt.SavedStorage[] = [];
  const entries = [...model.stateDict()].map(([name, { data, shape }], i) => {
    const [co, kh, kw, ci] = shape as [number, number, number, number];
    const channelsFirst = shape.length === 4;
    const sizes = channelsFirst ? [co, ci, kh, kw] : shape;
    const elements = channelsFirst ? new Float32Array(data.length) : data;
    if (channelsFirst)
      data.forEach((v, at) => {
        const [c, pixel, o] = [at % ci, Math.floor(at / ci) % (kh * kw), Math.floor(at / (ci * kh * kw))];
        elements[(o * ci + c) * kh * kw + pixel] = v;
      });
    const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
    const storage = pt.storage(String(i), 'FloatStorage', elements);
    storages.push(storage);
    // Only the old format has a place for views of a storage.
    const id = file === pt.legacyFile ? pt.storageId(storage, [0x4e]) : pt.storageId(storage);
    return [`module.${name}`, pt.tensor(id, 0, sizes, strides)] as const;
  });
  return file(pt.stateDict(...entries), storages);
}

for (const file of [pt.zipFile, pt.legacyFile])
  for (const kind of kindsOf('lenet5bn'))
    t.test(`a PyTorch file (${file.name}) of kind ${kind}, under any name`, async (t) => {
      const path = join(t.testdir(), 'weights.safetensors');
      const model = models.lenet5bn({ kind, classes: 4, seed: 5 });
      writeFileSync(path, pytorchFile(model, file));
      const loaded = await load(path, kind === 'xnor' ? { kind } : {});
      t.match(loaded.metadata, { name: 'lenet5bn', kind, classes: 4, dataset: 'mnist' });
      t.same(differences(loaded.stateDict(), model.stateDict()), [], 'its axes are put in order');
      t.equal((await readTensors(path)).format, 'pytorch', 'recognized by its content');
    });

t.test('a safetensors file under the name of another', async (t) => {
  const path = join(t.testdir(), 'weights.pth');
  await save(tiny(), `${path}.safetensors`);
  renameSync(`${path}.safetensors`, path);
  const { format, metadata } = await readTensors(path);
  t.equal(format, 'safetensors');
  t.same(Object.keys(metadata), ['addernet', 'addernet.network']);
  t.same(differences((await load(path)).stateDict(), tiny().stateDict()), []);
});

t.test('a safetensors file of another program is recognized by its keys', async (t) => {
  const path = join(t.testdir(), 'foreign.safetensors');
  const model = models.lenet5bn({ kind: 'conv', classes: 3, seed: 1 });
  writeFileSync(path, formatSafetensors(model.stateDict()));
  const loaded = await load(path);
  t.match(loaded.metadata, { name: 'lenet5bn', kind: 'conv', classes: 3, classNames: undefined });
  t.same(differences(loaded.stateDict(), model.stateDict()), []);

  writeFileSync(path, formatSafetensors(new Map([['head.weight', Tensor.zeros([2, 2])]])));
  await t.rejects(load(path), { name: 'AdderNetError', code: 'ERR_FORMAT', message: /no classifier/ });
  await t.rejects(load(path, { model: 'lenet5bn' }), { code: 'ERR_FORMAT', message: /does not fit this network: missing "conv1\.weight"/ });
});

t.test('the option model overrides the file', async (t) => {
  const path = join(t.testdir(), 'lenet.safetensors');
  const model = models.lenet5bn({ seed: 1, dataset: 'digits' });
  await save(model, path);
  t.equal((await load(path, { model: 'lenet5bn' })).metadata.dataset, 'digits', 'the same name keeps the metadata');
  await t.rejects(load(path, { model: 'resnet20' }), { code: 'ERR_FORMAT', message: /does not fit this network.*Nothing was loaded/ });
  await t.rejects(load(path, { model: 'resnet21' }), { code: 'ERR_ARGUMENT', message: /no network 'resnet21', expected one of lenet5bn/ });
  await t.rejects(load(path, { model: '__proto__' }), { code: 'ERR_ARGUMENT', message: /no network '__proto__'/ });

  // A file that claims to be of another network, with the weights of this one.
  writeFileSync(path, formatSafetensors(model.stateDict(), { addernet: JSON.stringify({ ...model.metadata, name: 'resnet20' }) }));
  const loaded = await load(path, { model: 'lenet5bn' });
  t.match(loaded.metadata, { name: 'lenet5bn', kind: 'adder', classes: 10 });
  t.same(differences(loaded.stateDict(), model.stateDict()), []);
});

t.test('files that are missing, damaged or of another kind', async (t) => {
  const folder = t.testdir({ empty: '', text: 'weights, of a kind\n', folder: {} });
  for (const name of ['missing.safetensors', 'folder'])
    await t.rejects(load(join(folder, name)), {
      name: 'AdderNetError',
      code: 'ERR_ARGUMENT',
      message: new RegExp(`^cannot read the weights file '.*${name}': E(NOENT|ISDIR)`),
    });
  await t.rejects(load(join(folder, 'empty')), { code: 'ERR_CORRUPT', message: /empty is an empty file: download or copy it again/ });
  await t.rejects(load(join(folder, 'text')), { code: 'ERR_FORMAT', message: /text is text that begins with "weights, of a kind/ });

  const path = join(folder, 'cut');
  for (const whole of [formatSafetensors(tiny().stateDict()), pytorchFile(tiny(), pt.zipFile), pytorchFile(tiny(), pt.legacyFile)])
    for (const length of [1, 9, 100, whole.length >> 1, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await t.rejects(
        load(path),
        { name: 'AdderNetError', code: /^ERR_(CORRUPT|FORMAT)$/, message: /cut/ },
        `${length} of ${whole.length}`,
      );
    }
});

t.test('metadata that is no JSON or lies', async (t) => {
  const path = join(t.testdir(), 'liar.safetensors');
  const { metadata } = tiny();
  const tensors = tiny().stateDict();
  const loading = (text: string) => {
    writeFileSync(path, formatSafetensors(tensors, { addernet: text }));
    return load(path);
  };
  for (const text of ['', '{', 'null', '[]', '"lenet5bn"', '{}', '{"name":5}', '{"name":null}'])
    await t.rejects(loading(text), {
      name: 'AdderNetError',
      code: 'ERR_CORRUPT',
      message: /liar\.safetensors: its metadata 'addernet'( is not JSON|: it is .*, expected \{ name \}$|: name is .*, expected text)/,
    });

  const lies: [object, RegExp][] = [
    [{ name: 'resnet21' }, /no network 'resnet21'/],
    [{ name: '__proto__' }, /no network '__proto__'/],
    [{ name: 'constructor' }, /no network 'constructor'/],
    [{ kind: 'and' }, /kind is 'and'/],
    [{ kind: ['adder'] }, /kind is 'adder'/],
    [{ classes: 0 }, /classes is 0/],
    [{ classes: 2.5 }, /classes is 2\.5/],
    [{ classes: '10' }, /classes is 10/],
    [{ classes: 1e15, classNames: undefined }, /1000000000000000/],
    [{ classNames: ['one'] }, /1 names, expected one for each of 10/],
    [{ classNames: { length: 10 } }, /classNames is an object, expected a list of names/],
    [{ classNames: Array(10).fill(7) }, /classNames\[0\] is 7, expected text/],
    [{ normalization: null }, /normalization is null/],
    [{ normalization: {} }, /normalization\.mean is missing/],
    [{ normalization: { mean: 'a', std: 'b' } }, /normalization\.mean is "a", expected a mean for each of \d channels/],
    [{ normalization: { mean: ['0'], std: ['1'] } }, /normalization\.mean\[0\] is "0", expected a number/],
    [{ normalization: { mean: [0], std: [0] } }, /normalization\.std\[0\] is 0, expected a positive std/],
    [{ dataset: 5 }, /dataset is 5/],
  ];
  for (const [lie, message] of lies) {
    const error = await loading(JSON.stringify({ ...metadata, ...lie })).then(
      () => undefined,
      (error) => error,
    );
    t.match(error, { name: 'AdderNetError', code: 'ERR_FORMAT', message }, JSON.stringify(lie));
    t.match(error?.message, /liar\.safetensors: its metadata 'addernet' describes no network/, 'the file is named');
  }
  for (const lie of [
    { kind: 'conv' },
    { classes: 9, classNames: undefined },
    { name: 'resnet20', normalization: undefined, classNames: undefined },
  ])
    await t.rejects(
      loading(JSON.stringify({ ...metadata, ...lie })),
      { name: 'AdderNetError', code: /^ERR_(FORMAT|SHAPE)$/ },
      `weights of another network than ${JSON.stringify(lie)}`,
    );

  await t.rejects(loading(JSON.stringify({ ...metadata, inputShape: [1e9, 1e9, 9] })), {
    code: 'ERR_FORMAT',
    message: /describes no network/,
  });
  // Keys are only keys.
  const hostile = JSON.stringify({ ...metadata, seed: 1 }).replace('{', '{"__proto__":{"polluted":1},"build":"x",');
  const model = await loading(hostile);
  t.equal(({} as { polluted?: number }).polluted, undefined);
  t.same(model.inputShape, [28, 28, 1]);
  t.same(differences(model.stateDict(), tensors), []);
});

t.test('a file that cannot be written leaves nothing and keeps what was there', async (t) => {
  const folder = t.testdir();
  await t.rejects(save(tiny(), join(folder, 'missing', 'a.safetensors')), {
    name: 'AdderNetError',
    code: 'ERR_ARGUMENT',
    message: /^cannot write the weights file '.*a\.safetensors': ENOENT/,
  });
  // A folder that is not empty cannot be replaced: this fails after all the bytes are written, for whatever user.
  const path = join(folder, 'taken');
  mkdirSync(join(path, 'inside'), { recursive: true });
  await t.rejects(save(tiny(), path), { code: 'ERR_ARGUMENT', message: /^cannot write the weights file/ });
  t.same(readdirSync(folder), ['taken']);
  t.same(readdirSync(path), ['inside']);

  const good = join(folder, 'good.safetensors');
  await save(tiny(), good);
  const before = readFileSync(good);
  const broken = tiny();
  Object.defineProperty(broken, 'metadata', {
    get: () => {
      throw new Error('while formatting');
    },
  });
  await t.rejects(save(broken, good), { message: 'while formatting' });
  t.ok(readFileSync(good).equals(before));
  t.same(Object.keys(parseSafetensors(before).metadata), ['addernet', 'addernet.network']);
});

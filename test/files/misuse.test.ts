// What would be ignored or go wrong without a word: options of other types, names of other formats, states whose layout is lost.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fit, generateDigits, layers, load, Model, models, quantize, readTensors, Sgd, save, Tensor } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';

const { AdderConv2d, BatchNorm, Flatten, Linear, Sequential } = layers;
const folder = t.testdir();
const at = (name: string) => join(folder, name);
const refused = (message: RegExp, code = 'ERR_ARGUMENT') => ({ name: 'AdderNetError', code, message });

t.test('options of load, save and fit', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  await t.rejects(load('lenet5-bn-mnist', { normalization: null as never }), refused(/normalization is null, expected \{ mean, std \}/));
  await t.rejects(load('lenet5-bn-mnist', { inputShape: 0 as never }), refused(/inputShape is 0/));
  await t.rejects(load('lenet5-bn-mnist', { onNote: 5 as never }), refused(/onNote is 5, expected a function/));
  await t.rejects(save(model, at('half.safetensors'), { half: 'false' as never }), refused(/half is "false", expected true or false/));
  await t.rejects(save(model, at('x.safetensors'), { training: 'x' as never }), refused(/training is .*expected \{ command, seed/));
  for (const name of ['x.pth', 'x.PT', 'x.onnx', 'x.npy'])
    await t.rejects(save(model, at(name)), refused(/has the extension of another format/));
  const options = { epochs: 1, optimizer: new Sgd(model.parameters(), { lr: 0.1 }) };
  for (const wrong of [{ signal: 5 }, { schedule: 'cosine' }, { onBatch: {} }, { onEpoch: 1 }])
    await t.rejects(
      fit(model, generateDigits(20, 1), { ...options, ...(wrong as object) }),
      refused(/expected (an AbortSignal|a function)/),
    );
});

t.test('a folder with the name of a bundled network does not hide it', async (t) => {
  const here = process.cwd();
  mkdirSync(at('lenet5-bn-mnist'));
  process.chdir(folder);
  t.teardown(() => process.chdir(here));
  t.equal((await load('lenet5-bn-mnist')).name, 'lenet5bn');
});

t.test('files that contradict themselves', async (t) => {
  await save(await quantize(models.lenet5bn({ seed: 1 }), generateDigits(20, 1)), at('q.safetensors'));
  const { tensors, metadata } = parseSafetensors(readFileSync(at('q.safetensors')), 'q');
  const changed = (change: (description: Record<string, never>) => void) => {
    const description = JSON.parse(metadata['addernet.quantized']!);
    change(description);
    return formatSafetensors(new Map(tensors), { 'addernet.quantized': JSON.stringify(description) });
  };
  const wrongs: [RegExp, (description: never) => void][] = [
    [
      /gives 10 numbers, expected \[5\], a logit for each class/,
      (d: { metadata: object }) => Object.assign(d.metadata, { classes: 5, classNames: undefined }),
    ],
    [/is damaged: its mode/, (d: { nodes: { op: string }[] }) => Object.assign(d.nodes.find(({ op }) => op === 'pool')!, { mode: 'z' })],
    [
      /training\.command is 5, expected text/,
      (d: { metadata: object }) => Object.assign(d.metadata, { training: { command: 5, startedFrom: 7 } }),
    ],
  ] as never;
  for (const [message, change] of wrongs) await t.rejects(load(changed(change as never)), refused(message, 'ERR_CORRUPT'));
});

t.test('whose layout a state has is not lost by other names, nor guessed', async (t) => {
  const network = () => new Sequential({ flatten: new Flatten(), fc: new Linear(12, 1, { bias: false, random: null }) });
  const weight = new Tensor(
    Float32Array.from({ length: 12 }, (_, i) => i),
    [1, 12],
  );
  const file = (metadata: Record<string, string>) => formatSafetensors(new Map([['head.weight', weight]]), metadata);
  const toOurs = (name: string) => name.replace('head', 'fc');
  const loaded = network();
  const pytorch = await readTensors(file({ format: 'pt' }));
  loaded.loadStateDict(pytorch.rename(toOurs), { inputShape: [2, 2, 3] });
  t.same([...loaded.stateDict().get('fc.weight')!.data], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], 'channels last');
  t.equal(pytorch.rename(() => undefined).size, 0);
  const unknown = (await readTensors(file({}))).rename(toOurs);
  const state = { inputShape: [2, 2, 3] } as const;
  t.throws(() => network().loadStateDict(unknown, state), refused(/does not say in which order.*\{ layout: 'pytorch' \}/));
  t.doesNotThrow(() => network().loadStateDict(unknown, { ...state, layout: 'addernet' }));
});

t.test('a network whose outermost layer has the name of a wrapper', async (t) => {
  const make = () =>
    new Model(
      { net: new Sequential({ c: new AdderConv2d(1, 10, { kernel: 28 }), b: new BatchNorm(10), f: new Flatten() }) },
      { ...models.lenet5bn({ seed: null }).metadata, name: 'wrapped' },
    );
  const trained = make();
  const state = trained.stateDict();
  state.set('net.c.adder', state.get('net.c.adder')!.reshape([10, 1, 28, 28])); // as PyTorch has it: one channel, no element moves
  writeFileSync(at('net.safetensors'), formatSafetensors(state, { format: 'pt' }));
  const file = await readTensors(at('net.safetensors'));
  t.equal(file.droppedPrefix, 'net.');
  const copy = make();
  copy.loadStateDict(file);
  t.same(copy.stateDict().get('net.b.weight'), trained.stateDict().get('net.b.weight'));
});

t.test('the checkpoint of a training is no network', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  const optimizer = new Sgd(model.parameters(), { lr: 0.1 });
  await fit(model, generateDigits(20, 1), { epochs: 1, optimizer, checkpoint: at('checkpoint.safetensors') });
  await t.rejects(load(at('checkpoint.safetensors')), refused(/is the checkpoint of a training run.*model\.safetensors/, 'ERR_FORMAT'));
});

// Files in which the kind of a network is called `unit`, as the first ones have it: see test/fixtures/README.md.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compile, fit, ImageDataset, load, Model, Sgd, save, Tensor } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
import { smallMetadata, smallNetwork } from '../support/small-network';

const fixture = (name: string) => join(__dirname, '../../test/fixtures/unit-key', name);
// Those of network.safetensors and checkpoint.safetensors.
const [network, metadata] = [smallNetwork, smallMetadata];

t.test('a float network', async (t) => {
  const model = await load(fixture('network.safetensors'), { dtype: 'f32' });
  t.same(model.metadata, metadata);
  t.equal(model.task, 'classification', 'where a file names no task');
  t.same(Object.keys(model.metadata), Object.keys(metadata), 'in the order of the file');
  t.same(
    [...model.stateDict()].map(([name, { data }]) => [name, data]),
    [...network().stateDict()].map(([name, { data }]) => [name, data]),
  );
  const copy = join(t.testdir(), 'copy.safetensors');
  await save(model, copy);
  t.notMatch(readFileSync(copy, 'latin1'), /unit/, 'is saved with the key kind');
  t.same((await load(copy)).metadata, metadata);
});

t.test('a quantized network', async (t) => {
  const model = await load(fixture('network-8bit.safetensors'), { dtype: 'u8' });
  t.same(model.metadata, metadata);
  const { tensors, metadata: texts } = parseSafetensors(readFileSync(fixture('network-8bit.safetensors')));
  const { version, ...first } = JSON.parse(texts['addernet.quantized']!);
  t.equal(version, 1);
  t.same(await load(formatSafetensors(tensors, { 'addernet.quantized': JSON.stringify(first) })), model, 'the first files had no version');
  const copy = join(t.testdir(), 'copy.safetensors');
  await save(model, copy);
  const saved = await load(copy, { dtype: 'u8' });
  t.same(saved.metadata, metadata);
  const x = new Tensor(new Float32Array(4 * 36), [4, 6, 6, 1]);
  new Random(3).fillNormal(x.data, 0, 1);
  const logits = model.forward(x).data;
  t.ok(logits.every(Number.isFinite) && new Set(logits).size > 3, 'different images have different logits');
  t.same(saved.forward(x).data, logits);
  for (const network of [model, saved]) {
    const session = await compile(network);
    t.same(session.runSync(x).data, logits, 'compiled, too');
    session.dispose();
  }
});

t.test('a checkpoint', async (t) => {
  const images = new Tensor(new Uint8Array(110 * 36).fill(100), [110, 6, 6, 1]);
  const dataset = new ImageDataset({ name: 'patterns', images, targets: Int32Array.from({ length: 110 }, (_, i) => i % 3), classes: 3 });
  const checkpoint = join(t.testdir(), 'checkpoint.safetensors');
  copyFileSync(fixture('checkpoint.safetensors'), checkpoint);
  const resume = (model: Model, epochs: number) => {
    const optimizer = new Sgd(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
    return fit(model, dataset, { epochs, batch: 16, seed: 5, optimizer, checkpoint, resume: true });
  };
  const model = network();
  const { history } = await resume(model, 1);
  t.match(history, [{ epoch: 1, accuracy: 89 / 110 }], 'its one epoch is over');
  const { tensors } = parseSafetensors(readFileSync(checkpoint), checkpoint);
  for (const [name, { data }] of model.stateDict()) t.same(data, tensors.get(`model.${name}`)!.data, name);
  t.equal((await resume(network(), 2)).history.length, 2, 'and it goes on');
  const other = new Model(network().layers, { ...metadata, kind: 'conv' });
  await t.rejects(resume(other, 3), { code: 'ERR_ARGUMENT', message: /kind adder, not conv/ });
});

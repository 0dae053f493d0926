// Every value of the JSON in a file, replaced by each of some odd ones: the file is read, or refused by an error of the package that names it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { AdderNetError, load, quantize, Sgd, save, type Tensor, type TensorData } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { loadCheckpoint, saveCheckpoint } from '../../dist/train/checkpoint';
import { smallNetwork } from '../support/small-network';
import { normal } from '../support/tensors';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** Stands for lists nested deeper than JSON.stringify could write them. */
const endless = '<endless>';
const jsonOf = (value: unknown) => JSON.stringify(value).replace(`"${endless}"`, nested(20_000));
const odd: readonly unknown[] = [
  ...[null, true, 0, -1, 0.5, 1e300, 2 ** 31, 2 ** 53],
  ...['', 'x', '__proto__', '\u001b[2J', '1'],
  ...[[], {}, [null], [[]], { length: 2 }, JSON.parse(nested(100)), endless, { __proto__: 1 }, Array(1000).fill(0)],
];

/** The description with each of its values replaced by each odd one. */
function* changes(value: unknown, put: (replaced: unknown) => unknown): Generator<unknown> {
  for (const replaced of odd) yield put(replaced);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inside] of Object.entries(value).slice(0, 20))
    yield* changes(inside, (replaced) => put(Array.isArray(value) ? value.with(Number(key), replaced) : { ...value, [key]: replaced }));
}

const folder = t.testdir();
const inFolder = (name: string) => join(folder, name);
const read = (path: string) => parseSafetensors(readFileSync(path), path);

async function survives(t: Test, name: string, metadata: Record<string, string>, open: (json: Record<string, string>) => unknown) {
  let [accepted, refused] = [0, 0];
  for (const [key, json] of Object.entries(metadata))
    for (const changed of changes(JSON.parse(json), (replaced) => replaced))
      try {
        await open({ ...metadata, [key]: jsonOf(changed) });
        accepted++;
      } catch (error) {
        refused++;
        const { message } = error as Error;
        if (
          !(error instanceof AdderNetError) ||
          !/ERR_(CORRUPT|FORMAT)/.test(error.code) ||
          !message.includes(name) ||
          message.length > 2000
        )
          return t.fail(`${jsonOf(changed).slice(0, 500)}: ${(error as Error).stack}`);
      }
  t.ok(refused > 500 && accepted > 0, `${refused} refused, ${accepted} accepted`);
}

const reader = (tensors: ReadonlyMap<string, Tensor<TensorData>>) => (metadata: Record<string, string>) =>
  load(formatSafetensors(tensors, metadata), { onNote() {} });

t.test('float networks', async (t) => {
  await save(smallNetwork(), inFolder('float.safetensors'));
  const { tensors, metadata } = read(inFolder('float.safetensors'));
  await survives(t, 'bytes in memory', { ...metadata }, reader(tensors));
});

t.test('8-bit networks', async (t) => {
  await save(await quantize(smallNetwork(), normal([4, 6, 6, 1], 1)), inFolder('bytes.safetensors'));
  for (const path of [inFolder('bytes.safetensors'), join(__dirname, '../../test/fixtures/quantized/8-bits.safetensors')]) {
    const { tensors, metadata } = read(path);
    await survives(t, 'bytes in memory', { ...metadata }, reader(tensors));
  }
});

t.test('checkpoints', async (t) => {
  const path = inFolder('checkpoint.safetensors');
  const model = smallNetwork();
  const checkpoint = {
    model,
    optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9 }),
    settings: { seed: 1, augment: true, loss: 'x' },
  };
  const epoch = { epoch: 1, learningRate: 0.1, loss: 1, accuracy: 0.5, seconds: 1, imagesPerSecond: 9 };
  const history = [epoch, { ...epoch, epoch: 2, validation: { loss: 1, accuracy: 0.5 } }];
  const current = { epoch: 2, step: 3, images: 9, loss: 2, correct: 1, seconds: 0.1 };
  await saveCheckpoint(path, checkpoint, { history, current });
  t.same(await loadCheckpoint(path, checkpoint), { history, current });

  const { tensors, metadata } = read(path);
  const resume = (metadata: Record<string, string>) => {
    writeFileSync(path, formatSafetensors(tensors, metadata));
    return loadCheckpoint(path, checkpoint);
  };
  const description = JSON.parse(metadata['addernet.training']!);
  const wrong: [object, RegExp][] = [
    [{ history: [{}] }, /progress\.history\[0\]\.epoch is missing, expected an integer from 1/],
    [{ history: [] }, /it is in epoch 2 after 0 finished ones/],
    [{ current: { ...current, step: -1 } }, /progress\.current\.step is -1, expected an integer from 0/],
    [{ current: { ...current, step: 1e30 } }, /progress\.current\.step is 1e\+30/],
    [{ current: { ...current, loss: null } }, /progress\.current\.loss is null, expected a number/],
    [{ current: { ...current, seconds: 'x' } }, /progress\.current\.seconds is "x"/],
  ];
  for (const [change, message] of wrong) {
    const changed = JSON.stringify({ ...description, progress: { ...description.progress, ...change } });
    await t.rejects(resume({ 'addernet.training': changed }), { name: 'AdderNetError', code: 'ERR_CORRUPT', message });
  }
  const isOfAnotherRun = /is of a training run with/;
  await survives(t, path, { ...metadata }, (metadata) =>
    resume(metadata).catch((error) => {
      if (!isOfAnotherRun.test(error.message)) throw error;
    }),
  );
});

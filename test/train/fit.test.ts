// The training loop: that it trains, that an interrupted run goes on bit-identically, and what it does when something goes wrong.
import assert from 'node:assert';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import {
  type BatchInfo,
  BatchLoader,
  evaluate,
  type FitOptions,
  fit,
  generateDigits,
  ImageDataset,
  type Loss,
  layers,
  Model,
  models,
  ops,
  Sgd,
  schedule,
  Tensor,
} from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
import { defaultBatch } from '../../dist/train/default-batch';
import { useThreads } from '../support/cpu-settings';
import { smallNetwork } from '../support/small-network';

const { AdderConv2d, Conv2d, Flatten, GlobalAveragePool2d, Relu, Sequential } = layers;

/** Three classes, which differ in where the bright part of a noisy image lies. */
function patterns(images: number, seed: number): ImageDataset {
  const random = new Random(seed);
  const data = new Uint8Array(images * 6 * 6);
  const targets = Int32Array.from({ length: images }, (_, i) => i % 3);
  for (let i = 0; i < data.length; i++) {
    const [target, row] = [targets[Math.floor(i / 36)]!, Math.floor((i % 36) / 6)];
    data[i] = Math.min(255, Math.floor(120 * random.uniform() + (Math.floor(row / 2) === target ? 130 : 0)));
  }
  return new ImageDataset({ name: 'patterns', images: new Tensor(data, [images, 6, 6, 1]), targets, classes: 3 });
}

const optimizerOf = (model: Model, lr = 0.05) => new Sgd(model.parameters(), { lr, momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
const bits = (model: Model) => [...model.stateDict()].map(([name, { data }]) => [name, [...new Uint32Array(data.buffer.slice(0))]]);
const train = patterns(110, 1);
const common = { epochs: 3, batch: 16, seed: 5, schedule: schedule.cosine({ epochs: 3 }), augment: { crop: 1 } } as const;

async function run(options: Partial<FitOptions> = {}, model = smallNetwork()) {
  const result = await fit(model, train, { ...common, optimizer: optimizerOf(model), ...options });
  return { model, ...result };
}

t.test('a short training is measured by statistics of its own filters, not by those of ten steps ago', async (t) => {
  const digits = generateDigits(400, 1);
  const model = models.lenet5bn({ seed: 1 });
  const { history } = await fit(model, digits, {
    epochs: 5,
    batch: 64,
    optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, adder: { rate: 'adaptive', eta: 0.1 } }),
    validation: digits,
  });
  for (const { epoch, accuracy, validation } of history) t.ok(validation!.accuracy >= accuracy, `epoch ${epoch}`);
  t.ok((await evaluate(model, generateDigits(500, 2))).top1 > 0.8);
});

t.test('one training of a network at a time', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  const train = () => fit(model, generateDigits(50, 1), { epochs: 1, optimizer: new Sgd(model.parameters(), { lr: 0.01 }) });
  const first = train();
  await t.rejects(train(), { code: 'ERR_ARGUMENT', message: /is being trained already/ });
  await first;
  await t.resolves(train(), 'and then the next');
});

t.test('a network trains, and what happens is reported', async (t) => {
  const infos: BatchInfo[] = [];
  const seen: number[] = [];
  const { history, stopped } = await run({
    epochs: 6,
    schedule: schedule.cosine({ epochs: 6 }),
    validation: patterns(60, 2),
    onBatch: (info) => infos.push(info),
    onEpoch: (record, soFar) => {
      t.equal(soFar.at(-1), record);
      seen.push(record.epoch);
    },
  });
  t.equal(stopped, 'finished');
  t.same(seen, [1, 2, 3, 4, 5, 6]);
  t.ok(history[5]!.validation!.accuracy > 0.95, `accuracy on new images: ${history[5]!.validation!.accuracy}`);
  t.ok(history[5]!.loss < history[0]!.loss / 2, `loss falls from ${history[0]!.loss} to ${history[5]!.loss}`);
  t.equal(history[0]!.learningRate, 0.05);
  t.ok(Math.abs(history[3]!.learningRate - 0.025) < 1e-9, 'half of it at half time');
  t.equal(infos.length, 6 * 7);
  const last = infos[6]!;
  t.match(last, { epoch: 1, epochs: 6, step: 7, steps: 7, images: 110, imagesInEpoch: 110 });
  t.equal(last.loss, history[0]!.loss, 'means go over the epoch');
  t.equal(last.accuracy, history[0]!.accuracy);
});

t.test('an interrupted run goes on bit-identically, on any number of threads', async (t) => {
  const folder = t.testdir();
  const whole = await run();
  for (const threads of [1, 2])
    for (const [name, stopAfter] of Object.entries({ 'in mid-epoch': 10, 'at the end of an epoch': 7, 'after the first step': 1 })) {
      useThreads(t, threads);
      const checkpoint = join(folder, `${threads}-${stopAfter}.safetensors`);
      const controller = new AbortController();
      let steps = 0;
      const first = await run({
        checkpoint,
        signal: controller.signal,
        onBatch: () => {
          if (++steps === stopAfter) controller.abort();
        },
      });
      t.equal(first.stopped, 'aborted');
      t.equal(steps, stopAfter, 'no step more');
      const other = smallNetwork(99); // what it starts from is of no matter
      const second = await run({ checkpoint, resume: true }, other);
      t.equal(second.stopped, 'finished');
      t.same(bits(second.model), bits(whole.model), `${name}, ${threads} threads: parameters and running statistics`);
      const summary = (history: typeof whole.history) =>
        history.map(({ loss, accuracy, learningRate }) => ({ loss, accuracy, learningRate }));
      t.same(summary(second.history), summary(whole.history), 'and the history');
    }
  useThreads(t, 1);
  const one = await run();
  t.same(bits(one.model), bits(whole.model), 'one thread, uninterrupted');
});

t.test('a run whose validation overflowed can be resumed', async (t) => {
  const checkpoint = join(t.testdir(), 'run.safetensors');
  const validation = patterns(30, 3);
  await run({ checkpoint, validation });
  const { tensors, metadata } = parseSafetensors(readFileSync(checkpoint), checkpoint);
  const training = metadata['addernet.training']!.replace(/("validation":\{"loss":)[^,]+/, '$1null'); // JSON has no NaN
  t.not(training, metadata['addernet.training']);
  writeFileSync(checkpoint, formatSafetensors(tensors, { ...metadata, 'addernet.training': training }));
  const { history, stopped } = await run({ checkpoint, validation, resume: true });
  t.equal(stopped, 'finished');
  t.ok(Number.isNaN(history[0]!.validation!.loss));
  t.ok(history[1]!.validation!.loss > 0);
});

t.test('the average of the weights is what is measured, handed out and left; and it is resumed', async (t) => {
  const validation = patterns(60, 2);
  const average = { decay: 0.8 };
  const handed: unknown[] = [];
  const network1 = smallNetwork();
  const whole = await run({ average, validation, onEpoch: () => void handed.push(bits(network1)) }, network1);
  t.same(handed[2], bits(whole.model), 'the last one handed out is what is left');
  const { loss, top1 } = await evaluate(whole.model, validation);
  t.same(whole.history[2]!.validation, { loss, accuracy: top1 }, 'and what was measured');
  t.notSame(bits((await run()).model), bits(whole.model));

  const checkpoint = join(t.testdir(), 'run.safetensors');
  const controller = new AbortController();
  let steps = 0;
  const onBatch = () => void (++steps === 10 && controller.abort());
  t.equal((await run({ average, checkpoint, signal: controller.signal, onBatch })).stopped, 'aborted');
  const resumed = await run({ average, checkpoint, resume: true }, smallNetwork(99));
  t.same(bits(resumed.model), bits(whole.model));
  const again = await run({ average, checkpoint, resume: true }, smallNetwork(99));
  t.same(bits(again.model), bits(whole.model), 'also where no step is left');
  await t.rejects(run({ average: { decay: 0.9 }, checkpoint, resume: true }), { code: 'ERR_ARGUMENT', message: /decay 0.8, not 0.9/ });
  await t.rejects(run({ average: { decay: 1 } }), { code: 'ERR_ARGUMENT', message: /average.decay is 1/ });
});

t.test('resuming a finished run trains no more; without a checkpoint it starts', async (t) => {
  const checkpoint = join(t.testdir(), 'run.safetensors');
  const first = await run({ checkpoint, resume: true });
  const again = await run({ checkpoint, resume: true, onBatch: () => t.fail('no step is left') }, smallNetwork(2));
  t.same(bits(again.model), bits(first.model));
  t.equal(again.history.length, 3);
});

t.test('adder layers compute products at first, and are centered less and less, but not where the network is measured', async (t) => {
  const checkpoint = join(t.testdir(), 'run.safetensors');
  const [productEpochs, centeredEpochs] = [0.5, 1.5];
  const network = (seed?: number) => {
    const model = smallNetwork(seed);
    const adders = model.children().flatMap(([, layer]) => (layer instanceof AdderConv2d ? [layer] : []));
    t.ok(adders.length > 0);
    const parts = () => [...new Set(adders.map(({ trainingCenter }) => trainingCenter))];
    const products = () => [...new Set(adders.map(({ trainingProduct }) => trainingProduct))];
    return { model, parts, products };
  };
  const { model, parts, products } = network();
  const seen: unknown[] = [];
  const seenProducts: unknown[] = [];
  const onBatch = () => {
    seen.push(...parts());
    seenProducts.push(...products());
  };
  const onEpoch = () => void t.same([parts(), products()], [[0], [false]], 'after an epoch');
  const whole = await run({ productEpochs, centeredEpochs, onBatch, onEpoch }, model);
  const expected = Array.from({ length: 3 * 7 }, (_, step) => Math.max(0, 1 - step / 7 / centeredEpochs));
  t.same(
    seen.map((part) => Math.fround(part as number)),
    expected.map(Math.fround),
  );
  t.same(
    seenProducts,
    Array.from({ length: 3 * 7 }, (_, step) => step / 7 < productEpochs),
  );
  for (const options of [{}, { productEpochs }, { centeredEpochs }])
    t.notSame(bits(model), bits((await run(options)).model), 'either changes the training');

  const controller = new AbortController();
  const second = network();
  let steps = 0;
  const abort = () => void (++steps === 3 && controller.abort());
  await run({ productEpochs, centeredEpochs, checkpoint, signal: controller.signal, onBatch: abort }, second.model);
  t.same([second.parts(), second.products()], [[0], [false]], 'after an interruption');
  await t.rejects(run({ productEpochs, centeredEpochs: 2, checkpoint, resume: true }), {
    code: 'ERR_ARGUMENT',
    message: /with centeredEpochs 1.5, not 2/,
  });
  const resumed = await run({ productEpochs, centeredEpochs, checkpoint, resume: true });
  t.same(bits(resumed.model), bits(whole.model), 'and a resumed run is the same');
  const cnn = models.lenet5bn({ kind: 'conv', seed: 1 });
  for (const name of ['productEpochs', 'centeredEpochs'])
    await t.rejects(fit(cnn, generateDigits(50, 1), { epochs: 2, optimizer: optimizerOf(cnn), [name]: 1 }), {
      code: 'ERR_ARGUMENT',
      message: new RegExp(`${name} is 1, but the network has no AdderConv2d`),
    });
  for (const wrong of [-1, 3, Number.NaN])
    for (const name of ['productEpochs', 'centeredEpochs'])
      await t.rejects(run({ [name]: wrong }), {
        code: 'ERR_ARGUMENT',
        message: new RegExp(`${name} is .*, expected a number of at least 0`),
      });
});

t.test('an epoch that was saved, but not reported to its end, is reported again when the run is resumed', async (t) => {
  for (const average of [undefined, { decay: 0.8 }]) {
    const folder = t.testdir();
    const checkpoint = join(folder, 'run.safetensors');
    const networks: unknown[] = [];
    const whole = smallNetwork();
    await run({ average, onEpoch: () => void networks.push(bits(whole)) }, whole);
    for (const fails of [1, 3]) {
      await t.rejects(
        run({
          average,
          checkpoint,
          onEpoch: ({ epoch }) => {
            if (epoch === fails) throw new Error('the disk is full');
          },
        }),
        { message: 'the disk is full' },
      );
      const reported: number[] = [];
      const model = smallNetwork(99);
      const { history } = await run(
        {
          average,
          checkpoint,
          resume: true,
          onEpoch: ({ epoch }, soFar) => {
            reported.push(epoch);
            t.equal(soFar.length, epoch, 'with the epochs before it');
            t.same(bits(model), networks[epoch - 1], `and the network after epoch ${epoch}`);
          },
        },
        model,
      );
      t.same(reported, [1, 2, 3].slice(fails - 1));
      t.equal(history.length, 3);
    }
    const controller = new AbortController();
    let steps = 0;
    await run({ average, checkpoint, signal: controller.signal, onBatch: () => void (++steps === 9 && controller.abort()) });
    const reported: number[] = [];
    await run({ average, checkpoint, resume: true, onEpoch: ({ epoch }) => void reported.push(epoch) });
    t.same(reported, [2, 3], 'from within an epoch, those before it are done');
  }
});

t.test('two runs cannot use one checkpoint at the same time', async (t) => {
  const folder = t.testdir();
  const checkpoint = join(folder, 'run.safetensors');
  let first: ReturnType<typeof run> | undefined;
  await new Promise<void>((resolve) => {
    first = run({ checkpoint, onBatch: () => resolve() });
  });
  const refused = { code: 'ERR_LOCKED', message: new RegExp(`^the checkpoint '.*' is in use by process ${process.pid} on .* since `) };
  await t.rejects(run({ checkpoint }), refused);
  await t.rejects(run({ checkpoint, resume: true }), refused);
  t.equal((await first!).stopped, 'finished');
  await t.rejects(run({ checkpoint, onBatch: () => assert.fail('stop') }), { message: 'stop' });
  t.same(readdirSync(folder), ['run.safetensors'], 'the lock is gone, also where training fails');

  // The lock was deleted, and another run began: the first one ends before it overwrites anything of the second.
  let second: ReturnType<typeof run> | undefined;
  const overtaken = run({
    checkpoint,
    onEpoch: async () => {
      rmSync(`${checkpoint}.lock`);
      second ??= run({ checkpoint });
    },
  });
  await t.rejects(overtaken, { code: 'ERR_LOCKED', message: /was deleted or replaced while it was in use/ });
  t.equal((await second!).stopped, 'finished');
});

t.test('it saves in time within an epoch', async (t) => {
  const checkpoint = join(t.testdir(), 'run.safetensors');
  let epochOver = false;
  await run({
    epochs: 1,
    checkpoint: { path: checkpoint, everySeconds: 0 },
    onBatch: ({ step }) => {
      if (step === 3) t.doesNotThrow(() => readFileSync(checkpoint), 'the file of step 2 is there');
    },
    onEpoch: () => {
      epochOver = true;
    },
  });
  t.ok(epochOver);
});

t.test('a loss that is no number stops the run, and the last good checkpoint stays', async (t) => {
  const checkpoint = join(t.testdir(), 'run.safetensors');
  const good = await run({ epochs: 1, checkpoint });
  const model = smallNetwork();
  const poison = schedule.step({ milestones: [1.2], factor: 1e38 });
  await t.rejects(
    fit(model, train, { ...common, schedule: poison, optimizer: optimizerOf(model), checkpoint, resume: true }),
    { code: 'ERR_DIVERGED', message: /loss became .* in step \d of epoch 2.*learning rate/ },
    'reported',
  );
  const kept = smallNetwork(3);
  await run({ epochs: 1, checkpoint, resume: true }, kept);
  t.same(bits(kept), bits(good.model));

  const spoiled = smallNetwork();
  const last = [...spoiled.namedParameters().values()][0]!;
  await t.rejects(
    fit(spoiled, train, {
      ...common,
      epochs: 1,
      optimizer: optimizerOf(spoiled),
      checkpoint,
      onBatch: ({ step, steps }) => {
        if (step === steps) last.value.data[0] = Number.NaN; // after the last loss of the epoch
      },
    }),
    { code: 'ERR_DIVERGED', message: /model.conv1.adder holds a NaN.*stays as it was/ },
  );
  const still = smallNetwork(3);
  await run({ epochs: 1, checkpoint, resume: true }, still);
  t.same(bits(still), bits(good.model), 'a state that cannot go on is not saved over one that can');
});

t.test('early stopping ends a run whose accuracy rises no more', async (t) => {
  const validation = patterns(30, 3);
  const { history, stopped } = await run({ epochs: 40, schedule: schedule.constant(), validation, earlyStopping: { patience: 3 } });
  t.equal(stopped, 'early');
  const accuracies = history.map((record) => record.validation!.accuracy);
  const best = accuracies.indexOf(Math.max(...accuracies));
  t.equal(history.length, best + 1 + 3, `the best was in epoch ${best + 1} of ${history.length}`);
});

t.test('the event loop gets its turn between batches', async (t) => {
  let [turns, batches] = [0, 0];
  const running = run({ onBatch: () => batches++ });
  while (batches < 20) {
    const before = batches;
    await setImmediate();
    if (batches > before) turns++;
    t.ok(batches - before <= 2, 'others wait for a step or two');
  }
  await running;
  t.ok(turns > 5, `${turns} turns`);
});

t.test('what is frozen does not train', async (t) => {
  const { model } = await run({ epochs: 1 });
  model.layer('conv1').freeze();
  model.layer('bn1').freeze();
  const before = new Map(bits(model) as [string, number[]][]);
  await run({}, model);
  for (const [name, after] of bits(model) as [string, number[]][])
    t.equal(String(after) === String(before.get(name)), /^(conv1|bn1)/.test(name), name);
});

t.test('a checkpoint that does not fit is refused, and nothing changes', async (t) => {
  const folder = t.testdir();
  const checkpoint = join(folder, 'run.safetensors');
  await run({ epochs: 1, checkpoint });
  const model = smallNetwork(7);
  const before = bits(model);
  const refuses = async (options: Partial<FitOptions>, code: string, message: RegExp, other = model) => {
    await t.rejects(run({ checkpoint, resume: true, ...options }, other), { code, message });
    t.same(bits(model), before);
  };
  await refuses({ batch: 8 }, 'ERR_ARGUMENT', /with batch 16, not 8: continue with the same/);
  await refuses({ seed: 6 }, 'ERR_ARGUMENT', /with seed 5, not 6/);
  await refuses({ limit: 50 }, 'ERR_ARGUMENT', /with images 110, not 50/);
  await refuses({ optimizer: new Sgd(model.parameters(), { lr: 0.1 }) }, 'ERR_FORMAT', /velocity/);
  const bytes = readFileSync(checkpoint);
  writeFileSync(checkpoint, bytes.subarray(0, bytes.length - 9));
  await refuses({}, 'ERR_CORRUPT', /run.safetensors/);
  writeFileSync(checkpoint, 'weights');
  await refuses({}, 'ERR_CORRUPT', /run.safetensors/);
  await refuses({ checkpoint: folder }, 'ERR_ARGUMENT', /cannot read the checkpoint/);
  await refuses(
    { checkpoint: join(folder, 'missing', 'x'), resume: false },
    'ERR_ARGUMENT',
    /cannot write the lock of the checkpoint .*create its folder first/,
    smallNetwork(),
  );
});

t.test('few images are trained on in small batches', async (t) => {
  for (const [images, batch] of [
    [1, 8],
    [60, 8],
    [128, 8],
    [255, 8],
    [256, 16],
    [1100, 64],
    [2047, 64],
    [2048, 128],
    [60_000, 128],
  ] as const)
    t.equal(defaultBatch(images), batch, `${images} images`);
  const steps: number[] = [];
  await run({ batch: undefined, epochs: 1, onBatch: (info) => steps.push(info.steps) });
  t.equal(steps[0], 14, '110 images');
  await run({ batch: undefined, limit: 20, epochs: 1, onBatch: (info) => steps.push(info.steps) });
  t.equal(steps.at(-1), 3, 'or so many as are used');
});

t.test('the optimizer is that of the network', async (t) => {
  const [model, other] = [smallNetwork(), smallNetwork()];
  const before = bits(model);
  const refuses = async (optimizer: unknown, message: RegExp) => {
    await t.rejects(run({ optimizer: optimizer as Sgd }, model), { code: 'ERR_ARGUMENT', message });
    t.same(bits(model), before);
  };
  await refuses(optimizerOf(other), /lacks parameters of small, "conv1\.adder", "bn1\.weight".*new Sgd\(model\.parameters\(\)/);
  await refuses(new Sgd(model.layer('fc').parameters(), { lr: 0.1 }), /lacks parameters of small, "conv1\.adder".*freeze/);
  await refuses(new Sgd([...model.parameters(), ...other.parameters()], { lr: 0.1 }), /has 6 parameters that small has not/);
  await refuses(undefined, /optimizer is undefined, expected one of this model/);
  await refuses({ step: () => {} }, /optimizer is a Object/);
  for (const name of ['conv1', 'bn1']) model.layer(name).freeze();
  t.equal(
    (
      await run(
        { epochs: 1, optimizer: new Sgd([...model.layer('fc').parameters(), ...model.layer('bn2').parameters()], { lr: 0.1 }) },
        model,
      )
    ).stopped,
    'finished',
  );
  model.freeze();
  await t.rejects(run({}, model), { code: 'ERR_ARGUMENT', message: /small has no parameter to train/ });
});

/** Half the squared distance to one-hot targets, the mean over the batch. */
const squaredError: Loss = (outputs, targets) => {
  const [n, classes] = outputs.shape as [number, number];
  const grad = Tensor.zeros(outputs.shape);
  let loss = 0;
  outputs.data.forEach((output, i) => {
    const distance = output - (targets[Math.floor(i / classes)] === i % classes ? 1 : 0);
    loss += distance ** 2 / 2 / n;
    grad.data[i] = distance / n;
  });
  return { loss, grad };
};

t.test('a custom loss', async (t) => {
  const validation = patterns(60, 2);
  const { model, history } = await run({ loss: squaredError, validation, epochs: 6 });
  t.ok(history[5]!.loss < history[0]!.loss / 2, `loss falls from ${history[0]!.loss} to ${history[5]!.loss}`);
  const { top1, loss } = await evaluate(model, validation, { loss: squaredError });
  t.ok(top1 > 0.95, `the network classifies: ${top1}`);
  t.same(history[5]!.validation, { loss, accuracy: top1 }, 'validation measures it, too');
  const outputs = model.forward((await new BatchLoader(validation, { batch: 60, normalization: model.normalization }).load(0, 0)).x);
  t.ok(Math.abs(loss - squaredError(outputs, validation.targets(0, 60)).loss) < 1e-6, 'by the mean over the images');

  const byDefault = await run();
  const byName = await run({ loss: ops.softmaxCrossEntropy });
  t.same(bits(byName.model), bits(byDefault.model), 'cross-entropy is the default');
  t.same(
    byName.history.map(({ accuracy }) => accuracy),
    byDefault.history.map(({ accuracy }) => accuracy),
  );
  const uncounted = await run({ loss: (logits, targets) => ({ ...ops.softmaxCrossEntropy(logits, targets), correct: undefined }) });
  t.same(
    uncounted.history.map(({ accuracy }) => accuracy),
    byDefault.history.map(({ accuracy }) => accuracy),
    'accuracy is counted where the loss does not count',
  );
  const taught = await run({ loss: squaredError, distillation: { teacher: model, alpha: 0 } });
  t.same(bits(taught.model), bits((await run({ loss: squaredError })).model), 'a teacher adds to it');
});

t.test('a loss that is none', async (t) => {
  const grad = Tensor.zeros([16, 3]);
  const refuses = async (loss: unknown, message: RegExp) => {
    await t.rejects(run({ loss: loss as Loss }), { code: 'ERR_ARGUMENT', message });
    await t.rejects(evaluate(smallNetwork(), train, { batch: 16, loss: loss as Loss }), { code: 'ERR_ARGUMENT', message });
  };
  await refuses('mse', /loss is "mse", expected a function/);
  await refuses(() => undefined, /the loss gave undefined as loss, expected a number/);
  await refuses(() => ({ loss: 1 }), /the loss gave undefined as grad, expected a tensor f32 \[16,3\]/);
  await refuses(() => ({ loss: 1, grad: Tensor.zeros([16, 4]) }), /gave f32 \[16,4\] as grad/);
  await refuses(() => ({ loss: 1, grad, correct: 'all' }), /gave "all" as correct/);
  await t.rejects(run({ loss: squaredError, labelSmoothing: 0.1 }), {
    code: 'ERR_ARGUMENT',
    message: /labelSmoothing is of the default loss/,
  });
  await t.rejects(run({ loss: () => ({ loss: Number.NaN, grad }) }), { code: 'ERR_DIVERGED' });
});

t.test('misuse is named before anything runs', async (t) => {
  const refuses = (options: Partial<FitOptions>, code: string, message: RegExp) =>
    t.rejects(run(options), { code, message }, String(message));
  await refuses({ epochs: 0 }, 'ERR_ARGUMENT', /epochs is 0/);
  await refuses({ epochs: undefined as never }, 'ERR_ARGUMENT', /epochs is missing/);
  await refuses({ epoch: 3 } as object, 'ERR_ARGUMENT', /no option 'epoch', did you mean epochs/);
  await refuses({ limit: 0 }, 'ERR_ARGUMENT', /limit is 0/);
  await refuses({ average: { dekay: 0.9 } as never }, 'ERR_ARGUMENT', /fit: average: there is no option 'dekay', did you mean decay/);
  await refuses({ checkpoint: { file: 'x' } as never }, 'ERR_ARGUMENT', /fit: checkpoint: there is no option 'file'/);
  await refuses({ earlyStopping: { patient: 2 } as never }, 'ERR_ARGUMENT', /'patient', did you mean patience/);
  await refuses({ distillation: { teacher: new Relu() } as never }, 'ERR_ARGUMENT', /distillation\.teacher: model is a Relu/);
  await t.rejects(fit(smallNetwork(), train, undefined as never), { code: 'ERR_ARGUMENT', message: /fit: options are undefined/ });
  for (const strange of [undefined, {}, Promise.resolve(train), 'mnist'])
    await t.rejects(fit(smallNetwork(), strange as never, { ...common, optimizer: optimizerOf(smallNetwork()) }), {
      code: 'ERR_ARGUMENT',
      message: /the data set is .*expected a Dataset/,
    });
  await t.rejects(fit(new Sequential([new Relu()]) as never, train, common as never), {
    code: 'ERR_ARGUMENT',
    message: /a Sequential, expected a Model/,
  });
  await refuses({ batch: 1.5 }, 'ERR_ARGUMENT', /batch is 1.5/);
  await refuses({ resume: true }, 'ERR_ARGUMENT', /resume needs a checkpoint/);
  await refuses({ earlyStopping: { patience: 2 } }, 'ERR_ARGUMENT', /no validation/);
  await refuses({ earlyStopping: { patience: 0 }, validation: train }, 'ERR_ARGUMENT', /patience is 0/);
  const shared = new Relu();
  const twice = new Model(
    {
      a: shared,
      b: new Sequential([shared]),
      pool: new GlobalAveragePool2d(),
      fc: new Conv2d(1, 3, { kernel: 1 }),
      flatten: new Flatten(),
    },
    smallNetwork().metadata,
  );
  await t.rejects(run({}, twice), { code: 'ERR_ARGUMENT', message: /'0' occurs twice/ });
  const images = new Tensor(new Uint8Array(3 * 25), [3, 5, 5, 1]);
  const other = new ImageDataset({ name: 'others', images, targets: Int32Array.of(0, 1, 2), classes: 3 });
  const model = smallNetwork();
  await t.rejects(fit(model, other, { epochs: 1, optimizer: optimizerOf(model) }), { code: 'ERR_SHAPE', message: /\[5,5,1\].*\[6,6,1\]/ });
  await t.rejects(fit(model, train, { epochs: 1, optimizer: optimizerOf(model), validation: other }), { code: 'ERR_SHAPE' });
});

t.test('classes of a data set are those of the network, by their names', async (t) => {
  const digits = generateDigits(64, 1);
  const reversed = [...digits.classNames!].reverse();
  const renamed = new ImageDataset({
    name: 'renamed',
    images: digits.images(0, 64),
    targets: digits.targets(0, 64).map((target) => 9 - target),
    classes: 10,
    classNames: reversed,
  });
  const others = new ImageDataset({
    name: 'others',
    images: digits.images(0, 64),
    targets: digits.targets(0, 64),
    classes: 10,
    classNames: [...'abcdefghij'],
  });
  const losses: number[] = [];
  for (const dataset of [digits, renamed]) {
    const model = models.lenet5bn({ seed: 1 });
    const optimizer = new Sgd(model.parameters(), { lr: 0.1 });
    const { history } = await fit(model, dataset, { epochs: 1, batch: 32, optimizer, validation: renamed });
    losses.push(history[0]!.loss, history[0]!.validation!.loss);
  }
  t.same(losses.slice(0, 2), losses.slice(2), 'in another order they are the same classes');
  const model = models.lenet5bn({ seed: 1 });
  const optimizer = new Sgd(model.parameters(), { lr: 0.1 });
  const refused = { code: 'ERR_ARGUMENT', message: /^fit: the classes of others are a, b, .*, but those of the network 0, 1, / };
  await t.rejects(fit(model, others, { epochs: 1, optimizer }), refused);
  await t.rejects(fit(model, digits, { epochs: 1, optimizer, validation: others }), refused, 'before anything is trained');
});

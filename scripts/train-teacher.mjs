// node scripts/train-teacher.mjs DATASET DATA OUT EPOCHS trains a CNN that can teach others (train --teacher OUT/model.safetensors), and goes on where
// it was stopped. It is wide and has few layers, so that its matrices are large, which a CPU multiplies fastest.
// DATASET is cifar10 or cifar100, and DATA the folder of its files. OUT gets model.safetensors, log.jsonl and a checkpoint. Needs `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fit, layers, Model, models, openDataset, Random, Sgd, save, schedule } from '../dist/index.js';

const [dataset, data, out, epochs] = process.argv.slice(2);
if (!epochs) throw new Error('usage: node scripts/train-teacher.mjs cifar10|cifar100 DATA OUT EPOCHS');

const { BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Linear, MaxPool2d, Relu, Residual, Sequential } = layers;
const random = new Random(1);
const conv = (ci, co) => new Conv2d(ci, co, { kernel: 3, padding: 1, random });

/** Doubles the window that a pixel sees, then looks once more. */
const stage = (ci, co) =>
  new Sequential({
    conv1: conv(ci, co),
    pool: new MaxPool2d({ kernel: 2 }),
    bn1: new BatchNorm(co),
    relu1: new Relu(),
    block: new Residual(new Sequential({ conv2: conv(co, co), bn2: new BatchNorm(co) })),
  });

const [train, test] = ['train', 'test'].map((split) => openDataset(dataset, data, split));
const { classes, classNames } = train;
const { normalization } = models.resnet20({ seed: null }); // as the students' images
const model = new Model(
  {
    conv0: conv(3, 32),
    bn0: new BatchNorm(32),
    relu0: new Relu(),
    stage1: stage(32, 64),
    stage2: stage(64, 192),
    stage3: stage(192, 256),
    pool: new GlobalAveragePool2d(),
    flatten: new Flatten(),
    fc: new Linear(256, classes, { random }),
  },
  { name: 'teacher', kind: 'conv', dataset, classes, classNames, inputShape: [32, 32, 3], normalization },
);

mkdirSync(out, { recursive: true });
await fit(model, train, {
  epochs: Number(epochs),
  batch: 128,
  optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
  schedule: schedule.cosine({ epochs: Number(epochs) }),
  augment: { crop: 4, flip: true },
  seed: 1,
  validation: test,
  checkpoint: join(out, 'checkpoint.safetensors'),
  resume: true,
  onEpoch: (record, history) => {
    console.log(JSON.stringify(record));
    writeFileSync(join(out, 'log.jsonl'), history.map((line) => `${JSON.stringify(line)}\n`).join(''));
  },
});
await save(model, join(out, 'model.safetensors'));

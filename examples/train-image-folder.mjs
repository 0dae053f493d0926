// node train-image-folder.mjs IMAGES WEIGHTS [EPOCHS]        IMAGES/<class>/<image>; writes WEIGHTS; needs: npm i sharp
// Training from random weights takes hundreds of images of each class; for fine-tune.mjs, dozens are enough.

import { fit, models, openImageFolder, Sgd, save, schedule } from 'addernet';

const [folder, weights, epochs = '30'] = process.argv.slice(2);
if (weights === undefined) {
  console.error('usage: node train-image-folder.mjs IMAGES WEIGHTS [EPOCHS]');
  process.exit(2);
}
const train = await openImageFolder(folder, [32, 32, 3], 'train'); // nine tenths of each class
const validation = await openImageFolder(folder, [32, 32, 3], 'test');

const { classes, classNames } = train;
const model = models.resnet20({ kind: 'adder', classes, classNames, dataset: 'folder' });
const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 5e-4, adder: { rate: 'adaptive', eta: 0.2 } });
await fit(model, train, {
  epochs: Number(epochs),
  optimizer,
  schedule: schedule.cosine({ epochs: Number(epochs) }),
  augment: { crop: 4, flip: true },
  validation,
  onEpoch: ({ epoch, loss, validation }) =>
    console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, ${(100 * validation.accuracy).toFixed(1)} % of the held-out images`),
});
await save(model, weights);

// node fine-tune.mjs TRAINED IMAGES WEIGHTS [EPOCHS]        TRAINED: a file or the name of a bundled float network; IMAGES/<class>/<image>
// Writes WEIGHTS. Needs: npm i sharp

import { fit, load, models, openImageFolder, Sgd, save } from 'addernet';

const [trained, folder, weights, epochs = '10'] = process.argv.slice(2);
if (weights === undefined) {
  console.error('usage: node fine-tune.mjs TRAINED IMAGES WEIGHTS [EPOCHS]');
  process.exit(2);
}
const body = await load(trained, { dtype: 'f32' });
const images = await openImageFolder(folder, body.inputShape, 'train');

const { classes, classNames } = images;
const model = models.replaceHead(body, { classes, classNames, dataset: 'folder' });
model.freeze();
for (const name of models.headLayers(model)) model.layer(name).freeze(false);
await fit(model, images, {
  epochs: Number(epochs),
  batch: 32,
  optimizer: new Sgd(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  onEpoch: ({ epoch, loss, accuracy }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(1)} % right`),
});
await save(model, weights);

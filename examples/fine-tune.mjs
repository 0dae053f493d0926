// node fine-tune.mjs TRAINED PICTURES WEIGHTS [EPOCHS]        PICTURES/<class>/<picture>; needs: npm i sharp

import { fit, load, models, openImageFolder, Sgd, save } from 'addernet';

const [trained, folder, weights, epochs = '10'] = process.argv.slice(2);
const body = await load(trained);
const pictures = await openImageFolder(folder, body.inputShape, 'train');

const { classes, classNames } = pictures;
const model = models.replaceHead(body, { classes, classNames, dataset: 'folder' });
model.freeze();
for (const name of models.headLayers(model)) model.layer(name).freeze(false);
await fit(model, pictures, {
  epochs: Number(epochs),
  batch: 32,
  optimizer: new Sgd(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  onEpoch: ({ epoch, loss, accuracy }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(1)} % right`),
});
await save(model, weights);

// node scripts/compare-recipes.mjs DATA RECIPE SEED trains a ResNet-20 for five epochs on CIFAR-10, shrunk to 16x16 so that it takes minutes, by one of
// the recipes below, and prints its accuracy on 5,000 training images that were held out. Seeds differ by more than a point: take several. DATA is the
// folder of CIFAR-10. Needs `npm run build`.
import { fit, ImageDataset, models, openDataset, Sgd, schedule, splitDataset, Tensor } from '../dist/index.js';

const size = 16;
const epochs = 5;

/** Each pixel is the mean of four. */
function shrunk(dataset) {
  const { name, length, classes, classNames } = dataset;
  const { data, shape } = dataset.images(0, length);
  const [side, channels] = shape.slice(2);
  const images = new Uint8Array(length * size * size * channels);
  for (let i = 0; i < images.length; i++) {
    const [channel, column, row] = [i % channels, Math.floor(i / channels) % size, Math.floor(i / channels / size)];
    const first = (2 * row * side + 2 * column) * channels + channel;
    const below = first + side * channels;
    images[i] = Math.round((data[first] + data[first + channels] + data[below] + data[below + channels]) / 4);
  }
  const targets = dataset.targets(0, length);
  return new ImageDataset({ name, images: new Tensor(images, [length, size, size, channels]), targets, classes, classNames });
}

const crop = 2;

/** Crops and mirrors at random, where `flip: true` mirrors each image in every other epoch. */
function randomFlips({ data, shape }, random) {
  const [n, h, w, c] = shape;
  const images = new Uint8Array(data.length);
  for (let i = 0; i < n; i++) {
    const [dy, dx, mirrored] = [random.integer(2 * crop + 1) - crop, random.integer(2 * crop + 1) - crop, random.integer(2)];
    for (let y = Math.max(0, -dy); y < Math.min(h, h - dy); y++)
      for (let x = Math.max(0, -dx); x < Math.min(w, w - dx); x++) {
        const from = ((i * h + y + dy) * w + x + dx) * c;
        const to = ((i * h + y) * w + (mirrored ? w - 1 - x : x)) * c;
        for (let channel = 0; channel < c; channel++) images[to + channel] = data[from + channel];
      }
  }
  return new Tensor(images, shape);
}

/** `fit` and `sgd` are options of theirs. */
const recipes = {
  adder: {},
  'adder, centered': { fit: { centeredEpochs: 3.5 } },
  'adder, products': { fit: { productEpochs: 1.25 } },
  'adder, both': { fit: { productEpochs: 1.25, centeredEpochs: 3.5 } },
  'adder, both, eta 0.1': { fit: { productEpochs: 1.25, centeredEpochs: 3.5 }, sgd: { adder: { eta: 0.1 } } },
  'adder, both, eta 0.4': { fit: { productEpochs: 1.25, centeredEpochs: 3.5 }, sgd: { adder: { eta: 0.4 } } },
  'adder, both, batch 64': { fit: { productEpochs: 1.25, centeredEpochs: 3.5, batch: 64 } },
  'adder, both, average': { fit: { productEpochs: 1.25, centeredEpochs: 3.5, average: { decay: 0.99 } } },
  'adder, both, label smoothing': { fit: { productEpochs: 1.25, centeredEpochs: 3.5, labelSmoothing: 0.1 } },
  'adder-2x2': { kind: 'adder-2x2' },
  'adder-2x2, products': { kind: 'adder-2x2', fit: { productEpochs: 1.25 } },
  conv: { kind: 'conv' },
  'conv, random flips': { kind: 'conv', fit: { augment: randomFlips } },
  xnor: { kind: 'xnor' },
  'xnor, eta 0.05': { kind: 'xnor', sgd: { adder: { eta: 0.05 } } },
  'xnor, eta 0.5': { kind: 'xnor', sgd: { adder: { eta: 0.5 } } },
};

const [data, name, seedText] = process.argv.slice(2);
const recipe = recipes[name];
const seed = Number(seedText);
if (!recipe || !seed)
  throw new Error(`usage: node scripts/compare-recipes.mjs DATA RECIPE SEED; a RECIPE is one of ${Object.keys(recipes).join('; ')}`);

const [train, validation] = splitDataset(shrunk(openDataset('cifar10', data, 'train')), 0.1, 1);
const model = models.resnet20({ kind: recipe.kind ?? 'adder', inputShape: [size, size, 3], seed });
const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4, ...recipe.sgd });
const common = { epochs, optimizer, batch: 128, schedule: schedule.cosine({ epochs }), augment: { crop, flip: true }, seed, validation };
const { history } = await fit(model, train, { ...common, ...recipe.fit });
const last = history.at(-1);
const seconds = history.reduce((sum, { seconds }) => sum + seconds, 0);
console.log(JSON.stringify({ name, seed, trained: last.accuracy, ...last.validation, seconds, machine: last.machine }));

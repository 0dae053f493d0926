// node scripts/add-pretrained-model.mjs NAME WEIGHTS DATA: makes a trained network one of the package: models/NAME.safetensors, with filters in 16-bit
// floats, and, if it is of adders, models/NAME-8bit.safetensors; and writes models/README.md, the table of all. Needs `npm run build`; DATA is
// the folder of its data set, on whose first training images the 8 bits are calibrated, and on whose test images both are measured.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, evaluate, load, openDataset, QuantizedModel, quantize, save } from '../dist/index.js';

const models = join(import.meta.dirname, '../models');
const [name, weights, data] = process.argv.slice(2);
if (!data) throw new Error('usage: node scripts/add-pretrained-model.mjs NAME WEIGHTS DATA');

/** Of all test images, as the compiled network has them. */
async function accuracyOf(model) {
  const session = await compile(model);
  const { name, inputShape, classes, normalization } = model;
  const test = openDataset(model.metadata.dataset, data, 'test');
  const { top1 } = await evaluate({ name, inputShape, classes, normalization, forward: (x) => session.runSync(x) }, test);
  session.dispose();
  return top1;
}

const file = join(models, `${name}.safetensors`);
const trained = await load(weights);
const { training } = trained.metadata;
if (!training) throw new Error(`${weights} does not say how it was trained: take the model.safetensors that \`addernet train\` leaves`);
await save(trained, file, { half: true });
const model = await load(file);
await save(model, file, { half: true, training: { ...training, accuracy: await accuracyOf(model) } });
if (model.kind === 'adder') {
  const small = await quantize(model, openDataset(model.metadata.dataset, data, 'train'), { bits: 8 });
  const accuracy = await accuracyOf(small);
  await save(small, join(models, `${name}-8bit.safetensors`), { training: { ...training, accuracy } });
}

/** From random weights on. */
const commandsOf = ({ command, startedFrom }) => `${startedFrom ? `${commandsOf(startedFrom)}, then ` : ''}\`${command}\``;

const rows = [];
for (const file of readdirSync(models).filter((file) => file.endsWith('.safetensors'))) {
  const path = join(models, file);
  const network = await load(path);
  const quantized = network instanceof QuantizedModel;
  const { metadata } = network;
  const { accuracy, images } = metadata.training;
  const size = Math.round(statSync(path).size / 1000);
  const how = quantized ? '8 bits of the above' : commandsOf(metadata.training);
  rows.push({
    file,
    row: `| \`${file.slice(0, -12)}\` | ${(100 * accuracy).toFixed(2)} % of ${images} ${metadata.dataset} | ${size} kB | ${how} |`,
  });
}
rows.sort((a, b) => (a.file.replace('.safetensors', '') < b.file.replace('.safetensors', '') ? -1 : 1));
writeFileSync(
  join(models, 'README.md'),
  `# Pretrained models

Each was trained here from random weights by the command beside it, on the official training images that \`addernet data get mnist\` and
\`addernet data get cifar10\` put into \`data/\`; the accuracy is of all official test images, measured on the file itself. \`load(name)\` opens them
by name, and so does every \`--weights\` of the command line. Floats have filters in 16 bits. Data set, normalization and classes stand in the files:
\`addernet info NAME\`. After "then", \`--weights\` and \`--teacher\` are what the commands before it left.

| name | accuracy | size | training |
|---|---|---|---|
${rows.map(({ row }) => row).join('\n')}

Written by \`scripts/add-pretrained-model.mjs\`.
`,
);

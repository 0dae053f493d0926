// node scripts/add-pretrained-model.mjs NAME WEIGHTS DATA bundles a trained network with the package. It writes models/NAME.safetensors with filters
// in 16-bit floats, for an adder network also models/NAME-8bit.safetensors, and the table of all networks in models/README.md. Needs `npm run build`.
// DATA is the folder of the data set, whose first training images calibrate the 8 bits, and whose test images measure both networks.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAdderKind } from '../dist/conv-kind.js';
import { compile, evaluate, load, openDataset, QuantizedModel, quantize, save } from '../dist/index.js';

const models = join(import.meta.dirname, '../models');
const [name, weights, data] = process.argv.slice(2);
if (!data) throw new Error('usage: node scripts/add-pretrained-model.mjs NAME WEIGHTS DATA');

/** The accuracy of the compiled network on all test images. */
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
if (!training) throw new Error(`${weights} does not say how it was trained: use the model.safetensors that \`addernet train\` writes`);
await save(trained, file, { half: true });
const model = await load(file);
await save(model, file, { half: true, training: { ...training, accuracy: await accuracyOf(model) } });
if (isAdderKind(model.kind)) {
  const small = await quantize(model, openDataset(model.metadata.dataset, data, 'train'), { bits: 8 });
  const accuracy = await accuracyOf(small);
  await save(small, join(models, `${name}-8bit.safetensors`), { training: { ...training, accuracy } });
}

/** All commands, starting from random weights. */
const commandsOf = ({ command, startedFrom }) => `${startedFrom ? `${commandsOf(startedFrom)}, then ` : ''}\`${command}\``;

const rows = [];
for (const file of readdirSync(models).filter((file) => file.endsWith('.safetensors'))) {
  const path = join(models, file);
  const network = await load(path);
  const quantized = network instanceof QuantizedModel;
  const { metadata } = network;
  const { accuracy, images } = metadata.training;
  const size = Math.round(statSync(path).size / 1000);
  const how = quantized ? `\`${basename(file, '-8bit.safetensors')}\`, quantized to 8 bits` : commandsOf(metadata.training);
  rows.push({
    file,
    row: `| \`${file.slice(0, -12)}\` | ${(100 * accuracy).toFixed(2)} % of ${images} ${metadata.dataset} | ${size} kB | ${how} |`,
  });
}
rows.sort((a, b) => (a.file.replace('.safetensors', '') < b.file.replace('.safetensors', '') ? -1 : 1));
writeFileSync(
  join(models, 'README.md'),
  `# Pretrained models

Each network was trained here from random weights with the given command, on the official training images that \`addernet data get mnist\` and
\`addernet data get cifar10\` download to \`data/\`. The accuracy of the file was measured on all official test images. \`load(name)\` and every
\`--weights\` of the command line open these networks by name. Float networks store their filters in 16 bits. The files contain data set,
normalization and classes, which \`addernet info NAME\` prints. After "then", \`--weights\` and \`--teacher\` are results of the other commands.

| name | accuracy | size | training |
|---|---|---|---|
${rows.map(({ row }) => row).join('\n')}

Written by \`scripts/add-pretrained-model.mjs\`.
`,
);

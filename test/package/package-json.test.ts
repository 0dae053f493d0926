// What package.json promises: an entry for each platform, whose binary the workflow builds; and the networks in models/.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compile, evaluate, load, loadQuantized, models, openDataset, QuantizedModel, type Tensor } from '../../dist';
import { pretrainedNames } from '../../dist/models/pretrained-names';
import { testNeeding } from '../support/needing';
import { dataFolder, missingData } from '../support/official-data';
import { repository } from '../support/repository';

const read = (...path: string[]) => readFileSync(join(repository, ...path), 'utf8');

t.test('an entry for each platform names its binary', async (t) => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, object> };
  const platforms = readdirSync(join(repository, 'lib/static')).map((file) => file.replace('.ts', ''));
  t.same(
    Object.keys(exports).sort(),
    ['.', './package.json', './models/*', './wasm', './wasm/addernet.wasm', ...platforms.map((platform) => `./${platform}`)].sort(),
  );
  const workflow = read('.github/workflows/prebuilds.yml');
  for (const platform of platforms) {
    t.same(exports[`./${platform}`], {
      types: `./dist/static/${platform}.d.ts`,
      module: `./dist/esm/${platform}.mjs`,
      default: `./dist/static/${platform}.js`,
    });
    const [, folder, libc] = /^(\w+-\w+?)(-musl)?$/.exec(platform)!;
    const tag = !folder!.startsWith('linux') ? '' : libc ? '.musl' : '.glibc';
    t.match(read('lib/static', `${platform}.ts`), `require('../../prebuilds/${folder}/addernet${tag}.node')`);
    if (!folder!.startsWith('linux')) t.match(workflow, `platform: ${folder}`);
  }
  t.match(workflow, 'node scripts/prebuild.cjs');
});

for (const name of models.pretrainedModels()) {
  const loaded = async () => {
    const model = await load(name);
    return { quantized: model instanceof QuantizedModel, model };
  };

  t.test(`${name} says what it is`, async (t) => {
    const { quantized, model } = await loaded();
    const { training, dataset, classNames } = model.metadata;
    t.equal(quantized, name.endsWith('-8bit'), 'its name tells its numbers');
    t.match(training, { command: /^addernet train .*--dataset \w+/, seed: Number, epochs: Number, images: 10_000 });
    t.equal(classNames?.length, model.classes);
    const row = read('models/README.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` |`));
    const kilobytes = Math.round(statSync(join(repository, 'models', `${name}.safetensors`)).size / 1000);
    t.match(row, `| ${(100 * training!.accuracy).toFixed(2)} % of 10000 ${dataset} | ${kilobytes} kB |`);
    t.match(row, quantized ? `\`${name.replace('-8bit', '')}\`, quantized to 8 bits` : `\`${training!.command}\``);
    t.notMatch(training!.command, '--unit', 'a command that can be typed');
  });

  const dataset = name.includes('mnist') ? 'mnist' : 'cifar10';
  testNeeding([missingData(dataset)], `${name} has the accuracy that it says`, async (t) => {
    const { quantized, model } = await loaded();
    const session = await compile(model);
    const { name, inputShape, classes, normalization, metadata } = model;
    const classifier = { name, inputShape, classes, normalization, forward: (x: Tensor) => session.runSync(x) };
    const { top1 } = await evaluate(classifier, openDataset(dataset, dataFolder(dataset), 'test'));
    session.dispose();
    t.equal(metadata.dataset, dataset);
    // Where two logits of a float network are nearly equal, the order of a sum decides; bytes are the same everywhere.
    t.ok(Math.abs(top1 - metadata.training!.accuracy) * 10_000 <= (quantized ? 0.5 : 2.5), `${top1}`);
  });
}

t.test('a name that is neither a file nor a network', async (t) => {
  await t.rejects(load('lenet6'), { code: 'ERR_ARGUMENT', message: /cannot read the weights file 'lenet6'.*lenet5-bn-mnist/ });
  await t.rejects(load('lenet5-bn-mnist-8bit' as string, { dtype: 'f32' }), { code: 'ERR_FORMAT', message: /a quantized network/ });
  await t.rejects(loadQuantized('lenet5-bn-mnist'), { code: 'ERR_FORMAT', message: /a quantized one is needed/ });
});

t.test('the names that the types know are those of the files', (t) => {
  t.same(Object.keys(pretrainedNames).sort(), models.pretrainedModels());
  t.end();
});

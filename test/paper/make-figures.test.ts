// What `addernet figures` leaves: measurements as JSON, tables and images made of them alone, and a page that needs nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { BatchLoader, generateDigits, models, Random } from '../../dist';
import { figures } from '../../dist/paper';
import { drawFilters } from '../../dist/paper/charts/filter-images';
import { type AnyFigure, figure } from '../../dist/paper/figure';
import { fitBoth } from '../../dist/paper/figures/weights';
import { makeFigures } from '../../dist/paper/make-figures';
import { naivelyQuantized } from '../../dist/paper/naive-quantization';
import { toHtml, toMarkdown } from '../../dist/paper/page/table';
import { readLogs } from '../../dist/paper/training-log';
import { testNeeding } from '../support/needing';
import { dataFolder, missingData } from '../support/official-data';
import { program } from '../support/repository';

const { createModel } = models;
const folder = t.testdir();
const silent = {
  quick: true,
  onNote() {},
  openDataset() {
    throw new Error('none is needed');
  },
};
const json = (...names: string[]) => JSON.parse(readFileSync(join(folder, ...names), 'utf8'));

const command = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'figures', '--quick', '--out', folder, ...args], { encoding: 'utf8' });

t.test('all that need no data, by the command', async (t) => {
  const { status, stdout, stderr } = command('--data', 'none');
  t.equal(status, 0, stderr);
  t.equal(stdout, `${join(folder, 'index.html')}\n`);
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  t.notMatch(page, /(src|href)="(?!data:|#|[a-z]+\.json")/, 'nothing from elsewhere');
  for (const { name, title, needs } of figures) {
    if (needs.length > 0) {
      t.match(stderr, new RegExp(`${name} is skipped because none.${needs[0]} is missing: addernet data get ${needs[0]}`));
      t.notOk(existsSync(join(folder, `${name}.json`)));
      continue;
    }
    t.match(page, `<h2>${title}</h2>`);
    t.ok(existsSync(join(folder, `${name}.json`)));
    for (const file of readdirSync(join(folder, name)).filter((file) => file.endsWith('.svg'))) {
      const svg = readFileSync(join(folder, name, file));
      t.match(page, svg.toString('base64'), `${file} is on the page`);
      t.equal((await sharp(join(folder, name, file.replace('svg', 'png'))).metadata()).format, 'png');
    }
  }
});

testNeeding([missingData('mnist')], 'gradients of multiplications are at least ten times those of adders', async (t) => {
  const { status, stderr } = command('gradients', '--data', join(dataFolder('mnist'), '..'));
  t.equal(status, 0, stderr);
  const { rows } = json('gradients', 'gradients.json');
  t.equal(rows.length, 5);
  for (const [layer, adder, , conv] of rows) t.ok(adder > 0 && conv > 10 * adder, `${layer}: ${conv} and ${adder}`);
});

t.test('operations', async (t) => {
  const row = json('operations', 'operations.json').rows.find(([network, kind]: string[]) => network === 'resnet32' && kind === 'conv');
  t.same(row.slice(3, 7), [69124736, 69.12e6, 69124736, 69.12e6]);
});

t.test('variances are those of the formulas', async (t) => {
  for (const { k, deviation, adder, conv } of json('variance.json').data) {
    const expected = { adder: (1 - 2 / Math.PI) * k * (1 + deviation ** 2), conv: k * deviation ** 2 };
    t.ok(Math.abs(adder / expected.adder - 1) < 0.1, `adder, K ${k}, deviation ${deviation}: ${adder} and ${expected.adder}`);
    t.ok(Math.abs(conv / expected.conv - 1) < 0.05, `conv, K ${k}, deviation ${deviation}: ${conv} and ${expected.conv}`);
  }
});

t.test('weights: the better fit is that of the distribution they come from', async (t) => {
  const random = new Random(1);
  const normal = new Float32Array(20000);
  random.fillNormal(normal, 3, 2);
  const laplace = Float32Array.from(normal, () => -1 + (random.uniform() < 0.5 ? -5 : 5) * Math.log(1 - random.uniform()));
  const [ofNormal, ofLaplace] = [fitBoth(normal), fitBoth(laplace)];
  t.ok(Math.abs(ofNormal.normal.center - 3) < 0.05 && Math.abs(ofNormal.normal.scale - 2) < 0.05);
  t.ok(ofNormal.normal.logLikelihood > ofNormal.laplace.logLikelihood);
  t.ok(Math.abs(ofLaplace.laplace.center + 1) < 0.1 && Math.abs(ofLaplace.laplace.scale - 5) < 0.1);
  t.ok(ofLaplace.laplace.logLikelihood > ofLaplace.normal.logLikelihood);
  const mean =
    normal.reduce(
      (sum, w) =>
        sum - 0.5 * Math.log(2 * Math.PI * ofNormal.normal.scale ** 2) - ((w - ofNormal.normal.center) / ofNormal.normal.scale) ** 2 / 2,
      0,
    ) / normal.length;
  t.ok(Math.abs(mean - ofNormal.normal.logLikelihood) < 1e-4, 'the log-likelihood is the mean over the weights');
});

t.test('slow results are computed once', async (t) => {
  let made = 0;
  const counted: AnyFigure = figure<number[]>({
    name: 'counted',
    title: 'a <title>',
    about: '',
    needs: [],
    measure: async ({ cached }) => [await cached('one', async () => ++made), await cached('two', async () => ++made)],
    present: async (data) => ({
      tables: [{ name: 'table', caption: '', columns: [{ title: 'x' }], rows: data.map((v) => [v]) }],
      images: [],
    }),
  });
  const out = t.testdir();
  for (let time = 0; time < 2; time++) await makeFigures([counted], { ...silent, out });
  t.equal(made, 2);
  await makeFigures([counted], { ...silent, out, quick: false });
  t.equal(made, 4, 'a full run does not use results of a quick one');
  t.same(JSON.parse(readFileSync(join(out, 'counted.json'), 'utf8')).data, [3, 4]);
  t.match(readFileSync(join(out, 'index.html'), 'utf8'), 'a &lt;title&gt;');
});

t.test('what was measured before stays on the page', async (t) => {
  const named = (name: string): AnyFigure =>
    figure<number>({
      name,
      title: `the ${name}`,
      about: '',
      needs: [],
      measure: async () => 1,
      present: async () => ({ tables: [], images: [] }),
    });
  const [first, second, third] = ['first', 'second', 'third'].map(named);
  const out = t.testdir();
  await makeFigures([first!, second!, third!], { ...silent, out, isWanted: ({ name }) => name === 'third' });
  await makeFigures([first!, second!, third!], { ...silent, out, quick: false, isWanted: ({ name }) => name === 'first' });
  for (const file of ['index.html', 'README.md'])
    t.match(
      readFileSync(join(out, file), 'utf8'),
      /the first[\s\S]*A full run on .*first.json[\s\S]*the third[\s\S]*A quick run on .*third.json/,
      'in the order of the figures, each with the run that it comes from',
    );
  t.notMatch(readFileSync(join(out, 'index.html'), 'utf8'), 'the second');
});

t.test('a package that is missing is reported before anything is measured', async (t) => {
  const needy: AnyFigure = { ...figures[0]!, packages: ['no-such-package'], measure: async () => t.fail('measured') };
  await t.rejects(makeFigures([needy], { ...silent, out: t.testdir() }), { code: 'ERR_PEER_MISSING', message: /npm i no-such-package/ });
});

t.test('cost', async (t) => {
  const { picoseconds } = json('cost.json').data;
  t.equal(Object.keys(picoseconds).length, 8);
  for (const [step, time] of Object.entries(picoseconds)) t.ok((time as number) > 0.1 && (time as number) < 10_000, `${step}: ${time} ps`);
  const [network, adder, conv, ratio] = json('cost', 'energy.json').rows[0];
  t.equal(network, 'lenet5bn');
  t.ok(Math.abs(conv - (416520 * (3.7 + 0.9)) / 1e6) < 1e-9, `a multiplication and an addition for each weight and input: ${conv}`);
  t.ok(Math.abs(adder - (416520 * 2 * 0.9) / 1e6) < 1e-9, `two additions: ${adder}`);
  t.ok(Math.abs(ratio - conv / adder) < 1e-9);
});

t.test('a naive scale loses nothing where it has bits enough', async (t) => {
  const model = createModel('lenet5bn', { seed: 1 });
  const digits = generateDigits(20, 1);
  const { x } = await new BatchLoader(digits, { batch: 20, normalization: model.normalization }).load(0, 0);
  model.forward(x, { training: true }); // running statistics that outputs are normalized by
  const exact = model.forward(x).data;
  const apart = async (bits: number) => {
    const { data } = (await naivelyQuantized(model, digits, bits)).forward(x);
    return Math.sqrt(data.reduce((sum, v, i) => sum + (v - exact[i]!) ** 2, 0) / exact.reduce((sum, v) => sum + v * v, 0));
  };
  const [fine, coarse] = [await apart(16), await apart(4)];
  t.ok(fine < 1e-2, `16 bits: ${fine}`);
  t.ok(coarse > 10 * fine, `4 bits: ${coarse}`);
});

const figureOf = (name: string) => figures.find((own) => own.name === name)!;
const logOf = (name: string, accuracy: number) => ({
  name,
  history: [
    { epoch: 29, loss: 1, accuracy, seconds: 3000, machine: 'a' },
    { epoch: 30, loss: 1, accuracy, seconds: 600, machine: 'b', validation: { loss: 1, accuracy } },
  ],
});

t.test('logs stand beside what the paper has of their network, kind and data set', async (t) => {
  const logs = ['resnet20-adder-winograd-cifar10', 'resnet20-adder-cifar10', 'resnet20-adder-winograd-mnist', 'other'].map((name) =>
    logOf(name, 0.5),
  );
  const { tables } = await figureOf('accuracy').present({ pretrained: [], logs });
  t.same(
    tables[1]!.rows.map((row) => row.at(3)),
    [0.9156, 0.9184, null, null],
  );
  t.match(toMarkdown(tables[1]!), '| other | 30 | 50.00 % |  | 1.0 | a; b |', 'with what it took');
});

t.test('accuracy over pairs and time', async (t) => {
  const row = { pairs: 2e7, additions: 4.1e7, milliseconds: 1.5, trained: null, epochs: null, pretrained: null, paper: null };
  const rows = [
    { ...row, kind: 'adder-winograd', numbers: 'float32', trained: 0.885, epochs: 30, paper: 0.9156 },
    { ...row, kind: 'adder', numbers: '8 bits', pretrained: 0.903 },
    { ...row, kind: 'adder', numbers: '16 bits' },
  ];
  const { tables, images } = await figureOf('pairs').present(rows);
  t.match(toMarkdown(tables[0]!), '| adder-winograd | float32 | 20,000,000 | 41,000,000 | 1.500 | 88.50 % | 30 |  | 91.56 % |');
  const { svg } = images[0]!.chart;
  for (const text of ['adder-winograd', '30 epochs', 'pretrained model', 'papers', '8 bits', '96', '84']) t.match(svg, `>${text}<`);
  t.notMatch(svg, '>16 bits<', 'no accuracy is known of them');
});

testNeeding([missingData('cifar10')], 'pairs and times are measured of every kind', async (t) => {
  const logs = t.testdir({ 'resnet20-adder-winograd-cifar10.jsonl': `${JSON.stringify(logOf('', 0.88).history[1])}\n` });
  const { status, stderr } = command('pairs', '--data', join(dataFolder('cifar10'), '..'), '--logs', logs);
  t.equal(status, 0, stderr);
  const { data } = json('pairs.json');
  const of = (kind: string, numbers = 'float32') =>
    data.find((row: Record<string, unknown>) => row.kind === kind && row.numbers === numbers);
  t.match(of('adder'), { pairs: 40_813_184, additions: 81_183_360, trained: null, paper: 0.9184 });
  t.match(of('adder-winograd'), { pairs: 19_841_664, trained: 0.88, epochs: 30, paper: 0.9156 });
  t.ok(of('adder', '8 bits').pretrained > 0.85, 'the bundled network');
  for (const { milliseconds } of data) t.ok(milliseconds > 0);
});

t.test('logs of trainings', async (t) => {
  const record = { epoch: 1, loss: 0.5, accuracy: 0.8, seconds: 9 };
  const folder = t.testdir({
    'resnet20.jsonl': `${JSON.stringify(record)}\n${JSON.stringify({ ...record, epoch: 2 })}\n`,
    lenet: { 'log.jsonl': `${JSON.stringify(record)}\n`, 'arguments.json': '{}' },
    begun: { 'log.jsonl': '' },
  });
  t.same(await readLogs(folder), [
    { name: 'lenet', history: [record] },
    { name: 'resnet20', history: [record, { ...record, epoch: 2 }] },
  ]);
  await t.rejects(readLogs(join(folder, 'nothing')), { code: 'ERR_ARGUMENT', message: /nothing/ });
  const odd = [
    { epoch: 0 },
    { loss: '1' },
    { seconds: null },
    { machine: 3 },
    { validation: null },
    { validation: { loss: 1, accuracy: 'x' } },
    { validation: [] },
  ];
  for (const line of ['{', '{"epoch":1}', 'null', '['.repeat(100_000), ...odd.map((change) => JSON.stringify({ ...record, ...change }))])
    await t.rejects(readLogs(t.testdir({ 'x.jsonl': `${JSON.stringify(record)}\n${line}\n` })), {
      code: 'ERR_FORMAT',
      message: /x\.jsonl:2: no record of an epoch/,
    });
});

t.test('filters as images', async (t) => {
  const { svg, png } = await drawFilters({ shape: [2, 1, 2, 3], values: [-1, 0, 1, 0, 1, 0, 5, 5, 5, 5, 5, 5] });
  const fills = [...svg.matchAll(/fill="(rgb\([^"]*\))"/g)].map(([, fill]) => fill);
  t.same(fills, ['rgb(0,128,255)', 'rgb(128,255,128)', 'rgb(0,0,0)', 'rgb(0,0,0)'], 'each filter over its own range');
  t.equal((await sharp(png).metadata()).format, 'png');
});

t.test('tables', async (t) => {
  const table = {
    name: 'x',
    caption: 'a & b',
    columns: [{ title: 'a|b' }, { title: 'n' }, { title: 'p', format: (v: number) => v.toFixed(1) }],
    rows: [
      ['<x>', 12345, 0.25],
      ['y', null, 2],
    ],
  };
  t.equal(toMarkdown(table), '| a\\|b | n | p |\n|---|--:|--:|\n| <x> | 12,345 | 0.3 |\n| y |  | 2.0 |\n');
  t.match(toHtml(table), '<td>&lt;x&gt;</td><td class="number">12,345</td><td class="number">0.3</td>');
});

t.test('a figure that does not exist', async (t) => {
  const { status, stderr } = command('nothing');
  t.equal(status, 1);
  t.match(stderr, /there is no figure 'nothing', expected any of cost, operations, gradients/);
});

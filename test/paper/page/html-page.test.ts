// The page of all figures, of a quick run, as a browser shows it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { figures } from '../../../dist/paper';
import { missingBrowser, openPage } from '../../support/browser';
import { testNeeding } from '../../support/needing';
import { dataFolder, missingData } from '../../support/official-data';
import { repository } from '../../support/repository';

const folder = t.testdir();
const out = join(folder, 'figures');

testNeeding([missingBrowser, missingData('mnist'), missingData('cifar10')], 'every image is there, and nothing complains', async (t) => {
  const data = join(folder, 'data');
  mkdirSync(data);
  for (const name of ['mnist', 'cifar10']) symlinkSync(dataFolder(name), join(data, name));
  const args = ['figures', '--quick', '--data', data, '--logs', join(repository, 'docs/training'), '--out', out];
  const { status, stderr } = spawnSync(process.execPath, [join(repository, 'dist/cli/main.js'), ...args], { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  const drawn = figures.flatMap(({ name }) => readdirSync(join(out, name)).filter((file) => file.endsWith('.png')));

  for (const viewport of [
    { width: 1200, height: 800 },
    { width: 390, height: 844 },
  ]) {
    const { page, complaints, close } = await openPage(pathToFileURL(join(out, 'index.html')).href, { viewport });
    t.same(
      await page.locator('h2').allTextContents(),
      figures.map(({ title }) => title),
    );
    const sizes = await page.evaluate<number[]>('Array.from(document.images, (image) => image.naturalWidth)');
    t.equal(sizes.length, drawn.length, 'as many images as files');
    t.ok(
      sizes.every((width) => width > 100),
      'each of them was decoded',
    );
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    t.equal(overflow, 0, `fits ${viewport.width} pixels`);
    t.same(complaints, []);
    await close();
  }

  const rows = (...file: string[]) => JSON.parse(readFileSync(join(out, ...file), 'utf8')).rows as [string, number, number][];
  const accuracies = rows('ablation', 'ablation.json').map(([rule, mean]) => [rule, mean] as const);
  const byAccuracy = [...accuracies].sort(([, a], [, b]) => b - a).map(([rule]) => rule);
  t.same(byAccuracy.slice(0, 2), ['full, adaptive', 'full, increased'], `the best of ${JSON.stringify(accuracies)}`);
  const [[, floats], ...bits] = rows('quantization', 'quantization.json') as [[string, number, null], ...[string, number, number][]];
  for (const [name, exact, naive] of bits) {
    t.ok(exact > floats - 0.02, `${name}: ${exact} of ${floats} in floats`);
    t.ok(naive < exact - 0.1, `${name}: one scale for inputs and filters, ${naive}, is far worse than ${exact}`);
  }
});

// Which sign rule is worse shows in the whole course alone: after a quick one seeds differ, and rounding turns a seed's order over.
t.test('the ablation of docs/paper: in every seed sign, increased is the worst and full, adaptive the best', (t) => {
  const { data: runs } = JSON.parse(readFileSync(join(repository, 'docs/paper/ablation.json'), 'utf8')) as {
    data: { rule: string; seed: number; history: { validation: { accuracy: number } }[] }[];
  };
  for (const seed of [1, 2, 3]) {
    const ofSeed = runs.filter((run) => run.seed === seed).map(({ rule, history }) => [rule, history.at(-1)!.validation.accuracy] as const);
    const byAccuracy = ofSeed.sort(([, a], [, b]) => b - a).map(([rule]) => rule);
    t.same(
      byAccuracy,
      ['full, adaptive', 'full, increased', 'sign, adaptive', 'sign, increased'],
      `seed ${seed}: ${JSON.stringify(ofSeed)}`,
    );
  }
  t.end();
});

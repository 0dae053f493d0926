// Learning curves: what the image shows, that it is valid, and the error where it cannot be drawn.
import { spawnSync } from 'node:child_process';
import sharp from 'sharp';
import t from 'tap';
import { chartPackages, missingPackages } from '../../../dist/paper/charts/chart';
import { drawLearningCurves } from '../../../dist/paper/charts/learning-curves';
import { installedCopy } from '../../support/installed';

const history = (epochs: number, validated = true) =>
  Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    loss: 2 / (i + 1),
    accuracy: 1 - 1 / (i + 2),
    ...(validated && { validation: { loss: 2.2 / (i + 1), accuracy: 1 - 1.1 / (i + 2) } }),
  }));
/** The curves are the paths without filling that are drawn in a series' color. */
const curves = (svg: string) =>
  [...svg.matchAll(/<path d="([^"]+)" fill="none"[^>]* stroke="(?:#56b4e9|#d55e00)"/g)].filter(([, d]) => /L/.test(d!));

t.test('two panels of training and validation over epochs', async (t) => {
  const { svg, png } = await drawLearningCurves(history(12), { title: 'a <b> & "c"' });
  t.match(svg, /^<svg/);
  t.match(svg, /a &lt;b&gt; &amp; (&quot;|")c/, 'the title, escaped');
  for (const text of ['epoch', 'loss', 'error, %', 'training', 'validation']) t.match(svg, `>${text}<`, text);
  const points = (d: string) => d.split(/[ML]/).length - 1;
  const found = curves(svg).map(([, d]) => points(d!));
  t.same(found.filter((count) => count === 12).length, 4, `four curves of a point for each epoch: ${found}`);

  const { width, height, format } = await sharp(png).metadata();
  t.same({ width, height, format }, { width: 1920, height: 800, format: 'png' });
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let [blue, orange] = [0, 0];
  for (let i = 0; i < data.length; i += 3) {
    if (data[i] === 0x56 && data[i + 1] === 0xb4) blue++;
    if (data[i] === 0xd5 && data[i + 1] === 0x5e) orange++;
  }
  t.ok(blue > 500 && orange > 500, `both curves are in the image: ${blue} and ${orange} pixels`);
});

t.test('from a single epoch to hundreds, with or without validation', async (t) => {
  const one = await drawLearningCurves(history(1), { title: 'one' });
  t.match(one.svg, /#d55e00/, 'a point');
  const many = await drawLearningCurves(history(400), { title: 'many' });
  t.ok(curves(many.svg).length >= 4);
  const alone = await drawLearningCurves(history(5, false), { title: 'training alone' });
  t.notMatch(alone.svg, />validation</);
});

t.test('without the packages it says which to install', (t) => {
  t.same(missingPackages(chartPackages), [], 'here they are');
  const script = `const charts = '${installedCopy(t, { binary: false })}/dist/paper/charts';
    const { chartPackages, missingPackages } = require(charts + '/chart');
    console.log(JSON.stringify(missingPackages(chartPackages)));
    require(charts + '/learning-curves').drawLearningCurves([], { title: '' }).catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  t.match(
    stdout,
    /^\["echarts","@resvg\/resvg-js","dejavu-fonts-ttf"\]\nERR_PEER_MISSING .*npm i echarts @resvg\/resvg-js dejavu-fonts-ttf\n$/,
  );
  t.end();
});

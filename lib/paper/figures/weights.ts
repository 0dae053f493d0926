// The distribution of weights, Laplace or normal, in an adder network and in its CNN baseline (section 4.4 of the paper).
import { load } from '../../files';
import type { Model } from '../../models';
import { drawChart } from '../charts/chart';
import { colors, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { digits } from '../page/table';

interface Fit {
  center: number;
  scale: number;
  /** Mean over the weights, in nats. */
  logLikelihood: number;
}

interface Fitted {
  network: string;
  layer: string;
  weights: number;
  normal: Fit;
  laplace: Fit;
  /** Share of the weights in each of the equal bins from first to last, per unit of weight. */
  density: { first: number; last: number; values: number[] };
}

const networks = [
  { name: 'resnet20-cifar10', kind: 'adder' },
  { name: 'resnet20-cifar10-conv', kind: 'conv' },
] as const;
/** The layer in the images; the table has every layer. */
const shownLayer = 'layer3.1.conv1';
const bins = 80;

export const weights = figure<Fitted[]>({
  name: 'weights',
  title: 'Distribution of weights',
  about:
    'The L1 norm corresponds to a Laplace distribution, squares to a normal one; the paper finds the first in adder layers and ' +
    'the second in convolutions. Both are fitted to each layer of the pretrained models; the better fit has the ' +
    'larger mean log-likelihood.',
  needs: [],
  async measure() {
    const fitted = [];
    for (const { name } of networks) for (const [layer, values] of filtersOf(await load(name))) fitted.push(fit(name, layer, values));
    return fitted;
  },
  async present(fitted) {
    const table = {
      name: 'weights',
      caption: 'Mean log-likelihood of a weight under each fit, in nats',
      columns: [
        ...['network', 'layer', 'weights'].map((title) => ({ title })),
        { title: 'Laplace', format: digits(4) },
        { title: 'normal', format: digits(4) },
        { title: 'better' },
      ],
      rows: fitted.map(({ network, layer, weights, laplace, normal }) => [
        ...[network, layer, weights, laplace.logLikelihood, normal.logLikelihood],
        laplace.logLikelihood > normal.logLikelihood ? 'Laplace' : 'normal',
      ]),
    };
    const images = [];
    for (const { name, kind } of networks) {
      const shown = fitted.find(({ network, layer }) => network === name && layer === shownLayer)!;
      const chart = await drawChart(densityChart(shown, colors[kind]), { width: 640, height: 400 });
      images.push({ name: `weights-${kind}`, caption: `Weights of ${shownLayer} in ${name}, and both fits.`, chart });
    }
    return { tables: [table], images };
  },
});

/** The filters of the layers between the first and the classifier, which are convolutions in both networks. */
const filtersOf = (model: Model): [string, Float32Array][] =>
  [...model.stateDict()]
    .filter(([name, { shape }]) => name.startsWith('layer') && shape.length === 4)
    .map(([name, { data }]) => [name.slice(0, name.lastIndexOf('.')), data]);

function fit(network: string, layer: string, values: Float32Array): Fitted {
  const fits = fitBoth(values);
  const { center, scale } = fits.normal;
  return { network, layer, weights: values.length, ...fits, density: densityOf(values, center - 4 * scale, center + 4 * scale) };
}

/** Maximum likelihood: mean and standard deviation; median and mean absolute deviation from it. */
export function fitBoth(values: Float32Array): { normal: Fit; laplace: Fit } {
  const sorted = values.slice().sort();
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
  const median = (sorted[Math.floor((n - 1) / 2)]! + sorted[Math.ceil((n - 1) / 2)]!) / 2;
  const distance = values.reduce((sum, v) => sum + Math.abs(v - median), 0) / n;
  return {
    normal: { center: mean, scale: deviation, logLikelihood: -0.5 * Math.log(2 * Math.PI * deviation ** 2) - 0.5 },
    laplace: { center: median, scale: distance, logLikelihood: -Math.log(2 * distance) - 1 },
  };
}

function densityOf(values: Float32Array, first: number, last: number): Fitted['density'] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((bins * (value - first)) / (last - first));
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  return { first, last, values: counts.map((count) => (count * bins) / (values.length * (last - first))) };
}

function densityChart({ normal, laplace, density: { first, last, values } }: Fitted, color: string) {
  const at = (i: number) => first + ((i + 0.5) * (last - first)) / bins;
  const points = (density: (w: number) => number) => values.map((_, i) => [at(i), density(at(i))] as const);
  const { center: m, scale: s } = normal;
  const { center, scale: b } = laplace;
  return lineChart({
    x: 'weight',
    y: 'density',
    series: [
      { name: 'weights', color, points: values.map((value, i) => [at(i), value] as const), marks: true },
      { name: 'Laplace', color: colors.xnor, points: points((w) => Math.exp(-Math.abs(w - center) / b) / (2 * b)) },
      {
        name: 'normal',
        color: colors.neutral,
        type: 'dashed',
        points: points((w) => Math.exp(-0.5 * ((w - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI))),
      },
    ],
  });
}

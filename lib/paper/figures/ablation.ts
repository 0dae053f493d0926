// What the full-precision gradient and the adaptive rate contribute (section 4.3, figure 4): four training rules.
import type { EpochRecord } from '../../train/progress';
import { drawChart } from '../charts/chart';
import { type Line, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { type LearningRule, meanAndSpread, mnistTraining, type Recipe, seedsOf } from '../mnist-training';
import { percent } from '../page/table';
import { ablationAccuracies } from '../published-numbers';

interface Run {
  rule: string;
  seed: number;
  history: readonly EpochRecord[];
}

const rules: Readonly<Record<string, LearningRule & { color: string }>> = {
  'full, adaptive': { filterGradient: 'full', rate: 'adaptive', eta: 0.1, color: '#0072b2' },
  'full, increased': { filterGradient: 'full', rate: 'increased', eta: 0.1, color: '#56b4e9' },
  'sign, adaptive': { filterGradient: 'sign', rate: 'adaptive', eta: 0.1, color: '#d55e00' },
  'sign, increased': { filterGradient: 'sign', rate: 'increased', eta: 0.1, color: '#e69f00' },
};

/** The recipe of the paper. */
const recipe: Recipe = { name: 'paper', epochs: 50, crop: 0 };

export const ablation = figure<Run[]>({
  name: 'ablation',
  title: 'Gradient and learning rate',
  about:
    'LeNet-5-BN on MNIST with the full gradient or its sign for the filters, and with the adaptive rate or one 100 times that of the other ' +
    'parameters. A full run trains for 50 epochs in batches of 256, as in the paper, without augmentation and with eta 0.1. If a weight lies beyond all features it is ' +
    'compared with, all differences have the same sign, and the gradients that batch norm passes back sum to zero: nothing brings the weight back. ' +
    'With the sign gradient this soon holds for most weights of a layer, with the full gradient for none. Accuracies are lower than in the paper, ' +
    'which does not give all details of its training. Lines are means over seeds, dots are single seeds.',
  needs: ['mnist'],
  async measure(context) {
    const runs: Run[] = [];
    for (const seed of seedsOf(context))
      for (const [name, rule] of Object.entries(rules))
        runs.push({ rule: name, seed, history: await mnistTraining(context, rule, seed, recipe) });
    return runs;
  },
  async present(runs) {
    const of = (rule: string) => runs.filter((run) => run.rule === rule).map(({ history }) => history);
    const table = {
      name: 'ablation',
      caption: 'Accuracy on the test images of MNIST after the last epoch',
      columns: [{ title: 'gradient, rate' }, ...['mean', 'largest - smallest', 'paper'].map((title) => ({ title, format: percent }))],
      rows: Object.keys(rules).map((rule) => {
        const { mean, spread } = meanAndSpread(of(rule).map((history) => history.at(-1)!.validation!.accuracy));
        return [rule, mean, spread, rule in ablationAccuracies ? ablationAccuracies[rule]! / 100 : null];
      }),
    };
    const lines = (value: (record: EpochRecord) => number): Line[] =>
      Object.entries(rules).flatMap(([name, { color }]) => {
        const points = of(name).map((history) => history.map((record) => [record.epoch, value(record)] as const));
        const mean = points[0]!.map(([epoch], i) => [epoch, meanAndSpread(points.map((seed) => seed[i]![1])).mean] as const);
        return [
          { name, color, points: mean },
          { name, color, points: points.flat(), marks: true },
        ];
      });
    const panels = [
      { name: 'error', y: 'error on test images, %', value: (record: EpochRecord) => 100 * (1 - record.validation!.accuracy) },
      { name: 'loss', y: 'loss in training', value: (record: EpochRecord) => record.loss },
    ];
    const images = [];
    for (const { name, y, value } of panels) {
      const option = lineChart({ x: 'epoch', y, logarithmic: 'y', series: lines(value) });
      images.push({
        name: `ablation-${name}`,
        caption: `${y}, after each epoch.`,
        chart: await drawChart(option, { width: 880, height: 440 }),
      });
    }
    return { tables: [table], images };
  },
});

// What the full-precision gradient and the adaptive rate contribute (section 4.3, figure 4): four ways to learn.
import type { EpochRecord } from '../../train/progress';
import { drawChart } from '../charts/chart';
import { type Line, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { type Course, type LearningRule, meanAndSpread, mnistTraining, seedsOf } from '../mnist-training';
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

/** Of the paper. */
const course: Course = { name: 'paper', epochs: 50, crop: 0 };

export const ablation = figure<Run[]>({
  name: 'ablation',
  title: 'Gradient and learning rate',
  about:
    'LeNet-5-BN on MNIST with the full gradient or its sign for the filters, and with the adaptive rate or one that is 100 times that of other ' +
    'parameters. A full run learns for 50 epochs in batches of 256, as in the paper, with images as they are and eta 0.1. To a weight beyond all features that it is ' +
    'compared with, each of them has the same sign, and what batch norm passes back sums to zero: no gradient is left to bring the weight back. ' +
    'With signs that soon holds for most weights of a layer, with the full gradient for none. They end lower than in the paper, ' +
    'which does not tell all of how they learnt. Lines are means over seeds, dots the seeds.',
  needs: ['mnist'],
  async measure(workshop) {
    const runs: Run[] = [];
    for (const seed of seedsOf(workshop))
      for (const [name, rule] of Object.entries(rules))
        runs.push({ rule: name, seed, history: await mnistTraining(workshop, rule, seed, course) });
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
    const pictures = [];
    for (const { name, y, value } of panels) {
      const option = lineChart({ x: 'epoch', y, logarithmic: 'y', series: lines(value) });
      pictures.push({
        name: `ablation-${name}`,
        caption: `${y}, after each epoch.`,
        chart: await drawChart(option, { width: 880, height: 440 }),
      });
    }
    return { tables: [table], pictures };
  },
});

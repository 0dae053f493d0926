// Accuracy over eta, the new hyperparameter of the training rule (section 4.3, table 5).
import { drawChart } from '../charts/chart';
import { colors, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { meanAndSpread, mnistTraining, seedsOf } from '../mnist-training';
import { digits, percent } from '../page/table';
import { etaAccuracies } from '../published-numbers';

interface Run {
  eta: number;
  seed: number;
  /** On the test images, after the last epoch. */
  accuracy: number;
}

const etas = [1, 0.5, 0.2, 0.1, 0.05];

export const eta = figure<Run[]>({
  name: 'eta',
  title: 'Accuracy over eta',
  about: 'LeNet-5-BN on MNIST with the full gradient and the adaptive rate, with the same factor eta in all layers.',
  needs: ['mnist'],
  async measure(context) {
    const runs: Run[] = [];
    for (const seed of seedsOf(context))
      for (const eta of etas) {
        const history = await mnistTraining(context, { filterGradient: 'full', rate: 'adaptive', eta }, seed);
        runs.push({ eta, seed, accuracy: history.at(-1)!.validation!.accuracy });
      }
    return runs;
  },
  async present(runs) {
    const rows = etas.map((eta) => {
      const { mean, spread } = meanAndSpread(runs.filter((run) => run.eta === eta).map(({ accuracy }) => accuracy));
      return [eta, mean, spread, etaAccuracies[eta]! / 100] as const;
    });
    const table = {
      name: 'eta',
      caption: 'Accuracy on the test images of MNIST after the last epoch',
      columns: [
        { title: 'eta', format: digits(2) },
        ...['mean', 'largest - smallest', 'paper'].map((title) => ({ title, format: percent })),
      ],
      rows,
    };
    const series = [
      { name: 'here', color: colors.adder, points: rows.map(([eta, mean]) => [eta, 100 * mean] as const) },
      { name: 'here', color: colors.adder, points: runs.map(({ eta, accuracy }) => [eta, 100 * accuracy] as const), marks: true },
      {
        name: 'paper',
        color: colors.neutral,
        type: 'dashed' as const,
        points: rows.map(([eta, , , paper]) => [eta, 100 * paper] as const),
      },
    ];
    const chart = await drawChart(lineChart({ x: 'eta', y: 'accuracy, %', logarithmic: 'x', series }), { width: 640, height: 400 });
    return { tables: [table], images: [{ name: 'eta', caption: 'Lines are means over seeds, dots are single seeds.', chart }] };
  },
});

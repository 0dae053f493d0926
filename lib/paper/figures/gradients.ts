// Norms of the filter gradients in the first iteration, and of the updates that the adaptive rate makes of them (section 3.3, table 1).
import { BatchLoader } from '../../data/batch-loader';
import { createModel } from '../../models';
import { softmaxCrossEntropy } from '../../ops';
import { figure } from '../figure';
import { percent, significant } from '../page/table';
import { gradientNorms } from '../published-numbers';

interface Norms {
  kind: 'adder' | 'conv';
  seed: number;
  layer: string;
  /** Elements of the filters. */
  k: number;
  norm: number;
}

const eta = 0.1;

export const gradients = figure<Norms[]>({
  name: 'gradients',
  title: 'Filter gradients in the first iteration',
  about:
    'LeNet-5-BN, a batch of 256 training images of MNIST; geometric means over seeds of weights and images (100 in a full run), because norms ' +
    'differ by factors, with the factor of the 95 % confidence interval. The gradients of adder filters are small and vary from layer ' +
    'to layer and from seed to seed, most in the classifier; the adaptive rate turns each into an update of norm eta sqrt(k), for filters of k elements.',
  needs: ['mnist'],
  async measure({ quick, dataset }) {
    const images = dataset('mnist', 'train');
    const norms: Norms[] = [];
    for (let seed = 1; seed <= (quick ? 1 : 100); seed++)
      for (const kind of ['adder', 'conv'] as const) {
        const model = createModel('lenet5bn', { kind, seed });
        const loader = new BatchLoader(images, { batch: 256, normalization: model.normalization, seed, shuffle: true });
        const { x, targets } = await loader.load(0, 0);
        const { grad } = softmaxCrossEntropy(model.forward(x, { training: true }), targets);
        model.backward(grad, { inputGradient: false });
        for (const [name, { value, gradient }] of model.namedParameters())
          if (value.shape.length === 4) norms.push({ kind, seed, layer: name.split('.')[0]!, k: value.size, norm: norm(gradient.data) });
      }
    return norms;
  },
  async present(norms) {
    const layers = [...new Set(norms.map(({ layer }) => layer))];
    /** One norm per seed, in the order of the seeds. */
    const normsOf = (kind: string, layer: string) =>
      norms.filter((row) => row.kind === kind && row.layer === layer).map(({ norm }) => norm);
    const columns = [
      'adder',
      'adder, paper',
      'conv',
      'conv, paper',
      'conv / adder',
      'within a factor of',
      'smallest of a seed',
      `adder, after the adaptive rate (eta ${eta})`,
    ];
    const table = {
      name: 'gradients',
      caption: 'Norms of the filter gradients of a layer',
      columns: [
        { title: 'layer' },
        ...columns.map((title) => ({ title, format: significant(3) })),
        { title: 'seeds with at least 10 x', format: percent },
      ],
      rows: layers.map((layer, i) => {
        const [adders, convs] = [normsOf('adder', layer), normsOf('conv', layer)];
        const [adder, conv] = [geometricMean(adders), geometricMean(convs)];
        const ratios = convs.map((norm, seed) => norm / adders[seed]!);
        const k = norms.find((row) => row.layer === layer)!.k;
        return [
          ...[layer, adder, gradientNorms.adder[i] ?? null, conv, gradientNorms.conv[i] ?? null],
          ...[conv / adder, confidenceFactor(ratios), Math.min(...ratios), eta * Math.sqrt(k)],
          ratios.filter((ratio) => ratio >= 10).length / ratios.length,
        ];
      }),
    };
    return { tables: [table], images: [] };
  },
});

const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** Half the 95 % confidence interval of a geometric mean, as a factor; null for a single value. */
function confidenceFactor(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = Math.log(geometricMean(values));
  const variance = values.reduce((sum, v) => sum + (Math.log(v) - mean) ** 2, 0) / (values.length - 1);
  return Math.exp(1.96 * Math.sqrt(variance / values.length));
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

// Variance of the outputs of adder layers and convolutions, measured and by the formulas of the paper (section 3.3).
import { adderConv2d, conv2d } from '../../ops';
import { Random } from '../../random';
import { Tensor } from '../../tensor';
import { drawChart } from '../charts/chart';
import { colors, lineChart } from '../charts/line-chart';
import { figure } from '../figure';
import { digits, percent } from '../page/table';

interface Measured {
  /** Inputs per output. */
  k: number;
  /** Standard deviation of the filters; inputs have 1. */
  deviation: number;
  adder: number;
  conv: number;
}

const formulas = {
  adder: ({ k, deviation }: Measured) => (1 - 2 / Math.PI) * k * (1 + deviation ** 2),
  conv: ({ k, deviation }: Measured) => k * deviation ** 2,
};

export const variance = figure<Measured[]>({
  name: 'variance',
  title: 'Variance of outputs',
  about:
    'Inputs and filters are independent and normal with zero mean. Convolutions: Var[Y] = K Var[x] Var[w]; adder layers: ' +
    'Var[Y] = (1 - 2/pi) K (Var[x] + Var[w]), which no initialization of the filters keeps at Var[x]. That is why adder networks need batch norm.',
  needs: [],
  async measure() {
    return [16, 64, 256, 1024, 4096].flatMap((k) => [0.01, 0.1, 1].map((deviation) => measure(k, deviation)));
  },
  async present(rows) {
    const series = [1, 0.1, 0.01].flatMap((deviation, i) =>
      (['adder', 'conv'] as const).flatMap((kind) => {
        const of = rows.filter((row) => row.deviation === deviation);
        const style = { color: colors[kind], type: (['solid', 'dashed', 'dotted'] as const)[i]! };
        const name = `${kind}, ${deviation}`;
        return [
          { name, ...style, points: of.map((row) => [row.k, formulas[kind](row)] as const) },
          { name, ...style, points: of.map((row) => [row.k, row[kind]] as const), marks: true },
        ];
      }),
    );
    const chart = await drawChart(lineChart({ x: 'K', y: 'Var[Y]', logarithmic: 'both', series }), { width: 860, height: 460 });
    const table = {
      name: 'variance',
      caption: 'Variance of outputs, measured and by the formula',
      columns: [
        ...[{ title: 'K' }, { title: 'deviation of filters', format: String }],
        ...['adder', 'conv'].flatMap((kind) => [
          { title: kind, format: digits(3) },
          { title: 'formula', format: digits(3) },
          { title: 'difference', format: percent },
        ]),
      ],
      rows: rows.map((row) => {
        const of = (kind: 'adder' | 'conv') => [row[kind], formulas[kind](row), row[kind] / formulas[kind](row) - 1];
        return [row.k, row.deviation, ...of('adder'), ...of('conv')];
      }),
    };
    return {
      tables: [table],
      images: [
        {
          name: 'variance',
          caption: 'Lines are the formulas, dots are measured; numbers are the standard deviations of the filters.',
          chart,
        },
      ],
    };
  },
});

/** Inputs and filters: every pair of them gives an output. */
const [inputs, filters] = [2048, 256];

function measure(k: number, deviation: number): Measured {
  const random = Random.of(k, Math.round(1e6 * deviation));
  const [x, w] = [Tensor.zeros([inputs, 1, 1, k]), Tensor.zeros([filters, 1, 1, k])];
  random.fillNormal(x.data);
  random.fillNormal(w.data, 0, deviation);
  return { k, deviation, adder: varianceOf(adderConv2d(x, w).data), conv: varianceOf(conv2d(x, w).data) };
}

function varianceOf(values: Float32Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
}

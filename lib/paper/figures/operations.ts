// Operations and parameters of every network with every kind, counted here and printed in the paper.
import { type ConvKind, convKinds, createModel, type ModelName, modelNames } from '../../models';
import { figure } from '../figure';
import { percent, type Table } from '../page/table';
import { type PaperRow, paperRows } from '../published-numbers';

interface Counted {
  network: ModelName;
  kind: ConvKind;
  parameters: number;
  multiplications: number;
  additions: number;
  xnors: number;
}

const counts = ['multiplications', 'additions', 'xnors'] as const;

export const operations = figure<Counted[]>({
  name: 'operations',
  title: 'Operations of one image',
  about:
    'Each pair of an input and a weight costs a multiplication and an addition, or two additions, or an xnor and an addition. Ours count every ' +
    'layer with weights: the first, those in shortcuts and the classifier too, which are ordinary layers except in LeNet-5-BN; batch norm, ' +
    'rectifiers and pooling count nothing. So an adder network here has the multiplications of its first layer and classifier, which the paper ' +
    'counts as additions, and the sums differ by what the paper rounds or counts besides.',
  needs: [],
  async measure() {
    return modelNames.flatMap((network) =>
      convKinds.map((kind) => {
        const { totals } = createModel(network, { kind, seed: null }).summary();
        return { network, kind, ...totals };
      }),
    );
  },
  async present(counted) {
    const rows = counted.map(({ network, kind, parameters, ...ours }) => {
      const paper = paperRows.find((row) => row.network === network && row.kind === kind);
      const [sum, printed] = [sumOf(ours), paper ? sumOf(paper) : null];
      return [network, kind, parameters, ...counts.flatMap((count) => [ours[count], paper?.[count] ?? null]), printed && sum / printed - 1];
    });
    const table: Table = {
      name: 'operations',
      caption: 'Operations of one image, and those in the paper',
      columns: [
        ...['network', 'kind', 'parameters', ...counts.flatMap((count) => [count, `${count}, paper`])].map((title) => ({ title })),
        { title: 'all, against the paper', format: (share) => `${share < 0 ? '' : '+'}${percent(share)}` },
      ],
      rows,
    };
    return { tables: [table], pictures: [] };
  },
});

const sumOf = (row: Pick<PaperRow, (typeof counts)[number]>): number => counts.reduce((sum, count) => sum + row[count], 0);

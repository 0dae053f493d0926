// Operations and parameters of every network with every kind, counted here and printed in the paper.
import { createModel, type ModelName, modelNames, type NetworkKind } from '../../models';
import { figure } from '../figure';
import { percent, type Table } from '../page/table';
import { type PaperRow, paperRows } from '../published-numbers';

interface Counted {
  network: ModelName;
  kind: NetworkKind;
  parameters: number;
  multiplications: number;
  additions: number;
  xnors: number;
}

/** Those of the paper. */
const kinds = ['adder', 'conv', 'xnor'] as const satisfies readonly NetworkKind[];
const counts = ['multiplications', 'additions', 'xnors'] as const;

export const operations = figure<Counted[]>({
  name: 'operations',
  title: 'Operations of one image',
  about:
    'Each pair of an input and a weight costs a multiplication and an addition, or two additions, or an XNOR and an addition. The counts include every ' +
    'layer with weights, also the first, those in shortcuts and the classifier, which are convolutions except in LeNet-5-BN, but not batch norm, ' +
    'ReLU and pooling. An adder network therefore has the multiplications of its first layer and classifier here, which the paper ' +
    'counts as additions, and the sums differ by what the paper rounds or counts in addition.',
  needs: [],
  async measure() {
    return modelNames.flatMap((network) =>
      kinds.map((kind) => {
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
      caption: 'Operations of one image, here and in the paper',
      columns: [
        ...['network', 'kind', 'parameters', ...counts.flatMap((count) => [count, `${count}, paper`])].map((title) => ({ title })),
        { title: 'total, relative to the paper', format: (share) => `${share < 0 ? '' : '+'}${percent(share)}` },
      ],
      rows,
    };
    return { tables: [table], images: [] };
  },
});

const sumOf = (row: Pick<PaperRow, (typeof counts)[number]>): number => counts.reduce((sum, count) => sum + row[count], 0);

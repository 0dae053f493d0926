// Layers with 4 pairs for an output where 3x3 windows have 9, beside the adder layers of the same shapes: what they save in pairs, padding and
// transforms may cost again.
import { has, layerTime, type Measurements, shortName, unique } from './measurements';
import { ratio, table } from './tables';

const forms = ['2x2', 'winograd'] as const;
const numberTypes = [
  { numbers: 'floats', dtype: 'f32', adder: 'adder f32 node' },
  { numbers: 'bytes', dtype: 'u8', adder: 'adder u8 node' },
  { numbers: '16 bits', dtype: 'i16', adder: 'adder i16' },
] as const;
const columns = forms.flatMap((form) => numberTypes.map((type) => ({ ...type, form, column: `${form}, ${type.numbers}` })));

interface Comparison {
  readonly column: string;
  readonly layer: string;
  /** Seconds of the layer over those of the adder layer. */
  readonly value: number;
}

/** Those that were measured. */
function compared({ layers }: Measurements): Comparison[] {
  const shapes = unique(layers.results.map(({ layer }) => layer));
  return columns
    .filter(({ form, dtype }) => has(layers.results, `${form} ${dtype}`))
    .flatMap(({ form, dtype, adder, column }) =>
      shapes.map((layer) => ({
        ...{ column, layer: shortName(layer) },
        value: layerTime(layers, layer, `${form} ${dtype}`) / layerTime(layers, layer, adder),
      })),
    );
}

const cell = (all: readonly Comparison[], column: string, layer: string): string => {
  const found = all.find((one) => one.column === column && one.layer === layer);
  return found ? ratio(found.value) : 'not measured';
};

/** The layers of one CPU down, forms and numbers across, and where they lose. */
export function fewerPairsOfCpu(measured: Measurements): string {
  const all = compared(measured);
  if (all.length === 0) return 'Not measured.';
  const rows = unique(all.map(({ layer }) => layer)).map((layer) => [layer, ...columns.map(({ column }) => cell(all, column, layer))]);
  return `${table(['', ...columns.map(({ column }) => column)], rows)}\n\n${losses(all)}`;
}

/** Layers, forms and numbers down, CPUs across. */
export function fewerPairsOfCpus(all: readonly Measurements[]): string {
  const ofCpus = all.map(compared);
  const measured = ofCpus.flat();
  const rows = columns.flatMap(({ column }) =>
    unique(measured.filter((one) => one.column === column).map(({ layer }) => layer)).map((layer) => [
      `${column}, ${layer}`,
      ...ofCpus.map((ofCpu) => cell(ofCpu, column, layer)),
    ]),
  );
  const lost = all.flatMap(({ name }, i) => (ofCpus[i]!.length > 0 ? [`- ${name}: ${losses(ofCpus[i]!)}`] : []));
  return rows.length === 0 ? 'Not measured.' : `${table(['', ...all.map(({ name }) => name)], rows)}\n\n${lost.join('\n')}`;
}

function losses(all: readonly Comparison[]): string {
  const lost = all.filter(({ value }) => value > 1).map(({ column, layer, value }) => `${layer} (${column}, ${ratio(value)})`);
  return lost.length === 0 ? 'They lose on no layer.' : `They lose on ${lost.join(', ')}.`;
}

// Winograd adder layers beside the adder layers of the same shapes: what they save in pairs, their transforms may cost again.
import { has, layerTime, type Measurements, shortName, unique } from './measurements';
import { ratio, table } from './tables';

const numberTypes = [
  { numbers: 'floats', winograd: 'winograd f32', adder: 'adder f32' },
  { numbers: 'bytes', winograd: 'winograd u8', adder: 'adder u8 node' },
  { numbers: '16 bits', winograd: 'winograd i16', adder: 'adder i16' },
] as const;

interface Comparison {
  readonly numbers: string;
  readonly layer: string;
  /** Seconds of the Winograd layer over those of the adder layer. */
  readonly value: number;
}

/** Those that were measured. */
function compared({ layers }: Measurements): Comparison[] {
  const shapes = unique(layers.results.map(({ layer }) => layer));
  return numberTypes
    .filter(({ winograd }) => has(layers.results, winograd))
    .flatMap(({ numbers, winograd, adder }) =>
      shapes.map((layer) => ({
        ...{ numbers, layer: shortName(layer) },
        value: layerTime(layers, layer, winograd) / layerTime(layers, layer, adder),
      })),
    );
}

const cell = (all: readonly Comparison[], numbers: string, layer: string): string => {
  const found = all.find((one) => one.numbers === numbers && one.layer === layer);
  return found ? ratio(found.value) : 'not measured';
};

/** The layers of one CPU down, numbers across, and where Winograd loses. */
export function winogradOfCpu(measured: Measurements): string {
  const all = compared(measured);
  if (all.length === 0) return 'Not measured.';
  const rows = unique(all.map(({ layer }) => layer)).map((layer) => [
    layer,
    ...numberTypes.map(({ numbers }) => cell(all, numbers, layer)),
  ]);
  return `${table(['', ...numberTypes.map(({ numbers }) => numbers)], rows)}\n\n${losses(all)}`;
}

/** Layers and numbers down, CPUs across. */
export function winogradOfCpus(all: readonly Measurements[]): string {
  const ofCpus = all.map(compared);
  const rows = unique(ofCpus.flat().map(({ numbers, layer }) => `${numbers}, ${layer}`)).map((row) => {
    const [numbers, layer] = row.split(', ') as [string, string];
    return [row, ...ofCpus.map((ofCpu) => cell(ofCpu, numbers, layer))];
  });
  const lost = all.flatMap(({ name }, i) => (ofCpus[i]!.length > 0 ? [`- ${name}: ${losses(ofCpus[i]!)}`] : []));
  return rows.length === 0 ? 'Not measured.' : `${table(['', ...all.map(({ name }) => name)], rows)}\n\n${lost.join('\n')}`;
}

function losses(all: readonly Comparison[]): string {
  const lost = all.filter(({ value }) => value > 1).map(({ numbers, layer, value }) => `${layer} in ${numbers} (${ratio(value)})`);
  return lost.length === 0 ? 'Winograd loses on no layer.' : `Winograd loses on ${lost.join(', ')}.`;
}

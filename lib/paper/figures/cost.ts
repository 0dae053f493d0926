// The cost of an addition and a multiplication: energy and area from the literature, time measured on this CPU.
import { native } from '../../binding';
import { cpuInfo } from '../../cpu';
import { createModel, type ModelName, modelNames } from '../../models';
import { medianTimes } from '../../timing';
import { barChart } from '../charts/bar-chart';
import { drawChart } from '../charts/chart';
import { colors } from '../charts/line-chart';
import { figure } from '../figure';
import { digits, significant, type Table } from '../page/table';
import { operationCosts } from '../published-numbers';

interface Measured {
  /** One element on one core, by micro-op. */
  picoseconds: Record<string, number>;
  networks: { network: ModelName; kind: 'adder' | 'conv'; multiplications: number; additions: number }[];
}

/** Micro-ops of native/cpu/peak.cc, by what they do with an element. */
const microOps = {
  'add f32': 'addition, float32',
  'dot f32': 'multiplication and addition, float32',
  'l1 f32': 'L1: distance and addition, float32',
  'l1 u8': 'L1 of bytes (sum of absolute differences)',
  'l1 i16': 'L1 of int16',
  'dot 8-bit': 'multiplication and addition, uint8 by int8',
  'dot 7-bit': 'the same, weights of 7 bits',
  xnor: 'xnor and count, one bit',
} as const;

export const cost = figure<Measured>({
  name: 'cost',
  title: 'Cost of an operation',
  about:
    'Energy and area are those of circuits at 45 nm (Horowitz, ISSCC 2014, as in the paper). Time is that of the micro-op of each kernel with all ' +
    'operands in registers, the median of many turns, on all threads at once: the peak of this CPU. A CPU multiplies as fast as it adds: ' +
    'floats gain no time from adders, bytes do.',
  needs: [],
  async measure({ quick }) {
    const picoseconds = measureMicroOps(quick ? 25 : 101);
    const networks = modelNames.flatMap((network) =>
      (['adder', 'conv'] as const).map((kind) => {
        const { multiplications, additions } = createModel(network, { kind, seed: null }).summary().totals;
        return { network, kind, multiplications, additions };
      }),
    );
    return { picoseconds, networks };
  },
  async present({ picoseconds, networks }) {
    const names = Object.keys(picoseconds) as (keyof typeof microOps)[];
    const time = {
      name: 'time',
      caption: 'Time per element on one core of this CPU',
      columns: [
        { title: 'micro-op' },
        { title: 'picoseconds', format: digits(1) },
        { title: 'elements per nanosecond', format: digits(1) },
        { title: 'relative to a float32 addition', format: digits(2) },
      ],
      rows: names.map((name) => {
        const own = picoseconds[name]!;
        return [microOps[name], own, 1000 / own, own / picoseconds['add f32']!];
      }),
    };
    const energies = networks.map((row) => ({ ...row, ...energyOf(row) }));
    const of = (network: ModelName, kind: string) => energies.find((row) => row.network === network && row.kind === kind)!;
    const shown = [...new Set(networks.map(({ network }) => network))];
    const bars = (['adder', 'conv'] as const).flatMap((kind) => ({ kind, values: shown.map((network) => of(network, kind)) }));
    const series = bars.flatMap(({ kind, values }) => [
      { name: `${kind}, float32`, color: colors[kind], values: values.map(({ float32 }) => float32) },
      { name: `${kind}, 8 bits`, color: kind === 'adder' ? '#56b4e9' : '#e69f00', values: values.map(({ int8 }) => int8) },
    ]);
    const energyChart = { groups: shown, x: 'energy of the operations of one image, microjoules', logarithmic: true, series };
    const timeChart = { groups: names.map((name) => microOps[name]), x: 'picoseconds an element' };
    const times = { name: 'time', color: colors.adder, values: names.map((name) => picoseconds[name]!) };
    return {
      tables: [literature, time, energyTable(shown, of)],
      images: [
        {
          name: 'time',
          caption: 'Time per element on one core.',
          chart: await drawChart(barChart({ ...timeChart, series: [times], format: digits(1) }), { width: 760, height: 330 }),
        },
        {
          name: 'energy',
          caption: 'Energy of the operations of one image, from the numbers of the first table; memory, which costs more, is not counted.',
          chart: await drawChart(barChart({ ...energyChart, format: significant(3) }), { width: 860, height: 640 }),
        },
      ],
    };
  },
});

/** Picoseconds. A turn lasts about a millisecond, shorter than a slice of the scheduler. */
function measureMicroOps(rounds: number): Measured['picoseconds'] {
  const { threads } = cpuInfo();
  const counts: Record<string, number> = {};
  const turns: Record<string, () => void> = {};
  for (const name of Object.keys(microOps)) {
    const count = Math.ceil(2e5 / medianTimes({ probe: () => native().peak(name, 2e5) }, 5).probe);
    counts[name] = native().peak(name, count) / threads;
    turns[name] = () => native().peak(name, count);
  }
  const milliseconds = medianTimes(turns, rounds);
  return Object.fromEntries(Object.keys(microOps).map((name) => [name, (milliseconds[name]! * 1e9) / counts[name]!]));
}

/**
 * Microjoules of one image. In 8 bits products and differences are of 8 bits, their sums of 32; in float32 all are of 32. Half the additions of
 * adder layers are differences; one sum goes with every product and difference.
 */
function energyOf({ multiplications, additions }: Measured['networks'][number]): { float32: number; int8: number } {
  const differences = (additions - multiplications) / 2;
  const sums = multiplications + differences;
  const energy = (type: string) => operationCosts.find((row) => row.type === type)!.energy;
  const [byte, int, float] = [energy('int8'), energy('int32'), energy('float32')];
  return {
    float32: (multiplications * float.multiplication + additions * float.addition) / 1e6,
    int8: (multiplications * byte.multiplication + differences * byte.addition + sums * int.addition) / 1e6,
  };
}

const literature: Table = {
  name: 'literature',
  caption: 'Energy in pJ and area in um2 of one operation at 45 nm (Horowitz, ISSCC 2014)',
  columns: [
    { title: 'type' },
    { title: 'addition, pJ', format: String },
    { title: 'multiplication, pJ', format: String },
    { title: 'multiplication / addition', format: digits(1) },
    ...['addition, um2', 'multiplication, um2'].map((title) => ({ title })),
    { title: 'multiplication / addition', format: digits(1) },
  ],
  rows: operationCosts.map(({ type, energy, area }) => [
    type,
    ...[energy, area].flatMap(({ addition, multiplication }) => [addition, multiplication, multiplication / addition]),
  ]),
};

type Energies = (network: ModelName, kind: string) => { float32: number; int8: number };

const energyTable = (networks: readonly ModelName[], of: Energies): Table => ({
  name: 'energy',
  caption: 'Energy of the operations of one image, in microjoules; 8-bit networks have 32-bit sums',
  columns: [
    { title: 'network' },
    ...['float32', '8 bits'].flatMap((numbers) => [
      ...['adder', 'conv'].map((kind) => ({ title: `${kind}, ${numbers}`, format: significant(3) })),
      { title: 'conv / adder', format: digits(2) },
    ]),
  ],
  rows: networks.map((network) => {
    const [adder, conv] = [of(network, 'adder'), of(network, 'conv')];
    return [network, ...(['float32', 'int8'] as const).flatMap((kind) => [adder[kind], conv[kind], conv[kind] / adder[kind]])];
  }),
});

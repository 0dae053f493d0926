// The goals on every CPU that was measured, side by side, and a chart of the networks beside onnxruntime's.
import type { EChartsCoreOption } from 'echarts';
import { drawChart } from '../../dist/paper/charts/chart';
import { fewerPairsOfCpus } from './fewer-pairs';
import { type Goal, goalsOf } from './goals';
import { has, type Measurements, modelTime } from './measurements';
import { ratio, reached, table } from './tables';

// The package leaves the pages of the CPUs out.
const pages = 'https://github.com/addernet/addernet/blob/main/bench/results';

/** The page and the SVG files that it shows, by their names. */
export async function overview(all: readonly Measurements[]): Promise<{ markdown: string; charts: Map<string, string> }> {
  const chart = await drawChart(relativeChart(all), chartSize);
  const goals = all.map(goalsOf);
  const sections = [
    '# Results',
    'Made by `npm run bench:report` from the folders in `results/`, each measured on one CPU by `npm run bench -- NAME`.',
    '![Times relative to onnxruntime](models.svg)',
    'The goals are ratios of times, on one thread unless noted. A cell lists what was measured, and the goal for that kind of CPU in parentheses.',
    table(
      ['', ...all.map(({ name }) => `[${name}](${pages}/${name}/README.md)`)],
      goals[0]!.map(({ what }, row) => [what, ...goals.map((ofCpu) => cell(ofCpu[row]!))]),
    ),
    '## Layers with fewer pairs',
    'Times of adder layers with 2x2 windows, their padding included, and of Winograd adder layers, relative to adder layers with 3x3 windows of the same shape and numbers, on one thread. Above 1, they lose.',
    fewerPairsOfCpus(all),
    '## CPUs',
    all.map(({ name, models: [one] }) => `- ${name}: ${one!.cpu}, ${one!.results[0]!.isa}, ${one!.date}`).join('\n'),
  ];
  return { markdown: `${sections.join('\n\n')}\n`, charts: new Map([['models.svg', chart.svg]]) };
}

const range = (values: readonly number[]): string => {
  const [min, max] = [Math.min(...values), Math.max(...values)].map(ratio);
  return min === max ? min! : `${min} to ${max}`;
};

const cell = (goal: Goal): string =>
  goal.values.length === 0 ? 'not measured' : `${range(goal.values.map(({ value }) => value))} (${goal.most}: ${reached(goal)})`;

const networks = [
  ['ResNet-20, batch 1', 'resnet20', 1],
  ['ResNet-20, batch 64', 'resnet20', 64],
  ['ResNet-18, batch 1', 'resnet18', 1],
] as const;
/** Adder networks, and the form of the CNN in onnxruntime that each stands for. Bars of Winograd networks would have no room for their numbers. */
const compared = [
  { ours: 'adder u8', theirs: 'onnxruntime int8', label: '8-bit adders / 8-bit CNN', color: '#d55e00' },
  { ours: 'adder i16', theirs: 'onnxruntime f32', label: '16-bit adders / float CNN', color: '#cc79a7' },
  { ours: 'adder f32', theirs: 'onnxruntime f32', label: 'float adders / float CNN', color: '#e69f00' },
  { ours: '2x2 u8', theirs: 'onnxruntime int8', label: '8-bit 2x2 adders / 8-bit CNN', color: '#332288' },
  { ours: '2x2 i16', theirs: 'onnxruntime f32', label: '16-bit 2x2 adders / float CNN', color: '#882255' },
  { ours: '2x2 f32', theirs: 'onnxruntime f32', label: 'float 2x2 adders / float CNN', color: '#117733' },
] as const;

const chartSize = { width: 960, height: 384 };
/** A panel for each CPU; below 1, adders are faster. */
function relativeChart(all: readonly Measurements[]): EChartsCoreOption {
  const width = chartSize.width / all.length;
  const shown = compared.filter(({ ours }) => all.some(({ models: [one] }) => has(one!.results, ours)));
  const kinds = ['adder', '2x2'].filter((kind) => shown.some(({ ours }) => ours.startsWith(kind)));
  const [top, bottom] = [72 + 24 * kinds.length, 50];
  return {
    title: {
      text: 'Time relative to the CNN in onnxruntime on the same CPU, one thread (below 1, adders are faster)',
      left: 'center',
      top: 8,
      textStyle: { fontSize: 16 },
    },
    legend: kinds.map((kind, row) => ({
      ...{ top: 34 + 24 * row, itemGap: 36, itemWidth: 16 },
      data: shown.filter(({ ours }) => ours.startsWith(kind)).map(({ label }) => label),
    })),
    grid: all.map((_, i) => ({ left: i * width + 40, width: width - 60, top, bottom })),
    xAxis: all.map(({ name }, gridIndex) => ({
      ...{ gridIndex, type: 'category', data: networks.map(([label]) => label.replace(', ', '\n')), name, nameLocation: 'middle' },
      // Above the bars.
      ...{
        nameGap: top + bottom - chartSize.height - 20,
        nameTextStyle: { fontSize: 13, color: '#333' },
        axisLabel: { interval: 0, color: '#333', fontSize: 10 },
      },
    })),
    yAxis: all.map((_, gridIndex) => ({ gridIndex, type: 'value', min: 0, max: 2, splitLine: { lineStyle: { color: '#eeeeee' } } })),
    series: all.flatMap(({ models: [one] }, i) =>
      shown
        .filter(({ ours }) => has(one!.results, ours))
        .map(({ ours, theirs, label, color }, j) => ({
          ...{ type: 'bar', name: label, color, xAxisIndex: i, yAxisIndex: i, barGap: '5%' },
          label: {
            ...{ show: true, position: 'top', rotate: 90, align: 'left', verticalAlign: 'middle', color: '#333', fontSize: 9 },
            formatter: ({ value }: { value: number }) => value.toFixed(2),
          },
          data: networks.map(([, network, batch]) => modelTime(one!, network, batch, ours) / modelTime(one!, network, batch, theirs)),
          ...(j === 0 && {
            markLine: { symbol: 'none', silent: true, label: { show: false }, lineStyle: { color: '#777777' }, data: [{ yAxis: 1 }] },
          }),
        })),
    ),
  };
}

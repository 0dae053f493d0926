// Charts of the measurements of one CPU.
import type { EChartsCoreOption } from 'echarts';
import type { LayerReport, ModelReport, ModelResult } from '../../dist/cli/bench-results';
import { find, unique } from './measurements';

// Colors that a color-blind reader tells apart (Okabe and Ito); those of this package are full, the baselines' gray.
const colors: Record<string, string> = {
  'adder u8': '#d55e00',
  'adder i16': '#cc79a7',
  'adder f32': '#e69f00',
  '2x2 u8': '#332288',
  '2x2 i16': '#882255',
  '2x2 f32': '#117733',
  'winograd u8': '#7a3600',
  'winograd i16': '#75405f',
  'winograd f32': '#8a6000',
  'conv f32': '#56b4e9',
  xnor: '#009e73',
  'conv int8, 8-bit weights': '#0072b2',
  'conv int8, 7-bit weights': '#005580',
  'onnxruntime f32': '#bbbbbb',
  'onnxruntime int8': '#777777',
};

/** Milliseconds of an image in every network and implementation. */
export function modelsChart(report: ModelReport): EChartsCoreOption {
  const tasks = unique(report.results.map(({ network, batch }) => `${network}, batch ${batch}`));
  const implementations = Object.keys(colors).filter((name) => report.results.some(({ implementation }) => implementation === name));
  const width = 960 / tasks.length;
  return {
    title: { text: 'Milliseconds for an image, one thread', left: 'center', top: 8, textStyle: { fontSize: 16 } },
    grid: tasks.map((_, i) => ({ left: i * width + (i === 0 ? 130 : 50), width: width - (i === 0 ? 160 : 80), top: 80, bottom: 30 })),
    xAxis: tasks.map((_, gridIndex) => ({ gridIndex, type: 'value', splitLine: { lineStyle: { color: '#eeeeee' } }, splitNumber: 4 })),
    yAxis: tasks.map((name, gridIndex) => ({
      gridIndex,
      type: 'category',
      inverse: true,
      data: implementations,
      name,
      nameLocation: 'start',
      nameGap: 12,
      nameTextStyle: { fontSize: 13, color: '#333', align: gridIndex === 0 ? 'center' : 'left' },
      axisTick: { show: false },
      axisLabel: { show: gridIndex === 0, color: '#333' },
    })),
    series: tasks.map((task, i) => ({
      type: 'bar',
      xAxisIndex: i,
      yAxisIndex: i,
      label: { show: true, position: 'right', color: '#333', formatter: '{c}' },
      data: implementations.map((implementation) => {
        const is = (r: ModelResult) => `${r.network}, batch ${r.batch}` === task && r.implementation === implementation;
        const { seconds, batch } = find(report.results, is, implementation);
        return { value: Number(((1000 * seconds) / batch).toPrecision(3)), itemStyle: { color: colors[implementation] } };
      }),
    })),
  };
}

/** Rates of layers in every implementation. */
export function layersChart({ results }: LayerReport): EChartsCoreOption {
  const names = unique(results.map(({ layer }) => layer));
  const implementations = Object.keys(colors).filter((name) => results.some(({ implementation }) => implementation === name));
  const half = Math.ceil(implementations.length / 2);
  return {
    title: {
      text: 'Pairs of an input and a weight of 3x3 windows, 1e9 a second, one thread',
      left: 'center',
      top: 8,
      textStyle: { fontSize: 16 },
    },
    // Two rows: echarts takes letters for narrower than they are drawn.
    legend: [implementations.slice(0, half), implementations.slice(half)].map((data, row) => ({
      top: 34 + 24 * row,
      itemGap: 36,
      itemWidth: 16,
      data,
    })),
    grid: { left: 60, right: 20, top: 100, bottom: 60 },
    xAxis: {
      type: 'category',
      data: names.map((name) => name.replace(/ batch.*/, '').replace(' ', '\n')),
      axisLabel: { interval: 0, color: '#333' },
    },
    yAxis: { type: 'value', splitLine: { lineStyle: { color: '#eeeeee' } } },
    series: implementations.map((name) => ({
      name,
      type: 'bar',
      barGap: '5%',
      color: colors[name],
      data: names.map((layer) => find(results, (r) => r.layer === layer && r.implementation === name, `${name} on ${layer}`).rate),
    })),
  };
}

// Accuracy over several costs, a panel for each, as an option of echarts.
import type { EChartsCoreOption } from 'echarts';

export interface AccuracyPanels {
  /** Name of each panel's costs, with their unit. */
  readonly costs: readonly string[];
  readonly points: readonly AccuracyPoint[];
}

export interface AccuracyPoint {
  /** Points with the same name share one entry of the legend. */
  readonly name: string;
  readonly color: string;
  /** What the symbol stands for, which is another entry of the legend. */
  readonly source: string;
  readonly symbol: 'circle' | 'emptyCircle' | 'diamond';
  /** Beside the point. */
  readonly label: string;
  /** In percent. */
  readonly accuracy: number;
  /** One for each panel. */
  readonly costs: readonly number[];
}

/** The axis is that of errors, halved from line to line: what is near 100 % is told apart. */
export function accuracyPanels({ costs, points }: AccuracyPanels): EChartsCoreOption {
  const width = 100 / costs.length;
  const names = [...new Map(points.map(({ name, color }) => [name, color]))];
  const sources = [...new Map(points.map(({ source, symbol }) => [source, symbol]))];
  const legend = { itemGap: 28, itemWidth: 14, itemHeight: 10, selectedMode: false };
  return {
    legend: [
      { ...legend, top: 8, icon: 'roundRect', data: names.map(([name]) => name) },
      { ...legend, top: 32, data: sources.map(([name]) => name) },
    ],
    grid: costs.map((_, i) => ({ left: `${i * width + 8}%`, width: `${width - 11}%`, top: 70, bottom: 56 })),
    xAxis: costs.map((name, gridIndex) => ({
      ...{ gridIndex, type: 'value', min: 0, name, nameLocation: 'middle', nameGap: 30 },
      ...{ axisLine: { show: true, onZero: false, lineStyle: { color: '#333' } }, splitLine: { lineStyle: { color: '#e5e5e5' } } },
    })),
    yAxis: costs.map((_, gridIndex) => ({
      ...{ gridIndex, type: 'log', logBase: 2, inverse: true, min: 4, max: 64, name: 'accuracy, %', nameLocation: 'middle', nameGap: 36 },
      ...{ axisLabel: { formatter: (error: number) => String(100 - error) }, splitLine: { lineStyle: { color: '#e5e5e5' } } },
      axisLine: { show: true, onZero: false, lineStyle: { color: '#333' } },
    })),
    series: [
      ...costs.flatMap((_, panel) =>
        points.map(({ name, color, symbol, label, accuracy, costs: own }) => ({
          ...{ name, type: 'scatter', xAxisIndex: panel, yAxisIndex: panel, silent: true, symbol, symbolSize: 11, color },
          data: [[own[panel], 100 - accuracy]],
          label: { show: label !== '', position: 'right', formatter: label, color: '#333' },
        })),
      ),
      ...sources.map(([name, symbol]) => ({ name, type: 'scatter', symbol, color: '#555', data: [] })),
    ],
  };
}

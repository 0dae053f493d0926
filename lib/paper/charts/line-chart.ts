// A line chart, as an option of echarts.
import type { EChartsCoreOption } from 'echarts';

/** Colors that color-blind readers can distinguish (Okabe and Ito). */
export const colors = { adder: '#0072b2', conv: '#d55e00', xnor: '#009e73', neutral: '#555' } as const;

/** Ten classes, distinct in hue and lightness. */
export const classColors = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#222222',
  '#b8a800',
  '#8b5a2b',
  '#7f7f7f',
] as const;

export interface Line {
  /** Lines with the same name share one entry of the legend. */
  readonly name: string;
  readonly color: string;
  readonly type?: 'solid' | 'dashed' | 'dotted';
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Dots instead of a line. */
  readonly marks?: boolean;
}

export interface LineChart {
  readonly x: string;
  readonly y: string;
  /** Which axes are logarithmic. Default: none. */
  readonly logarithmic?: 'x' | 'y' | 'both';
  /** Width of a dot in pixels. Default 7. */
  readonly dot?: number;
  readonly series: readonly Line[];
}

export function lineChart({ x, y, logarithmic, dot = 7, series }: LineChart): EChartsCoreOption {
  const axis = {
    nameLocation: 'middle',
    scale: true,
    axisLine: { show: true, onZero: false, lineStyle: { color: '#333' } },
    splitLine: { lineStyle: { color: '#e5e5e5' } },
  };
  const type = (axis: 'x' | 'y') => (logarithmic === axis || logarithmic === 'both' ? 'log' : 'value');
  return {
    legend: { top: 8, itemGap: new Set(series.map(({ name }) => name)).size > 6 ? 14 : 28 },
    grid: { left: 80, right: 30, top: 76, bottom: 56 },
    xAxis: { ...axis, type: type('x'), name: x, nameGap: 30, minInterval: x === 'epoch' ? 1 : undefined },
    yAxis: { ...axis, type: type('y'), name: y, nameGap: 56 },
    series: series.map(({ name, color, type = 'solid', points, marks = false }) => ({
      name,
      type: marks ? 'scatter' : 'line',
      data: points,
      color,
      silent: true,
      symbol: marks ? 'circle' : 'none',
      symbolSize: dot,
      lineStyle: { width: 2, type },
    })),
  };
}

// Lines over a common axis, as an option of echarts.
import type { EChartsCoreOption } from 'echarts';

/** Colours that a colour-blind reader tells apart (Okabe and Ito). */
export const colors = { adder: '#0072b2', conv: '#d55e00', xnor: '#009e73', neutral: '#555' } as const;

export interface Line {
  /** Lines of one name share an entry of the legend. */
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
  /** Which axes. Default: none. */
  readonly logarithmic?: 'x' | 'y' | 'both';
  readonly series: readonly Line[];
}

export function lineChart({ x, y, logarithmic, series }: LineChart): EChartsCoreOption {
  const axis = {
    nameLocation: 'middle',
    scale: true,
    axisLine: { show: true, onZero: false, lineStyle: { color: '#333' } },
    splitLine: { lineStyle: { color: '#e5e5e5' } },
  };
  const type = (axis: 'x' | 'y') => (logarithmic === axis || logarithmic === 'both' ? 'log' : 'value');
  return {
    legend: { top: 8, itemGap: 28 },
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
      symbolSize: 7,
      lineStyle: { width: 2, type },
    })),
  };
}

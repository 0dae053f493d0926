// A chart of grouped bars, as an option of echarts.
import type { EChartsCoreOption } from 'echarts';

export interface BarChart {
  /** The groups, from the top. */
  readonly groups: readonly string[];
  /** Name of the values, with their unit. */
  readonly x: string;
  readonly logarithmic?: boolean;
  /** A value for each group. */
  readonly series: readonly { readonly name: string; readonly color: string; readonly values: readonly number[] }[];
  /** The format of the values beside the bars. */
  readonly format: (value: number) => string;
}

export function barChart({ groups, x, logarithmic = false, series, format }: BarChart): EChartsCoreOption {
  return {
    legend: series.length > 1 ? { top: 8, itemGap: 28 } : undefined,
    grid: { left: 16 + 7 * Math.max(...groups.map(({ length }) => length)), right: 80, top: series.length > 1 ? 44 : 16, bottom: 48 },
    xAxis: {
      type: logarithmic ? 'log' : 'value',
      // Bars of a logarithmic axis begin at a power of ten below all of them, not at 1.
      startValue: logarithmic ? 10 ** Math.floor(Math.log10(Math.min(...series.flatMap(({ values }) => values)))) : 0,
      name: x,
      nameLocation: 'middle',
      nameGap: 30,
      splitLine: { lineStyle: { color: '#e5e5e5' } },
    },
    yAxis: { type: 'category', data: groups, inverse: true, axisTick: { show: false }, axisLabel: { color: '#222' } },
    series: series.map(({ name, color, values }) => ({
      name,
      type: 'bar',
      color,
      silent: true,
      data: values,
      label: { show: true, position: 'right', formatter: ({ value }: { value: number }) => format(value) },
    })),
  };
}

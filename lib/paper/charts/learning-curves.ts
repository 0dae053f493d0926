// Loss and accuracy over the epochs of a training run, as a chart.
import type { EChartsCoreOption } from 'echarts';
import { type Chart, drawChart } from './chart';

/** The result of an epoch: loss in nats, accuracy from 0 to 1. */
interface Point {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly validation?: { readonly loss: number; readonly accuracy: number };
}

/**
 * Two panels over epochs, for training and, if there is one, validation: loss, and the percentage of misclassified images. Both are logarithmic,
 * because late improvements are small compared with those of the first epoch; zeros are left out.
 * @throws {AdderNetError} ERR_PEER_MISSING if a package that it needs is not installed
 */
export async function drawLearningCurves(history: readonly Point[], { title }: { title: string }): Promise<Chart> {
  return await drawChart(optionsOf(history, title), { width: 960, height: 400 });
}

// Colors that a color-blind reader tells apart (Okabe and Ito).
const colors = { training: '#56b4e9', validation: '#d55e00' };

function optionsOf(history: readonly Point[], title: string): EChartsCoreOption {
  const panels = [
    { name: 'loss', of: ({ loss }: Omit<Point, 'epoch'>) => loss },
    { name: 'error, %', of: ({ accuracy }: Omit<Point, 'epoch'>) => 100 * (1 - accuracy) },
  ];
  const measured = history.some(({ validation }) => validation);
  const series = panels.flatMap(({ of }, panel) => {
    const line = (name: keyof typeof colors, data: (readonly [number, number | undefined])[]) => ({
      name,
      type: 'line',
      silent: true,
      xAxisIndex: panel,
      yAxisIndex: panel,
      data: data.filter(([, value]) => value !== undefined && value > 0),
      color: colors[name],
      lineStyle: { width: name === 'training' ? 1.5 : 2.5 },
      symbol: 'circle',
      symbolSize: 5,
      showSymbol: history.length <= 30, // points of a long run would hide its line
    });
    const validation = line(
      'validation',
      history.map((point) => [point.epoch, point.validation && of({ ...point, ...point.validation })]),
    );
    return [
      line(
        'training',
        history.map((point) => [point.epoch, of(point)]),
      ),
      ...(measured ? [validation] : []),
    ];
  });
  const axis = { nameLocation: 'middle', axisLine: { show: true, onZero: false, lineStyle: { color: '#333' } } };
  const gray = { lineStyle: { color: '#e5e5e5' } };
  return {
    title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 16 } },
    legend: { itemGap: 30, data: measured ? ['training', 'validation'] : ['training'], top: 36 },
    grid: [
      { left: 70, width: 380, top: 76, bottom: 56 },
      { left: 550, width: 380, top: 76, bottom: 56 },
    ],
    xAxis: panels.map((_, gridIndex) => ({
      ...axis,
      type: 'value',
      min: 'dataMin',
      gridIndex,
      name: 'epoch',
      nameGap: 28,
      minInterval: 1,
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ name }, gridIndex) => ({
      ...axis,
      type: 'log',
      gridIndex,
      name,
      nameGap: 44,
      splitLine: gray,
      minorTick: { show: true, splitNumber: 10 },
      minorSplitLine: { show: true, ...gray },
    })),
    series,
  };
}

// Tables of the measurements of one CPU, as Markdown.
import type {
  KernelReport,
  KernelResult,
  LayerReport,
  LayerResult,
  ModelReport,
  ServeReport,
  TrainReport,
} from '../../dist/cli/bench-results';
import type { Goal } from './goals';
import { shortName, unique } from './measurements';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** How many of a goal's values reach it. */
export function reached({ most, values }: Goal): string {
  if (values.length === 0) return 'not measured';
  const count = values.filter(({ value }) => value <= most).length;
  return count === values.length ? 'yes' : count === 0 ? 'no' : `${count} of ${values.length}`;
}

export const ratio = (value: number): string => value.toFixed(value < 0.1 ? 3 : 2);

export const goalTable = (goals: readonly Goal[]): string =>
  table(
    ['ratio of times, on one thread unless noted', 'at most', 'measured', 'reached'],
    goals.map((goal) => [
      goal.what,
      String(goal.most),
      goal.values.map(({ where, value }) => `${ratio(value)} (${where})`).join(', '),
      reached(goal),
    ]),
  );

export function modelTable({ results }: ModelReport): string {
  return table(
    ['', 'network', 'ms', 'images/s', '/ onnxruntime f32', '/ onnxruntime int8'],
    results.map(({ implementation, network, batch, seconds, imagesPerSecond, ratios }) => [
      implementation,
      `${network}, batch ${batch}`,
      (1000 * seconds).toFixed(3),
      imagesPerSecond.toFixed(0),
      ratios?.f32.toFixed(2) ?? '',
      ratios?.int8.toFixed(2) ?? '',
    ]),
  );
}

/** A network a row, and a column for each of the ways to run it. */
export function wasmTable({ results }: ModelReport): string {
  const isas = unique(results.map(({ isa }) => isa));
  const of = (isa: string, name: string) => results.find((result) => result.isa === isa && result.implementation === name);
  return table(
    ['ms', ...isas, '/ onnxruntime-web f32', '/ onnxruntime-web int8'],
    unique(results.map(({ implementation }) => implementation)).map((name) => {
      const times = isas.map((isa) => of(isa, name)).map((result) => (result ? (1000 * result.seconds).toFixed(3) : ''));
      const { ratios } = of(isas[0]!, name)!;
      return [name, ...times, ratios?.f32.toFixed(2) ?? '', ratios?.int8.toFixed(2) ?? ''];
    }),
  );
}

export const trainTable = ({ results }: TrainReport): string =>
  table(
    ['', 'batch', 'ms per step', 'ms per image', 'images/s'],
    results.map(({ implementation, batch, seconds, millisecondsPerImage }) => [
      implementation,
      String(batch),
      (1000 * seconds).toFixed(1),
      millisecondsPerImage.toFixed(2),
      (batch / seconds).toFixed(0),
    ]),
  );

export const serverTable = ({ results }: ServeReport): string =>
  table(
    ['', 'network', 'at a time', 'ms', 'images/s'],
    results.map(({ implementation, network, concurrency, seconds, imagesPerSecond }) => [
      implementation,
      network,
      String(concurrency),
      (1000 * seconds).toFixed(3),
      imagesPerSecond.toFixed(0),
    ]),
  );

export const layerTable = ({ results }: LayerReport): string =>
  crossTable<LayerResult>(
    results,
    ({ implementation }) => implementation,
    ({ rate }) => rate.toFixed(0),
  );

export const kernelTable = ({ results }: KernelReport): string =>
  unique(results.map(({ isa }) => isa))
    .map((isa) => {
      const shares = crossTable<KernelResult>(
        results.filter((r) => r.isa === isa),
        ({ kernel }) => kernel,
        ({ rate, share }) => `${rate.toFixed(0)}, ${(100 * share).toFixed(0)} %`,
      );
      return `### ${isa}\n\n${shares}`;
    })
    .join('\n\n');

/** Layers down, implementations across. */
function crossTable<R extends { layer: string }>(
  results: readonly R[],
  column: (result: R) => string,
  cell: (result: R) => string,
): string {
  const columns = unique(results.map(column));
  const rows = unique(results.map(({ layer }) => layer)).map((layer) => {
    const cells = columns.map((name) => results.filter((r) => r.layer === layer && column(r) === name).map(cell));
    return [shortName(layer), ...cells.map((values) => values.join(' '))];
  });
  return table(['', ...columns], rows);
}

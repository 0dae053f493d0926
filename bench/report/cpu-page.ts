// The page of one CPU: its goals, every table and two charts.
import type { ServeReport } from '../../dist/cli/bench-results';
import { drawChart } from '../../dist/paper/charts/chart';
import { layersChart, modelsChart } from './charts';
import { fewerPairsOfCpu } from './fewer-pairs';
import { goalsOf } from './goals';
import type { Dated, Measurements } from './measurements';
import { goalTable, kernelTable, layerTable, modelTable, serverTable, trainTable, wasmTable } from './tables';

/** The page and the SVG files that it shows, by their names. */
export async function cpuPage(measured: Measurements): Promise<{ markdown: string; charts: Map<string, string> }> {
  const charts = new Map([
    ['models.svg', (await drawChart(modelsChart(measured.models[0]!), { width: 960, height: 460 })).svg],
    ['layers.svg', (await drawChart(layersChart(measured.layers), { width: 960, height: 460 })).svg],
  ]);
  const sections = [
    `# ${measured.name}`,
    'Made by `npm run bench:report` from the files in this folder. The implementations in one table took turns in the same rounds; numbers are medians. `bench/baselines` describes the baselines.',
    '## Goals',
    goalTable(goalsOf(measured)),
    '## Networks',
    '![Time of an image in each network](models.svg)',
    ...measured.models.flatMap((report) => [machine(report), modelTable(report)]),
    ...(measured.wasm
      ? [
          '## WebAssembly',
          'One image in the module, in V8 of Node, beside onnxruntime-web and beside the same networks in the addon.',
          machine(measured.wasm),
          wasmTable(measured.wasm),
        ]
      : []),
    '## Training',
    `Training steps of ResNet-20, here and in PyTorch ${measured.train.torch}.`,
    machine(measured.train),
    trainTable(measured.train),
    '## Server',
    serverText(measured.serve),
    machine(measured.serve),
    serverTable(measured.serve),
    '## Layers',
    '3x3 convolutions with padding 1, batch 64, from floats to floats or from bytes to bytes, in 1e9 pairs of an input and a weight a second. 2x2 windows and Winograd layers compute 4 of 9 of these pairs.',
    '![Rates of layers](layers.svg)',
    machine(measured.layers),
    layerTable(measured.layers),
    'Times of adder layers with 2x2 windows, their padding included, and of Winograd adder layers, relative to adder layers with 3x3 windows of the same shape and numbers:',
    fewerPairsOfCpu(measured),
    '## Kernels',
    '1e9 pairs a second, and their share of the peak of the micro-op in registers, measured in the same rounds.',
    machine(measured.kernels),
    kernelTable(measured.kernels),
  ];
  return { markdown: `${sections.join('\n\n')}\n`, charts };
}

const machine = ({ cpu, threads, date, results }: Dated<{ cpu: string; threads: number; results: readonly { isa: string }[] }>): string =>
  `${cpu}, ${[...new Set(results.map(({ isa }) => isa))].join(', ')}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${date}.`;

const serverText = ({ addedMilliseconds, answers, errors }: ServeReport): string =>
  `Requests with one image each, from one client or from many at a time, beside the session alone. HTTP adds ${addedMilliseconds.toFixed(2)} ms to one image; of ${answers} responses, each compared with the session's, ${errors} were wrong or missing.`;

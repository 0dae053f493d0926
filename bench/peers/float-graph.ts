// The steps of a network of ordinary convolutions as an ONNX graph in NCHW, batch norms folded into filters and biases as any exporter
// does. Residual and rectifier are nodes of their own: onnxruntime fuses what it can.
import type { Convolution, PlanStep } from '../../dist/session/steps';
import { type Graph, windowAttributes } from './onnx';

/** Adds the steps. @returns the names of all values they make, in order */
export function addFloatSteps(graph: Graph, steps: readonly PlanStep[]): string[] {
  return steps.flatMap((step) => {
    const [x, y] = [`v${step.x}`, `v${step.output}`];
    if (step.op === 'convolution') return addConvolution(graph, step, x, y);
    if (step.op === 'relu') graph.node('Relu', [x], y);
    else if (step.op === 'add') graph.node('Add', [x, `v${step.residual}`], y);
    else if (step.op === 'pool') graph.node(step.mode === 'max' ? 'MaxPool' : 'AveragePool', [x], y, windowAttributes(step.geometry));
    else throw new Error(`onnxruntime is compared on ordinary convolutions, not on ${step.op}`);
    return [y];
  });
}

function addConvolution(graph: Graph, step: Convolution, x: string, y: string): string[] {
  const ends: [string, string[]][] = [];
  if (step.residual !== undefined) ends.push(['Add', [`v${step.residual}`]]);
  if (step.relu) ends.push(['Relu', []]);
  const outputs = [`${y}.conv`, `${y}.sum`].slice(0, ends.length).concat(y);
  const { weights, biases, dims } = foldedFilters(step);
  const inputs = [x, graph.constant(`${y}.w`, weights, dims), graph.constant(`${y}.b`, biases, [dims[0]])];
  graph.node('Conv', inputs, outputs[0]!, convolutionAttributes(step));
  for (const [i, [op, others]] of ends.entries()) graph.node(op, [outputs[i]!, ...others], outputs[i + 1]!);
  return outputs;
}

export function convolutionAttributes({ geometry }: Convolution) {
  return { ...windowAttributes(geometry), dilations: [geometry[13]!, geometry[14]!] };
}

/** Filters [co,ci,kh,kw] and biases [co] with the batch norm's scale and shift in them. */
export function foldedFilters({ kind, filters, bias, scale, shift, geometry }: Convolution) {
  if (kind !== 'conv') throw new Error(`onnxruntime is compared on ordinary convolutions, not on ${kind}`);
  const [, , , ci, co, kh, kw] = geometry as unknown as [number, ...number[]];
  const groups = geometry.at(-1)!;
  const [k, inputs] = [kh! * kw!, ci! / groups!];
  const [weights, biases] = [new Float32Array(filters.length), new Float32Array(co!)];
  for (let o = 0; o < co!; o++) {
    biases[o] = (bias?.[o] ?? 0) * (scale?.[o] ?? 1) + (shift?.[o] ?? 0);
    for (let tap = 0; tap < k; tap++)
      for (let i = 0; i < inputs; i++) weights[(o * inputs + i) * k + tap] = filters[(o * k + tap) * inputs + i]! * (scale?.[o] ?? 1);
  }
  return { weights, biases, dims: [co!, inputs, kh!, kw!] as const };
}

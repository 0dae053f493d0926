// Quantized networks as version 1 of their files has them: steps that call values by numbers, 0 the input, with packed geometries.
import { AdderNetError } from '../errors';
import type { Graph, GraphNode, Value } from '../graph';
import { type NewNode, outputShape } from '../graph/geometry';
import { elementCount } from '../shape';
import { Tensor, type TensorData } from '../tensor';

/** A step with its arrays, as far as it is one. */
export type Step = Readonly<Record<string, unknown>>;

/**
 * The same network as a graph, to be checked by checkGraph.
 * @throws {AdderNetError} if a step cannot be one
 */
export function graphOfSteps(steps: readonly Step[], output: unknown, bits: number, inputShape: readonly number[]): Graph {
  const input: Value = { id: 0, shape: inputShape, dtype: 'f32' };
  const values = new Map<unknown, Value>([[0, input]]);
  const nodes = steps.map((step, i) => {
    const read = (number: unknown): Value => {
      const value = values.get(number);
      if (!value) throw damaged(i, 'operands');
      return value;
    };
    const node = nodeOf(step, i, read, 2 ** bits - 1) as NewNode;
    const isOfBytes = node.op === 'quantize' || (node.op === 'quantizedConv2d' && node.qmax !== undefined);
    const value: Value = { id: step.output as number, shape: outputShape(node), dtype: isOfBytes ? 'u8' : 'f32' };
    values.set(value.id, value);
    return { ...node, output: value } as GraphNode;
  });
  const result = values.get(output);
  return { nodes, inputs: [input], outputs: result ? [result] : [] };
}

const damaged = (i: number, field: string): AdderNetError =>
  new AdderNetError('ERR_CORRUPT', `node ${i} of the network is damaged: its ${field}`);

const relu = { min: 0, max: Number.POSITIVE_INFINITY };

/** The fields of a node, which may be missing or wrong, as checkGraph finds, except those that its shapes follow from. */
function nodeOf(step: Step, i: number, read: (number: unknown) => Value, qmax: number): object {
  const x = read(step.x);
  if (step.op === 'quantize') return { op: 'quantize', x, scale: step.step, zeroPoint: step.zero, qmax };
  if (step.op === 'relu') return { op: 'activate', x, activation: relu };
  if (step.op === 'add') return { op: 'add', a: x, b: read(step.residual) };
  const ends = {
    ...(step.scale !== undefined && { scale: vector(step.scale) }),
    ...(step.shift !== undefined && { shift: vector(step.shift) }),
    ...(step.residual !== undefined && { residual: read(step.residual) }),
    ...(step.relu === true && step.into !== 'u8' && { activation: relu }),
  };
  if (step.op === 'normalize') return { op: 'normalize', x: withChannels(x, vector(step.mean)), mean: vector(step.mean), ...ends };
  const { input, kernel, filterShape, ...window } = unpack(step.geometry, i);
  const { dilation, groups, ...poolWindow } = window;
  const image = { ...x, shape: input };
  if (step.op === 'pool') return { op: 'pool', mode: step.kind, x: image, attributes: { kernel, ...poolWindow } };
  const filters = new Tensor(step.filters as TensorData, filterShape);
  const conv2d = { x: image, filters, ...ends, attributes: window };
  if (step.op === 'convolution')
    return { op: 'conv2d', kind: step.product, ...conv2d, ...(step.bias !== undefined && { bias: vector(step.bias) }) };
  if (step.op !== 'quantized convolution') throw damaged(i, 'op');
  if (step.into !== 'u8' && step.into !== 'f32') throw damaged(i, 'into');
  const { residualScale } = step;
  return {
    op: 'quantizedConv2d',
    kind: filters.dtype === 'i8' ? 'conv' : 'adder',
    ...conv2d,
    padValue: step.padding,
    ...(residualScale !== undefined && { residualScale }),
    ...(step.into === 'u8' && { qmax }),
  };
}

const vector = (data: unknown): Tensor<TensorData> => new Tensor(data as TensorData, [Number((data as TensorData | undefined)?.length)]);

/** A batch norm of a flattened image reads one channel for each of its elements. */
function withChannels(x: Value, { size }: Tensor<TensorData>): Value {
  return x.shape.at(-1) === size ? x : { ...x, shape: [elementCount(x.shape) / size, size] };
}

/** n h w ci co kh kw sh sw ph pw dh dw groups */
function unpack(geometry: unknown, i: number) {
  if (!(geometry instanceof Int32Array) || geometry.length !== 14) throw damaged(i, 'geometry');
  const [, h, w, ci, co, kh, kw, sh, sw, ph, pw, dh, dw, groups] = geometry as unknown as [number, ...number[]];
  return {
    input: [h!, w!, ci!],
    kernel: [kh!, kw!],
    filterShape: [co!, kh!, kw!, ci! / groups!],
    stride: [sh!, sw!],
    padding: [ph!, pw!, ph!, pw!],
    dilation: [dh!, dw!],
    groups: groups!,
  };
}

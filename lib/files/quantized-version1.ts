// Quantized networks as version 1 of their files has them: nodes, there called steps, that refer to values by numbers, 0 the input, with packed
// geometries.
import { AdderNetError } from '../errors';
import type { Graph, GraphNode, Value } from '../graph';
import { type NewNode, outputShape } from '../graph/geometry';
import { shown } from '../quoted';
import { elementCount } from '../shape';
import { Tensor, type TensorData } from '../tensor';

/** A node with its arrays, as far as it is one. */
export type NodeOfVersion1 = Readonly<Record<string, unknown>>;

/**
 * The same network as a graph, to be checked by checkGraph.
 * @throws {AdderNetError} if a node cannot be one
 */
export function graphOfVersion1(stored: readonly NodeOfVersion1[], output: unknown, bits: number, inputShape: readonly number[]): Graph {
  const input: Value = { id: 0, shape: inputShape, dtype: 'f32' };
  const values = new Map<unknown, Value>([[0, input]]);
  const nodes = stored.map((fields, i) => {
    const read = (number: unknown): Value => {
      const value = values.get(number);
      if (!value) throw damaged(i, 'operands are not what earlier nodes compute');
      return value;
    };
    const node = nodeOf(fields, i, read, 2 ** bits - 1) as NewNode;
    const isOfBytes = node.op === 'quantize' || (node.op === 'quantizedConv2d' && node.qmax !== undefined);
    const value: Value = { id: fields.output as number, shape: outputShape(node), dtype: isOfBytes ? 'u8' : 'f32' };
    values.set(value.id, value);
    return { ...node, output: value } as GraphNode;
  });
  const result = values.get(output);
  return { nodes, inputs: [input], outputs: result ? [result] : [] };
}

const damaged = (i: number, why: string): AdderNetError =>
  new AdderNetError('ERR_CORRUPT', `node ${i} of the network is damaged: its ${why}`);

const relu = { min: 0, max: Number.POSITIVE_INFINITY };

/** The fields of a node, which may be missing or wrong, as checkGraph finds, except those that its shapes follow from. */
function nodeOf(stored: NodeOfVersion1, i: number, read: (number: unknown) => Value, qmax: number): object {
  const x = read(stored.x);
  if (stored.op === 'quantize') return { op: 'quantize', x, scale: stored.step, zeroPoint: stored.zero, qmax };
  if (stored.op === 'relu') return { op: 'activate', x, activation: relu };
  if (stored.op === 'add') return { op: 'add', a: x, b: read(stored.residual) };
  const ends = {
    ...(stored.scale !== undefined && { scale: vector(stored.scale) }),
    ...(stored.shift !== undefined && { shift: vector(stored.shift) }),
    ...(stored.residual !== undefined && { residual: read(stored.residual) }),
    ...(stored.relu === true && stored.into !== 'u8' && { activation: relu }),
  };
  if (stored.op === 'normalize') return { op: 'normalize', x: withChannels(x, vector(stored.mean)), mean: vector(stored.mean), ...ends };
  const { input, kernel, filterShape, ...window } = unpack(stored.geometry, i);
  const { dilation, groups, ...poolWindow } = window;
  const image = { ...x, shape: input };
  if (stored.op === 'pool') return { op: 'pool', mode: stored.kind, x: image, attributes: { kernel, ...poolWindow } };
  const filters = new Tensor(stored.filters as TensorData, filterShape);
  const conv2d = { x: image, filters, ...ends, attributes: window };
  if (stored.op === 'convolution')
    return { op: 'conv2d', kind: stored.product, ...conv2d, ...(stored.bias !== undefined && { bias: vector(stored.bias) }) };
  if (stored.op !== 'quantized convolution') throw damaged(i, `op is ${shown(stored.op)}, which is no operation`);
  if (stored.into !== 'u8' && stored.into !== 'f32') throw damaged(i, `into is ${shown(stored.into)}, expected u8 or f32`);
  const { residualScale } = stored;
  return {
    op: 'quantizedConv2d',
    kind: filters.dtype === 'i8' ? 'conv' : 'adder',
    ...conv2d,
    padValue: stored.padding,
    ...(residualScale !== undefined && { residualScale }),
    ...(stored.into === 'u8' && { qmax }),
  };
}

const vector = (data: unknown): Tensor<TensorData> => new Tensor(data as TensorData, [Number((data as TensorData | undefined)?.length)]);

/** A batch norm of a flattened image reads one channel for each of its elements. */
function withChannels(x: Value, { size }: Tensor<TensorData>): Value {
  return x.shape.at(-1) === size ? x : { ...x, shape: [elementCount(x.shape) / size, size] };
}

/** n h w ci co kh kw sh sw ph pw dh dw groups */
function unpack(geometry: unknown, i: number) {
  if (!(geometry instanceof Int32Array) || geometry.length !== 14) throw damaged(i, 'geometry is not of 14 integers');
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

// Naive quantization, which ruins adder networks: each adder layer has one symmetric scale, wide enough for inputs and for filters, which are far
// larger than inputs. Simulated in floats, whose sums of such small integers are exact.
import { BatchLoader } from '../data/batch-loader';
import type { Dataset } from '../data/dataset';
import { type Conv2d, fuse, type GraphNode, interpret, trace, type Value, type ValueTensor } from '../graph';
import { clamp } from '../graph/rounding';
import type { Model } from '../models';
import { calibrate } from '../quantize/calibrate';
import { isAdder } from '../quantize/quantizer';
import { Tensor } from '../tensor';
import type { Classifier } from '../train/evaluate';

/** The model with inputs and filters of adder layers rounded to s * q, |q| < 2^(bits-1), with one s per layer: the largest magnitude of both over 2^(bits-1) - 1. */
export async function naivelyQuantized(model: Model, images: Dataset, bits: number): Promise<Classifier> {
  const { name, inputShape, classes, normalization } = model;
  const graph = fuse(trace(model, inputShape));
  const adders = graph.nodes.filter(isAdder);
  const limit = Math.min(512, images.length);
  const { x: seen } = await new BatchLoader(images, { batch: limit, limit, normalization }).load(0, 0);
  const ranges = calibrate(graph, new Set(adders.map(({ x }) => x.id)), seen);

  const qmax = 2 ** (bits - 1) - 1;
  const scales = new Map<GraphNode, number>();
  const nodes = graph.nodes.map((node) => {
    if (!isAdder(node)) return node;
    const { min, max } = ranges.get(node.x.id)!;
    const scale = node.filters.data.reduce((largest, w) => Math.max(largest, Math.abs(w)), Math.max(-min, max)) / qmax;
    const naive: Conv2d = { ...node, filters: rounded(node.filters, scale, qmax) };
    scales.set(naive, scale);
    return naive;
  });
  const onRead = (value: Value, tensor: ValueTensor, node: GraphNode) =>
    scales.has(node) && value === (node as Conv2d).x ? rounded(tensor as Tensor, scales.get(node)!, qmax) : tensor;
  const forward = (x: Tensor): Tensor => interpret({ ...graph, nodes }, x, { onRead });
  return { name, inputShape, classes, normalization, forward };
}

function rounded({ data, shape }: Tensor, scale: number, qmax: number): Tensor {
  const result = new Float32Array(data.length);
  for (let i = 0; i < result.length; i++) result[i] = scale * clamp(Math.round(data[i]! / scale), -qmax, qmax);
  return new Tensor(result, shape);
}

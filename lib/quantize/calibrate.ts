// Calibration: the ranges that the values of a network take on some images of the kind that it will see.
import { AdderNetError } from '../errors';
import { type FloatNode, type Graph, type GraphNode, interpret, nameOfNode, type Value, type ValueTensor } from '../graph';
import { elementCount } from '../shape';
import { notFinite, Tensor } from '../tensor';
import type { WinogradTiles } from './winograd-tiles';

/** The range and a histogram of one value, over all images. */
export class Range {
  min = 0;
  max = 0;
  #count = 0;
  /** Counts of positive floats by their upper bits, which are in the order of the floats: a bin is 1/512 of a power of two wide. */
  readonly #bins = new Float64Array(2 ** (31 - droppedBits));

  add({ data }: Tensor): void {
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < data.length; i++) {
      const v = data[i]!;
      if (v < this.min) this.min = v;
      if (v > this.max) this.max = v;
      if (v > 0) this.#bins[bits[i]! >>> droppedBits]!++;
    }
    this.#count += data.length;
  }

  /** The number that a part of all elements, 0 to 1, does not exceed; the maximum for 1. */
  quantile(part: number): number {
    let above = this.#count * (1 - part);
    for (let bin = this.#bins.length - 1; bin >= 0; bin--) {
      above -= this.#bins[bin]!;
      if (above < 0) return Math.min(this.max, upperEnd(bin));
    }
    return this.max;
  }
}

const droppedBits = 14;
function upperEnd(bin: number): number {
  const bits = Uint32Array.of((bin + 1) << droppedBits);
  return new Float32Array(bits.buffer)[0]!;
}

/** Images that are interpreted at a time, which bounds the memory of the values of all layers. */
const batch = 64;

/**
 * The ranges of values, by their ids.
 * @param images [n,h,w,c], float32, as the network takes them
 * @param names  of the graph's tensors, for the message
 * @param tiles  of Winograd layers, which get what they read
 * @throws {AdderNetError} ERR_ARGUMENT if any value of the network is not finite: a range that reaches to infinity has no scale
 */
export function calibrate(
  graph: Graph<FloatNode>,
  values: ReadonlySet<number>,
  images: Tensor,
  names: ReadonlyMap<string, Tensor> = new Map(),
  tiles: ReadonlyMap<GraphNode, WinogradTiles> = new Map(),
): Map<number, Range> {
  const ranges = new Map([...values].map((id) => [id, new Range()]));
  const [n, ...shape] = images.shape as [number, ...number[]];
  const size = elementCount(shape);
  for (let first = 0; first < n; first += batch) {
    const count = Math.min(batch, n - first);
    const part = new Tensor(images.data.subarray(first * size, (first + count) * size), [count, ...shape]);
    interpret(graph, part, {
      onValue: (value, tensor) => {
        checkValue(graph, value, tensor, names);
        ranges.get(value.id)?.add(tensor as Tensor);
      },
      onRead: (value, tensor, node) => {
        if (node.op === 'conv2d' && value === node.x) tiles.get(node)?.add(tensor as Tensor);
        return tensor;
      },
    });
  }
  return ranges;
}

function checkValue({ nodes }: Graph<FloatNode>, value: Value, { data }: ValueTensor, names: ReadonlyMap<string, Tensor>): void {
  const bad = notFinite(data);
  if (bad === undefined) return;
  const i = nodes.findIndex(({ output }) => output.id === value.id);
  const place = i < 0 ? 'a normalized image' : `the output of ${nameOfNode(nodes[i]!, i, names)}`;
  throw new AdderNetError('ERR_ARGUMENT', `quantize: ${place} holds ${bad} on the calibration images, expected finite numbers`);
}

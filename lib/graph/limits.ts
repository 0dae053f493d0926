// What one image may ask of a network. A file of a few bytes can describe windows, paddings and images that would take years of work and more
// memory than there is, so that is counted before anything runs. The memory of all values together: native/plan/arena.h.
import { windowShape } from '../conv-kind';
import { AdderNetError } from '../errors';
import { winogradAdditions } from '../ops/winograd-geometry';
import { elementCount, shapeText } from '../shape';
import { geometryOf } from './geometry';
import type { Conv2d, Graph, GraphNode, QuantizedConv2d, Value } from './graph';

/** Elements of one value, with the padding of the node that reads it: a gigabyte of floats. */
export const maxElements = 2 ** 28;
/** Additions, products or comparisons of one image: two hundred times those of a ResNet-50 for 224x224 pixels. */
export const maxWork = 2 ** 40;

/** @throws {AdderNetError} ERR_SHAPE, which names the node that asks for too much */
export function checkLimits({ nodes, inputs }: Graph): void {
  for (const value of inputs) checkElements('the input', value.shape);
  const budget = new WorkBudget();
  for (const [i, node] of nodes.entries()) budget.spend(node, i);
}

/** Counts the work of a network, node by node. */
export class WorkBudget {
  #left = maxWork;

  /** @throws {AdderNetError} ERR_SHAPE */
  spend(node: GraphNode, i: number): void {
    const name = `node ${i} (${node.op})`;
    const read = paddedShape(node);
    checkElements(`what ${name} reads, with its padding,`, read);
    checkElements(`the output of ${name}`, node.output.shape);
    this.#left -= copiedAtMost(node, read) + workOf(node);
    if (this.#left < 0)
      throw new AdderNetError('ERR_SHAPE', `${name}: the network takes more than 2^40 additions for one image up to there, the limit`);
  }
}

function checkElements(name: string, shape: Value['shape']): void {
  if (!(elementCount(shape) <= maxElements))
    throw new AdderNetError('ERR_SHAPE', `${name} has shape ${shapeText(shape)} for one image, expected at most ${maxElements} elements`);
}

function paddedShape(node: GraphNode): Value['shape'] {
  if (node.op === 'add') return node.a.shape;
  if (node.op === 'symmetricPad') return node.output.shape;
  if (!('attributes' in node)) return node.x.shape;
  const [h, w, c] = node.x.shape;
  if (node.op !== 'pool' && node.isSymmetric) return [h! + 1, w! + 1, c!];
  const [top, left, bottom, right] = node.attributes.padding;
  return [top + h! + bottom, left + w! + right, c!];
}

/** Elements of `read` that are copied: a convolution may copy the rows below a window for each row of outputs anew. */
function copiedAtMost(node: GraphNode, read: Value['shape']): number {
  if (node.op !== 'conv2d' && node.op !== 'quantizedConv2d') return elementCount(read);
  const [, kh] = windowShape(node.kind, node.filters.shape) as [number, number];
  const rows = (kh - 1) * node.attributes.dilation[0] + 1;
  return Math.max(elementCount(read), node.output.shape[0]! * rows * elementCount(read.slice(1)));
}

/** What is added up for all outputs. The taps of a pooling that lie on padding are left out. */
function workOf(node: GraphNode): number {
  const outputs = elementCount(node.output.shape);
  if (node.op === 'conv2d' || node.op === 'quantizedConv2d')
    return node.kind === 'adder-winograd' ? winogradWork(node) : (outputs * node.filters.size) / node.filters.shape[0]!;
  if (node.op !== 'pool') return outputs;
  const [h, w] = node.x.shape;
  const [kh, kw] = node.attributes.kernel;
  return outputs * Math.min(kh, h!) * Math.min(kw, w!);
}

/** The pairs of each tile, and its transforms. */
function winogradWork(node: Conv2d | QuantizedConv2d): number {
  const [, ho, wo, co] = geometryOf(node).output;
  const ci = node.filters.shape[3]!;
  const { input, output } = winogradAdditions;
  return Math.ceil(ho / 2) * Math.ceil(wo / 2) * (node.filters.size + input * ci + output * co);
}

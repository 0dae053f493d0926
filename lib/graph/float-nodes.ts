// Nodes of floats by the operations of lib/ops, one after the other.
import type { Activation } from '../layers';
import {
  add,
  adderConv2d,
  averagePool2d,
  batchNorm,
  centerChannels,
  conv2d,
  maxPool2d,
  relu,
  symmetricPad2d,
  winogradAdderConv2d,
  xnorConv2d,
} from '../ops';
import { Tensor } from '../tensor';
import type { Conv2d, FloatNode, Value } from './graph';
import { clamp } from './rounding';

const convolutions = { adder: adderConv2d, conv: conv2d, xnor: xnorConv2d };
const pools = { max: maxPool2d, average: averagePool2d };

/** @param read gives a value, [n, ...value.shape] */
export function runFloatNode(node: FloatNode, read: (value: Value) => Tensor): Tensor {
  if (node.op === 'add') return add(read(node.a), read(node.b));
  const x = read(node.x);
  if (node.op === 'activate') return activate(x, node.activation);
  if (node.op === 'symmetricPad') return symmetricPad2d(x);
  if (node.op === 'pool') return pools[node.mode](x, node.attributes);
  const y = node.op === 'conv2d' ? convolution(node, x) : scaled(x, node.mean, node.scale, node.shift);
  const { residual, activation } = node;
  if (residual) add(y, read(residual).reshape(y.shape), { out: y });
  return activation ? activate(y, activation, y) : y;
}

function convolution(node: Conv2d, x: Tensor): Tensor {
  const { scale, shift } = node;
  const y = sums(node, node.isSymmetric ? symmetricPad2d(x) : x);
  return scale && shift ? scaled(y, Tensor.zeros(scale.shape), scale, shift) : y;
}

function sums({ kind, isCentered, filters, bias, attributes }: Conv2d, x: Tensor): Tensor {
  if (kind === 'adder-winograd') return winogradAdderConv2d(x, filters, { padding: attributes.padding, bias });
  if (!isCentered) return convolutions[kind](x, filters, { ...attributes, bias });
  const y = convolutions[kind](x, filters, attributes);
  return centerChannels(y, { bias, out: y });
}

/** (x - mean) * scale + shift, channels on the last axis: a batch norm of variance 1. */
function scaled(x: Tensor, mean: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const variance = new Tensor(new Float32Array(scale.size).fill(1), scale.shape);
  return batchNorm(x, { mean, variance, gamma: scale, beta: shift, epsilon: 0 });
}

/** NaN stays NaN. @param out where to write; default: a new tensor */
function activate(x: Tensor, { min, max }: Activation, out?: Tensor): Tensor {
  if (min === 0 && max === Number.POSITIVE_INFINITY) return relu(x, { out });
  const y = out ?? Tensor.zeros(x.shape);
  for (let i = 0; i < y.size; i++) y.data[i] = clamp(x.data[i]!, min, max);
  return y;
}

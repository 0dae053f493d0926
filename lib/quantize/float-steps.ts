// Float steps by the operations of lib/ops, one after the other: what calibration watches, and what stays float in a quantized network.
import { add, adderConv2d, averagePool2d, batchNorm, conv2d, maxPool2d, relu, xnorConv2d } from '../ops';
import type { PlanStep } from '../session/steps';
import { Tensor } from '../tensor';

/** Options of a convolution or pooling, and shapes of its operands, as a packed geometry has them. */
export function unpack(geometry: Int32Array) {
  const [, h, w, ci, co, kh, kw, sh, sw, top, left, bottom, right, dh, dw, groups] = geometry as unknown as number[];
  const padding = [top!, left!, bottom!, right!] as const;
  return {
    input: [h!, w!, ci!],
    filters: [co!, kh!, kw!, ci! / groups!],
    options: { stride: [sh!, sw!], padding, dilation: [dh!, dw!], groups: groups! } as const,
    window: { kernel: [kh!, kw!], stride: [sh!, sw!], padding } as const,
  };
}

const products = { adder: adderConv2d, conv: conv2d, xnor: xnorConv2d };

/** The value that a step makes. `read` gives a value's elements, whatever shape they had where they were made. */
export function runFloatStep(step: PlanStep, n: number, read: (value: number) => Tensor): Tensor {
  const x = read(step.x);
  if (step.op === 'relu') return relu(x);
  if (step.op === 'add') return add(x, read(step.residual).reshape(x.shape));
  if (step.op === 'pool') {
    const { input, window } = unpack(step.geometry);
    return (step.mode === 'max' ? maxPool2d : averagePool2d)(x.reshape([n, ...input]), window);
  }
  let y: Tensor;
  if (step.op === 'normalize') y = scaled(x, step.mean, step.scale, step.shift);
  else {
    const { input, filters, options } = unpack(step.geometry);
    const bias = step.bias && new Tensor(step.bias, [step.bias.length]);
    y = products[step.kind](x.reshape([n, ...input]), new Tensor(step.filters, filters), { ...options, bias });
    if (step.scale && step.shift) y = scaled(y, new Float32Array(step.scale.length), step.scale, step.shift);
  }
  if (step.residual !== undefined) add(y, read(step.residual).reshape(y.shape), { out: y });
  return step.relu ? relu(y, { out: y }) : y;
}

/** (x - mean) * scale + shift, channels on the last axis: a batch norm of variance 1. */
function scaled(x: Tensor, mean: Float32Array, scale: Float32Array, shift: Float32Array): Tensor {
  const vector = (data: Float32Array) => new Tensor(data, [data.length]);
  const variance = vector(new Float32Array(scale.length).fill(1));
  return batchNorm(x, { mean: vector(mean), variance, gamma: vector(scale), beta: vector(shift), epsilon: 0 });
}

// A layer of quantized numbers as a network runs it: a node of a plan, which packs its filters once, between quantized numbers.
import { compile, type InferenceSession, Tensor } from '../dist';
import type { Graph, QuantizedConv2d, Value } from '../dist/graph';
import { u8, uniform } from './kernels';
import type { Layer } from './workloads';

const attributes = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;

/** Of int16, 13 bits and sign, which is what Winograd layers take. */
const ranges = {
  u8: { qmin: 0, qmax: 255, zeroPoint: 128 },
  i16: { qmin: -8192, qmax: 8191, zeroPoint: 0 },
} as const;

interface Numbers {
  readonly kind: 'adder' | 'adder-2x2' | 'adder-winograd';
  readonly dtype: 'u8' | 'i16';
  readonly threads: number;
}

/** @returns its session, and a run of it that returns the seconds of the layer alone */
export async function quantizedLayer(
  { x: [, h, w, ci], co }: Layer,
  images: Tensor,
  { kind, dtype, threads }: Numbers,
): Promise<{ session: InferenceSession; run: () => Promise<number> }> {
  const { zeroPoint, ...range } = ranges[dtype];
  const integers = (own: readonly number[]) => (dtype === 'u8' ? uniform(own, u8) : uniform(own, [Int16Array, 14]));
  const value = (id: number, channels: number, own: Value['dtype']): Value => ({
    id,
    shape: [h, w, channels],
    dtype: own,
  });
  const [input, x, y, output] = [value(0, ci, 'f32'), value(1, ci, dtype), value(2, co, dtype), value(3, 1, 'f32')];
  const rescaling = (channels: number) => ({ scale: filled(0.001, channels), shift: filled(zeroPoint, channels), padValue: zeroPoint });
  const common = { op: 'quantizedConv2d', x, output: y, ...rescaling(co), ...range, attributes } as const;
  const unpadded = { ...attributes, padding: [0, 0, 0, 0] } as const;
  const layer: Record<Numbers['kind'], () => QuantizedConv2d> = {
    adder: () => ({ ...common, kind: 'adder', filters: integers([co, 3, 3, ci]) }),
    'adder-2x2': () => ({
      ...{ ...common, kind: 'adder', isCentered: true, isSymmetric: true, filters: integers([co, 2, 2, ci]), attributes: unpadded },
    }),
    'adder-winograd': () => {
      const constants = new Tensor(new Int32Array(4 * co), [4, co]);
      return { ...common, kind: 'adder-winograd', filters: integers([4, 4, co, ci]), constants, ...(dtype === 'u8' && rounding) };
    },
  };
  // A plan ends in floats: one channel of them, which takes next to no time.
  const last: QuantizedConv2d = {
    ...{ op: 'quantizedConv2d', kind: 'adder', x: y, output, ...rescaling(1), qmax: range.qmax },
    ...{ filters: integers([1, 1, 1, co]), attributes: unpadded },
  };
  const quantize = { op: 'quantize', x: input, output: x, scale: 4 / range.qmax, zeroPoint, ...range } as const;
  const graph: Graph = { nodes: [quantize, layer[kind](), last], inputs: [input], outputs: [output] };
  const session = await compile({ graph, inputShape: [h, w, ci] }, { threads });
  return { session, run: async () => (await session.profile(images, { rounds: 1 })).nodes[1]!.seconds };
}

/** A byte from every eight integers of -512 ... 1535. */
const rounding = { offsets: new Tensor(new Int16Array(16).fill(512), [16]), shifts: new Tensor(new Uint8Array(16).fill(3), [16]) };

const filled = (number: number, length: number): Tensor => new Tensor(new Float32Array(length).fill(number), [length]);

// The activations of a plan's nodes against plain JavaScript, on every instruction set: each node clamps what it would make without one.
import t from 'tap';
import { native } from '../../../dist/binding';
import { convGeometry } from '../../../dist/shape';
import { sessionSets, useSessionSet } from '../../support/session-sets';
import { normal } from '../../support/tensors';

type Plan = InstanceType<ReturnType<typeof native>['Plan']>;
type Activation = { min: number; max: number };

const images = 3;
const activations: Record<string, Activation> = {
  ReLU: { min: 0, max: Infinity },
  ReLU6: { min: 0, max: 6 },
  'a range': { min: -1.5, max: 0.25 },
  'a maximum alone': { min: -Infinity, max: 1 },
};

function run(x: Float32Array, outputs: number, build: (plan: Plan) => number): Float32Array {
  const plan = new (native().Plan)(x.length / images, undefined);
  plan.finish(build(plan));
  const y = new Float32Array(images * outputs);
  plan.runSync(x, y, images);
  return y;
}

/** A node with an activation of x, [h,w,ci] of one image, and how many numbers it makes of one. */
interface Case {
  x: readonly [number, number, number];
  outputs: number;
  add(plan: Plan, activation: Activation | undefined): number;
}

function conv2d(kind: 'adder' | 'adder-winograd' | 'conv' | 'xnor', [h, w, ci]: Case['x'], co: number, groups = 1): Case {
  const window = [co, 3, 3, ci / groups];
  const filters = normal(kind === 'adder-winograd' ? [4, 4, co, ci] : window, 2);
  const { output, packed } = convGeometry('conv2d', [1, h, w, ci], window, { padding: [1, 0, 0, 1], groups });
  const vectors = { bias: normal([co], 3, 40).data, scale: normal([co], 4).data, shift: normal([co], 5).data };
  const outputs = output.reduce((a, b) => a * b);
  return {
    x: [h, w, ci],
    outputs,
    add: (plan, activation) => plan.conv2d({ kind, x: 0, filters: filters.data, ...vectors, activation, geometry: packed }),
  };
}

function quantizedConv2d(kind: 'adder' | 'adder-winograd' | 'conv', [h, w, ci]: Case['x'], co: number): Case {
  const isWinograd = kind === 'adder-winograd';
  const weights = normal(isWinograd ? [4, 4, co, ci] : [co, 3, 3, ci], 2, 0, 40);
  const filters =
    kind !== 'conv' ? Uint8Array.from(weights.data, Math.abs) : Int8Array.from(weights.data, (v) => Math.max(-64, Math.min(63, v)));
  const { output, packed: geometry } = convGeometry('conv2d', [1, h, w, ci], [co, 3, 3, ci], { padding: 1 });
  const vectors = { scale: normal([co], 3, 0, 0.01).data, shift: normal([co], 4).data };
  const rounding = isWinograd && { offsets: new Int16Array(16).fill(256), shifts: new Uint8Array(16).fill(1) };
  return {
    x: [h, w, ci],
    outputs: output.reduce((a, b) => a * b),
    add: (plan, activation) => {
      const x = plan.quantize({ x: 0, output: 'u8', scale: 0.02, zeroPoint: 120, qmin: 0, qmax: 255 });
      return plan.quantizedConv2d({ kind, x, filters, padValue: 120, ...rounding, ...vectors, output: 'f32', activation, geometry });
    },
  };
}

const elements = 5 * 7 * 9;
const cases: Record<string, Case> = {
  'adder, rows of pixels': conv2d('adder', [9, 8, 5], 40),
  'conv, rows of pixels': conv2d('conv', [9, 8, 5], 40),
  'adder, rows of filters': conv2d('adder', [6, 40, 3], 4),
  'conv, rows of filters': conv2d('conv', [6, 40, 3], 4),
  'adder, depthwise': conv2d('adder', [9, 8, 12], 12, 12),
  'Winograd adder': conv2d('adder-winograd', [9, 8, 5], 40),
  'Winograd adder, few filters': conv2d('adder-winograd', [5, 40, 3], 3),
  xnor: conv2d('xnor', [9, 8, 5], 20),
  'quantized adder': quantizedConv2d('adder', [6, 7, 8], 20),
  'quantized Winograd adder': quantizedConv2d('adder-winograd', [6, 7, 8], 20),
  'quantized conv': quantizedConv2d('conv', [6, 7, 8], 20),
  normalize: {
    x: [5, 7, 9],
    outputs: elements,
    add: (plan, activation) =>
      plan.normalize({
        x: 0,
        mean: normal([9], 2).data,
        scale: normal([9], 3, 0, 4).data,
        shift: normal([9], 4).data,
        residual: 0,
        activation,
      }),
  },
  activate: {
    x: [5, 7, 9],
    outputs: elements,
    add: (plan, activation = { min: -Infinity, max: Infinity }) => plan.activate({ x: 0, activation }),
  },
};

for (const isa of sessionSets)
  t.test(isa, async (t) => {
    useSessionSet(t, isa);
    for (const [name, { x: shape, outputs, add }] of Object.entries(cases)) {
      const x = normal([images, ...shape], 1, 0, 2).data;
      if (!name.startsWith('quantized')) x[0] = Number.NaN;
      const plain = run(x, outputs, (plan) => add(plan, undefined));
      for (const [kind, activation] of Object.entries(activations)) {
        const want = plain.map((v) => Math.min(Math.max(v, activation.min), activation.max) + 0);
        t.same(
          run(x, outputs, (plan) => add(plan, activation)).map((v) => v + 0),
          want,
          `${name}: ${kind}`,
        );
        t.ok(
          want.some((v, i) => v !== plain[i]),
          `${name}: ${kind} clamps something`,
        );
      }
    }
  });

t.test('wrong activations are refused', async (t) => {
  const wrong: [object | undefined, RegExp][] = [
    [{ min: 1, max: 0 }, /activation has a min above its max/],
    [{ min: Number.NaN, max: 0 }, /activation has a min above its max, or a NaN/],
    [{ min: 0 }, /max is not a number/],
    [3 as unknown as object, /activation is not an object/],
  ];
  for (const [activation, message] of wrong)
    t.throws(() => run(new Float32Array(images), 1, (plan) => plan.activate({ x: 0, activation: activation as Activation })), {
      code: 'ERR_ARGUMENT',
      message,
    });
});

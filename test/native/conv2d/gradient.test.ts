// Gradients of the convolutions against their definitions in double, never against finite differences of the distance: the adder's are a
// training rule. On every instruction set of this CPU.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import { convGeometry } from '../../../dist/shape';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { goldenCases } from '../../support/golden-cases';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { edges, type Problem, plain, problem } from '../../support/problems';
import { withTies } from '../../support/tensors';
import { firstDifference } from '../../support/tolerance';

/** The tensors of a backward pass. */
interface Pass {
  gy: Tensor;
  x: Tensor;
  filters: Tensor;
  options: Problem['options'];
}

interface Gradient {
  /** The operation, written to `out`. */
  run(pass: Pass, out: Tensor): Tensor;
  /** Whether it is the gradient of x, or that of the filters. */
  of: 'x' | 'filters';
  /** The definition in double. */
  defined(pass: Pass, out: Float64Array): void;
  /** Sum of the magnitudes of all that is added up for each element: what rounding errors are relative to. */
  scale(pass: Pass): Float64Array;
}

const packed = ({ x, filters, options }: Pass) => convGeometry('test', x.shape, filters.shape, options).packed;
const absolute = (tensor: Tensor) => tensor.data.map(Math.abs);
const ones = (tensor: Tensor) => new Float32Array(tensor.size).fill(1);

/** Σ|gy| that reaches each element of x. */
function reachingX(pass: Pass, weights = ones(pass.filters)): Float64Array {
  const sums = new Float64Array(pass.x.size);
  native().referenceConv2dGradInput(absolute(pass.gy), weights, sums, packed(pass));
  return sums;
}

/** Σ|x|·|gy| for each element of the filters. */
function reachingFilters(pass: Pass): Float64Array {
  const sums = new Float64Array(pass.filters.size);
  native().referenceConv2dGradFilter(absolute(pass.gy), absolute(pass.x), sums, packed(pass));
  return sums;
}

/** Σ|gy| of the filter's output channel, times `by` of each element. */
function ofChannel({ gy, filters }: Pass, by: (w: number) => number): Float64Array {
  const co = filters.shape[0]!;
  const sums = new Float64Array(co);
  gy.data.forEach((g, i) => {
    sums[i % co]! += Math.abs(g);
  });
  return Float64Array.from(filters.data, (w, i) => by(w) * sums[Math.floor((i * co) / filters.size)]!);
}

const gradients: Record<string, Gradient> = {
  'adder, input, hardtanh': {
    run: ({ gy, x, filters, options }, out) => ops.adderConv2dGradInput(gy, x, filters, { ...options, out }),
    of: 'x',
    defined: (pass, out) => native().referenceAdderConv2dGradInput(pass.gy.data, pass.x.data, pass.filters.data, out, packed(pass), false),
    scale: (pass) => reachingX(pass).map((sum, i) => sum * (1 + Math.abs(pass.x.data[i]!))),
  },
  'adder, input, sign': {
    run: ({ gy, x, filters, options }, out) => ops.adderConv2dGradInput(gy, x, filters, { ...options, gradient: 'sign', out }),
    of: 'x',
    defined: (pass, out) => native().referenceAdderConv2dGradInput(pass.gy.data, pass.x.data, pass.filters.data, out, packed(pass), true),
    scale: (pass) => reachingX(pass),
  },
  'adder, filter, full': {
    run: ({ gy, x, filters, options }, out) => ops.adderConv2dGradFilter(gy, x, filters, { ...options, out }),
    of: 'filters',
    defined: (pass, out) => native().referenceAdderConv2dGradFilter(pass.gy.data, pass.x.data, pass.filters.data, out, packed(pass), false),
    scale: (pass) => {
      const ofX = reachingFilters(pass);
      return ofChannel(pass, Math.abs).map((sum, i) => sum + ofX[i]!);
    },
  },
  'adder, filter, sign': {
    run: ({ gy, x, filters, options }, out) => ops.adderConv2dGradFilter(gy, x, filters, { ...options, gradient: 'sign', out }),
    of: 'filters',
    defined: (pass, out) => native().referenceAdderConv2dGradFilter(pass.gy.data, pass.x.data, pass.filters.data, out, packed(pass), true),
    scale: (pass) => ofChannel(pass, () => 1),
  },
  'conv, input': {
    run: ({ gy, x, filters, options }, out) => ops.conv2dGradInput(gy, filters, x.shape, { ...options, out }),
    of: 'x',
    defined: (pass, out) => native().referenceConv2dGradInput(pass.gy.data, pass.filters.data, out, packed(pass)),
    scale: (pass) => reachingX(pass, absolute(pass.filters)),
  },
  'conv, filter': {
    run: ({ gy, x, filters, options }, out) => ops.conv2dGradFilter(gy, x, filters.shape, { ...options, out }),
    of: 'filters',
    defined: (pass, out) => native().referenceConv2dGradFilter(pass.gy.data, pass.x.data, out, packed(pass)),
    scale: reachingFilters,
  },
};

const tolerance = (scale: Float64Array) => scale.map((sum) => 2e-6 * sum + 1e-30);

function passOf({ x, filters, options, seed }: Problem): Pass {
  const random = new Random(seed);
  const { output } = convGeometry('test', x, filters, options);
  return { gy: withTies(output, random), x: withTies(x, random, 2), filters: withTies(filters, random, 2), options };
}

function check(name: string, { run, of, defined, scale }: Gradient, pass: Pass): void {
  const out = guarded(pass[of].shape);
  run(pass, out);
  const y = new Float64Array(out.size);
  defined(pass, y);
  const difference = firstDifference(out.data, { y, tolerance: tolerance(scale(pass)) });
  if (difference) throw new Error(`${name}: ${difference}`);
  checkGuards(out);
}

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);

    for (const golden of goldenCases()) {
      const pass: Pass = { gy: golden.read('g'), x: golden.read('x'), filters: golden.read('w'), options: golden.options };
      const files = {
        'adder, input, hardtanh': 'grad_x_hardtanh',
        'adder, input, sign': 'grad_x_sign',
        'adder, filter, full': 'grad_w_full',
        'adder, filter, sign': 'grad_w_sign',
      } as const;
      for (const [name, file] of Object.entries(files)) {
        const { run, of, scale } = gradients[name]!;
        const got = run(pass, Tensor.zeros(pass[of].shape)).data;
        t.equal(
          firstDifference(got, { y: golden.readDouble(file), tolerance: tolerance(scale(pass)) }),
          undefined,
          `${golden.name} ${name}`,
        );
      }
    }

    for (const [name, gradient] of Object.entries(gradients)) {
      for (const [edge, value] of Object.entries(edges)) t.doesNotThrow(() => check(name, gradient, passOf(value)), `${name}: ${edge}`);
      t.doesNotThrow(
        () =>
          fc.assert(
            fc.property(problem, (p) => check(name, gradient, passOf(p))),
            draws(60),
          ),
        `${name}: random geometries`,
      );
    }

    t.test('bit-identical with any number of threads', async (t) => {
      const pass = passOf({ x: [9, 17, 15, 20], filters: [24, 3, 3, 20], options: { ...plain, padding: [1, 1] }, seed: 3, bias: false });
      for (const [name, { run, of }] of Object.entries(gradients)) checkThreads(t, name, () => [run(pass, Tensor.zeros(pass[of].shape))]);
    });

    t.test('with stride 2, taps hit input rows 1, 2, 1, 2, 1, 2, 1, 1 times', async (t) => {
      // h = 8, k = 3, p = 1, s = 2. One column; the filter lies far above x, so that every term of the gradient is 1.
      const pass: Pass = {
        gy: new Tensor(new Float32Array(4).fill(1), [1, 4, 1, 1]),
        x: Tensor.zeros([1, 8, 1, 1]),
        filters: new Tensor(new Float32Array(3).fill(9), [1, 3, 1, 1]),
        options: { ...plain, stride: [2, 1], padding: [1, 0] },
      };
      t.same([...ops.adderConv2dGradInput(pass.gy, pass.x, pass.filters, pass.options).data], [1, 2, 1, 2, 1, 2, 1, 1]);
    });

    t.test('clamp is closed, sgn(0) is 0, NaN is seen', async (t) => {
      const one = (v: number) => new Tensor(Float32Array.of(v), [1, 1, 1, 1]);
      const slope = (d: number, gradient?: 'sign') => ops.adderConv2dGradInput(one(1), one(2), one(2 + d), { gradient }).data[0]!;
      t.same(
        [-3, -1, -0.25, 0, 0.25, 1, 3].map((d) => slope(d)),
        [-1, -1, -0.25, 0, 0.25, 1, 1],
      );
      t.same(
        [-3, -(2 ** -20), 0, 2 ** -20, 3].map((d) => slope(d, 'sign')),
        [-1, -1, 0, 1, 1],
      );
      for (const gradient of [undefined, 'sign'] as const) t.ok(Number.isNaN(slope(Number.NaN, gradient)));
      const far = (x: number, w: number) => ops.adderConv2dGradInput(one(1), one(x), one(w)).data[0]!;
      for (const x of [65, 2 ** 20 + 0.125, 2 ** 24, 2 ** 24 + 2, 2 ** 100, 3.4e38, Number.POSITIVE_INFINITY])
        t.same(
          [far(x, 0.5), far(-x, 0.5), far(x, 1e9), far(x, x - 0.25)],
          [-1, 1, x < 1e9 ? 1 : -1, x < 2 ** 23 ? -0.25 : far(x, x)],
          `x = ${x}`,
        );
      const tiny = 2 ** -149;
      t.equal(ops.adderConv2dGradFilter(one(1), one(tiny), one(0), { gradient: 'sign' }).data[0], 1, 'the smallest difference has a sign');
    });
  });

t.test('bad input is refused by name', async (t) => {
  const [gy, x, filters] = [Tensor.zeros([1, 4, 4, 3]), Tensor.zeros([1, 4, 4, 2]), Tensor.zeros([3, 1, 1, 2])];
  t.throws(() => ops.adderConv2dGradInput(Tensor.zeros([1, 4, 4, 2]), x, filters), {
    code: 'ERR_SHAPE',
    message: /gy has shape \[1,4,4,2\], expected \[1,4,4,3\]/,
  });
  t.throws(() => ops.adderConv2dGradFilter(gy, x, filters, { gradient: 'hardtanh' as 'full' }), {
    code: 'ERR_ARGUMENT',
    message: /'full' or 'sign'/,
  });
  t.throws(() => ops.conv2dGradInput(gy, filters, [1, 4, 4, 3]), { code: 'ERR_SHAPE' });
  t.throws(() => ops.conv2dGradFilter(gy, x, [3, 1, 1, 2], { out: x.reshape([1, 4, 4, 2]) }), { code: 'ERR_SHAPE' });
  t.throws(() => ops.adderConv2dGradInput(gy, x, filters, { out: x }), { code: 'ERR_ARGUMENT', message: /overlaps/ });
});

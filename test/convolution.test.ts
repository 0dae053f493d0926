// Convolutions of random geometry against their definition in double, on every instruction set of this CPU.
import fc from 'fast-check';
import t from 'tap';
import { type ConvOptions, cpuInfo, ops, Tensor } from '../dist';
import { native } from '../dist/binding';
import { Random } from '../dist/random';
import { convGeometry, type Shape } from '../dist/shape';
import { definition, firstDifference, type Unit } from './tolerance';

const runs = process.env.ADDERNET_QUICK ? 12 : 120;
const units: Unit[] = ['adderConv2d', 'conv2d'];

interface Problem {
  x: Shape;
  filters: Shape;
  options: Required<ConvOptions> & { padding: [number, number]; stride: [number, number]; dilation: [number, number] };
  seed: number;
  bias: boolean;
}

/** Normal numbers, a fifth of them rounded: ties, |x - w| = 0, occur. */
function filled(shape: Shape, random: Random, scale = 1): Tensor {
  const tensor = Tensor.zeros(shape);
  random.fillNormal(tensor.data, 0, scale);
  tensor.data.forEach((v, i) => {
    if (random.uniform() < 0.2) tensor.data[i] = Math.round(v);
  });
  return tensor;
}

/** An output within a larger buffer, to see what is written beside it. */
function guarded(shape: Shape): { out: Tensor; intact: () => boolean } {
  const size = shape.reduce((a, b) => a * b);
  const guard = 64;
  const all = new Float32Array(size + 2 * guard).fill(12345);
  const edges = [all.subarray(0, guard), all.subarray(guard + size)];
  return { out: new Tensor(all.subarray(guard, guard + size), shape), intact: () => edges.every((edge) => edge.every((v) => v === 12345)) };
}

function check(unit: Unit, { x, filters, options, seed, bias }: Problem): void {
  const random = new Random(seed);
  const [tx, tw] = [filled(x, random), filled(filters, random, 3)];
  const tb = bias ? filled([filters[0]!], random, 10) : undefined;
  const { out, intact } = guarded(convGeometry(unit, x, filters, options).output);
  ops[unit](tx, tw, { ...options, bias: tb, out });
  const difference = firstDifference(out.data, definition(unit, tx, tw, options, tb));
  if (difference) throw new Error(`${unit}: ${difference}`);
  if (!intact()) throw new Error(`${unit} wrote outside of its output`);
}

const size = (most: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: most }) });
const problem: fc.Arbitrary<Problem> = fc
  .record({
    n: size(3),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    depthwise: fc.boolean(),
    groupCi: size(40),
    groupCo: size(70),
    kernel: fc.tuple(size(5), size(5)),
    stride: fc.tuple(size(7), size(7)),
    dilation: fc.tuple(size(3), size(3)),
    padding: fc.tuple(fc.nat(6), fc.nat(6)),
    extra: fc.tuple(fc.nat(20), fc.nat(40)),
    seed: fc.nat(),
    bias: fc.boolean(),
  })
  .map(({ n, groups, depthwise, groupCi, groupCo, kernel, stride, dilation, padding, extra, seed, bias }) => {
    const [ci, co, g] = depthwise && groups > 1 ? [groupCi, groupCi, groupCi] : [groupCi * groups, groupCo * groups, groups];
    const pixels = (axis: 0 | 1) => Math.max(1, dilation[axis] * (kernel[axis] - 1) + 1 - 2 * padding[axis]) + extra[axis];
    return {
      x: [n, pixels(0), pixels(1), ci],
      filters: [co, ...kernel, ci / g],
      options: { stride, padding, dilation, groups: g },
      seed,
      bias,
    };
  });

const plain = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } satisfies Problem['options'];
const edges: Record<string, Problem> = {
  'one pixel, one channel': { x: [1, 1, 1, 1], filters: [1, 1, 1, 1], options: plain, seed: 1, bias: false },
  'one pixel, padded by more than the kernel': {
    x: [2, 1, 1, 3],
    filters: [5, 3, 3, 3],
    options: { ...plain, padding: [4, 5] },
    seed: 2,
    bias: true,
  },
  'stride larger than the kernel': {
    x: [1, 30, 41, 2],
    filters: [3, 2, 2, 2],
    options: { ...plain, stride: [7, 9] },
    seed: 3,
    bias: false,
  },
  'k in several blocks, cut within a run': { x: [1, 3, 4, 1500], filters: [20, 2, 3, 1500], options: plain, seed: 4, bias: true },
  'k in several blocks of whole runs': {
    x: [1, 5, 5, 200],
    filters: [33, 3, 3, 200],
    options: { ...plain, padding: [1, 1] },
    seed: 5,
    bias: true,
  },
  'few filters over wide rows, k in blocks': { x: [1, 3, 100, 300], filters: [4, 1, 3, 300], options: plain, seed: 6, bias: true },
  'few filters, strided wide rows': {
    x: [2, 7, 130, 5],
    filters: [6, 3, 5, 5],
    options: { ...plain, stride: [2, 3], padding: [1, 2], dilation: [1, 2] },
    seed: 7,
    bias: false,
  },
  'fully connected': { x: [9, 1, 1, 77], filters: [10, 1, 1, 77], options: plain, seed: 8, bias: true },
  'two channels for each group': { x: [1, 9, 9, 6], filters: [12, 3, 3, 1], options: { ...plain, groups: 6 }, seed: 9, bias: true },
};

t.comment(`isa ${cpuInfo().isa}`);
if (process.env.ADDERNET_EXPECT_ISA) t.equal(cpuInfo().isa, process.env.ADDERNET_EXPECT_ISA, 'the best instruction set of this CPU');

for (const isa of cpuInfo().supported)
  t.test(isa, async (t) => {
    native().setIsa(isa);
    t.equal(cpuInfo().isa, isa, 'this instruction set runs');

    for (const unit of units) {
      for (const [name, edge] of Object.entries(edges)) t.doesNotThrow(() => check(unit, edge), `${unit}: ${name}`);
      t.doesNotThrow(
        () =>
          fc.assert(
            fc.property(problem, (p) => check(unit, p)),
            { numRuns: runs, seed: 20 },
          ),
        `${unit}: ${runs} random geometries`,
      );
    }

    t.test('NaN and infinities', async (t) => {
      for (const unit of units)
        for (const groups of [1, 4]) {
          const options = { ...plain, padding: [1, 1] as [number, number], groups };
          const random = new Random(3);
          const [x, filters] = [filled([1, 6, 6, 4], random), filled([4, 3, 3, 4 / groups], random)];
          x.data[(2 * 6 + 3) * 4 + 1] = Number.NaN;
          const want = definition(unit, x, filters, options);
          t.ok(want.y.some(Number.isNaN) && !want.y.every(Number.isNaN));
          t.equal(
            firstDifference(ops[unit](x, filters, options).data, want),
            undefined,
            `${unit}: a NaN of x reaches the outputs that see it, no others`,
          );
          x.data[(2 * 6 + 3) * 4 + 1] = 0.5;
          filters.data[0] = Number.NaN;
          const all = ops[unit](x, filters, options).data;
          t.ok(
            all.every((v, i) => (i % 4 === 0) === Number.isNaN(v)),
            `${unit}: a NaN of a filter spoils its channel, no other`,
          );
          filters.data[0] = Number.POSITIVE_INFINITY;
          const infinite = ops[unit](x, filters, options).data;
          t.ok(
            infinite.every((v, i) => (i % 4 === 0 ? !Number.isFinite(v) || unit === 'conv2d' : Number.isFinite(v))),
            `${unit}: an infinite weight`,
          );
        }
    });

    t.test('ties', async (t) => {
      const x = new Tensor(new Float32Array(2 * 8 * 8 * 16).fill(0.7), [2, 8, 8, 16]);
      const filters = new Tensor(new Float32Array(20 * 9 * 16).fill(0.7), [20, 3, 3, 16]);
      const y = ops.adderConv2d(x, filters).data;
      t.ok(
        y.every((v) => v <= 0 && v > -1e-3),
        'a window equal to its filter is at distance 0, never beyond',
      );
    });
  });

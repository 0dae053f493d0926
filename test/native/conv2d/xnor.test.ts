// Binary convolutions of random geometry against their definition, on every instruction set of this CPU. The sum of signs is an integer and
// exact, so an output is equal to the definition rounded as a float: alpha, alpha * sum, + bias.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import { convGeometry } from '../../../dist/shape';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { edges, type Problem, plain, problem } from '../../support/problems';
import { withTies } from '../../support/tensors';

const { fround } = Math;

/** The definition, rounded. `withTies` leaves zeros of both signs among the numbers. */
function definition(x: Tensor, filters: Tensor, options: Problem['options'], bias?: Tensor): Float32Array {
  const { output, packed } = convGeometry('xnorConv2d', x.shape, filters.shape, options);
  const [co, k] = [output[3], filters.size / output[3]];
  const y = new Float64Array(output.reduce((a, b) => a * b));
  native().referenceXnorConv2d(x.data, filters.data, undefined, y, packed);
  const alphas = Array.from({ length: co }, (_, c) => filters.data.subarray(c * k, (c + 1) * k).reduce((a, w) => a + Math.abs(w), 0) / k);
  return Float32Array.from(y, (v, i) => {
    const alpha = alphas[i % co]!;
    const sum = alpha === 0 ? 0 : Math.round(v / alpha);
    const product = fround(fround(alpha) * sum);
    return bias ? fround(product + bias.data[i % co]!) : product;
  });
}

function check({ x, filters, options, seed, bias }: Problem): void {
  const random = new Random(seed);
  const [tx, tw] = [withTies(x, random), withTies(filters, random, 3)];
  const tb = bias ? withTies([filters[0]!], random, 10) : undefined;
  const out = guarded(convGeometry('xnorConv2d', x, filters, options).output);
  ops.xnorConv2d(tx, tw, { ...options, bias: tb, out });
  const want = definition(tx, tw, options, tb);
  const wrong = out.data.findIndex((v, i) => v !== want[i]);
  if (wrong >= 0) throw new Error(`output ${wrong} is ${out.data[wrong]}, expected ${want[wrong]}`);
  checkGuards(out);
}

const whole: Record<string, Problem> = {
  'channels that fill whole words': {
    x: [3, 9, 7, 64],
    filters: [70, 3, 3, 64],
    options: { ...plain, padding: [1, 1] },
    seed: 1,
    bias: true,
  },
  'groups that fill whole words, dilated, strided': {
    x: [2, 14, 15, 96],
    filters: [48, 3, 2, 32],
    options: { stride: [2, 3], padding: [2, 1], dilation: [2, 3], groups: 3 },
    seed: 2,
    bias: false,
  },
  'half words': { x: [2, 20, 20, 16], filters: [16, 3, 3, 16], options: { ...plain, padding: [1, 1] }, seed: 3, bias: false },
  'counts beyond a byte': { x: [1, 2, 3, 4100], filters: [17, 1, 2, 4100], options: plain, seed: 4, bias: false },
  'segments longer than a piece of packing': { x: [1, 2, 9, 401], filters: [5, 2, 5, 401], options: plain, seed: 5, bias: false },
};

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);
    for (const [name, edge] of Object.entries({ ...edges, ...whole })) t.doesNotThrow(() => check(edge), name);
    t.doesNotThrow(() => fc.assert(fc.property(problem, check), draws(120)), 'random geometries');

    t.test('signs of zeros and of what is no number', async (t) => {
      const x = new Tensor(Float32Array.of(0, -0, Number.NaN, 1e-45, -1e-45, Number.NEGATIVE_INFINITY), [1, 1, 1, 6]);
      const filters = new Tensor(Float32Array.of(1, 1, 1, 1, 1, 1, 2, -2, -0, -2, 0, -4), [2, 1, 1, 6]);
      const y = ops.xnorConv2d(x, filters);
      t.same([...y.data], [1 * 2, fround(10 / 6) * 0], 'only what lies below zero counts as -1');
      t.same([...ops.xnorConv2d(x, filters, { padding: 1 }).data.slice(0, 2)], [6, 0], 'padding counts as +1');
      filters.data[3] = Number.NaN;
      t.same([...ops.xnorConv2d(x, filters).data], [Number.NaN, 0], 'a NaN of a filter spoils its channel, no other');
    });

    t.test('bit-identical with 1, 2 and 3 threads', async (t) => {
      const random = new Random(7);
      const [x, filters] = [withTies([5, 13, 11, 24], random), withTies([40, 3, 3, 24], random)];
      checkThreads(t, 'xnorConv2d', () => [ops.xnorConv2d(x, filters, { padding: 1 })]);
    });
  });

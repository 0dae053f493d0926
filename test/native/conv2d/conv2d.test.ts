// Convolutions of random geometry against their definition in double, on every instruction set of this CPU.
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { Random } from '../../../dist/random';
import { convGeometry } from '../../../dist/shape';
import { useIsa } from '../../support/cpu-settings';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { checkProblems, edges, type Problem, plain } from '../../support/problems';
import { withTies } from '../../support/tensors';
import { definition, firstDifference, type Operation } from '../../support/tolerance';

const operations: Operation[] = ['adderConv2d', 'conv2d'];

function check(operation: Operation, { x, filters, options, seed, bias }: Problem): void {
  const random = new Random(seed);
  const [tx, tw] = [withTies(x, random), withTies(filters, random, 3)];
  const tb = bias ? withTies([filters[0]!], random, 10) : undefined;
  const out = guarded(convGeometry(operation, x, filters, options).output);
  ops[operation](tx, tw, { ...options, bias: tb, out });
  const difference = firstDifference(out.data, definition(operation, tx, tw, options, tb));
  if (difference) throw new Error(`${operation}: ${difference}`);
  checkGuards(out);
}

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);

    for (const operation of operations) checkProblems(t, operation, edges, (problem) => check(operation, problem));

    t.test('NaN and infinities', async (t) => {
      for (const operation of operations)
        for (const groups of [1, 4]) {
          const options = { ...plain, padding: [1, 1] as [number, number], groups };
          const random = new Random(3);
          const [x, filters] = [withTies([1, 6, 6, 4], random), withTies([4, 3, 3, 4 / groups], random)];
          x.data[(2 * 6 + 3) * 4 + 1] = Number.NaN;
          const want = definition(operation, x, filters, options);
          t.ok(want.y.some(Number.isNaN) && !want.y.every(Number.isNaN));
          t.equal(
            firstDifference(ops[operation](x, filters, options).data, want),
            undefined,
            `${operation}: a NaN of x reaches the outputs that see it, no others`,
          );
          x.data[(2 * 6 + 3) * 4 + 1] = 0.5;
          filters.data[0] = Number.NaN;
          const all = ops[operation](x, filters, options).data;
          t.ok(
            all.every((v, i) => (i % 4 === 0) === Number.isNaN(v)),
            `${operation}: a NaN of a filter spoils its channel, no other`,
          );
          filters.data[0] = Number.POSITIVE_INFINITY;
          const infinite = ops[operation](x, filters, options).data;
          t.ok(
            infinite.every((v, i) => (i % 4 === 0 ? !Number.isFinite(v) || operation === 'conv2d' : Number.isFinite(v))),
            `${operation}: an infinite weight`,
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

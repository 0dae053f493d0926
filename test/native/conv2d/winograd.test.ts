// Winograd adder convolutions and their gradients against their definitions in double, on every instruction set of this CPU.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import type { Shape, Sides } from '../../../dist/shape';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { bits, images, withTies } from '../../support/tensors';
import { firstDifference } from '../../support/tolerance';
import {
  at,
  bt,
  centered,
  eachTile,
  filterGradMagnitudes,
  forwardMagnitudes,
  inputGradMagnitudes,
  patch,
  sandwich,
  windows,
} from '../../support/winograd';

interface Problem {
  x: Shape;
  co: number;
  padding: Sides;
  seed: number;
  bias: boolean;
  /** Deviation of the numbers of x. */
  size: number;
}

const size = (most: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: most }) });
const problem: fc.Arbitrary<Problem> = fc
  .record({
    n: size(3),
    padding: fc.oneof(
      fc.constantFrom<Sides>([0, 0, 0, 0], [1, 1, 1, 1]),
      fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.nat(4)) as fc.Arbitrary<Sides>,
    ),
    extra: fc.tuple(fc.nat(12), fc.nat(20)),
    ci: size(50),
    co: size(70),
    seed: fc.nat(),
    bias: fc.boolean(),
    size: fc.constantFrom(1, 1, 2, 40),
  })
  .map(({ n, padding, extra, ci, ...rest }) => {
    const pixels = (axis: 0 | 1) => Math.max(1, 3 - padding[axis] - padding[axis + 2]!) + extra[axis];
    return { x: [n, pixels(0), pixels(1), ci], padding, ...rest };
  });

const same: Sides = [1, 1, 1, 1];
const none: Sides = [0, 0, 0, 0];
const edges: Record<string, Problem> = {
  'one pixel, one channel': { x: [1, 1, 1, 1], co: 1, padding: same, seed: 1, bias: false, size: 1 },
  'one output': { x: [2, 3, 3, 5], co: 3, padding: none, seed: 2, bias: true, size: 1 },
  'a column, padded by more than the window': { x: [2, 9, 1, 3], co: 5, padding: [0, 4, 0, 5], seed: 3, bias: true, size: 1 },
  'even sizes': { x: [2, 8, 6, 16], co: 16, padding: same, seed: 4, bias: false, size: 1 },
  'odd sizes': { x: [2, 7, 5, 8], co: 24, padding: same, seed: 5, bias: true, size: 1 },
  'odd sizes, without padding': { x: [3, 7, 9, 9], co: 17, padding: none, seed: 6, bias: true, size: 1 },
  'unequal sides': { x: [1, 6, 7, 5], co: 9, padding: [0, 3, 2, 1], seed: 7, bias: true, size: 1 },
  'channels beyond a block of k': { x: [1, 5, 4, 1300], co: 6, padding: same, seed: 8, bias: true, size: 1 },
  'filters beyond a block of k': { x: [1, 4, 5, 6], co: 700, padding: same, seed: 9, bias: false, size: 1 },
  'wide rows, few channels': { x: [1, 4, 131, 3], co: 2, padding: same, seed: 10, bias: true, size: 1 },
  'more tiles than a block': { x: [2, 30, 30, 66], co: 34, padding: same, seed: 11, bias: false, size: 1 },
  'large numbers': { x: [2, 9, 8, 20], co: 33, padding: same, seed: 12, bias: true, size: 100 },
};

interface Operands {
  x: Tensor;
  filters: Tensor;
  bias: Tensor | undefined;
  gy: Tensor;
  padding: Sides;
  geometry: Int32Array;
}

function operandsOf({ x, co, padding, seed, bias, size }: Problem): Operands {
  const random = new Random(seed);
  const filters = [4, 4, co, x[3]!];
  const { output, packed } = windows(x, filters, padding);
  return {
    x: withTies(x, random, size),
    filters: withTies(filters, random, 2 * size),
    bias: bias ? withTies([co], random, 10) : undefined,
    gy: withTies(output, random),
    padding,
    geometry: packed,
  };
}

interface Operation {
  run(operands: Operands, out?: Tensor): Tensor;
  define(operands: Operands): Float64Array;
  magnitudes(operands: Operands): Float64Array;
}

const operations: Record<string, Operation> = {
  forward: {
    run: ({ x, filters, padding, bias }, out) => ops.winogradAdderConv2d(x, filters, { padding, bias, out }),
    define: ({ x, filters, bias, gy, geometry }) => {
      const y = new Float64Array(gy.size);
      native().referenceWinogradAdderConv2d(x.data, filters.data, bias?.data, y, geometry);
      return y;
    },
    magnitudes: (operands) => {
      const { bias } = operands;
      return forwardMagnitudes(operands).map((sum, i) => sum + (bias ? Math.abs(bias.data[i % bias.size]!) : 0));
    },
  },
  'gradient to the input': {
    run: ({ gy, x, filters, padding }, out) => ops.winogradAdderConv2dGradInput(gy, x, filters, { padding, out }),
    define: ({ gy, x, filters, geometry }) => {
      const gx = new Float64Array(x.size);
      native().referenceWinogradAdderConv2dGradInput(gy.data, x.data, filters.data, gx, geometry);
      return gx;
    },
    magnitudes: inputGradMagnitudes,
  },
  'gradient to the filters': {
    run: ({ gy, x, filters, padding }, out) => ops.winogradAdderConv2dGradFilter(gy, x, filters, { padding, out }),
    define: ({ gy, x, filters, geometry }) => {
      const gu = new Float64Array(filters.size);
      native().referenceWinogradAdderConv2dGradFilter(gy.data, x.data, filters.data, gu, geometry);
      return gu;
    },
    magnitudes: filterGradMagnitudes,
  },
};

function check(name: string, { run, define, magnitudes }: Operation, operands: Operands): void {
  const out = guarded(run(operands).shape);
  run(operands, out);
  const tolerance = magnitudes(operands).map((sum) => 2e-6 * sum + 1e-30);
  const difference = firstDifference(out.data, { y: define(operands), tolerance });
  if (difference) throw new Error(`${name}: ${difference}`);
  checkGuards(out);
}

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);

    for (const [name, operation] of Object.entries(operations)) {
      for (const [edge, of] of Object.entries(edges)) t.doesNotThrow(() => check(name, operation, operandsOf(of)), `${name}: ${edge}`);
      t.doesNotThrow(
        () =>
          fc.assert(
            fc.property(problem, (p) => check(name, operation, operandsOf(p))),
            draws(80),
          ),
        `${name}: random geometries`,
      );
    }

    t.test('gradients of numbers of any size', async (t) => {
      const operands = operandsOf({ x: [2, 6, 7, 19], co: 21, padding: same, seed: 5, bias: false, size: 1 });
      const { x, filters } = operands;
      for (const far of [16, 16.5, 65, 2 ** 20 + 0.125, 2 ** 24, 2 ** 40]) {
        x.data[100] = far;
        filters.data[33] = -far;
        for (const name of ['gradient to the input', 'gradient to the filters'])
          t.doesNotThrow(() => check(name, operations[name]!, operands), `${name}: ${far}`);
      }
    });

    t.test('gradients of NaN', async (t) => {
      for (const of of ['x', 'filters'] as const)
        for (const name of ['gradient to the input', 'gradient to the filters']) {
          const operands = operandsOf({ x: [2, 6, 7, 19], co: 21, padding: same, seed: 6, bias: false, size: 1 });
          operands[of].data[operands[of].size >> 1] = Number.NaN;
          const defined = operations[name]!.define(operands);
          t.ok(defined.some(Number.isNaN) && !defined.every(Number.isNaN));
          t.doesNotThrow(() => check(name, operations[name]!, operands), `${name}: a NaN of ${of}`);
        }
    });

    t.test('bit-identical with any number of threads, and of images', async (t) => {
      for (const of of [
        { x: [9, 17, 15, 20], co: 24, padding: same, seed: 3, bias: true, size: 1 },
        { x: [5, 8, 8, 64], co: 64, padding: same, seed: 4, bias: false, size: 1 },
        { x: [2, 33, 40, 70], co: 40, padding: none, seed: 5, bias: false, size: 40 },
      ]) {
        const operands = operandsOf(of as Problem);
        for (const [name, { run }] of Object.entries(operations)) checkThreads(t, name, () => [run(operands)]);
        for (const name of ['forward', 'gradient to the input']) {
          const all = operations[name]!.run(operands);
          for (let i = 0; i < of.x[0]!; i++) {
            const alone = { ...operands, x: images(operands.x, i, i + 1), gy: images(operands.gy, i, i + 1) };
            t.equal(bits(operations[name]!.run(alone)), bits(images(all, i, i + 1)), `${name}: image ${i} alone`);
          }
        }
      }
    });

    t.test('NaN and infinities', async (t) => {
      const { x, filters, ...rest } = operandsOf({ x: [1, 7, 7, 5], co: 6, padding: same, seed: 3, bias: false, size: 1 });
      const outputs = (filters: Tensor) => ops.winogradAdderConv2d(x, filters, { padding: 1 }).data;
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        for (let row = 0; row < 7; row++)
          for (let column = 0; column < 7; column++) {
            const at = (row * 7 + column) * 5 + 2;
            const before = x.data[at]!;
            x.data[at] = value;
            const y = outputs(filters);
            if (Number.isNaN(value)) {
              const defined = operations.forward!.define({ ...rest, x, filters });
              t.same(
                y.map((v) => Number(Number.isNaN(v))),
                Float32Array.from(defined, (v) => Number(Number.isNaN(v))),
              );
            }
            const wrong = y.findIndex((v, i) => {
              const [r, s] = [Math.floor(i / 6 / 7), Math.floor(i / 6) % 7];
              const isSeen = Math.abs(r - row) <= 1 && Math.abs(s - column) <= 1;
              return isSeen ? Number.isNaN(value) && !Number.isNaN(v) : !Number.isFinite(v);
            });
            x.data[at] = before;
            if (wrong >= 0) t.fail(`${value} at (${row}, ${column}) and output ${wrong}`);
          }
      const spoilt = new Tensor(filters.data.slice(), filters.shape);
      for (let p = 0; p < 16; p++) {
        spoilt.data[(p * 6 + 4) * 5 + 1] = Number.NaN;
        const y = outputs(spoilt);
        const isSpoilt = (i: number) => {
          const [r, s] = [Math.floor(i / 6 / 7), Math.floor(i / 6) % 7];
          return at[r % 2]![p >> 2] !== 0 && at[s % 2]![p & 3] !== 0;
        };
        t.ok(
          y.every((v, i) => Number.isNaN(v) === isSpoilt(i)),
          `a NaN of the filter at position ${p} spoils the outputs that read the position, by their mean all channels`,
        );
        spoilt.data[(p * 6 + 4) * 5 + 1] = 0;
      }
    });

    t.test('ties', async (t) => {
      const x = new Tensor(new Float32Array(2 * 8 * 8 * 16).fill(0.5), [2, 8, 8, 16]);
      const filters = Tensor.zeros([4, 4, 20, 16]);
      const v = sandwich(bt, Array(4).fill(Array(4).fill(0.5)));
      filters.data.forEach((_, i) => {
        const p = Math.floor(i / 320);
        filters.data[i] = v[p >> 2]![p & 3]!;
      });
      t.ok(
        ops.winogradAdderConv2d(x, filters).data.every((y) => Math.abs(y) <= 1e-5),
        'tiles equal to the filters are at distance 0',
      );
    });
  });

t.test('the definition is A^T S A of S = -sum |B^T d B - U|, centered', async (t) => {
  const operands = operandsOf({ x: [2, 5, 6, 3], co: 2, padding: [1, 2, 0, 1], seed: 9, bias: true, size: 1 });
  const { x, filters, bias, gy, padding } = operands;
  const [, ho, wo, co] = gy.shape as [number, number, number, number];
  const y = new Float64Array(gy.size).fill(Number.NaN);
  eachTile(gy.shape, (image, row, column) => {
    for (let c = 0; c < co; c++) {
      const s = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
      for (let k = 0; k < 3; k++) {
        const v = sandwich(
          bt,
          patch(x.shape, 4, image, row - padding[0], column - padding[1], (first) => x.data[first + k]!),
        );
        s.forEach((line, i) => {
          line.forEach((_, j) => {
            line[j]! -= Math.abs(v[i]![j]! - filters.data[((4 * i + j) * co + c) * 3 + k]!);
          });
        });
      }
      sandwich(at, s).forEach((line, a) => {
        line.forEach((sum, b) => {
          if (row + a < ho && column + b < wo) y[((image * ho + row + a) * wo + column + b) * co + c] = sum;
        });
      });
    }
  });
  const defined = operations.forward!.define(operands);
  t.ok(
    centered(y, co).every((v, i) => Math.abs(v + bias!.data[i % co]! - defined[i]!) <= 1e-12),
    'in double',
  );
});

t.test('bad input is refused by name', async (t) => {
  const [gy, x, filters] = [Tensor.zeros([1, 4, 4, 3]), Tensor.zeros([1, 4, 4, 2]), Tensor.zeros([4, 4, 3, 2])];
  const refused = (call: () => unknown, code: string, message: string | RegExp) => t.throws(call, { name: 'AdderNetError', code, message });
  for (const shape of [
    [3, 3, 3, 2],
    [3, 3, 3],
    [4, 4, 3],
    [4, 3, 3, 2],
  ])
    refused(
      () => ops.winogradAdderConv2d(x, Tensor.zeros(shape)),
      'ERR_SHAPE',
      `winogradAdderConv2d: filters have shape [${shape}], expected [4,4,co,ci]`,
    );
  refused(() => ops.winogradAdderConv2d(x, Tensor.zeros([4, 4, 3, 5])), 'ERR_SHAPE', /filters expect 5 input channels/);
  refused(() => ops.winogradAdderConv2d(Tensor.zeros([1, 2, 4, 2]), filters), 'ERR_SHAPE', /a 3x3 kernel .* does not fit in 2x4 pixels/);
  refused(() => ops.winogradAdderConv2d(x, filters, { padding: -1 }), 'ERR_ARGUMENT', /padding is -1/);
  refused(
    () => ops.winogradAdderConv2dGradInput(x, x, filters, { padding: 1 }),
    'ERR_SHAPE',
    'winogradAdderConv2dGradInput: gy has shape [1,4,4,2], expected [1,4,4,3]',
  );
  for (const [option, value] of Object.entries({ stride: 2, dilation: [1, 2], groups: 2 })) {
    const options = { [option]: value };
    const calls = {
      winogradAdderConv2d: () => ops.winogradAdderConv2d(x, filters, options),
      winogradAdderConv2dGradInput: () => ops.winogradAdderConv2dGradInput(gy, x, filters, options),
      winogradAdderConv2dGradFilter: () => ops.winogradAdderConv2dGradFilter(gy, x, filters, options),
    };
    for (const [op, call] of Object.entries(calls))
      refused(call, 'ERR_ARGUMENT', `${op}: there is no option '${option}': windows are 3x3, with stride 1, dilation 1 and one group`);
  }
});

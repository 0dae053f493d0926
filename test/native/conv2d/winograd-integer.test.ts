// Winograd adder convolutions of integers, their sums and what nodes of plans make of them: bit-identical to the definition on every
// instruction set of this CPU, for random geometries, roundings and constants.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ops, Tensor } from '../../../dist';
import { native, type QuantizedArray } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import type { Shape, Sides } from '../../../dist/shape';
import { arrayConstructors } from '../../../dist/tensor';
import { checkThreads, useIntegerKernels } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { integerKernels } from '../../support/instruction-sets';
import { at, bt, centered, eachTile, patch, sandwich, windows } from '../../support/winograd';

interface Problem {
  x: Shape;
  co: number;
  padding: Sides;
  seed: number;
  /** Numbers at the ends of their ranges alone. */
  extremes: boolean;
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
    ci: size(70),
    co: size(70),
    seed: fc.nat(),
    extremes: fc.constantFrom(false, false, true),
  })
  .map(({ n, padding, extra, ci, ...rest }) => {
    const pixels = (axis: 0 | 1) => Math.max(1, 3 - padding[axis] - padding[axis + 2]!) + extra[axis];
    return { x: [n, pixels(0), pixels(1), ci], padding, ...rest };
  });

const same: Sides = [1, 1, 1, 1];
const none: Sides = [0, 0, 0, 0];
const edges: Record<string, Problem> = {
  'one pixel, one channel': { x: [1, 1, 1, 1], co: 1, padding: same, seed: 1, extremes: false },
  'one output': { x: [2, 3, 3, 5], co: 3, padding: none, seed: 2, extremes: false },
  'a column, padded by more than the window': { x: [2, 9, 1, 3], co: 5, padding: [0, 4, 0, 5], seed: 3, extremes: false },
  'even sizes, extremes': { x: [2, 8, 6, 16], co: 16, padding: same, seed: 4, extremes: true },
  'odd sizes': { x: [2, 7, 5, 8], co: 24, padding: same, seed: 5, extremes: false },
  'odd sizes, without padding': { x: [3, 7, 9, 9], co: 17, padding: none, seed: 6, extremes: false },
  'unequal sides': { x: [1, 6, 7, 5], co: 9, padding: [0, 3, 2, 1], seed: 7, extremes: false },
  'channels beyond a block of k': { x: [1, 5, 4, 1300], co: 6, padding: same, seed: 8, extremes: true },
  'sums of int16 beyond 65,535 channels of a lane': { x: [1, 4, 4, 1820], co: 3, padding: none, seed: 13, extremes: true },
  'filters beyond a block of k': { x: [1, 4, 5, 6], co: 700, padding: same, seed: 9, extremes: false },
  'wide rows, few channels': { x: [1, 4, 131, 3], co: 2, padding: same, seed: 10, extremes: false },
  'more tiles than a block': { x: [2, 30, 30, 66], co: 34, padding: same, seed: 11, extremes: false },
  'more pixels than leave their sums in the cache': { x: [1, 70, 70, 3], co: 21, padding: same, seed: 12, extremes: false },
};

type Type = 'u8' | 'i16';
const types = ['u8', 'i16'] as const;
const ends = { u8: { x: [0, 255], filters: [0, 255] }, i16: { x: [-8192, 8191], filters: [-32768, 32767] } } as const;

interface Case {
  x: Tensor<QuantizedArray>;
  filters: Tensor<QuantizedArray>;
  options: ops.WinogradIntegerOptions & { padValue: number };
}

function integer([min, max]: readonly [number, number], random: Random, extremes: boolean): number {
  return extremes ? (random.uniform() < 0.5 ? min : max) : min + Math.floor(random.uniform() * (max - min + 1));
}
function integers(type: Type, shape: Shape, range: readonly [number, number], random: Random, extremes: boolean): Tensor<QuantizedArray> {
  const data = new arrayConstructors[type](shape.reduce((a, b) => a * b));
  for (let i = 0; i < data.length; i++) data[i] = integer(range, random, extremes);
  return new Tensor(data, shape);
}

/** Offsets and shifts that use the bytes, and now and then any there are. */
function roundings(ci: number, random: Random) {
  const isAny = random.uniform() < 0.25;
  const most = Math.min(7, Math.floor(Math.log2(2 ** 30 / (9 * 255 * ci))));
  const shifts = Uint8Array.from({ length: 16 }, () => integer([0, isAny ? most : 2], random, false));
  const offsets = Int16Array.from(shifts, (shift, p) =>
    isAny
      ? integer([-(2 ** 14), 2 ** 14 - 1], random, random.uniform() < 0.5)
      : integer([0, 300 << shift], random, false) - (p === 5 ? 500 : 0),
  );
  return { offsets: new Tensor(offsets, [16]), shifts: new Tensor(shifts, [16]) };
}

function caseOf(type: Type, { x, co, padding, seed, extremes }: Problem): Case {
  const random = new Random(seed);
  const ci = x[3]!;
  const most = random.uniform() < 0.5 ? 2 ** 29 : 1000;
  const constants = Int32Array.from({ length: 4 * co }, () => integer([-most, most], random, extremes));
  return {
    x: integers(type, x, ends[type].x, random, extremes),
    filters: integers(type, [4, 4, co, ci], ends[type].filters, random, extremes),
    options: {
      ...{ padding, padValue: integer(ends[type].x, random, extremes) },
      ...(type === 'u8' && roundings(ci, random)),
      ...(random.uniform() < 0.7 && { constants: new Tensor(constants, [4, co]) }),
    },
  };
}

function definition({ x, filters, options }: Case): Float64Array {
  const { padding = 0, padValue, offsets, shifts, constants } = options;
  const { output, packed } = windows(x.shape, filters.shape, padding);
  const y = new Float64Array(output.reduce((a, b) => a * b));
  const tensors = { offsets: offsets?.data, shifts: shifts?.data, constants: constants?.data };
  native().referenceWinogradAdderConv2dInteger({ x: x.data, filters: filters.data, padValue, ...tensors, y, geometry: packed });
  return y;
}

function checkSame(got: ArrayLike<number>, want: ArrayLike<number>): void {
  for (let i = 0; i < want.length; i++) if (!Object.is(got[i], want[i])) throw new Error(`output ${i} is ${got[i]}, expected ${want[i]}`);
}
const asSums = (want: Float64Array) => want.map((v) => v + 0); // no -0

function checkSums(type: Type, geometry: Problem): void {
  const problem = caseOf(type, geometry);
  const { output } = windows(geometry.x, problem.filters.shape, geometry.padding);
  const out = guarded(output, 'i32');
  ops.winogradAdderConv2d(problem.x, problem.filters, { ...problem.options, out });
  checkGuards(out);
  checkSame(out.data, asSums(definition(problem)));
}

/** A node into floats, or into bytes that a convolution by one takes to floats. */
function checkNodes(type: Type, geometry: Problem): void {
  const { x, filters, options } = caseOf(type, { ...geometry, x: [1, ...geometry.x.slice(1)] });
  const [, h, w, ci] = x.shape as [number, number, number, number];
  const co = geometry.co;
  const { output, packed } = windows(x.shape, filters.shape, geometry.padding);
  const sums = definition({ x, filters, options });
  const random = new Random(geometry.seed);
  const [scale, shift] = [new Float32Array(co), new Float32Array(co)];
  const [least, most] = [Math.min(...sums.subarray(0, 9999)), Math.max(...sums.subarray(0, 9999))];
  for (let c = 0; c < co; c++) {
    scale[c] = (random.uniform() < 0.5 ? -1 : 1) * (300 / Math.max(1, most - least)) * random.uniform();
    shift[c] = 128 - scale[c]! * (least + most) * 0.5;
  }
  const tensors = { offsets: options.offsets?.data, shifts: options.shifts?.data, constants: options.constants?.data };
  const node = { filters: filters.data, padValue: options.padValue, ...tensors, scale, shift, geometry: packed };
  const of = (toBytes: boolean): Float32Array => {
    const plan = new (native().Plan)(h * w * ci, undefined);
    const [qmin, qmax] = type === 'u8' ? [0, 255] : [-8192, 8191];
    const q = plan.quantize({ x: 0, output: type, scale: 1, zeroPoint: 0, qmin, qmax });
    let y = plan.quantizedConv2d({
      ...node,
      kind: 'adder-winograd',
      x: q,
      output: toBytes ? 'u8' : 'f32',
      ...(toBytes && { qmin: 3, qmax: 250 }),
    });
    if (toBytes) {
      const same = new Int8Array(co * co);
      for (let c = 0; c < co; c++) same[c * co + c] = 1;
      const pixels = Int32Array.of(1, output[1]!, output[2]!, co, co, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1);
      const as = { scale: new Float32Array(co).fill(1), shift: new Float32Array(co) };
      y = plan.quantizedConv2d({ kind: 'conv', x: y, filters: same, padValue: 0, ...as, output: 'f32', geometry: pixels });
    }
    plan.finish(y);
    const out = new Float32Array(sums.length);
    plan.runSync(Float32Array.from(x.data), out, 1);
    plan.dispose();
    return out;
  };
  const floats = new Float32Array(sums.length);
  native().referenceDequantize(sums, scale, shift, undefined, 1, floats, false);
  checkSame(of(false), floats);
  if (type === 'i16') return;
  const bytes = new Uint8Array(sums.length);
  native().referenceRequantize(sums, scale, shift, undefined, 1, bytes, 3, 250);
  checkSame(of(true), bytes);
}

function checkProblems(t: Test, name: string, check: (problem: Problem) => void, cases: number): void {
  for (const [edge, problem] of Object.entries(edges)) t.doesNotThrow(() => check(problem), `${name}: ${edge}`);
  t.doesNotThrow(() => fc.assert(fc.property(problem, check), draws(cases)), `${name}: random geometries`);
}

t.test('the definition is the equations, in whole numbers', async (t) => {
  for (const type of types)
    for (const geometry of [edges['unequal sides']!, edges['odd sizes']!]) {
      const { x, filters, options } = caseOf(type, geometry);
      const { padValue, padding = 0, offsets, shifts, constants } = options;
      const [co, ci] = [filters.shape[2]!, filters.shape[3]!];
      const { output, packed } = windows(x.shape, filters.shape, padding);
      const want = new Float64Array(output.reduce((a, b) => a * b));
      eachTile(output, (image, row, column) => {
        for (let c = 0; c < co; c++) {
          const s = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
          for (let k = 0; k < ci; k++) {
            // What is beyond the image is padValue: zeros there, and padValue taken away elsewhere, then V of ones times padValue.
            const d = patch(x.shape, 4, image, row - packed[9]!, column - packed[10]!, (first) => x.data[first + k]! - padValue);
            const v = sandwich(
              bt,
              d.map((line) => line.map((number) => number + padValue)),
            );
            for (let p = 0; p < 16; p++) {
              let [value, step] = [v[p >> 2]![p % 4]!, 1];
              if (offsets && shifts) {
                step = 2 ** shifts.data[p]!;
                value = Math.min(255, Math.max(0, Math.floor((value + offsets.data[p]!) / step)));
              }
              s[p >> 2]![p % 4]! -= step * Math.abs(value - filters.data[(p * co + c) * ci + k]!);
            }
          }
          sandwich(at, s).forEach((line, a) => {
            line.forEach((sum, b) => {
              if (row + a >= output[1] || column + b >= output[2]) return;
              const constant = constants ? constants.data[(2 * a + b) * co + c]! : 0;
              want[((image * output[1] + row + a) * output[2] + column + b) * co + c] = sum + constant;
            });
          });
        }
      });
      const rounded = centered(want, co, (mean) => Math.floor(mean + 0.5));
      t.doesNotThrow(() => checkSame(asSums(definition({ x, filters, options })), asSums(rounded)), type);
    }
});

for (const kernels of integerKernels)
  t.test(`${kernels.isa}, ${kernels.byteAdder}`, async (t) => {
    useIntegerKernels(t, kernels);
    for (const type of types) {
      checkProblems(t, `sums of ${type}`, (problem) => checkSums(type, problem), 120);
      checkProblems(t, `nodes of ${type}`, (problem) => checkNodes(type, problem), 40);
    }

    t.test('the largest sums', async (t) => {
      const full = (type: Type, shape: Shape, value: number) =>
        new Tensor(new arrayConstructors[type](shape.reduce((a, b) => a * b)).fill(value), shape);
      // In the first of many channels, positions that count negatively meet what they are, the others what is farthest, and the constants
      // are the largest; in all others the opposite. The mean is that of the others almost, and the first is far from it.
      const isPlus = (p: number) => [-1, 1, 1, 0][p >> 2]! * [-1, 1, 1, 0][p % 4]! > 0;
      const co = 40;
      const constants = new Tensor(new Int32Array(4 * co).fill(2 ** 29), [4, co]);
      for (let i = 0; i < 4; i++) constants.data[i * co] = -(2 ** 29);
      const fill = (filters: Tensor<QuantizedArray>, ci: number, far: (p: number) => number, near: number) => {
        for (let p = 0; p < 16; p++)
          for (let c = 0; c < co; c++) filters.data.fill(isPlus(p) === (c === 0) ? far(p) : near, (p * co + c) * ci, (p * co + c + 1) * ci);
      };
      // First less mean: as far as they are apart, but for the first's own part in the mean.
      const apart = (first: number, others: number) => first - Math.floor((first + (co - 1) * others) / co + 0.5);
      const ci = 1820;
      const filters = full('i16', [4, 4, co, ci], 0);
      fill(filters, ci, (p) => (p === 5 ? 32767 : -32768), 0);
      for (let c = 1; c < co; c++) filters.data.fill(-32768, (5 * co + c) * ci, (5 * co + c + 1) * ci);
      // V is -32768 at (1,1), which counts positively, and 0 elsewhere.
      const shorts = ops.winogradAdderConv2d(full('i16', [1, 3, 3, ci], -8192), filters, {
        padding: [0, 0, 1, 1],
        padValue: -8192,
        constants,
      });
      t.equal(shorts.data[0], apart(-(65535 + 4 * 32768) * ci - 2 ** 29, 4 * 32768 * ci + 2 ** 29));

      const many = 2 ** 14;
      const bytes = full('u8', [4, 4, co, many], 0);
      fill(bytes, many, () => 255, 0);
      const rounding = { offsets: new Tensor(new Int16Array(16), [16]), shifts: new Tensor(new Uint8Array(16).fill(4), [16]) };
      const sums = ops.winogradAdderConv2d(full('u8', [1, 3, 3, many], 0), bytes, { padding: [0, 0, 1, 1], ...rounding, constants });
      t.equal(sums.data[0], apart(-5 * 255 * 16 * many - 2 ** 29, 4 * 255 * 16 * many + 2 ** 29));
    });

    t.test('bit-identical with 1, 2 and 3 threads', async (t) => {
      for (const type of types) {
        const { x, filters, options } = caseOf(type, { x: [3, 15, 11, 21], co: 36, padding: same, seed: 4, extremes: false });
        checkThreads(t, type, () => [ops.winogradAdderConv2d(x, filters, options)]);
      }
    });
  });

t.test('misuse', async (t) => {
  const x = Tensor.zeros([1, 4, 4, 3], 'u8');
  const filters = Tensor.zeros([4, 4, 2, 3], 'u8');
  const rounding = { offsets: Tensor.zeros([16], 'i16'), shifts: Tensor.zeros([16], 'u8') };
  const [wide, wideFilters] = [Tensor.zeros([1, 4, 4, 3], 'i16'), Tensor.zeros([4, 4, 2, 3], 'i16')];
  const fails = (use: () => unknown, code: string, message: RegExp) => t.throws(use, { code, message });
  const of = (options: ops.WinogradIntegerOptions) => () => ops.winogradAdderConv2d(x, filters, { ...rounding, ...options });
  const ofWide = (options: ops.WinogradIntegerOptions) => () => ops.winogradAdderConv2d(wide, wideFilters, options);
  t.doesNotThrow(of({}));
  t.doesNotThrow(ofWide({}));

  fails(() => ops.winogradAdderConv2d(x, filters), 'ERR_ARGUMENT', /offsets or shifts are missing, which x of u8 needs/);
  fails(of({ shifts: undefined }), 'ERR_ARGUMENT', /offsets or shifts are missing/);
  fails(ofWide(rounding), 'ERR_ARGUMENT', /offsets and shifts are there, but x is i16/);
  fails(of({ offsets: Tensor.zeros([15], 'i16') }), 'ERR_SHAPE', /offsets has shape \[15\], expected \[16\]/);
  fails(of({ shifts: Tensor.zeros([16], 'i16') as never }), 'ERR_DTYPE', /shifts has dtype i16, expected u8/);
  fails(of({ shifts: new Tensor(new Uint8Array(16).fill(8), [16]) }), 'ERR_ARGUMENT', /shifts holds 8, expected integers from 0 to 7/);
  fails(of({ offsets: new Tensor(new Int16Array(16).fill(16384), [16]) }), 'ERR_ARGUMENT', /offsets holds 16384, expected .* to 16383/);
  fails(of({ constants: Tensor.zeros([4, 3], 'i32') }), 'ERR_SHAPE', /constants has shape \[4,3\], expected \[4,2\]/);
  fails(of({ constants: new Tensor(new Int32Array(8).fill(2 ** 29 + 1), [4, 2]) }), 'ERR_ARGUMENT', /constants holds 536870913/);
  for (const padValue of [-1, 256, 0.5, Number.NaN]) fails(of({ padValue }), 'ERR_ARGUMENT', /padValue is .*, expected an integer/);
  for (const padValue of [-8193, 8192])
    fails(ofWide({ padValue }), 'ERR_ARGUMENT', /padValue is .*, expected an integer from -8192 to 8191/);
  for (const v of [-8193, 8192]) {
    const large = new Tensor(new Int16Array(48).fill(v, 47), [1, 4, 4, 3]);
    fails(() => ops.winogradAdderConv2d(large, wideFilters), 'ERR_ARGUMENT', /x holds -?819\d, expected 13 bits and sign/);
  }
  fails(of({ bias: Tensor.zeros([2]) } as never), 'ERR_ARGUMENT', /no option 'bias'/);
  fails(of({ stride: 1 } as never), 'ERR_ARGUMENT', /no option 'stride'/);
  fails(() => ops.winogradAdderConv2d(x, wideFilters as never, rounding), 'ERR_DTYPE', /filters has dtype i16, expected u8/);
  fails(() => ops.winogradAdderConv2d(Tensor.zeros([1, 4, 4, 3], 'i8') as never, filters), 'ERR_DTYPE', /i8/);
  fails(of({ out: Tensor.zeros([1, 2, 2, 3], 'i32') }), 'ERR_SHAPE', /out has shape/);
  const constants = new Tensor(new Int32Array(new ArrayBuffer(64), 0, 8), [4, 2]);
  fails(of({ constants, out: new Tensor(new Int32Array(constants.data.buffer, 16, 8), [1, 2, 2, 2]) }), 'ERR_ARGUMENT', /out overlaps/);
  const long = (ci: number, type: Type, shift?: number) => () =>
    ops.winogradAdderConv2d(Tensor.zeros([1, 3, 3, ci], type) as Tensor<QuantizedArray>, Tensor.zeros([4, 4, 1, ci], type) as never, {
      ...(shift !== undefined && { ...rounding, shifts: new Tensor(new Uint8Array(16).fill(shift, 3, 4), [16]) }),
    });
  t.doesNotThrow(long(1820, 'i16'));
  fails(long(1821, 'i16'), 'ERR_SHAPE', /1821 channels may overflow int32 in i16, expected at most 1820/);
  t.doesNotThrow(long(3655, 'u8', 7));
  fails(long(3656, 'u8', 7), 'ERR_SHAPE', /3656 channels may overflow int32 in u8, expected at most 3655/);

  const { packed } = windows(x.shape, filters.shape, 0);
  const call = { x: x.data, filters: filters.data, padValue: 0, y: new Int32Array(8), geometry: packed };
  const arrays = { offsets: rounding.offsets.data, shifts: rounding.shifts.data };
  const run = (change: object) => () => native().winogradAdderConv2dInteger({ ...call, ...arrays, ...change } as never);
  t.doesNotThrow(run({}));
  fails(run({ shifts: new Uint8Array(16).fill(8) }), 'ERR_ARGUMENT', /shifts holds 8/);
  fails(run({ offsets: new Int16Array(16).fill(-16385) }), 'ERR_ARGUMENT', /offsets holds -16385/);
  fails(run({ offsets: undefined }), 'ERR_DTYPE', /offsets/);
  fails(run({ constants: new Int32Array(8).fill(-(2 ** 31)) }), 'ERR_ARGUMENT', /constants holds -2147483648/);
  fails(run({ filters: new Uint8Array(18) }), 'ERR_SHAPE', /filters has 18 elements, expected 96/);
  fails(run({ geometry: packed.map((v, i) => (i === 7 ? 2 : v)) }), 'ERR_ARGUMENT', /3x3 windows at stride 1/);
});

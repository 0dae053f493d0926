import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import { convGeometry, type Shape } from '../../../dist/shape';
import { checkThreads, useIntegerKernels } from '../../support/cpu-settings';
import { channelsLast, goldenManifest } from '../../support/golden-cases';
import { integerKernels } from '../../support/instruction-sets';
import { checkProblems, edges, type Problem, plain } from '../../support/problems';

type Integers = Uint8Array | Int8Array | Int16Array;
type Operation = 'adder u8' | 'adder i8' | 'adder i16' | 'int8' | 'int8, 7 bits';
interface Range {
  Type: new (length: number) => Integers;
  least: number;
  most: number;
}
const u8: Range = { Type: Uint8Array, least: 0, most: 255 };
const i8: Range = { Type: Int8Array, least: -128, most: 127 };
const i16: Range = { Type: Int16Array, least: -32768, most: 32767 };
const operations: Record<Operation, { x: Range; filters: Range }> = {
  'adder u8': { x: u8, filters: u8 },
  'adder i8': { x: i8, filters: i8 },
  'adder i16': { x: i16, filters: i16 },
  int8: { x: u8, filters: i8 },
  'int8, 7 bits': { x: u8, filters: { Type: Int8Array, least: -64, most: 63 } },
};

interface Case {
  x: Tensor<Integers>;
  filters: Tensor<Integers>;
  options: ops.IntegerConvolutionOptions;
}

function convolve(operation: Operation, { x, filters, options }: Case): Tensor<Int32Array> {
  if (operation.startsWith('adder')) return ops.adderConv2d(x, filters, options);
  const weightBits = operation === 'int8' ? 8 : 7;
  return ops.int8Conv2d(x as Tensor<Uint8Array>, filters as Tensor<Int8Array>, { ...options, weightBits });
}

function definition(operation: Operation, { x, filters, options }: Case): Float64Array {
  const { output, packed } = convGeometry(operation, x.shape, filters.shape, options);
  const y = new Float64Array(output.reduce((a, b) => a * b));
  const padding = options.padValue ?? 0;
  if (operation.startsWith('adder')) native().referenceAdderConv2dInteger(x.data, filters.data, padding, y, packed);
  else native().referenceInt8Conv2d(x.data as Uint8Array, filters.data as Int8Array, padding, y, packed);
  return y;
}

/** Uniform numbers, or with `extremes` only the smallest and the largest. */
function filled(shape: Shape, { Type, least, most }: Range, random: Random, extremes: boolean): Tensor<Integers> {
  const data = new Type(shape.reduce((a, b) => a * b));
  for (let i = 0; i < data.length; i++)
    data[i] = extremes ? (random.uniform() < 0.5 ? least : most) : least + Math.floor(random.uniform() * (most - least + 1));
  return new Tensor(data, shape);
}

const firstDifference = (got: Int32Array, want: Float64Array) => {
  const i = got.findIndex((v, i) => v !== want[i]);
  return i < 0 ? undefined : `output ${i} is ${got[i]}, expected ${want[i]}`;
};

function check(operation: Operation, { x, filters, options, seed, bias: extremes }: Problem): void {
  const random = new Random(seed);
  const range = operations[operation];
  const padValue = range.x.least + Math.floor(random.uniform() * (range.x.most - range.x.least + 1));
  const [tx, tw] = [filled(x, range.x, random, extremes), filled(filters, range.filters, random, extremes)];
  // Within a larger buffer, to see what is written beside it.
  const { output } = convGeometry(operation, x, filters, options);
  const size = output.reduce((a, b) => a * b);
  const all = new Int32Array(size + 128).fill(12345);
  const out = new Tensor(all.subarray(64, 64 + size), output);
  const problem = { x: tx, filters: tw, options: { ...options, padValue } };
  convolve(operation, { ...problem, options: { ...problem.options, out } });
  const difference = firstDifference(out.data, definition(operation, problem));
  if (difference) throw new Error(difference);
  if (![all.subarray(0, 64), all.subarray(64 + size)].every((guard) => guard.every((v) => v === 12345)))
    throw new Error('wrote outside of its output');
}

const lengths: Record<string, Problem> = Object.fromEntries(
  // Segments of these lengths: parts of k-groups, and blocks of k that end within a segment, with it, and in its last k-group.
  [1, 2, 3, 5, 7, 8, 9, 255, 256, 257, 2047, 2049, 4097, 8191, 8193].map((channels) => [
    `a segment of ${channels}`,
    { x: [1, 1, 3, channels], filters: [19, 1, 1, channels], options: plain, seed: channels, bias: channels % 2 === 0 },
  ]),
);
const cases: Record<string, Problem> = {
  ...edges,
  ...lengths,
  'a segment of 9 in every kernel row, extremes': {
    x: [2, 9, 9, 3],
    filters: [16, 3, 3, 3],
    options: { ...plain, padding: [1, 1] },
    seed: 10,
    bias: true,
  },
};

interface GoldenCase {
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
  groups: number;
  pad_value: number;
  x: { file: string; dtype: string };
  w: { file: string };
  y: { file: string };
}
const golden = goldenManifest().integer as GoldenCase[];
t.equal(golden.length, 42, 'all reference tensors are there');

for (const kernels of integerKernels)
  t.test(`${kernels.isa}, ${kernels.byteAdder}`, async (t) => {
    useIntegerKernels(t, kernels);

    for (const { x, w, y, pad_value: padValue, stride, padding, dilation, groups } of golden) {
      const options = { stride, padding, dilation, groups, padValue };
      const [tx, tw] = [channelsLast<Integers>(x.file), channelsLast<Integers>(w.file)];
      const want = channelsLast<Int32Array>(y.file);
      const got = ops.adderConv2d(tx, tw, options);
      t.same(got.shape, want.shape, y.file);
      t.ok(Buffer.from(got.data.buffer).equals(Buffer.from(want.data.buffer)), `${y.file} is exact`);
      t.equal(
        firstDifference(want.data, definition('adder u8', { x: tx, filters: tw, options })),
        undefined,
        `${y.file}: the definition agrees`,
      );
    }

    for (const operation of Object.keys(operations) as Operation[])
      checkProblems(t, operation, cases, (problem) => check(operation, problem));

    t.test('the largest sums', async (t) => {
      const filledWith = (Type: Range['Type'], value: number, shape: Shape) =>
        new Tensor(new Type(shape.reduce((a, b) => a * b)).fill(value), shape);
      const shape = [1, 1, 1, 32768];
      const shorts = ops.adderConv2d(filledWith(Int16Array, -32768, shape), filledWith(Int16Array, 32767, shape));
      t.equal(shorts.data[0], -32768 * 65535);
      const long = [1, 1, 1, 65793];
      const products = ops.int8Conv2d(
        filledWith(Uint8Array, 255, long) as Tensor<Uint8Array>,
        filledWith(Int8Array, -128, long) as Tensor<Int8Array>,
      );
      t.equal(products.data[0], -65793 * 255 * 128);
      const bytes = ops.adderConv2d(filledWith(Uint8Array, 255, long), filledWith(Uint8Array, 0, long));
      t.equal(bytes.data[0], -65793 * 255);
    });

    t.test('bit-identical with 1, 2 and 3 threads', async (t) => {
      const random = new Random(4);
      for (const operation of Object.keys(operations) as Operation[]) {
        const { x, filters } = operations[operation];
        const problem = {
          x: filled([3, 14, 11, 21], x, random, false),
          filters: filled([36, 3, 3, 7], filters, random, false),
          options: { padding: 1, groups: 3, padValue: 5 },
        };
        checkThreads(t, operation, () => [convolve(operation, problem)]);
      }
    });
  });

t.test('misuse', async (t) => {
  const x = Tensor.zeros([1, 4, 4, 3], 'u8');
  const filters = Tensor.zeros([2, 3, 3, 3], 'u8');
  const weights = Tensor.zeros([2, 3, 3, 3], 'i8');
  const fails = (use: () => unknown, code: string, message: RegExp) => t.throws(use, { code, message });

  fails(() => ops.adderConv2d(x, weights as never), 'ERR_DTYPE', /filters has dtype i8, expected u8/);
  fails(() => ops.adderConv2d(Tensor.zeros([1, 4, 4, 3]), filters as never), 'ERR_DTYPE', /filters has dtype u8, expected f32/);
  fails(() => ops.adderConv2d(x, Tensor.zeros([2, 3, 3, 3]) as never), 'ERR_DTYPE', /filters has dtype f32, expected u8/);
  fails(() => ops.adderConv2d(Tensor.zeros([1, 4, 4, 3], 'i32') as never, filters), 'ERR_DTYPE', /x has dtype i32/);
  fails(() => ops.int8Conv2d(weights as never, weights), 'ERR_DTYPE', /x has dtype i8, expected u8/);
  fails(() => ops.int8Conv2d(x, filters as never), 'ERR_DTYPE', /filters has dtype u8, expected i8/);
  for (const padValue of [-1, 256, 0.5, Number.NaN])
    fails(() => ops.adderConv2d(x, filters, { padValue }), 'ERR_ARGUMENT', /padValue is .*, expected an integer from 0 to 255/);
  fails(() => ops.adderConv2d(x, filters, { bias: Tensor.zeros([2]) } as never), 'ERR_ARGUMENT', /bias/);
  fails(() => ops.adderConv2d(x, filters, { out: Tensor.zeros([1, 2, 2, 2]) as never }), 'ERR_DTYPE', /out has dtype f32, expected i32/);
  fails(() => ops.adderConv2d(x, filters, { out: Tensor.zeros([1, 2, 2, 3], 'i32') }), 'ERR_SHAPE', /out has shape/);
  const shared = new ArrayBuffer(64);
  fails(
    () =>
      ops.adderConv2d(new Tensor(new Uint8Array(shared, 0, 48), [1, 4, 4, 3]), filters, {
        out: new Tensor(new Int32Array(shared, 32, 8), [1, 2, 2, 2]),
      }),
    'ERR_ARGUMENT',
    /out overlaps/,
  );
  fails(() => ops.int8Conv2d(x, weights, { weightBits: 6 as never }), 'ERR_ARGUMENT', /weightBits is 6, expected 7 or 8/);
  weights.data[5] = 64;
  fails(() => ops.int8Conv2d(x, weights, { weightBits: 7 }), 'ERR_ARGUMENT', /outside of \[-64, 63\]/);
  t.doesNotThrow(() => ops.int8Conv2d(x, weights));
  const long = Tensor.zeros([1, 1, 1, 32769], 'i16');
  fails(() => ops.adderConv2d(long, long), 'ERR_SHAPE', /32769 elements may overflow int32 in i16, expected at most 32768/);
  const geometry = convGeometry('adderConv2d', long.shape, long.shape, {}).packed;
  fails(() => native().adderConv2dInteger(long.data, long.data, 0, new Int32Array(1), geometry), 'ERR_SHAPE', /too large/);
  fails(() => native().adderConv2dInteger(x.data, weights.data as never, 0, new Int32Array(8), geometry), 'ERR_SHAPE', /x has 48 elements/);
});

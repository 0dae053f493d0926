// Quantization, and integer convolutions that end in quantized numbers or in floats: bit-identical to the definition on every instruction set
// of this CPU, for random geometries, ties, overflow and NaN.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { native } from '../../../dist/binding';
import { Random } from '../../../dist/random';
import { convGeometry, type Shape } from '../../../dist/shape';
import { checkThreads, useIntegerKernels } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { integerKernels } from '../../support/instruction-sets';
import { checkProblems, edges, type Problem, plain } from '../../support/problems';

const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b);

type Quantized = Uint8Array | Int16Array;
type Operation = 'adder' | 'adder, int16' | 'int8' | 'int8, 7 bits';
const operations: readonly Operation[] = ['adder', 'adder, int16', 'int8', 'int8, 7 bits'];
type Residual = Tensor | Tensor<Quantized> | undefined;

interface Case {
  operation: Operation;
  x: Tensor<Quantized>;
  filters: Tensor<Quantized> | Tensor<Int8Array>;
  options: ops.IntegerConvolutionOptions<never>;
  rescale: ops.RescaleOptions<Quantized>;
  qmin: number;
  qmax: number;
  relu: boolean;
}

const isAdder = (operation: Operation) => operation.startsWith('adder');
const typeOf = (operation: Operation) => (operation === 'adder, int16' ? 'i16' : 'u8');

function requantized({ operation, x, filters, options, rescale, qmin, qmax }: Case, out?: Tensor<Quantized>): Tensor<Quantized> {
  const all = { ...options, ...rescale, qmin, qmax, out };
  if (isAdder(operation)) return ops.adderConv2dRequantized(x, filters as Tensor<Quantized>, all);
  const bytes = { ...all, weightBits: operation === 'int8' ? 8 : 7 } as ops.RequantizeOptions & ops.WeightBits;
  return ops.int8Conv2dRequantized(x as Tensor<Uint8Array>, filters as Tensor<Int8Array>, bytes);
}

function dequantized({ operation, x, filters, options, rescale, relu }: Case, out?: Tensor): Tensor {
  const all = { ...options, ...rescale, relu, out };
  if (isAdder(operation)) return ops.adderConv2dDequantized(x, filters as Tensor<Quantized>, all);
  const bytes = { ...all, weightBits: operation === 'int8' ? 8 : 7 } as ops.DequantizeOptions & ops.WeightBits;
  return ops.int8Conv2dDequantized(x as Tensor<Uint8Array>, filters as Tensor<Int8Array>, bytes);
}

function definitionOfSums({ operation, x, filters, options }: Omit<Case, 'rescale'>): Float64Array {
  const { output, packed } = convGeometry(operation, x.shape, filters.shape, options);
  const sums = new Float64Array(sizeOf(output));
  const padding = options.padValue ?? 0;
  if (isAdder(operation)) native().referenceAdderConv2dInteger(x.data, filters.data as Quantized, padding, sums, packed);
  else native().referenceInt8Conv2d(x.data as Uint8Array, filters.data as Int8Array, padding, sums, packed);
  return sums;
}

function definition(sums: Float64Array, { operation, rescale, qmin, qmax, relu }: Case): { quantized: Quantized; floats: Float32Array } {
  const { scale, shift, residual, residualScale = 1 } = rescale;
  const [quantized, floats] = [Tensor.zeros([sums.length], typeOf(operation)).data, new Float32Array(sums.length)];
  native().referenceRequantize(sums, scale.data, shift.data, residual?.data, residualScale, quantized, qmin, qmax);
  native().referenceDequantize(sums, scale.data, shift.data, residual?.data, residualScale, floats, relu);
  return { quantized, floats };
}

function integers<A extends Quantized | Int8Array>(data: A, shape: Shape, random: Random, min: number, max: number): Tensor<A> {
  for (let i = 0; i < data.length; i++) data[i] = min + Math.floor(random.uniform() * (max - min + 1));
  return new Tensor(data, shape);
}

const quantizedNumbers = (operation: Operation, shape: Shape, random: Random): Tensor<Quantized> =>
  typeOf(operation) === 'i16'
    ? integers(new Int16Array(sizeOf(shape)), shape, random, -32768, 32767)
    : integers(new Uint8Array(sizeOf(shape)), shape, random, 0, 255);

const ranges = {
  u8: [
    [0, 255],
    [0, 31],
    [0, 15],
    [3, 200],
    [0, 1],
  ],
  i16: [
    [-32768, 32767],
    [0, 32767],
    [0, 511],
    [-20000, 4],
  ],
} as const;

/**
 * Scales and shifts of either sign that spread each channel's sums over more than the quantized numbers: powers of two, which give exact
 * ties, any number, and a few that overflow float32.
 */
function spreadingScales(sums: Float64Array, operation: Operation, channels: number, random: Random): { scale: Tensor; shift: Tensor } {
  const [least, levels] = typeOf(operation) === 'i16' ? [-32768, 65535] : [0, 255];
  const [scale, shift] = [Tensor.zeros([channels]), Tensor.zeros([channels])];
  const [smallest, largest] = [sums.slice(0, channels), sums.slice(0, channels)];
  sums.forEach((sum, i) => {
    const c = i % channels;
    smallest[c] = Math.min(smallest[c]!, sum);
    largest[c] = Math.max(largest[c]!, sum);
  });
  for (let c = 0; c < channels; c++) {
    const [min, max] = [smallest[c]!, largest[c]!];
    const steepness = (1.2 * levels) / Math.max(max - min, 1);
    const sign = random.uniform() < 0.5 ? -1 : 1;
    const kind = random.uniform();
    if (kind < 0.1) {
      scale.data[c] = sign * (kind < 0.05 ? 3e38 : 1e-45);
      shift.data[c] = random.uniform() < 0.5 ? -3e38 : 100 * random.uniform();
      continue;
    }
    const ties = kind < 0.6;
    const factor = sign * (ties ? 2 ** -Math.max(1, Math.ceil(Math.log2(1 / steepness))) : steepness * (0.5 + random.uniform()));
    const start = least + 0.08 * levels - factor * (sign > 0 ? min : max);
    scale.data[c] = factor;
    shift.data[c] = ties ? Math.round(2 * start) / 2 : start;
  }
  return { scale, shift };
}

function residuals(shape: Shape, operation: Operation, random: Random): { residual: Residual; residualScale?: number } {
  const kind = random.uniform();
  if (kind < 0.34) return { residual: undefined };
  if (kind < 0.67) {
    const residualScale = [0.5, -0.25, 0.37 + random.uniform(), 3e38][Math.floor(random.uniform() * 4)]!;
    return { residual: quantizedNumbers(operation, shape, random), residualScale };
  }
  const residual = Tensor.zeros(shape);
  random.fillNormal(residual.data, 0, 50);
  residual.data.forEach((v, i) => {
    const kind = random.uniform();
    residual.data[i] = kind < 0.3 ? Math.round(v) / 2 : kind < 0.32 ? [-0, Infinity, -Infinity, Number.NaN][i % 4]! : v;
  });
  return { residual };
}

function caseOf(operation: Operation, { x, filters, options, seed }: Problem): { sums: Float64Array; problem: Case } {
  const random = new Random(seed);
  const min = operation === 'int8' ? -128 : -64;
  const ends = ranges[typeOf(operation)];
  const [qmin, qmax] = ends[Math.floor(random.uniform() * ends.length)]!;
  const problem = {
    operation,
    x: quantizedNumbers(operation, x, random),
    filters: isAdder(operation)
      ? quantizedNumbers(operation, filters, random)
      : integers(new Int8Array(sizeOf(filters)), filters, random, min, -min - 1),
    options: { ...options, padValue: quantizedNumbers(operation, [1], random).data[0]! },
    ...{ qmin, qmax },
    relu: random.uniform() < 0.5,
  };
  const sums = definitionOfSums(problem);
  const { output } = convGeometry(operation, x, filters, options);
  const rescale = { ...spreadingScales(sums, operation, output[3], random), ...residuals(output, operation, random) };
  return { sums, problem: { ...problem, rescale } };
}

function checkSame(got: Quantized | Float32Array, want: Quantized | Float32Array): void {
  const i = got.findIndex((v, i) => !Object.is(v, want[i])); // tells 0 from -0
  if (i >= 0) throw new Error(`output ${i} is ${got[i]}, expected ${want[i]}`);
}

function check(operation: Operation, geometry: Problem): void {
  const { sums, problem } = caseOf(operation, geometry);
  const want = definition(sums, problem);
  const { output } = convGeometry(operation, geometry.x, geometry.filters, geometry.options);
  const quantized = guarded(output, typeOf(operation)) as Tensor<Quantized>;
  checkSame(requantized(problem, quantized).data, want.quantized);
  const floats = guarded(output);
  checkSame(dequantized(problem, floats).data, want.floats);
  checkGuards(quantized, floats);
}

const cases: Record<string, Problem> = {
  ...edges,
  'more pixels than leave their sums in the cache': {
    x: [1, 70, 70, 3],
    filters: [21, 3, 3, 3],
    options: { ...plain, padding: [1, 1] },
    seed: 20,
    bias: false,
  },
  'a fully connected layer of many images': { x: [1500, 1, 1, 9], filters: [10, 1, 1, 9], options: plain, seed: 21, bias: false },
};

/** A 1x1 convolution whose sums are these numbers from -255 to 0: of an adder, with filters of 0. */
const convolutionOf = (sums: readonly number[]): [Tensor<Uint8Array>, Tensor<Uint8Array>] => [
  new Tensor(
    Uint8Array.from(sums, (v) => -v),
    [1, 1, sums.length, 1],
  ),
  Tensor.zeros([1, 1, 1, 1], 'u8'),
];
/** The same of int16, of sums from -65535 to 0. */
const shortConvolutionOf = (sums: readonly number[]): [Tensor<Int16Array>, Tensor<Int16Array>] => [
  new Tensor(
    Int16Array.from(sums, (v) => -v - 32768),
    [1, 1, sums.length, 1],
  ),
  new Tensor(Int16Array.of(-32768), [1, 1, 1, 1]),
];
const float = (...values: number[]) => new Tensor(Float32Array.from(values), [values.length]);

t.test('the definition rounds every operation by itself, to float32', async (t) => {
  const random = new Random(9);
  const sums = Float64Array.from({ length: 2000 }, () => -Math.floor(random.uniform() * 1e6));
  const [scale, shift, residualScale] = [0.000123456, 71.7654321, 0.3141592].map(Math.fround) as [number, number, number];
  const residual = integers(new Uint8Array(sums.length), [sums.length], random, 0, 255).data;
  const want = Float32Array.from(sums, (sum, i) =>
    Math.fround(Math.fround(Math.fround(scale * sum) + shift) + Math.fround(residualScale * residual[i]!)),
  );
  const fused = Float32Array.from(sums, (sum, i) => scale * sum + shift + residualScale * residual[i]!);
  t.ok(
    fused.some((v, i) => v !== want[i]),
    'fusing would show',
  );
  const got = new Float32Array(sums.length);
  native().referenceDequantize(sums, Float32Array.of(scale), Float32Array.of(shift), residual, residualScale, got, false);
  t.same(got, want);
  const bytes = new Uint8Array(sums.length);
  native().referenceRequantize(sums, Float32Array.of(scale), Float32Array.of(shift), residual, residualScale, bytes, 0, 255);
  t.same(
    bytes,
    want.map((v) => Math.min(255, Math.max(0, Math.round(v)))),
    'without ties Math.round is as good',
  );
});

for (const kernels of integerKernels)
  t.test(`${kernels.isa}, ${kernels.byteAdder}`, async (t) => {
    useIntegerKernels(t, kernels);

    for (const operation of operations) checkProblems(t, operation, cases, (problem) => check(operation, problem));

    t.test('halves go to the even number, and the ends hold', async (t) => {
      const sums = [0, -1, -2, -3, -4, -5, -6, -7, -61, -62, -63, -255];
      const [x, filters] = convolutionOf(sums);
      const y = ops.adderConv2dRequantized(x, filters, { scale: float(-0.5), shift: float(0), qmax: 31 });
      t.same([...y.data], [0, 0, 1, 2, 2, 2, 3, 4, 30, 31, 31, 31]);
      const negative = ops.adderConv2dRequantized(x, filters, { scale: float(0.5), shift: float(1), qmax: 31 });
      t.same([...negative.data], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      const q = ops.quantizeActivations(float(-1e38, -0.5, 0.25, 0.75, 1.25, 1.75, 127.25, 127.5, 3e38), 0.5);
      t.same([...q.data], [0, 0, 0, 2, 2, 4, 254, 255, 255]);
    });

    t.test('int16: halves, the ends, and sums beyond 2^24', async (t) => {
      const halves = [0, -1, -2, -3, -5, -7, -65533, -65535, -32767 * 2];
      const [x, filters] = shortConvolutionOf(halves);
      const y = ops.adderConv2dRequantized(x, filters, { scale: float(-0.5), shift: float(-2.5) });
      t.same([...y.data], [-2, -2, -2, -1, 0, 1, 32764, 32765, 32764], 'to the even number on either side of 0');
      const ends = ops.adderConv2dRequantized(x, filters, { scale: float(-1.5), shift: float(-32769) });
      t.same([...ends.data], [-32768, -32768, -32766, -32764, -32762, -32758, 32767, 32767, 32767]);
      const q = ops.quantizeActivations(float(-1e38, -16384.25, -0.25, 0.25, 0.75, 16383.5, 3e38), 0.5, { dtype: 'i16' });
      t.same([...q.data], [-32768, -32768, 0, 0, 2, 32767, 32767]);

      // 258 elements: sums from 2^24 - 1 on, of which float32 holds every second one.
      const elements = 258;
      const long = [2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 24 + 2, 2 ** 24 + 3, elements * 65535];
      const rows = long.map((sum) =>
        Int16Array.from({ length: elements }, (_, i) => Math.min(65535, Math.max(0, sum - i * 65535)) - 32768),
      );
      const input = Tensor.zeros([1, 1, long.length, elements], 'i16');
      for (const [i, row] of rows.entries()) input.data.set(row, i * elements);
      const least = new Tensor(new Int16Array(elements).fill(-32768), [1, 1, 1, elements]);
      const floats = ops.adderConv2dDequantized(input, least, { scale: float(1), shift: float(0) });
      t.same([...floats.data], [1 - 2 ** 24, -(2 ** 24), -(2 ** 24), -2 - 2 ** 24, -4 - 2 ** 24, Math.fround(-elements * 65535)]);
      const bits = ops.adderConv2dRequantized(input, least, { scale: float(1), shift: float(2 ** 24) });
      t.same([...bits.data], [1, 0, 0, -2, -4, -32768]);
    });

    t.test('NaN and infinities', async (t) => {
      const [x, filters] = convolutionOf([-1, -1, -1, -1]);
      const residual = float(Number.NaN, Infinity, -Infinity, -0).reshape([1, 1, 4, 1]);
      const rescale = { scale: float(0), shift: float(-0), residual };
      t.same([...ops.adderConv2dRequantized(x, filters, rescale).data], [0, 255, 0, 0]);
      const [shorts, shortFilters] = shortConvolutionOf([-1, -1, -1, -1]);
      t.same([...ops.adderConv2dRequantized(shorts, shortFilters, rescale).data], [-32768, 32767, -32768, 0]);
      t.same([...ops.adderConv2dRequantized(shorts, shortFilters, { ...rescale, qmin: 7 }).data], [7, 32767, 7, 7]);
      const floats = (relu: boolean) => ops.adderConv2dDequantized(x, filters, { ...rescale, relu }).data;
      t.doesNotThrow(() => checkSame(floats(false), Float32Array.of(Number.NaN, Infinity, -Infinity, -0)));
      t.doesNotThrow(() => checkSame(floats(true), Float32Array.of(Number.NaN, Infinity, 0, 0)), 'the maximum of 0 and -0 is 0');
    });

    t.test('quantized activations', async (t) => {
      const activations = fc.record({
        length: fc.integer({ min: 1, max: 70 }),
        scale: fc.constantFrom(1, 0.25, 0.1, 3.7e-3, 1e30, 1e-40),
        dtype: fc.constantFrom('u8', 'i16'),
        ends: fc.nat({ max: 3 }),
        origin: fc.constantFrom(0, 0, 1, 0.4, 0.5), // of the range, where zero lies
        strange: fc.constantFrom(undefined, undefined, Number.NaN, Infinity, -Infinity),
        seed: fc.nat(),
      });
      type Activations = typeof activations extends fc.Arbitrary<infer A> ? A : never;
      const same = ({ length, scale, dtype, ends, origin, strange, seed }: Activations) => {
        const [qmin, qmax] = ranges[dtype][ends]!;
        const zeroPoint = Math.floor(qmin + origin * (qmax - qmin));
        const random = new Random(seed);
        const x = Tensor.zeros([length]);
        for (let i = 0; i < length; i++) {
          const v = (random.uniform() * 1.4 - 0.2) * (qmax - qmin) - zeroPoint;
          x.data[i] = (random.uniform() < 0.5 ? v : Math.round(2 * v) / 2) * scale;
        }
        const out = guarded([length], dtype);
        const options = { dtype, zeroPoint, qmin, qmax, out };
        if (strange !== undefined) {
          x.data[Math.floor(random.uniform() * length)] = strange;
          t.throws(() => ops.quantizeActivations(x, scale, options), {
            code: 'ERR_ARGUMENT',
            message: /x holds a number that is not/,
          });
        } else {
          const want = Tensor.zeros([length], dtype).data;
          native().referenceQuantize(x.data, scale, zeroPoint, qmin, qmax, want);
          checkSame(ops.quantizeActivations(x, scale, options).data, want);
        }
        checkGuards(out);
      };
      t.doesNotThrow(() => fc.assert(fc.property(activations, same), draws(360)));
    });

    t.test('threads', async (t) => {
      const x = Tensor.zeros([100000]);
      new Random(5).fillNormal(x.data, 1, 1);
      const geometry = { x: [3, 34, 31, 21], filters: [36, 3, 3, 7], options: { ...plain, groups: 3 }, seed: 4, bias: false };
      const problems = operations.map((operation) => caseOf(operation, geometry).problem);
      checkThreads(t, 'bit-identical with 1, 2 and 3 threads', () => [
        ops.quantizeActivations(x, 0.01),
        ops.quantizeActivations(x, 0.0001, { dtype: 'i16' }),
        ...problems.flatMap((p) => [requantized(p), dequantized(p)]),
      ]);
      x.data[99999] = Number.NaN;
      t.throws(() => ops.quantizeActivations(x, 0.01), { code: 'ERR_ARGUMENT' }, 'whichever thread meets it');
    });
  });

t.test('misuse', async (t) => {
  const x = Tensor.zeros([1, 4, 4, 3], 'u8');
  const filters = Tensor.zeros([2, 3, 3, 3], 'u8');
  const weights = Tensor.zeros([2, 3, 3, 3], 'i8');
  const rescale = { scale: Tensor.zeros([2]), shift: Tensor.zeros([2]) };
  const residual = Tensor.zeros([1, 2, 2, 2], 'u8');
  const fails = (use: () => unknown, code: string, message: RegExp) => t.throws(use, { code, message });
  const fail = (options: object, code: string, message: RegExp) => {
    for (const op of ['adderConv2dRequantized', 'adderConv2dDequantized'] as const)
      fails(() => ops[op](x, filters, { ...rescale, ...options }), code, message);
    for (const op of ['int8Conv2dRequantized', 'int8Conv2dDequantized'] as const)
      fails(() => ops[op](x, weights, { ...rescale, ...options }), code, message);
  };

  fail({ scale: Tensor.zeros([3]) }, 'ERR_SHAPE', /scale has shape \[3\], expected \[2\]/);
  fail({ shift: Tensor.zeros([2], 'u8') }, 'ERR_DTYPE', /shift has dtype u8, expected f32/);
  fail({ shift: float(0, Number.NaN) }, 'ERR_ARGUMENT', /shift holds NaN, expected finite numbers/);
  fail({ scale: undefined }, 'ERR_ARGUMENT', /scale is not a Tensor/);
  fail({ residual: Tensor.zeros([1, 2, 2, 3]) }, 'ERR_SHAPE', /residual has shape/);
  fail({ residual: Tensor.zeros([1, 2, 2, 2], 'i8') }, 'ERR_DTYPE', /residual has dtype i8/);
  fail({ residual: residual.data }, 'ERR_ARGUMENT', /residual is not a Tensor/);
  fail({ residual, residualScale: 1e39 }, 'ERR_ARGUMENT', /residualScale is Infinity/);
  fail({ residualScale: 2 }, 'ERR_ARGUMENT', /residualScale is given, but without a residual of u8/);
  fail({ padValue: 256 }, 'ERR_ARGUMENT', /padValue is 256/);
  fail({ out: Tensor.zeros([1, 2, 2, 2], 'i32') }, 'ERR_DTYPE', /out has dtype i32/);
  for (const qmax of [0, 256, 1.5])
    fails(
      () => ops.adderConv2dRequantized(x, filters, { ...rescale, qmax }),
      'ERR_ARGUMENT',
      /qmax is .*, expected an integer from 1 to 255/,
    );
  fails(() => ops.adderConv2dRequantized(x, filters, { ...rescale, residual, out: residual }), 'ERR_ARGUMENT', /out overlaps/);
  fails(() => ops.adderConv2dDequantized(x, filters, { ...rescale, relu: 1 as never }), 'ERR_ARGUMENT', /relu is not a boolean/);
  fails(() => ops.int8Conv2dRequantized(x, weights, { ...rescale, weightBits: 6 as never }), 'ERR_ARGUMENT', /weightBits is 6/);
  weights.data[5] = 64;
  fails(() => ops.int8Conv2dRequantized(x, weights, { ...rescale, weightBits: 7 }), 'ERR_ARGUMENT', /outside of \[-64, 63\]/);
  const long = Tensor.zeros([1, 1, 1, 70000], 'i8');
  const longX = Tensor.zeros([1, 1, 1, 70000], 'u8');
  fails(() => ops.int8Conv2dRequantized(longX, long, { scale: float(1), shift: float(1) }), 'ERR_SHAPE', /may overflow int32/);

  for (const scale of [0, -1, Number.NaN, Infinity, 1e-50])
    fails(() => ops.quantizeActivations(float(1), scale), 'ERR_ARGUMENT', /scale is .*, expected a positive number/);
  fails(() => ops.quantizeActivations(x as never, 1), 'ERR_DTYPE', /x has dtype u8, expected f32/);
  fails(() => ops.quantizeActivations(float(1), 1, { qmax: 300 }), 'ERR_ARGUMENT', /qmax is 300/);
  fails(
    () => ops.quantizeActivations(float(1), 1, { qmax: 15, zeroPoint: 16 }),
    'ERR_ARGUMENT',
    /zeroPoint is 16, expected an integer from 0 to 15/,
  );
});

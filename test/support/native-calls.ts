// One small valid call of everything that the addon exports, with fresh arguments each time.

import type { Binding, NativePlan } from '../../binding.d.ts';
import { native } from '../../dist/binding';

type Method = keyof NativePlan;
/** A call by its name: that of a function, or `Plan`, or `Plan.run` for a method. */
export interface NativeCall {
  readonly args: unknown[];
  /** Calls it with these arguments, or with others in their place. */
  readonly run: (...args: unknown[]) => unknown;
  /** Of a method. */
  readonly plan?: NativePlan;
}

const f32 = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));
const ones = (length: number) => new Float32Array(length).fill(1);
const f64 = (length: number) => new Float64Array(length);
const u8 = (length: number) => Uint8Array.from({ length }, (_, i) => i % 50);
const i16 = (length: number) => Int16Array.from({ length }, (_, i) => (i % 50) * 1000 - 25000);
const i8 = (length: number) => Int8Array.from({ length }, (_, i) => (i % 50) - 25);
const i32 = (length: number) => new Int32Array(length);
const shared = <A extends Uint8Array | Float32Array>(type: new (buffer: SharedArrayBuffer) => A, bytes: number) =>
  new type(new SharedArrayBuffer(bytes));

// n h w ci co kh kw sh sw pad_top pad_left pad_bottom pad_right dh dw groups
const conv = () => Int32Array.of(1, 5, 4, 2, 3, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1);
const [xs, ws, ys] = [5 * 4 * 2, 3 * 2 * 2 * 2, 4 * 3 * 3];
const pool = () => Int32Array.of(1, 4, 4, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1);
const pixel = () => Int32Array.of(1, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

// 3x3 windows over the same x, in Winograd's transforms
const winograd = () => Int32Array.of(1, 5, 4, 2, 3, 3, 3, 1, 1, 1, 0, 1, 0, 1, 1, 1);
const [us, wys] = [16 * 3 * 2, 5 * 2 * 3];
const winogradGrad = (g: (length: number) => unknown, length: number) => () => [f32(wys), f32(xs), f32(us), g(length), winograd()];

const convolution = (y: (length: number) => unknown) => () => [f32(xs), f32(ws), f32(3), y(ys), conv()];
const inputGrad = (gx: (length: number) => unknown) => () => [f32(ys), f32(xs), f32(ws), gx(xs), conv(), false];
const filterGrad = (gw: (length: number) => unknown) => () => [f32(ys), f32(xs), f32(ws), gw(ws), conv(), true];
type Make = (length: number) => unknown;
const quantized = (x: Make, filters: Make, y: Make, end: object) => () => [
  {
    ...{ x: x(xs), filters: filters(ws), padValue: 3, y: y(ys), geometry: conv(), scale: ones(3), shift: f32(3) },
    ...{ residual: x(ys), residualScale: 0.5, ...end },
  },
];

const short = (length: number) => Int16Array.from({ length }, (_, i) => (i % 50) * 300 - 7000);
const winogradRounding = () => ({ offsets: Int16Array.from({ length: 16 }, (_, i) => 40 * i), shifts: u8(16).map((i) => i % 3) });
const winogradIntegers = (x: Make, filters: Make, y: Make, rounding: () => object) => () => [
  { x: x(xs), filters: filters(us), padValue: 3, constants: i32(12), y: y(wys), geometry: winograd(), ...rounding() },
];

const functions: { [Name in Exclude<keyof Binding, 'Plan'>]: () => unknown[] } = {
  cpuInfo: () => [],
  setIsa: () => [native().cpuInfo().isa],
  setByteAdder: () => [native().cpuInfo().byteAdder],
  setThreads: () => [2],
  freeArray: () => [u8(40)],
  peakNames: () => [],
  peak: () => ['add f32', 3],
  adderConv2d: convolution(f32),
  conv2d: convolution(f32),
  xnorConv2d: convolution(f32),
  referenceAdderConv2d: convolution(f64),
  referenceXnorConv2d: convolution(f64),
  referenceConv2d: convolution(f64),
  winogradAdderConv2d: () => [f32(xs), f32(us), f32(3), f32(wys), winograd()],
  winogradAdderConv2dGradInput: winogradGrad(f32, xs),
  winogradAdderConv2dGradFilter: winogradGrad(f32, us),
  referenceWinogradAdderConv2d: () => [f32(xs), f32(us), f32(3), f64(wys), winograd()],
  referenceWinogradAdderConv2dGradInput: winogradGrad(f64, xs),
  referenceWinogradAdderConv2dGradFilter: winogradGrad(f64, us),
  maxPool2d: () => [f32(32), f32(8), pool()],
  averagePool2d: () => [f32(32), f32(8), pool()],
  batchNorm: () => [f32(12), f32(3), ones(3), f32(3), f32(3), 1e-5, f32(12)],
  relu: () => [f32(9), f32(9)],
  add: () => [f32(9), f32(9), f32(9)],
  centerChannels: () => [f32(12), f32(3), 3, f32(12), 1],
  symmetricPad2d: () => [f32(12), 0.5, f32(24), Int32Array.of(1, 3, 2, 2)],
  symmetricPad2dGrad: () => [f32(24), f32(12), Int32Array.of(1, 3, 2, 2)],
  adderConv2dGradInput: inputGrad(f32),
  adderConv2dGradFilter: filterGrad(f32),
  referenceAdderConv2dGradInput: inputGrad(f64),
  referenceAdderConv2dGradFilter: filterGrad(f64),
  conv2dGradInput: () => [f32(ys), f32(ws), f32(xs), conv()],
  conv2dGradFilter: () => [f32(ys), f32(xs), f32(ws), conv()],
  referenceConv2dGradInput: () => [f32(ys), f32(ws), f64(xs), conv()],
  referenceConv2dGradFilter: () => [f32(ys), f32(xs), f64(ws), conv()],
  batchNormTrain: () => [f32(12), f32(3), f32(3), f32(12), true, 0.1, 1e-5, f32(3), ones(3), f32(12), f32(3), f32(3)],
  batchNormGrad: () => [f32(12), f32(12), f32(12), f32(3), f32(3), ones(3), f32(12), f32(3), f32(3), f32(12)],
  reluGrad: () => [f32(9), f32(9), f32(9)],
  sign: () => [f32(18), f32(50), pixel()],
  signGrad: () => [f32(9), f32(9), f32(9)],
  binarize: () => [f32(12), 3, f32(12)],
  binarizeGrad: () => [f32(12), f32(12), 3, f32(12)],
  biasGrad: () => [f32(12), f32(3)],
  maxPool2dGrad: () => [f32(8), f32(32), f32(32), pool()],
  averagePool2dGrad: () => [f32(8), f32(32), pool()],
  softmaxCrossEntropy: () => [f32(40), Int32Array.of(0, 9, 3, 1), 0.1, f32(40)],
  sgdStep: () => [f32(9), f32(9), f32(9), 0.1, 0.9, true, 1e-4, 1, true, 1],
  cropMirrorNormalize: () => [
    shared(Uint8Array, 96),
    Int32Array.of(1, -2, 1, 0, 3, 0),
    f32(768),
    4,
    4,
    shared(Float32Array, 384),
    () => {},
  ],
  adderConv2dInteger: () => [u8(xs), u8(ws), 3, i32(ys), conv()],
  referenceAdderConv2dInteger: () => [u8(xs), u8(ws), 3, f64(ys), conv()],
  winogradAdderConv2dInteger: winogradIntegers(u8, u8, i32, winogradRounding),
  referenceWinogradAdderConv2dInteger: winogradIntegers(u8, u8, f64, winogradRounding),
  int8Conv2d: () => [u8(xs), i8(ws), 3, i32(ys), conv(), 7],
  referenceInt8Conv2d: () => [u8(xs), i8(ws), 3, f64(ys), conv()],
  adderConv2dRequantized: quantized(u8, u8, u8, { qmin: 0, qmax: 200 }),
  int8Conv2dRequantized: quantized(u8, i8, u8, { qmin: 0, qmax: 200, weightBits: 7 }),
  adderConv2dDequantized: quantized(u8, u8, f32, { relu: true }),
  int8Conv2dDequantized: quantized(u8, i8, f32, { relu: false, weightBits: 8 }),
  quantizeActivations: () => [f32(9), 0.1, 7, 0, 255, u8(9)],
  referenceQuantize: () => [f32(9), 0.1, 7, 0, 255, u8(9)],
  referenceRequantize: () => [f64(12), f32(3), f32(3), u8(12), 0.5, u8(12), 0, 255],
  referenceDequantize: () => [f64(12), f32(3), f32(3), f32(12), 0.5, f32(12), true],
};

/** Those that take another type, too. */
const functionsOfInt16: { [name: string]: () => unknown[] } = {
  adderConv2dRequantized: quantized(i16, i16, i16, { qmin: -32768, qmax: 32767 }),
  adderConv2dDequantized: quantized(i16, i16, f32, { relu: true }),
  winogradAdderConv2dInteger: winogradIntegers(short, i16, i32, () => ({})),
  referenceWinogradAdderConv2dInteger: winogradIntegers(short, i16, f64, () => ({})),
  quantizeActivations: () => [f32(9), 0.1, 7, -500, 500, i16(9)],
  referenceQuantize: () => [f32(9), 0.1, 7, -500, 500, i16(9)],
  referenceRequantize: () => [f64(12), f32(3), f32(3), i16(12), 0.5, i16(12), -500, 500],
  referenceDequantize: () => [f64(12), f32(3), f32(3), i16(12), 0.5, f32(12), true],
};

const activation = () => ({ min: 0, max: 6 });
/** Of a plan whose values 0 and 1 are of 40 floats, 2 of 40 bytes and 3 of 40 int16, finished where a method needs it. */
const methods: { [Name in Method]: () => unknown[] } = {
  conv2d: () => [
    {
      ...{ kind: 'adder', isCentered: true, x: 0, filters: f32(ws), bias: f32(3), scale: f32(3), shift: f32(3), residual: undefined },
      ...{ activation: activation(), geometry: conv() },
    },
  ],
  quantizedConv2d: () => [
    {
      ...{ kind: 'conv', x: 2, filters: i8(ws), padValue: 3, scale: f32(3), shift: f32(3), residual: undefined, residualScale: 1 },
      ...{ output: 'f32', qmin: 0, qmax: 9, activation: activation(), geometry: conv() },
    },
  ],
  pool: () => [{ mode: 'max', x: 1, geometry: Int32Array.of(1, 5, 4, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1) }],
  symmetricPad: () => [{ x: 1, height: 5, width: 4, channels: 2 }],
  normalize: () => [{ x: 0, mean: f32(2), scale: f32(2), shift: f32(2), residual: 1, activation: activation() }],
  activate: () => [{ x: 1, activation: activation() }],
  add: () => [{ a: 0, b: 1 }],
  quantize: () => [{ x: 0, output: 'u8', scale: 0.1, zeroPoint: 3, qmin: 0, qmax: 255 }],
  finish: () => [1],
  run: () => [f32(80), f32(80), 2, () => {}],
  runSync: () => [f32(80), f32(80), 2],
  profile: () => [f32(80), f32(80), 2, 3, () => {}],
  memory: () => [],
  dispose: () => [],
};

const methodsOfInt16: { [Name in Method]?: () => unknown[] } = {
  quantizedConv2d: () => [
    {
      ...{
        kind: 'adder',
        isCentered: true,
        x: 3,
        filters: i16(ws),
        padValue: -300,
        scale: f32(3),
        shift: f32(3),
        residual: undefined,
        residualScale: 1,
      },
      ...{ output: 'i16', qmin: -32768, qmax: 900, activation: undefined, geometry: conv() },
    },
  ],
  pool: () => [{ mode: 'max', x: 3, geometry: Int32Array.of(1, 5, 4, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1) }],
  quantize: () => [{ x: 0, output: 'i16', scale: 0.1, zeroPoint: -3, qmin: -32768, qmax: 32767 }],
};

/** The geometry of the padded image, 6x5. */
const symmetric = () => Int32Array.of(1, 6, 5, 2, 3, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1);
const quantizedSymmetric = (x: number, filters: Make, output: string) => () => [
  {
    ...{ kind: 'adder', isCentered: false, isSymmetric: true, x, filters: filters(ws), padValue: 3, scale: f32(3), shift: f32(3) },
    ...{ residual: undefined, residualScale: 1, output, qmin: 0, qmax: 9, activation: undefined, geometry: symmetric() },
  },
];
const methodsOfSymmetric: { [Name in Method]?: () => unknown[] } = {
  conv2d: () => [{ kind: 'adder', isCentered: true, isSymmetric: true, x: 0, filters: f32(ws), geometry: symmetric() }],
  quantizedConv2d: quantizedSymmetric(2, u8, 'u8'),
};
const methodsOfSymmetricInt16 = { quantizedConv2d: quantizedSymmetric(3, i16, 'i16') };

const methodsOfWinograd: { [Name in Method]?: () => unknown[] } = {
  quantizedConv2d: () => [
    {
      ...{
        kind: 'adder-winograd',
        x: 2,
        filters: u8(us),
        padValue: 3,
        ...winogradRounding(),
        constants: i32(12),
        scale: f32(3),
        shift: f32(3),
      },
      ...{ residual: undefined, residualScale: 1, output: 'u8', qmin: 0, qmax: 9, activation: undefined, geometry: winograd() },
    },
  ],
};

function newPlan(isFinished: boolean): NativePlan {
  const plan = new (native().Plan)(40, undefined);
  const one = plan.activate({ x: 0, activation: activation() });
  plan.quantize({ x: one, output: 'u8', scale: 0.1, zeroPoint: 3, qmin: 0, qmax: 255 });
  plan.quantize({ x: one, output: 'i16', scale: 0.1, zeroPoint: 3, qmin: -32768, qmax: 32767 });
  if (isFinished) plan.finish(one);
  return plan;
}

const callable = native() as unknown as Record<string, (...args: unknown[]) => unknown>;
const Plan = callable.Plan as unknown as new (...args: unknown[]) => NativePlan;

type NamedCall = [name: string, call: () => NativeCall];
const ofFunctions = (made: { [name: string]: () => unknown[] }, suffix = ''): NamedCall[] =>
  Object.entries(made).map(([name, args]) => [name + suffix, () => ({ args: args(), run: (...args) => callable[name]!(...args) })]);
const ofMethods = (made: { [name: string]: () => unknown[] }, suffix = ''): NamedCall[] =>
  Object.entries(made).map(([name, args]) => [
    `Plan.${name}${suffix}`,
    () => {
      const plan = newPlan(name.startsWith('run') || name === 'profile');
      return { args: args(), plan, run: (...args) => (plan as unknown as Record<string, typeof callable.x>)[name]!(...args) };
    },
  ]);

const [ofInt16, ofSymmetric, ofWinograd] = [' of int16', ' padded symmetrically', ' of Winograd'];
/** All that is exported, by name; a test compares it with what is. What takes int16 for bytes, an x that is padded, or Winograd's filters, is there again. */
export const nativeCalls: ReadonlyMap<string, () => NativeCall> = new Map<string, () => NativeCall>([
  ...ofFunctions(functions),
  ...ofFunctions(functionsOfInt16, ofInt16),
  ['Plan', () => ({ args: [40, 2], run: (...args) => new Plan(...args) })],
  ...ofMethods(methods),
  ...ofMethods(methodsOfInt16, ofInt16),
  ...ofMethods(methodsOfSymmetric, ofSymmetric),
  ...ofMethods(methodsOfSymmetricInt16, ofSymmetric + ofInt16),
  ...ofMethods(methodsOfWinograd, ofWinograd),
]);

/** The names of what these calls call. */
export const calledNames = (): string[] => [
  ...new Set(
    [...nativeCalls.keys()].map((name) => [ofInt16, ofSymmetric, ofWinograd].reduce((short, suffix) => short.replace(suffix, ''), name)),
  ),
];

/** The names of what the addon exports. */
export function exportedNames(): string[] {
  const methods = Object.getOwnPropertyNames(Plan.prototype).filter((name) => name !== 'constructor');
  return [...Object.keys(callable), ...methods.map((name) => `Plan.${name}`)];
}

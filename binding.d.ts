// The contract between lib/ and native/binding/. Arrays are borrowed for the length of the call; `y` is written and overlaps no input,
// except that the elementwise operations may write to an input's own memory. Errors carry `code`.
export interface Binding {
  /** The active instruction set and byte adder, what could be in their place (best first), and the threads of an operation. */
  cpuInfo(): { isa: string; supported: string[]; byteAdder: string; byteAdders: string[]; threads: number };
  /** Makes another of the supported instruction sets the active one, with the byte adder that ADDERNET_BYTE_ADDER names, if it
   * has that, else with its best, for the whole process. */
  setIsa(name: string): void;
  /** Makes another byte adder of the active instruction set the active one, for the whole process. */
  setByteAdder(name: string): void;
  setThreads(threads: number): void;
  /** Frees the memory of an array, all of its ArrayBuffer, at once. The array has no elements afterwards. */
  freeArray(bytes: Uint8Array): void;

  /** The micro-ops of the active instruction set. `l1 u8` is that of the active byte adder. */
  peakNames(): string[];
  /** Rounds of one of them in registers, on every thread at once; returns the elements done. */
  peak(name: string, rounds: number): number;

  /** geometry: n h w ci co kh kw sh sw pad_top pad_left pad_bottom pad_right dh dw groups (native/conv2d/shape.h) */
  adderConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
  conv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
  xnorConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
  /** filters [4][4][co][ci]; the geometry is that of the 3x3 windows (native/conv2d/winograd.h) */
  winogradAdderConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
  winogradAdderConv2dGradInput(gy: Float32Array, x: Float32Array, filters: Float32Array, gx: Float32Array, geometry: Int32Array): void;
  winogradAdderConv2dGradFilter(gy: Float32Array, x: Float32Array, filters: Float32Array, gu: Float32Array, geometry: Int32Array): void;
  maxPool2d(x: Float32Array, y: Float32Array, geometry: Int32Array): void;
  averagePool2d(x: Float32Array, y: Float32Array, geometry: Int32Array): void;
  batchNorm(
    x: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
    gamma: Float32Array,
    beta: Float32Array,
    epsilon: number,
    y: Float32Array,
  ): void;
  relu(x: Float32Array, y: Float32Array): void;
  add(a: Float32Array, b: Float32Array, y: Float32Array): void;
  /** y = x less part of the mean of its pixel, + bias; y may be x */
  centerChannels(x: Float32Array, bias: Float32Array | undefined, channels: number, y: Float32Array, part: number): void;
  /** size: n h w c of the smaller of the two images (native/conv2d/symmetric_rows.h) */
  symmetricPad2d(x: Float32Array, value: number, y: Float32Array, size: Int32Array): void;
  symmetricPad2dGrad(gy: Float32Array, gx: Float32Array, size: Int32Array): void;

  /** `sign` chooses the ablation in place of the rule of the paper. */
  adderConv2dGradInput(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gx: Float32Array,
    geometry: Int32Array,
    sign: boolean,
  ): void;
  adderConv2dGradFilter(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gw: Float32Array,
    geometry: Int32Array,
    sign: boolean,
  ): void;
  conv2dGradInput(gy: Float32Array, filters: Float32Array, gx: Float32Array, geometry: Int32Array): void;
  conv2dGradFilter(gy: Float32Array, x: Float32Array, gw: Float32Array, geometry: Int32Array): void;
  /** Training. Batch normalization: native/nn/batch_norm.h; sgdStep: native/nn/sgd.h. */
  batchNormTrain(
    x: Float32Array,
    gamma: Float32Array,
    beta: Float32Array,
    residual: Float32Array | undefined,
    relu: boolean,
    momentum: number,
    epsilon: number,
    runningMean: Float32Array,
    runningVariance: Float32Array,
    y: Float32Array,
    mean: Float32Array,
    invStd: Float32Array,
  ): void;
  batchNormGrad(
    gy: Float32Array,
    x: Float32Array,
    y: Float32Array | undefined,
    gamma: Float32Array,
    mean: Float32Array,
    invStd: Float32Array,
    gx: Float32Array,
    ggamma: Float32Array,
    gbeta: Float32Array,
    gresidual: Float32Array | undefined,
  ): void;
  reluGrad(gy: Float32Array, y: Float32Array, gx: Float32Array): void;
  /** geometry: that of a convolution of one pixel, whose padding is added to x */
  sign(x: Float32Array, y: Float32Array, geometry: Int32Array): void;
  signGrad(gy: Float32Array, x: Float32Array, gx: Float32Array): void;
  binarize(filters: Float32Array, outputs: number, y: Float32Array): void;
  binarizeGrad(gy: Float32Array, filters: Float32Array, outputs: number, gw: Float32Array): void;
  biasGrad(gy: Float32Array, gbias: Float32Array): void;
  maxPool2dGrad(gy: Float32Array, x: Float32Array, gx: Float32Array, geometry: Int32Array): void;
  averagePool2dGrad(gy: Float32Array, gx: Float32Array, geometry: Int32Array): void;
  softmaxCrossEntropy(
    logits: Float32Array,
    targets: Int32Array,
    labelSmoothing: number,
    grad: Float32Array,
  ): { loss: number; correct: number };
  sgdStep(
    value: Float32Array,
    gradient: Float32Array,
    velocity: Float32Array | undefined,
    learningRate: number,
    momentum: number,
    nesterov: boolean,
    weightDecay: number,
    rate: number,
    adaptive: boolean,
    limit: number,
  ): void;
  /**
   * Asynchronous: calls done when y is written. x and y lie on SharedArrayBuffers and are left alone until then; the others are copied.
   * windows: dy dx mirror of each image; tables: 256 numbers a channel (native/image/crop_mirror_normalize.h)
   */
  cropMirrorNormalize(
    x: Uint8Array,
    windows: Int32Array,
    tables: Float32Array,
    height: number,
    width: number,
    y: Float32Array,
    done: (code: string | undefined) => void,
  ): void;
  /** x and filters of the same type; padValue is what padding reads. Exact in int32. */
  adderConv2dInteger<A extends Uint8Array | Int8Array | Int16Array>(
    x: A,
    filters: A,
    padValue: number,
    y: Int32Array,
    geometry: Int32Array,
  ): void;
  /** Exact in int32 (native/conv2d/winograd_integer.h). */
  winogradAdderConv2dInteger<Q extends QuantizedArray>(call: WinogradIntegerCall<Q, Int32Array>): void;
  /** weightBits 7: every weight lies in [-64, 63] */
  int8Conv2d(x: Uint8Array, filters: Int8Array, padValue: number, y: Int32Array, geometry: Int32Array, weightBits: 7 | 8): void;
  /** y = clamp(rne(v), qmin, qmax) */
  adderConv2dRequantized<Q extends QuantizedArray>(call: QuantizedConv2dCall<Q, Q, Q> & { qmin: number; qmax: number }): void;
  int8Conv2dRequantized(
    call: QuantizedConv2dCall<Uint8Array, Int8Array, Uint8Array> & { qmin: number; qmax: number; weightBits: 7 | 8 },
  ): void;
  /** y = v, or max(0, v) */
  adderConv2dDequantized<Q extends QuantizedArray>(call: QuantizedConv2dCall<Q, Q, Float32Array> & { relu: boolean }): void;
  int8Conv2dDequantized(call: QuantizedConv2dCall<Uint8Array, Int8Array, Float32Array> & { relu: boolean; weightBits: 7 | 8 }): void;
  /** y = clamp(rne(x / scale + zeroPoint), qmin, qmax) */
  quantizeActivations(x: Float32Array, scale: number, zeroPoint: number, qmin: number, qmax: number, y: QuantizedArray): void;

  /** Sizes are those of one image. Without a number of threads, that of the process at the time of a run. */
  Plan: new (
    inputElements: number,
    threads: number | undefined,
  ) => NativePlan;

  /** The definitions, in double: what the tests hold every table against. */
  referenceAdderConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float64Array, geometry: Int32Array): void;
  referenceXnorConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float64Array, geometry: Int32Array): void;
  referenceConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float64Array, geometry: Int32Array): void;
  referenceAdderConv2dGradInput(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gx: Float64Array,
    geometry: Int32Array,
    sign: boolean,
  ): void;
  referenceAdderConv2dGradFilter(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gw: Float64Array,
    geometry: Int32Array,
    sign: boolean,
  ): void;
  referenceWinogradAdderConv2d(
    x: Float32Array,
    filters: Float32Array,
    bias: Float32Array | undefined,
    y: Float64Array,
    geometry: Int32Array,
  ): void;
  referenceWinogradAdderConv2dGradInput(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gx: Float64Array,
    geometry: Int32Array,
  ): void;
  referenceWinogradAdderConv2dGradFilter(
    gy: Float32Array,
    x: Float32Array,
    filters: Float32Array,
    gu: Float64Array,
    geometry: Int32Array,
  ): void;
  referenceConv2dGradInput(gy: Float32Array, filters: Float32Array, gx: Float64Array, geometry: Int32Array): void;
  referenceConv2dGradFilter(gy: Float32Array, x: Float32Array, gw: Float64Array, geometry: Int32Array): void;
  referenceAdderConv2dInteger<A extends Uint8Array | Int8Array | Int16Array>(
    x: A,
    filters: A,
    padValue: number,
    y: Float64Array,
    geometry: Int32Array,
  ): void;
  referenceWinogradAdderConv2dInteger<Q extends QuantizedArray>(call: WinogradIntegerCall<Q, Float64Array>): void;
  referenceInt8Conv2d(x: Uint8Array, filters: Int8Array, padValue: number, y: Float64Array, geometry: Int32Array): void;
  /** Bit-exact, in float32, from the sums of the definitions above. */
  referenceRequantize(
    sums: Float64Array,
    scale: Float32Array,
    shift: Float32Array,
    residual: QuantizedArray | Float32Array | undefined,
    residualScale: number,
    y: QuantizedArray,
    qmin: number,
    qmax: number,
  ): void;
  referenceDequantize(
    sums: Float64Array,
    scale: Float32Array,
    shift: Float32Array,
    residual: QuantizedArray | Float32Array | undefined,
    residualScale: number,
    y: Float32Array,
    relu: boolean,
  ): void;
  referenceQuantize(x: Float32Array, scale: number, zeroPoint: number, qmin: number, qmax: number, y: QuantizedArray): void;
}

/** Quantized numbers: of up to 8 bits, or of up to 16. */
export type QuantizedArray = Uint8Array | Int16Array;

/**
 * What Winograd adder layers of integers take besides x and filters. Bytes have offsets, -16384 to 16383, and shifts, 0 to 7, of each of 16
 * positions: V' = clamp((V + offset) >> shift, 0, 255). int16 has neither.
 */
export interface WinogradRounding {
  offsets?: Int16Array | undefined;
  shifts?: Uint8Array | undefined;
  /** [4,co], added to outputs (0,0), (0,1), (1,0), (1,1) of each tile; at most 2^29 in size. Default: zeros. */
  constants?: Int32Array | undefined;
}

/** x and padValue of int16 lie in [-8192, 8191]. */
export interface WinogradIntegerCall<Q extends QuantizedArray, Y extends Int32Array | Float64Array> extends WinogradRounding {
  x: Q;
  /** [4,4,co,ci] */
  filters: Q;
  padValue: number;
  y: Y;
  /** That of the 3x3 windows. */
  geometry: Int32Array;
}

/** How the sum of output channel co is rescaled: v = scale[co] * float(sum) + shift[co] + r (native/kernels/quantize_kernels.h). */
export interface Rescaling<Q extends QuantizedArray> {
  /** [co] each */
  scale: Float32Array;
  shift: Float32Array;
  /** r: residualScale * residual of quantized numbers, residual of floats, 0 without one. */
  residual: Q | Float32Array | undefined;
  residualScale: number;
}

/** An integer convolution that ends in quantized numbers or floats; filters of int8 are an ordinary convolution's, others an adder's. */
export interface QuantizedConv2dCall<Q extends QuantizedArray, W extends QuantizedArray | Int8Array, Y extends Q | Float32Array>
  extends Rescaling<Q> {
  x: Q;
  filters: W;
  padValue: number;
  y: Y;
  geometry: Int32Array;
}

/** Clamps to [min, max], which may be infinite: ReLU is { min: 0, max: Infinity }. */
export interface Activation {
  readonly min: number;
  readonly max: number;
}

/**
 * y = activation((x * filters + bias) * scale + shift + residual); what is left out is not computed, scale and shift come together. If it is
 * centered, x * filters is less the mean over the channels of its pixel; if it is symmetric, x is padded symmetrically first, and the geometry
 * is that of the padded image, at stride 1 and without other padding, dilation or groups. Both are of kind adder alone.
 */
export interface Conv2dNode {
  kind: 'adder' | 'adder-winograd' | 'conv' | 'xnor';
  /** Default false. */
  isCentered?: boolean | undefined;
  isSymmetric?: boolean | undefined;
  x: number;
  /** [co,kh,kw,ci/groups] */
  filters: Float32Array;
  /** [co] each */
  bias?: Float32Array | undefined;
  scale?: Float32Array | undefined;
  shift?: Float32Array | undefined;
  residual?: number | undefined;
  activation?: Activation | undefined;
  /** The geometry of one image. */
  geometry: Int32Array;
}

/**
 * A convolution of quantized numbers, with what follows it. Its sum is - sum |x - w| ('adder'), that of winogradAdderConv2dInteger
 * ('adder-winograd') or sum x * w ('conv', of uint8), exact:
 *
 *   v = scale[co] * float(sum) + shift[co] + r
 *
 * where r is residualScale * residual if that is quantized, or residual if it holds floats. Quantized numbers come out as
 * clamp(rne(v), qmin, qmax), floats as activation(v). float32, every operation rounded by itself; rne rounds to the nearest integer, halves to
 * the even one.
 */
export interface QuantizedConv2dNode extends WinogradRounding {
  kind: 'adder' | 'adder-winograd' | 'conv';
  /** Whether a sum is less the mean over the channels of its pixel, rounded to nearest; of kind adder alone. Default false. */
  isCentered?: boolean | undefined;
  /** As of Conv2dNode. Default false. */
  isSymmetric?: boolean | undefined;
  /** A quantized value, u8 or i16. */
  x: number;
  /** [co,kh,kw,ci/groups], [4,4,co,ci] of Winograd, of the type of x of an adder convolution, int8 of an ordinary one. */
  filters: Uint8Array | Int16Array | Int8Array;
  /** What padding reads: the zero point of x. */
  padValue: number;
  /** [co] each */
  scale: Float32Array;
  shift: Float32Array;
  residual?: number | undefined;
  /** Default 1. */
  residualScale?: number | undefined;
  /** That of x, or floats. */
  output: 'u8' | 'i16' | 'f32';
  /** The least and the largest quantized number, where they come out. */
  qmin?: number | undefined;
  qmax?: number | undefined;
  /** Where the output is of floats. */
  activation?: Activation | undefined;
  /** The geometry of one image. */
  geometry: Int32Array;
}

/**
 * A network as nodes over one arena (native/plan/plan.h). Values are numbered: 0 is the input, and each method adds a node and returns the
 * number of what it makes. Arrays are copied. No node comes after `finish`, no run before.
 */
export interface NativePlan {
  conv2d(node: Conv2dNode): number;
  quantizedConv2d(node: QuantizedConv2dNode): number;
  /** geometry: of one image; the maximum is of floats or of bytes, the mean of floats */
  pool(node: { mode: 'max' | 'average'; x: number; geometry: Int32Array }): number;
  /** Of floats. */
  symmetricPad(node: { x: number; height: number; width: number; channels: number }): number;
  /** y = activation((x - mean) * scale + shift + residual), channels on the last axis. */
  normalize(node: {
    x: number;
    mean: Float32Array;
    scale: Float32Array;
    shift: Float32Array;
    residual?: number | undefined;
    activation?: Activation | undefined;
  }): number;
  activate(node: { x: number; activation: Activation }): number;
  /** y = a + b */
  add(node: { a: number; b: number }): number;
  /** y = clamp(rne(x / scale + zeroPoint), qmin, qmax), of `output`; a run fails where an x is not finite. */
  quantize(node: { x: number; output: 'u8' | 'i16'; scale: number; zeroPoint: number; qmin: number; qmax: number }): number;
  finish(output: number): void;

  /** Bytes of packed filters and of the arena. */
  memory(): number;
  /** Asynchronous: x is copied, and out is written when done is called, with the code of an error if it failed. */
  run(x: Float32Array, out: Float32Array, n: number, done: (code: string | undefined) => void): void;
  runSync(x: Float32Array, out: Float32Array, n: number): void;
  /**
   * As run, `rounds` times, 1 to 1000. times: [rounds][1 + nodes], in each round the seconds of an ordinary run, then those of every node
   * of a second one.
   */
  profile(
    x: Float32Array,
    out: Float32Array,
    n: number,
    rounds: number,
    done: (code: string | undefined, times: Float64Array) => void,
  ): void;
  /** Frees everything, once runs that were asked for before have ended. */
  dispose(): void;
}

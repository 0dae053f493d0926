// The contract between lib/ and native/binding/. Arrays are borrowed for the length of the call; `y` is written and overlaps no input,
// except that the elementwise operations may write to an input's own memory. Errors carry `code`.
export interface Binding {
  /** The table in force, those this CPU can run (best first), and the threads of an operation. */
  cpuInfo(): { isa: string; supported: string[]; threads: number };
  /** Puts another of the supported tables in force, for the whole process. */
  setIsa(name: string): void;
  setThreads(threads: number): void;

  /** geometry: n h w ci co kh kw sh sw ph pw dh dw groups (native/ops/conv_shape.h) */
  adderConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
  conv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float32Array, geometry: Int32Array): void;
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

  /** x and filters of the same type; padding is what lies outside of the image. Exact in int32. */
  adderConv2dInteger<A extends Uint8Array | Int8Array | Int16Array>(
    x: A,
    filters: A,
    padding: number,
    y: Int32Array,
    geometry: Int32Array,
  ): void;
  /** weightBits 7: every weight lies in [-64, 63] */
  int8Conv2d(x: Uint8Array, filters: Int8Array, padding: number, y: Int32Array, geometry: Int32Array, weightBits: 7 | 8): void;

  /** The definitions, in double: what the tests hold every table against. */
  referenceAdderConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float64Array, geometry: Int32Array): void;
  referenceConv2d(x: Float32Array, filters: Float32Array, bias: Float32Array | undefined, y: Float64Array, geometry: Int32Array): void;
  referenceAdderConv2dInteger<A extends Uint8Array | Int8Array | Int16Array>(
    x: A,
    filters: A,
    padding: number,
    y: Float64Array,
    geometry: Int32Array,
  ): void;
  referenceInt8Conv2d(x: Uint8Array, filters: Int8Array, padding: number, y: Float64Array, geometry: Int32Array): void;
}

// What `addernet bench` measures, as bench/ returns it and `--json` prints it.

/** A convolution or gradient on a layer; or, where that is `in registers`, a micro-op itself. */
export interface KernelResult {
  isa: string;
  /** The way in which adders of bytes are computed, as in CpuInfo. */
  byteAdder: string;
  layer: string;
  kernel: string;
  /** Median of one run. */
  seconds: number;
  /** 1e9 pairs of an input and a weight a second: those of the kernel, and those of its micro-op in registers. */
  rate: number;
  peak: number;
  /** rate / peak */
  share: number;
}
/** A layer, from floats to floats or from bytes to bytes. */
export interface LayerResult {
  isa: string;
  layer: string;
  /** Who computes what: `adder u8`, `2x2 f32`, `winograd f32`, `onnxruntime int8`, … */
  implementation: string;
  /** Median of one layer. */
  seconds: number;
  /** 1e9 pairs of an input and a weight of 3x3 windows a second, of which 2x2 windows and Winograd layers compute 4 of 9. */
  rate: number;
}
/** A run of a compiled network. */
export interface ModelResult {
  network: string;
  batch: number;
  isa: string;
  /** `adder u8`, `adder i16`, `2x2 f32`, `winograd f32`, `conv f32`, `onnxruntime int8`, …; ` run` where it is the asynchronous call. */
  implementation: string;
  /** Median of one run. */
  seconds: number;
  imagesPerSecond: number;
  /** Times relative to onnxruntime's in floats and in 8 bits, where that is installed. */
  ratios?: { f32: number; int8: number };
}
/** A node of a compiled network; or `sum of the nodes`, or `a run` of it that is not profiled. */
export interface NodeResult {
  network: string;
  batch: number;
  isa: string;
  /** `adder`, `2x2` or `winograd` with `u8`, `i16` or `f32`; `conv f32` or `xnor` */
  implementation: string;
  name: string;
  /** Median of one run. */
  seconds: number;
  /** Relative to the sum of the nodes. */
  share: number;
  /** Of a node: what it computes, and its output for one image. */
  op?: string;
  shape?: readonly number[];
  dtype?: string;
  /** Of a convolution: pairs of an input and a weight, 1e9 a second, and that relative to the peak of its micro-op in registers. */
  pairs?: number;
  rate?: number;
  peakShare?: number;
}
/** A training step. */
export interface TrainResult {
  network: string;
  isa: string;
  /** `adder`, `2x2`, `winograd`, `conv`, `xnor`, `PyTorch conv`, `PyTorch adder` */
  implementation: string;
  batch: number;
  /** Median of one step. */
  seconds: number;
  millisecondsPerImage: number;
}
/** Images that a session or a server classifies. */
export interface ServeResult {
  network: string;
  isa: string;
  /** `session` or `HTTP` */
  implementation: string;
  /** Images of a batch of the session, or clients that send one each. */
  concurrency: number;
  /** Median; of one image, where one is sent at a time, else of as many as `concurrency`. */
  seconds: number;
  imagesPerSecond: number;
}

interface Report<Result> {
  cpu: string;
  threads: number;
  results: Result[];
}
export type KernelReport = Report<KernelResult>;
export interface LayerReport extends Report<LayerResult> {
  /** Whether onnxruntime was installed for comparison. */
  baselines: boolean;
}
export interface ModelReport extends Report<ModelResult> {
  baselines: boolean;
}
export type NodeReport = Report<NodeResult>;
export interface TrainReport extends Report<TrainResult> {
  /** Version of PyTorch; null where it is not installed. */
  torch: string | null;
  /** Largest memory of the process so far. */
  residentBytes: number;
}
export interface ServeReport extends Report<ServeResult> {
  /** What HTTP adds to one image. */
  addedMilliseconds: number;
  /** Throughput of all clients over that of the session's batch. */
  throughputShare: number;
  /** Responses that were compared with the session's, and those that were wrong or did not come. */
  answers: number;
  errors: number;
}

export { type CpuInfo, cpuInfo, setThreads } from './cpu';
export { AdderNetError, type ErrorCode } from './errors';
export * as layers from './layers';
export * as models from './models';
export * as ops from './ops';
export type { ConvOptions, Pair, Shape } from './shape';
export { type ArrayOf, type DType, Tensor, type TensorData } from './tensor';

// The layers, and what is needed to write custom layers.

export type { ConvKind } from '../conv-kind';
export { AdderConv2d, type AdderConv2dOptions, type FilterGradient, filterGradients } from './adder-conv2d';
export { BatchNorm, type BatchNormOptions } from './batch-norm';
export { Conv2d } from './conv2d';
export type { Conv2dLayer, Conv2dOptions } from './conv2d-layer';
export type { ElementOrder, ReorderColumns } from './element-order';
export type { Epilogue } from './epilogue';
export { Flatten } from './flatten';
export {
  type BackwardOptions,
  type DescribeChild,
  type ForwardOptions,
  Layer,
  type LayerConfig,
  type LayerDescription,
  type LoadStateOptions,
  type NamedLayer,
  type TracedLayer,
} from './layer';
export { Linear, type LinearOptions } from './linear';
export type { Activation, Conv2dSpec, GraphBuilder, Statistics, Value } from './lowering';
export type { Operations } from './operations';
export { Parameter, type ParameterRule } from './parameter';
export { AveragePool2d, GlobalAveragePool2d, MaxPool2d, type PoolOptions } from './pool';
export { Relu } from './relu';
export { Residual, type ResidualOptions } from './residual';
export { Sequential, type SequentialLayers } from './sequential';
export type { LoadedState, StateDict, StateLayout } from './state';
export { SymmetricPad2d } from './symmetric-pad';
export { WinogradAdderConv2d, type WinogradAdderConv2dOptions } from './winograd-adder-conv2d';
export { XnorConv2d } from './xnor-conv2d';

export { adderConv2d, type ConvolutionOptions, conv2d, linear, xnorConv2d } from './convolution';
export { add, type BatchNormOptions, batchNorm, relu } from './elementwise';
export {
  type AdderGradFilterOptions,
  type AdderGradInputOptions,
  adderConv2dGradFilter,
  adderConv2dGradInput,
  conv2dGradFilter,
  conv2dGradInput,
} from './gradients';
export type { OutOption } from './out';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions } from './pooling';

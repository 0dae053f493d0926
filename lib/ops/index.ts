export { adderConv2d, type ConvolutionOptions, conv2d, linear } from './convolution';
export { add, type BatchNormOptions, batchNorm, relu } from './elementwise';
export { type Int8ConvolutionOptions, type IntegerArray, type IntegerConvolutionOptions, int8Conv2d } from './integer-convolution';
export type { OutOption } from './out';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions } from './pooling';

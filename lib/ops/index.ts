export { adderConv2d, type ConvolutionOptions, conv2d, linear, xnorConv2d } from './convolution';
export { add, type BatchNormOptions, batchNorm, relu } from './elementwise';
export type { OutOption } from './out';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions } from './pooling';

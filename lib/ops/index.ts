export { averagePool2dGrad, biasGrad, globalAveragePool2dGrad, maxPool2dGrad, reluGrad } from './backward';
export {
  type BatchNormGradients,
  type BatchNormGradOptions,
  type BatchNormTrained,
  type BatchNormTrainOptions,
  batchNormGrad,
  batchNormTrain,
} from './batch-norm';
export { adderConv2d, type ConvolutionOptions, conv2d, type LinearOptions, linear, xnorConv2d } from './convolution';
export { type CrossEntropy, type CrossEntropyOptions, softmaxCrossEntropy } from './cross-entropy';
export { add, type BatchNormOptions, batchNorm, relu } from './elementwise';
export {
  type AdderGradFilterOptions,
  type AdderGradInputOptions,
  adderConv2dGradFilter,
  adderConv2dGradInput,
  conv2dGradFilter,
  conv2dGradInput,
} from './gradients';
export {
  type Int8ConvolutionOptions,
  type IntegerArray,
  type IntegerConvolutionOptions,
  int8Conv2d,
  type WeightBits,
} from './integer-convolution';
export type { OutOption } from './out';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions } from './pooling';
export {
  adderConv2dDequantized,
  adderConv2dRequantized,
  type DequantizeOptions,
  int8Conv2dDequantized,
  int8Conv2dRequantized,
  type QuantizeOptions,
  quantizeActivations,
  type RequantizeOptions,
  type RescaleOptions,
} from './quantization';
export { type SgdStepOptions, sgdStep } from './sgd';
export { type SignOptions, sign, signGrad } from './sign';
export { softmax } from './softmax';

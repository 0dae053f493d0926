export {
  type BatchNormGradients,
  type BatchNormGradOptions,
  type BatchNormOptions,
  type BatchNormTrained,
  type BatchNormTrainOptions,
  batchNorm,
  batchNormGrad,
  batchNormTrain,
} from './batch-norm';
export { type CenterOptions, centerChannels } from './center-channels';
export { adderConv2d, type ConvolutionOptions, conv2d, type LinearOptions, linear, xnorConv2d } from './conv2d';
export {
  type AdderGradFilterOptions,
  type AdderGradInputOptions,
  adderConv2dGradFilter,
  adderConv2dGradInput,
  conv2dGradFilter,
  conv2dGradInput,
} from './conv2d-grad';
export {
  type Int8ConvolutionOptions,
  type IntegerArray,
  type IntegerConvolutionOptions,
  int8Conv2d,
  type WeightBits,
} from './conv2d-integer';
export {
  adderConv2dDequantized,
  adderConv2dRequantized,
  type DequantizeOptions,
  int8Conv2dDequantized,
  int8Conv2dRequantized,
  type RequantizeOptions,
  type RescaleOptions,
} from './conv2d-quantized';
export { type CrossEntropy, type CrossEntropyOptions, softmaxCrossEntropy } from './cross-entropy';
export { add, relu } from './elementwise';
export { biasGrad, reluGrad } from './elementwise-grad';
export type { OutOption } from './out';
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions } from './pool';
export { averagePool2dGrad, globalAveragePool2dGrad, maxPool2dGrad } from './pool-grad';
export {
  type QuantizedArray,
  type QuantizedDType,
  type QuantizedRangeOptions,
  type QuantizeOptions,
  quantizeActivations,
} from './quantize';
export { type SgdStepOptions, sgdStep } from './sgd';
export { binarize, binarizeGrad, type SignOptions, sign, signGrad } from './sign';
export { softmax } from './softmax';
export { type SymmetricPadOptions, symmetricPad2d, symmetricPad2dGrad } from './symmetric-pad';
export {
  type WinogradConvolutionOptions,
  type WinogradOptions,
  winogradAdderConv2d,
  winogradAdderConv2dGradFilter,
  winogradAdderConv2dGradInput,
} from './winograd-adder-conv2d';
export type { WinogradIntegerOptions } from './winograd-adder-conv2d-integer';

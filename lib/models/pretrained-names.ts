// The names of the pretrained models.

/** The name of a bundled float network. */
export type FloatPretrained = 'lenet5-bn-mnist' | 'resnet20-cifar10' | 'resnet20-cifar10-2x2' | 'resnet20-cifar10-conv';
/** The name of a bundled 8-bit network. */
export type QuantizedPretrained = 'lenet5-bn-mnist-8bit' | 'resnet20-cifar10-2x2-8bit' | 'resnet20-cifar10-8bit';

/** Every name in the types; a test compares them with the folder. */
export const pretrainedNames: Readonly<Record<FloatPretrained | QuantizedPretrained, true>> = {
  'lenet5-bn-mnist': true,
  'lenet5-bn-mnist-8bit': true,
  'resnet20-cifar10': true,
  'resnet20-cifar10-2x2': true,
  'resnet20-cifar10-2x2-8bit': true,
  'resnet20-cifar10-8bit': true,
  'resnet20-cifar10-conv': true,
};

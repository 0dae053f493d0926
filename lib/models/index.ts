// The networks of the paper: `models.resnet20({ kind: 'adder', classes: 10 })`.
import type { Model } from './model';
import { createModel, type ModelOptions } from './registry';

/** LeNet-5 with batch norm, for gray images of 28x28 pixels, as in MNIST, unless `inputShape` says otherwise. Throws what createModel throws. */
export const lenet5bn = (options?: ModelOptions): Model => createModel('lenet5bn', options);
/** VGG-small, for color images of 32x32 pixels, as in CIFAR-10, unless `inputShape` says otherwise. Throws what createModel throws. */
export const vggSmall = (options?: ModelOptions): Model => createModel('vggSmall', options);
/** ResNet-20, for color images of 32x32 pixels, as in CIFAR-10, unless `inputShape` says otherwise. Throws what createModel throws. */
export const resnet20 = (options?: ModelOptions): Model => createModel('resnet20', options);
/** ResNet-32, for color images of 32x32 pixels, as in CIFAR-10, unless `inputShape` says otherwise. Throws what createModel throws. */
export const resnet32 = (options?: ModelOptions): Model => createModel('resnet32', options);
/** ResNet-18, for color images of 224x224 pixels, as in ImageNet, unless `inputShape` says otherwise. Throws what createModel throws. */
export const resnet18 = (options?: ModelOptions): Model => createModel('resnet18', options);
/** ResNet-50, for color images of 224x224 pixels, as in ImageNet, unless `inputShape` says otherwise. Throws what createModel throws. */
export const resnet50 = (options?: ModelOptions): Model => createModel('resnet50', options);

export { type NetworkKind, networkKinds } from '../conv-kind';
export { bodyAndHead, type HeadOptions, headLayers, replaceHead } from './head';
export { type Identity, identify } from './identify';
export type { ModelMetadata, Normalization, Training } from './metadata';
export { Model } from './model';
export type { InputShape } from './network-parts';
export { type FloatPretrained, pretrainedModels, type QuantizedPretrained } from './pretrained';
export { createModel, type ModelName, type ModelOptions, modelNames } from './registry';
export { Summary, type SummaryRow, type SummaryTotals } from './summary';
export type { Task } from './task';
export { toWinograd } from './winograd';

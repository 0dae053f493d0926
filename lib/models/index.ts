// The networks of the paper: `models.resnet20({ unit: 'adder', classes: 10 })`.
import { modelOf } from './registry';

export const lenet5bn = modelOf('lenet5bn');
export const vggSmall = modelOf('vggSmall');
export const resnet20 = modelOf('resnet20');
export const resnet32 = modelOf('resnet32');
export const resnet18 = modelOf('resnet18');
export const resnet50 = modelOf('resnet50');

export { bodyAndHead, type HeadOptions, headLayers, replaceHead } from './head';
export { type Identity, identify } from './identify';
export { Model, type ModelMetadata, type Normalization, type Training } from './model';
export { type LoadOptions, load, type SaveOptions, save } from './model-file';
export { createModel, type ModelName, type ModelOptions, modelNames } from './registry';
export { shippedModels } from './shipped';
export { Summary, type SummaryRow, type SummaryTotals } from './summary';
export { type Unit, units } from './unit';

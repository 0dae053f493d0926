// The pretrained models are files of the package, which a page or a worker serves itself.
export type { FloatPretrained, QuantizedPretrained } from './pretrained-names';

export const pretrainedModels = (): string[] => [];

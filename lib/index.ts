export { type CpuInfo, cpuInfo, setThreads } from './cpu';
export type { Augmentation, Transform } from './data/augment';
export { type Batch, BatchLoader, type BatchLoaderOptions } from './data/batch-loader';
export { type Dataset, ImageDataset, type ImageDatasetOptions } from './data/dataset';
export { generateDigits } from './data/digits';
export { ImageFolder, type ImageFolderOptions, openImageFolder } from './data/image-folder';
export type { Color, ImageOptions, ImageShape } from './data/image-options';
export type { ImageSource } from './data/image-source';
export { matchClasses } from './data/match-classes';
export type { MnistName } from './data/mnist';
export { normalize } from './data/normalize';
export { type DatasetName, datasetNames, openDataset } from './data/open-dataset';
export type { Pixels } from './data/pixels';
export { splitDataset } from './data/subset';
export { AdderNetError, type ErrorCode } from './errors';
export { type LoadOptions, load, loadQuantized, type SaveOptions, save, saveQuantized } from './files';
export type { FileSource } from './io/file-source';
export { type ReadTensorsOptions, readTensors } from './io/read-tensors';
export type { TensorFile } from './io/tensor-file';
export * as layers from './layers';
export * as models from './models';
export { Model, type ModelMetadata, type NetworkKind, type Task, type Training } from './models';
export * as ops from './ops';
export { type Schedule, Sgd, type SgdOptions, schedule } from './optim';
export { QuantizedModel, type QuantizeOptions, quantize } from './quantize';
export { Random, type RandomState } from './random';
export {
  type Classification,
  type ClassifyOptions,
  type CompileOptions,
  compile,
  InferenceSession,
  type NodeProfile,
  type Profile,
  type ProfileOptions,
  type RunOptions,
} from './session';
export type { ConvOptions, Padding, Pair, PoolWindow, Shape } from './shape';
export { type ArrayOf, type DType, Tensor, type TensorData } from './tensor';
export type { Distillation } from './train/distillation';
export type { EarlyStopping } from './train/early-stopping';
export { type Classifier, type EvaluateOptions, type Evaluation, evaluate } from './train/evaluate';
export { type BatchInfo, type FitOptions, type FitResult, fit } from './train/fit';
export type { Loss, LossValue } from './train/loss';
export type { ClassificationMetrics } from './train/metrics';
export type { EpochRecord } from './train/progress';
export { type FeatureTeacher, featureTeacher } from './train/teacher';
export type { AverageOptions } from './train/weight-average';

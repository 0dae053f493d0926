// Every network by name, with the data it is meant for.
import { classNames } from '../data/class-names';
import { AdderNetError } from '../errors';
import { type FilterGradient, filterGradients, type Layer } from '../layers';
import { checkCount } from '../layers/count';
import { Random } from '../random';
import { lenet5bn } from './lenet5-bn';
import { Model, type ModelMetadata } from './model';
import { cifarResNet, resnet18, resnet50 } from './resnet';
import { type NetworkSpec, units } from './unit';
import { vggSmall } from './vgg-small';

/** A network and its defaults. The classifier is called `fc` in all of them. */
export interface Architecture extends Omit<ModelMetadata, 'name' | 'unit'> {
  readonly build: (spec: NetworkSpec) => Record<string, Layer>;
}

const mnist = {
  dataset: 'mnist',
  classes: 10,
  classNames: classNames.mnist,
  inputShape: [28, 28, 1],
  normalization: { mean: [0.1307], std: [0.3081] },
} as const;
const cifar10 = {
  dataset: 'cifar10',
  classes: 10,
  classNames: classNames.cifar10,
  inputShape: [32, 32, 3],
  normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
} as const;
const imageNet = {
  dataset: 'imagenet',
  classes: 1000,
  inputShape: [224, 224, 3],
  normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
} as const;

const architectures = {
  lenet5bn: { ...mnist, build: lenet5bn },
  vggSmall: { ...cifar10, build: vggSmall },
  resnet20: { ...cifar10, build: cifarResNet(3) },
  resnet32: { ...cifar10, build: cifarResNet(5) },
  resnet18: { ...imageNet, build: resnet18 },
  resnet50: { ...imageNet, build: resnet50 },
} satisfies Record<string, Architecture>;

export type ModelName = keyof typeof architectures;
export const modelNames = Object.keys(architectures) as readonly ModelName[];

export interface ModelOptions extends Partial<Omit<ModelMetadata, 'name' | 'inputShape'>> {
  /** Start of the initial weights: the same seed gives the same network. null: zeros, for weights about to be loaded. Default: arbitrary. */
  seed?: number | null;
  /** By which rule the filters of adder units learn: 'full' precision, or the ablation 'sign'. Of no matter for inference. Default 'full'. */
  filterGradient?: FilterGradient;
}

/**
 * A new network with random weights. Unit is 'adder' by default; classes, dataset and normalization as the network's own data have them.
 * @throws {AdderNetError} ERR_ARGUMENT if the name or the unit is unknown, or an option is out of range
 */
export function createModel(name: string, { seed, unit = 'adder', filterGradient = 'full', ...overrides }: ModelOptions = {}): Model {
  if (!isModelName(name))
    throw new AdderNetError('ERR_ARGUMENT', `createModel: there is no network '${name}', expected one of ${modelNames.join(', ')}`);
  if (!units.includes(unit))
    throw new AdderNetError('ERR_ARGUMENT', `createModel: unit is '${String(unit)}', expected one of ${units.join(', ')}`);
  if (!filterGradients.includes(filterGradient))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `createModel: filterGradient is '${String(filterGradient)}', expected one of ${filterGradients.join(', ')}`,
    );
  const { build, classNames, ...defaults }: Architecture = architectures[name];
  const ownClasses =
    (overrides.classes ?? defaults.classes) === defaults.classes && (overrides.dataset ?? defaults.dataset) === defaults.dataset;
  const metadata: ModelMetadata = { ...defaults, ...(ownClasses && classNames && { classNames }), ...overrides, name, unit };
  checkCount(`${name}: classes`, metadata.classes);
  const random = seed === null ? null : new Random(seed);
  return new Model(build({ unit, classes: metadata.classes, random, filterGradient }), metadata);
}

const isModelName = (name: string): name is ModelName => Object.hasOwn(architectures, name);

/** Creates the network of one name; for options and errors see createModel. */
export const modelOf =
  (name: ModelName) =>
  (options?: ModelOptions): Model =>
    createModel(name, options);

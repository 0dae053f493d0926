// Every network by name, with the data that it is meant for.
import { type NetworkKind, networkKinds, noSignGradient } from '../conv-kind';
import { classNames } from '../data/class-names';
import { AdderNetError } from '../errors';
import { type FilterGradient, filterGradients, type Layer } from '../layers';
import { checkCount } from '../layers/count';
import { checkOptions, optionNames } from '../options';
import { Random } from '../random';
import { shapeText } from '../shape';
import { lenet5bn, minLenetSize } from './lenet5-bn';
import { checkInputShape, type ModelMetadata, metadataNames } from './metadata';
import { Model } from './model';
import { type InputShape, kindOf, type NetworkSpec } from './network-parts';
import { cifarResNet, resnet18, resnet50 } from './resnet';
import { minVggSize, vggSmall } from './vgg-small';

/** A network and its defaults. The classifier is called `fc` in all of them. */
export interface Architecture extends Omit<ModelMetadata, 'name' | 'kind'> {
  readonly build: (spec: NetworkSpec) => Record<string, Layer>;
  /** Height and width of the smallest image. Default 1. */
  readonly minSize?: number;
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
  lenet5bn: { ...mnist, build: lenet5bn, minSize: minLenetSize },
  vggSmall: { ...cifar10, build: vggSmall, minSize: minVggSize },
  resnet20: { ...cifar10, build: cifarResNet(3) },
  resnet32: { ...cifar10, build: cifarResNet(5) },
  resnet18: { ...imageNet, build: resnet18 },
  resnet50: { ...imageNet, build: resnet50 },
} satisfies Record<string, Architecture>;

/** The name of a network, such as resnet20. */
export type ModelName = keyof typeof architectures;
/** All of them. */
export const modelNames = Object.keys(architectures) as readonly ModelName[];

/** Metadata that has a default. */
type Overrides = { readonly [K in Exclude<keyof ModelMetadata, 'name'>]?: ModelMetadata[K] | undefined };

/** Options of `createModel`. `inputShape` may have other sizes and channels than the data that the network is meant for. */
export interface ModelOptions extends Overrides {
  /** Seed of the initial weights: the same seed gives the same network. null: zeros, for weights about to be loaded. Default: arbitrary. */
  seed?: number | null | undefined;
  /** The rule by which adder filters are trained: 'full' precision, or the ablation 'sign'. It does not matter for inference. Default 'full'. */
  filterGradient?: FilterGradient | undefined;
}

const optionList = [
  ...metadataNames.filter((name) => name !== 'name'),
  ...optionNames<Omit<ModelOptions, keyof ModelMetadata>>({ seed: true, filterGradient: true }),
];

/** The windows in whose place a kind has others: a network needs them. */
const replacedWindows: { readonly [K in NetworkKind]?: string } = {
  'adder-2x2': '3x3 windows with padding 1',
  'adder-winograd': '3x3 windows at stride 1',
};

/**
 * A new network with random weights. Its kind is 'adder' by default; classes, input shape, dataset and normalization are those of the network's
 * own data. Other channels than these need a normalization.
 * @throws {AdderNetError} ERR_ARGUMENT if the name, the kind or an option is unknown or out of range, or the network has no layer that kind
 *   'adder-2x2' or 'adder-winograd' is about, as LeNet-5; ERR_SHAPE if images of `inputShape` are too small for the network
 */
export function createModel(name: string, options: ModelOptions = {}): Model {
  const { build, classNames, minSize: _, ...defaults } = architecture(name);
  checkOptions(name, options, optionList);
  const { seed, kind = 'adder', filterGradient = 'full', ...given } = options;
  if (!networkKinds.includes(kind))
    throw new AdderNetError('ERR_ARGUMENT', `createModel: kind is '${String(kind)}', expected one of ${networkKinds.join(', ')}`);
  if (!filterGradients.includes(filterGradient))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `createModel: filterGradient is '${String(filterGradient)}', expected one of ${filterGradients.join(', ')}`,
    );
  if (filterGradient === 'sign' && kind !== 'adder')
    throw new AdderNetError('ERR_ARGUMENT', `createModel: filterGradient is 'sign', ${noSignGradient(kind)}`);
  const overrides: Partial<ModelMetadata> = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const ownClasses =
    (overrides.classes ?? defaults.classes) === defaults.classes && (overrides.dataset ?? defaults.dataset) === defaults.dataset;
  const metadata: ModelMetadata = { ...defaults, ...(ownClasses && classNames && { classNames }), ...overrides, name, kind };
  const { classes, inputShape } = metadata;
  const random = seed === null ? null : new Random(seed);
  const model = new Model(build(checkedSpec(name, { kind, classes, inputShape, random, filterGradient })), metadata);
  const windows = replacedWindows[kind];
  if (windows !== undefined && kindOf(model.stateDict()) !== kind)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: kind is '${kind}', but no layer has ${windows}, which that is about: expected kind 'adder'`,
    );
  return model;
}

/** The layers of a network by name. Throws what createModel throws. */
export const layersOf = (name: ModelName, spec: NetworkSpec): Record<string, Layer> => architectures[name].build(checkedSpec(name, spec));

/** Shape of one image of the data that the network is meant for. */
export const defaultInputShape = (name: ModelName): InputShape => architectures[name].inputShape;

function checkedSpec(name: string, spec: NetworkSpec): NetworkSpec {
  const { classes, inputShape } = spec;
  const { minSize = 1 } = architecture(name);
  checkCount(`${name}: classes`, classes);
  checkInputShape(name, inputShape);
  if (inputShape[0] < minSize || inputShape[1] < minSize)
    throw new AdderNetError(
      'ERR_SHAPE',
      `${name}: inputShape is ${shapeText(inputShape)}, too small for this network: expected at least ${minSize}x${minSize} pixels`,
    );
  return spec;
}

function architecture(name: string): Architecture {
  if (isModelName(name)) return architectures[name];
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `createModel: there is no network '${String(name).slice(0, 60)}', expected one of ${modelNames.join(', ')}`,
  );
}

const isModelName = (name: string): name is ModelName => Object.hasOwn(architectures, name);

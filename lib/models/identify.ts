// Which network do weights belong to? The names and shapes of the tensors say it.
import type { NetworkKind } from '../conv-kind';
import { AdderNetError } from '../errors';
import { type Layer, Sequential } from '../layers';
import { checkState, compareStates, type LoadedState } from '../layers/state';
import { nameList, quoted, shortList } from '../quoted';
import { elementCount, shapeText } from '../shape';
import { type InputShape, kindOf } from './network-parts';
import { defaultInputShape, layersOf, type ModelName, modelNames } from './registry';

/** What identifies a network. */
export interface Identity {
  /** Name of the network. */
  readonly name: ModelName;
  /** Any but 'xnor': see identify. */
  readonly kind: NetworkKind;
  /** Number of outputs of the classifier. */
  readonly classes: number;
}

/** What is known beforehand. */
export interface IdentifyOptions {
  /** The network, where it is known. Default: any. */
  readonly model?: ModelName | undefined;
  /** Shape of one image. Default: that of the network's data, with the channels of the first layer. */
  readonly inputShape?: InputShape | undefined;
}

/** The network that fits best. */
export interface Likeness extends Identity {
  readonly inputShape: InputShape;
  /** Names of the tensors that do not fit. */
  readonly differing: readonly string[];
}

/**
 * Identifies a network by the names and shapes of its tensors. They do not distinguish binary networks from CNNs: both have kind 'conv' here.
 * @param state tensors by name, without PyTorch's `module.` prefix; filters [co,kh,kw,ci]
 * @throws {AdderNetError} ERR_FORMAT with what was found if no network has these names and shapes; ERR_ARGUMENT unless it is a Map
 */
export function identify(state: LoadedState): Identity {
  checkState('identify', state);
  const { differing, inputShape: _, ...identity } = closestNetwork(state);
  if (differing.length > 0) throw unknownNetwork('identify', state, { ...identity, differing });
  return identity;
}

/**
 * Finds the network that fits best. Throws what createModel throws, and ERR_FORMAT if there is no classifier.
 * @param op the calling function or the file, for messages
 */
export function closestNetwork(state: LoadedState, { model, inputShape }: IdentifyOptions = {}, op = 'identify'): Likeness {
  const classes = classesOf(state) ?? (model === undefined ? undefined : 10);
  if (classes === undefined) throw new AdderNetError('ERR_FORMAT', `${op}: no classifier, fc.weight or fc.adder, among ${seen(state)}`);
  if (classesOf(state) !== undefined) checkClassifier(op, state, classes);
  const channels = (state.get('conv1.weight') ?? state.get('conv1.adder'))?.shape[3];
  const kind = kindOf(state);
  let closest: Likeness | undefined;
  for (const name of model === undefined ? modelNames : [model]) {
    const [h, w, c] = defaultInputShape(name);
    const shape = inputShape ?? ([h, w, channels ?? c] as const);
    const network = buildIfLarge(() => layersOf(name, { kind, classes, inputShape: shape, random: null }));
    if (!network) continue;
    const { missing, unexpected, misshapen } = compareStates(new Sequential(network).stateDict(), state);
    const differing = [...missing, ...unexpected, ...misshapen];
    if (!closest || differing.length < closest.differing.length) closest = { name, kind, classes, inputShape: shape, differing };
    if (differing.length === 0) return closest;
  }
  if (!closest) throw new AdderNetError('ERR_FORMAT', `${op}: no network takes images of ${shapeText(inputShape ?? [])}`);
  return closest;
}

/** Features of the smallest network. Networks are built to be compared, so a file must not claim more classes than it has numbers for. */
const minFeatures = 64;
function checkClassifier(op: string, state: LoadedState, classes: number): void {
  const elements = [...state.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (classes * minFeatures > elements)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${op}: no network of this package classifies ${classes} classes with ${elements} numbers; the file has ${seen(state)}`,
    );
}

/** The number of classes of a network's state. All networks call their classifier `fc`. */
export const classesOf = (state: LoadedState): number | undefined => (state.get('fc.adder') ?? state.get('fc.weight'))?.shape[0];

export const unknownNetwork = (op: string, state: LoadedState, { name, kind, differing }: Omit<Likeness, 'classes' | 'inputShape'>) =>
  new AdderNetError(
    'ERR_FORMAT',
    `${op}: no network fits ${seen(state)}. The closest is ${name} of kind '${kind}', from which ${nameList(differing)} differ`,
  );

/** Undefined where the images are too small for a network. */
function buildIfLarge(build: () => Record<string, Layer>): Record<string, Layer> | undefined {
  try {
    return build();
  } catch (error) {
    if (error instanceof AdderNetError && error.code === 'ERR_SHAPE') return undefined;
    throw error;
  }
}

const seen = (state: LoadedState): string =>
  `${state.size} ${state.size === 1 ? 'tensor' : 'tensors'}: ${shortList([...state].map(([name, tensor]) => `${quoted(name)} ${shapeText(tensor.shape)}`))}`;

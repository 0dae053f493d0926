// The head of a network computes logits from features. Here it is replaced by one for other classes, or split off. It begins at the last layer
// with weights that has an output for each class, and includes the batch norm on these outputs.
import { noSignGradient } from '../conv-kind';
import { AdderNetError } from '../errors';
import { type FilterGradient, filterGradients, Sequential } from '../layers';
import { buildLayer } from '../layers/build';
import { checkCount } from '../layers/count';
import { checkOptions, optionNames } from '../options';
import { Random } from '../random';
import { changeLayers, describeNetwork, leaves } from './layer-descriptions';
import type { ModelMetadata } from './metadata';
import { checkModel, Model } from './model';

/** Options of `replaceHead`; what is left out stays as it is in the network. */
export interface HeadOptions extends Partial<Pick<ModelMetadata, 'classes' | 'classNames' | 'dataset' | 'normalization'>> {
  /** Seed of the head's initial weights. Default: arbitrary. */
  seed?: number | null;
  /** The rule by which adder filters are trained. */
  filterGradient?: FilterGradient;
}
const names = optionNames<HeadOptions>({
  classes: true,
  classNames: true,
  dataset: true,
  normalization: true,
  seed: true,
  filterGradient: true,
});

/**
 * Copies a network, with a new head: the layers whose shapes depend on the number of classes. All other weights are those of `model`.
 * `copy.freeze()` followed by `copy.layer(name).freeze(false)` for the names in `headLayers(copy)` trains the head alone.
 * @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, the network has no such head, or has layers that are
 *   not of the package
 */
export function replaceHead(model: Model, options: HeadOptions = {}): Model {
  checkModel('replaceHead', model);
  checkOptions('replaceHead', options, names);
  const { training: _, classNames, ...before } = model.metadata;
  const { seed, filterGradient, ...given } = options;
  if (filterGradient !== undefined && !filterGradients.includes(filterGradient))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `replaceHead: filterGradient is '${String(filterGradient)}', expected one of ${filterGradients.join(', ')}`,
    );
  if (filterGradient === 'sign' && model.kind !== 'adder')
    throw new AdderNetError('ERR_ARGUMENT', `replaceHead: filterGradient is 'sign', ${noSignGradient(model.kind)}`);
  const metadata = { ...before, ...given };
  checkCount('replaceHead: classes', metadata.classes);
  const ownClasses = metadata.classes === before.classes && metadata.dataset === before.dataset;
  const head = new Set(headOf('replaceHead', model));
  const description = changeLayers(describeNetwork('replaceHead', model), (name, layer) => ({
    ...layer,
    ...(head.has(name) && (layer.type === 'BatchNorm' ? { channels: metadata.classes } : { outputs: metadata.classes })),
    ...(layer.type === 'AdderConv2d' && filterGradient && { filterGradient }),
  }));
  const layers = buildLayer(description, { random: seed === null ? null : new Random(seed) }) as Sequential;
  const copy = new Model(layers, { ...metadata, ...(ownClasses && classNames && { classNames }), ...given });
  const kept = [...model.stateDict()].filter(([key]) => !head.has(key.slice(0, key.lastIndexOf('.'))));
  copy.loadStateDict(new Map(kept), { strict: false });
  return copy;
}

/** Returns the dotted names of the layers that make up a network's head. Throws what replaceHead throws. */
export const headLayers = (model: Model): string[] => headOf('headLayers', model);

function headOf(op: string, model: Model): string[] {
  checkModel(op, model);
  const { classes, name } = model.metadata;
  const head: string[] = [];
  for (const [path, { type, ...config }] of leaves(describeNetwork(op, model)).reverse())
    if (type === 'BatchNorm' && config.channels === classes) head.unshift(path);
    else if ('outputs' in config) {
      if (config.outputs !== classes) break;
      return [path, ...head];
    }
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${op}: the last layer of '${name}' with weights does not have an output for each class: build the network from layers`,
  );
}

/**
 * Splits a network in two parts that share its layers: the body, whose outputs are features, and the rest, which begins with the head.
 * Throws what replaceHead throws.
 */
export function bodyAndHead(model: Model): { body: Sequential; head: Sequential } {
  const outermost = headOf('bodyAndHead', model).map((name) => name.split('.')[0]);
  const children = model.children();
  const first = children.findIndex(([name]) => outermost.includes(name));
  const sequence = (layers: typeof children) =>
    new Sequential(Array.isArray(model.layers) ? layers.map(([, layer]) => layer) : Object.fromEntries(layers));
  return { body: sequence(children.slice(0, first)), head: sequence(children.slice(first)) };
}

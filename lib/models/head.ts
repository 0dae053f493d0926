// The head of a network, which tells classes by features: a new one for other classes, or the network without it. It begins at the last layer
// with weights that gives a number for each class; a batch norm on these belongs to it.
import { AdderNetError } from '../errors';
import { type FilterGradient, filterGradients, type LayerDescription, Sequential } from '../layers';
import { buildLayer } from '../layers/build';
import { checkCount } from '../layers/count';
import { describeLayer } from '../layers/describe';
import { checkOptions, optionNames } from '../options';
import { Random } from '../random';
import type { ModelMetadata } from './metadata';
import { checkModel, Model } from './model';

/** What `replaceHead` takes; what is left out stays as in the network. */
export interface HeadOptions extends Partial<Pick<ModelMetadata, 'classes' | 'classNames' | 'dataset' | 'normalization'>> {
  /** Start of the head's weights. Default: arbitrary. */
  seed?: number | null;
  /** By which rule the filters of adder layers learn. */
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
 * A copy of a network whose head, the layers whose shapes go by the number of classes, is new. All other weights are those of `model`;
 * `copy.freeze()` followed by `copy.layer(name).freeze(false)` for the names in `headLayers(copy)` trains the head alone.
 * @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, the network has no such head, or layers that are not of
 *   the package
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
    throw new AdderNetError('ERR_ARGUMENT', `replaceHead: filterGradient is 'sign', but kind '${model.kind}' has no adder filters`);
  const metadata = { ...before, ...given };
  checkCount('replaceHead: classes', metadata.classes);
  const ownClasses = metadata.classes === before.classes && metadata.dataset === before.dataset;
  const head = new Set(headLayers(model));
  const description = changed(describeNetwork(model), '', (name, layer) => ({
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

/** Dotted names of the layers that make up a network's head. Errors as of replaceHead. */
export function headLayers(model: Model): string[] {
  checkModel('headLayers', model);
  const { classes, name } = model.metadata;
  const head: string[] = [];
  for (const [path, { type, ...config }] of leaves(describeNetwork(model), '').reverse())
    if (type === 'BatchNorm' && config.channels === classes) head.unshift(path);
    else if ('outputs' in config) {
      if (config.outputs !== classes) break;
      return [path, ...head];
    }
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `replaceHead: no layer of '${name}' that gives a number for each class is its last one with weights: build the network from layers`,
  );
}

/**
 * A network in two that share its layers: the body, whose output are features, and the rest, from the first layer of the head on.
 * Errors as of replaceHead.
 */
export function bodyAndHead(model: Model): { body: Sequential; head: Sequential } {
  const outermost = headLayers(model).map((name) => name.split('.')[0]);
  const children = model.children();
  const first = children.findIndex(([name]) => outermost.includes(name));
  const part = (layers: typeof children) =>
    new Sequential(Array.isArray(model.layers) ? layers.map(([, layer]) => layer) : Object.fromEntries(layers));
  return { body: part(children.slice(0, first)), head: part(children.slice(first)) };
}

function describeNetwork(model: Model): LayerDescription {
  try {
    return describeLayer(model);
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError('ERR_ARGUMENT', `replaceHead: ${model.name}: ${cause.message}: build the network from layers`, { cause });
  }
}

interface Inside {
  readonly names?: readonly string[];
  readonly layers?: readonly LayerDescription[];
  readonly body?: LayerDescription;
  readonly downsample?: LayerDescription;
}

/** The description with `change` made to each layer that holds no others, which is called by its dotted name. */
function changed(
  description: LayerDescription,
  prefix: string,
  change: (name: string, layer: LayerDescription) => LayerDescription,
): LayerDescription {
  const { names, layers, body, downsample } = description as Inside;
  if (!layers && !body) return change(prefix.slice(0, -1), description);
  return {
    ...description,
    ...(layers && { layers: layers.map((layer, i) => changed(layer, `${prefix}${names?.[i] ?? i}.`, change)) }),
    ...(body && { body: changed(body, prefix, change) }),
    ...(downsample && { downsample: changed(downsample, `${prefix}downsample.`, change) }),
  };
}

/** The layers that hold no others, in forward order. */
function leaves(description: LayerDescription, prefix: string): [string, LayerDescription][] {
  const found: [string, LayerDescription][] = [];
  changed(description, prefix, (name, layer) => {
    found.push([name, layer]);
    return layer;
  });
  return found;
}

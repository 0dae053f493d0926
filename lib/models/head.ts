// The head of a network, which tells classes by features: a new one for other classes, or the network without it.
import { AdderNetError } from '../errors';
import { Sequential } from '../layers';
import { compareStates } from '../layers/state';
import type { Model } from './model';
import { createModel, type ModelOptions } from './registry';

export interface HeadOptions extends Pick<ModelOptions, 'classes' | 'classNames' | 'dataset' | 'normalization' | 'filterGradient'> {
  /** Start of the head's weights. Default: arbitrary. */
  seed?: number;
}

/**
 * A copy of a network whose head, the layers whose shapes go by the number of classes, is new. All other weights are those of `model`;
 * `copy.freeze()` followed by `copy.layer(name).freeze(false)` for the names in `headLayers(copy)` trains the head alone.
 * @throws {AdderNetError} ERR_ARGUMENT if an option is out of range, or the network is not one of the registry's
 */
export function replaceHead(model: Model, options: HeadOptions): Model {
  const { name, unit, normalization, dataset, classes } = model.metadata;
  const copy = createModel(name, { unit, normalization, dataset, classes, ...options });
  const head = headState(copy);
  copy.loadStateDict(new Map([...model.stateDict()].filter(([key]) => !head.has(key))), { strict: false });
  return copy;
}

/** Dotted names of the layers that make up a network's head. Errors as of replaceHead. */
export const headLayers = (model: Model): string[] => [...new Set([...headState(model)].map((key) => key.slice(0, key.lastIndexOf('.'))))];

/**
 * A network in two that share its layers: the body, whose output are features, and the rest, from the first layer of the head on.
 * Errors as of replaceHead.
 */
export function bodyAndHead(model: Model): { body: Sequential; head: Sequential } {
  const names = headLayers(model);
  const children = model.children();
  const first = children.findIndex(([name]) => names.includes(name));
  return {
    body: new Sequential(Object.fromEntries(children.slice(0, first))),
    head: new Sequential(Object.fromEntries(children.slice(first))),
  };
}

/** What has another shape in the same network with one class more. */
function headState(model: Model): ReadonlySet<string> {
  const { name, unit, classes } = model.metadata;
  const other = createModel(name, { unit, classes: classes + 1, seed: null }).stateDict();
  const { misshapen, missing, unexpected } = compareStates(model.stateDict(), other);
  if (missing.length + unexpected.length > 0)
    throw new AdderNetError('ERR_ARGUMENT', `replaceHead: the layers are not those of the network '${name}': build the copy from layers`);
  return new Set(misshapen);
}

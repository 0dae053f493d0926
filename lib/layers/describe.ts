// From layers to plain data that a file holds.
import { AdderNetError } from '../errors';
import type { Layer, LayerDescription } from './layer';
import { layerTypes, maxDepth, maxLayers } from './layer-types';
import { nameOf } from './name-of';

const typesByClass = new Map([...layerTypes].map(([type, { layer }]) => [layer as unknown, type]));

/** What makes a layer what it is. A class that changes one of these is another layer, which a file cannot name. */
const behaviour = ['forward', 'backward', 'lower', 'outputShape', 'state', 'children', 'trace', 'config', 'elementOrder'] as const;

/**
 * Layers as plain data, from which buildLayer makes the same ones.
 * @throws {AdderNetError} ERR_ARGUMENT if a layer is not one of the package's, one with weights stands twice, or there are too many
 */
export function describeLayer(layer: Layer): LayerDescription {
  const seen = new Set<Layer>();
  let layers = 0;
  const describe = (layer: Layer, path: readonly string[], depth: number): LayerDescription => {
    const where = path.length === 0 ? 'the network itself' : `the layer '${path.join('.')}'`;
    if (++layers > maxLayers || depth > maxDepth)
      throw new AdderNetError('ERR_ARGUMENT', `more than ${maxLayers} layers, or some more than ${maxDepth} deep in others`);
    if (seen.has(layer) && layer.stateDict().size > 0)
      throw new AdderNetError('ERR_ARGUMENT', `${where} stands in the network twice, and a file would not keep its weights in common`);
    seen.add(layer);
    const type = typeOf(layer);
    const config =
      type === undefined
        ? undefined
        : layer.config((name, child) => describe(child, name === undefined ? path : [...path, name], depth + 1));
    if (type === undefined || config === undefined)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `${where} is ${nameOf(layer)}, which is no layer of this package, and a file cannot hold its code`,
      );
    return { type, ...config };
  };
  return describe(layer, [], 0);
}

/** The type of a layer in files; undefined for a class of the user's own, unless it does all as its parent does. */
function typeOf(layer: Layer): string | undefined {
  for (let prototype = Object.getPrototypeOf(layer); prototype; prototype = Object.getPrototypeOf(prototype)) {
    const type = typesByClass.get(prototype.constructor);
    if (type !== undefined) return behaviour.every((method) => layer[method] === prototype[method]) ? type : undefined;
  }
  return undefined;
}

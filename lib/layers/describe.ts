// Layers are described as plain data, which a file can hold.
import { AdderNetError } from '../errors';
import type { Layer, LayerDescription } from './layer';
import { layerTypes, maxDepth, maxLayers } from './layer-types';
import { nameOf } from './name-of';

const typesByClass = new Map([...layerTypes].map(([type, { layer }]) => [layer as unknown, type]));

/** What defines a layer. A class that overrides one of these is another layer, which a file cannot name. */
const behavior = [
  'forward',
  'backward',
  'fuses',
  'activation',
  'lower',
  'outputShape',
  'state',
  'children',
  'trace',
  'config',
  'elementOrder',
] as const;

/**
 * Describes layers as plain data, from which buildLayer builds the same layers.
 * @throws {AdderNetError} ERR_ARGUMENT if a layer is not one of the package's, a layer with weights occurs twice, or there are too many layers
 */
export function describeLayer(layer: Layer): LayerDescription {
  const seen = new Set<Layer>();
  let layers = 0;
  const describe = (layer: Layer, path: readonly string[], depth: number): LayerDescription => {
    const where = path.length === 0 ? 'the network itself' : `the layer '${path.join('.')}'`;
    if (++layers > maxLayers || depth > maxDepth)
      throw new AdderNetError('ERR_ARGUMENT', `more than ${maxLayers} layers, or layers nested more than ${maxDepth} deep`);
    if (seen.has(layer) && layer.stateDict().size > 0)
      throw new AdderNetError('ERR_ARGUMENT', `${where} occurs twice in the network, and a file would not keep its weights shared`);
    seen.add(layer);
    const type = typeOf(layer);
    const config =
      type === undefined
        ? undefined
        : layer.config((name, child) => describe(child, name === undefined ? path : [...path, name], depth + 1));
    if (type === undefined || config === undefined)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `${where} is ${nameOf(layer)}, which is not a layer of this package, and a file cannot hold its code`,
      );
    return { type, ...config };
  };
  return describe(layer, [], 0);
}

/** The type of a layer in files; undefined for a custom class, unless it behaves as its parent does. */
function typeOf(layer: Layer): string | undefined {
  for (let prototype = Object.getPrototypeOf(layer); prototype; prototype = Object.getPrototypeOf(prototype)) {
    const type = typesByClass.get(prototype.constructor);
    if (type !== undefined) return behavior.every((method) => layer[method] === prototype[method]) ? type : undefined;
  }
  return undefined;
}

// The layers of a network as plain data, by name: what copies of a network with other layers are built from.
import { AdderNetError } from '../errors';
import type { LayerDescription } from '../layers';
import { describeLayer } from '../layers/describe';
import type { Model } from './model';

/** @throws {AdderNetError} ERR_ARGUMENT if the network has layers that are not of the package */
export function describeNetwork(op: string, model: Model): LayerDescription {
  try {
    return describeLayer(model);
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError('ERR_ARGUMENT', `${op}: ${model.name}: ${cause.message}: build the network from layers`, { cause });
  }
}

interface InnerLayers {
  readonly names?: readonly string[];
  readonly layers?: readonly LayerDescription[];
  readonly body?: LayerDescription;
  readonly downsample?: LayerDescription;
}

/** Applies `change` to each layer that contains no others; it gets the dotted name, too. */
export function changeLayers(
  description: LayerDescription,
  change: (name: string, layer: LayerDescription) => LayerDescription,
  prefix = '',
): LayerDescription {
  const { names, layers, body, downsample } = description as InnerLayers;
  if (!layers && !body) return change(prefix.slice(0, -1), description);
  return {
    ...description,
    ...(layers && { layers: layers.map((layer, i) => changeLayers(layer, change, `${prefix}${names?.[i] ?? i}.`)) }),
    ...(body && { body: changeLayers(body, change, prefix) }),
    ...(downsample && { downsample: changeLayers(downsample, change, `${prefix}downsample.`) }),
  };
}

/** The layers that contain no others, in forward order. */
export function leaves(description: LayerDescription): [string, LayerDescription][] {
  const found: [string, LayerDescription][] = [];
  changeLayers(description, (name, layer) => {
    found.push([name, layer]);
    return layer;
  });
  return found;
}

// Layers are built from a description. It may come from any file, so nothing in it is trusted: neither its types nor its depth nor its sizes.
import { AdderNetError } from '../errors';
import type { Random } from '../random';
import type { Layer } from './layer';
import { type LayerType, layerTypes, maxDepth, maxLayers } from './layer-types';

export interface BuildOptions {
  /** Source of the initial weights; null leaves them zero. */
  readonly random: Random | null;
  /** How many numbers the layers may hold in total: those of the file. No more memory is allocated. Default: any number. */
  readonly elements?: number;
}

/**
 * Builds the layers that describeLayer described.
 * @param description what describeLayer returned, or anything else
 * @throws {AdderNetError} ERR_FORMAT if the type or an option of a layer is unknown; ERR_CORRUPT if it is no description, or its sizes are
 *   not those of the file
 */
export function buildLayer(description: unknown, { random, elements = Number.POSITIVE_INFINITY }: BuildOptions): Layer {
  let layers = 0;
  let left = elements;

  const build = (description: unknown, depth: number): Layer => {
    const at = `layer ${layers++}`;
    if (layers > maxLayers || depth > maxDepth)
      throw new AdderNetError('ERR_CORRUPT', `more than ${maxLayers} layers, or layers nested more than ${maxDepth} deep`);
    const { type, values, where } = checked(description, at, (inside) => build(inside, depth + 1));
    left -= type.elements(values as never);
    if (!(left >= 0)) throw new AdderNetError('ERR_CORRUPT', `${where}: the layers hold more numbers than the file does`);
    try {
      return type.build(values as never, random);
    } catch (cause) {
      if (!(cause instanceof AdderNetError)) throw cause;
      throw new AdderNetError('ERR_CORRUPT', `${where}: ${cause.message}`, { cause });
    }
  };
  return build(description, 0);
}

function checked(description: unknown, at: string, read: (inside: unknown) => Layer) {
  const corrupt = (why: string) => new AdderNetError('ERR_CORRUPT', `${at}${why}`);
  if (typeof description !== 'object' || description === null || Array.isArray(description)) throw corrupt(' is no object');
  const { type: name, ...given } = description as Record<string, unknown>;
  if (typeof name !== 'string') throw corrupt(' has no type');
  const type: LayerType | undefined = layerTypes.get(name);
  const quoted = JSON.stringify(name.slice(0, 40));
  if (!type) throw new AdderNetError('ERR_FORMAT', `${at} is of type ${quoted}, which this version of the package does not know`);
  const where = `${at}, ${quoted}`;
  for (const key of Object.keys(given))
    if (!Object.hasOwn(type.fields, key))
      throw new AdderNetError('ERR_FORMAT', `${where} has an option that this version of the package does not know`);
  const values = new Map<string, unknown>();
  for (const [key, field] of Object.entries(type.fields)) {
    if (!Object.hasOwn(given, key) && type.optional.includes(key)) continue;
    const value = field(given[key], read);
    if (value === undefined) throw corrupt(`, ${quoted}: ${key} is damaged`);
    values.set(key, value);
  }
  return { type, where, values: Object.fromEntries(values) };
}

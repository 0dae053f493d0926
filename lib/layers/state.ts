// State dicts hold tensors by dotted name, as PyTorch names them. Two of them are compared here, so that loading is all or nothing.
import { AdderNetError } from '../errors';
import { nameList, quoted, shortList } from '../quoted';
import { shapeText } from '../shape';
import { notFinite, type Tensor, type TensorData } from '../tensor';
import { checkReordered, copyReordered } from './element-order';
import { nameOf } from './name-of';

/** The live tensors of a network by name, such as `layer1.0.bn1.running_mean`. */
export type StateDict = Map<string, Tensor>;
/** The order of the columns after a Flatten; 'unknown' is an error where it matters. */
export type StateLayout = 'addernet' | 'pytorch' | 'unknown';
export const layouts: readonly StateLayout[] = ['addernet', 'pytorch', 'unknown'];
/** A state dict as it comes from a file. */
export type LoadedState = ReadonlyMap<string, Tensor<TensorData>> & { readonly layout?: StateLayout; readonly droppedPrefix?: string };

export interface StateDifference {
  /** Names that the network has and the file does not. */
  readonly missing: string[];
  /** Names that the file has and the network does not. */
  readonly unexpected: string[];
  /** Names with different shapes. */
  readonly misshapen: string[];
  /** Names with the same shape and different dtypes. */
  readonly mistyped: string[];
}

/** PyTorch's count of training batches, which nothing uses. */
const isIgnored = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

/** @throws {AdderNetError} ERR_ARGUMENT unless it is a Map, from any realm */
export function checkState(op: string, state: unknown): asserts state is LoadedState {
  if (Object.prototype.toString.call(state) !== '[object Map]')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: the state is ${nameOf(state)}, expected a Map of tensors by name`);
}

export function compareStates(expected: ReadonlyMap<string, Tensor>, found: LoadedState): StateDifference {
  const shared = [...expected].flatMap(([name, tensor]) => {
    const other = found.get(name);
    return other ? [{ name, tensor, other }] : [];
  });
  const fits = (a: Tensor, b: Tensor<TensorData>) => shapeText(a.shape) === shapeText(b.shape);
  return {
    missing: [...expected.keys()].filter((name) => !found.has(name)),
    unexpected: [...found.keys()].filter((name) => !expected.has(name) && !isIgnored(name)),
    misshapen: shared.filter(({ tensor, other }) => !fits(tensor, other)).map(({ name }) => name),
    mistyped: shared.filter(({ tensor, other }) => fits(tensor, other) && other.dtype !== tensor.dtype).map(({ name }) => name),
  };
}

/**
 * Copies `source` into the tensors of `target`: all or nothing.
 * @param strict    whether missing and unexpected names are an error
 * @param reordered tensors whose columns are those of flattened images in PyTorch's order, with the number of channels; undefined if unknown
 * @throws {AdderNetError} ERR_FORMAT for names, else ERR_SHAPE for shapes, else ERR_DTYPE for types; the message lists all of them. ERR_ARGUMENT
 *   if a number of channels is unknown
 */
export function copyState(
  target: StateDict,
  source: LoadedState,
  strict: boolean,
  reordered: ReadonlyMap<Tensor, number | undefined> = new Map(),
): StateDifference {
  const difference = compareStates(target, source);
  const { missing, unexpected, misshapen, mistyped } = difference;
  const describe = (name: string) => {
    const [expected, found] = [target.get(name)!, source.get(name)!];
    return `${quoted(name)} is ${found.dtype} ${shapeText(found.shape)}, expected ${expected.dtype} ${shapeText(expected.shape)}`;
  };
  const wrongNames = strict && missing.length + unexpected.length > 0;
  const wrongTensors = [...misshapen, ...mistyped];
  if (wrongNames || wrongTensors.length > 0) {
    const differences = [
      strict && missing.length > 0 && `missing ${nameList(missing)}`,
      strict && unexpected.length > 0 && `unexpected ${nameList(unexpected)}`,
      wrongTensors.length > 0 && shortList(wrongTensors.map(describe)),
    ].filter(Boolean);
    throw new AdderNetError(
      wrongNames ? 'ERR_FORMAT' : misshapen.length > 0 ? 'ERR_SHAPE' : 'ERR_DTYPE',
      `loadStateDict: the state does not fit this network: ${differences.join('; ')}. Nothing was loaded`,
    );
  }
  for (const [name, tensor] of target) if (source.has(name) && reordered.has(tensor)) checkReordered(name, tensor, reordered.get(tensor));
  for (const [name, tensor] of target) {
    const loaded = source.get(name) as Tensor | undefined;
    const channels = reordered.get(tensor);
    if (loaded && channels !== undefined) copyReordered(tensor.data, loaded.data, tensor.shape.at(-1)!, channels);
    else if (loaded) tensor.data.set(loaded.data);
  }
  return difference;
}

/**
 * A NaN in a weight makes outputs NaN, or worse: a maximum or a clamp turns it into a number.
 * @throws {AdderNetError} ERR_ARGUMENT if a number of the state is not finite
 */
export function checkFinite(op: string, state: StateDict): void {
  for (const [name, { data }] of state) {
    const bad = notFinite(data);
    if (bad !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} holds ${bad}, expected finite numbers`);
  }
}

// State dicts: tensors by dotted name, as PyTorch names them. Here two of them are compared, so that nothing is loaded by halves.
import { AdderNetError } from '../errors';
import { nameList, quoted, shortList } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor, TensorData } from '../tensor';
import { checkReordered, copyReordered } from './element-order';
import { nameOf } from './name-of';

/** The live tensors of a network by name, such as `layer1.0.bn1.running_mean`. */
export type StateDict = Map<string, Tensor>;
/** Whose order the columns after a Flatten are in; 'unknown' is refused where it matters. */
export type StateLayout = 'addernet' | 'pytorch' | 'unknown';
export const layouts: readonly StateLayout[] = ['addernet', 'pytorch', 'unknown'];
/** What a file may hold. */
export type LoadedState = ReadonlyMap<string, Tensor<TensorData>> & { readonly layout?: StateLayout; readonly droppedPrefix?: string };

export interface StateDifference {
  /** Names the network has and the file has not. */
  readonly missing: string[];
  /** Names the file has and the network has not. */
  readonly unexpected: string[];
  /** Names with unlike shapes. */
  readonly misshapen: string[];
  /** Names of the right shape with another type of number. */
  readonly mistyped: string[];
}

/** PyTorch's count of batches seen, which nothing reads. */
const isIgnored = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

/** @throws {AdderNetError} ERR_ARGUMENT unless it is a Map, of any realm */
export function checkState(op: string, state: unknown): asserts state is LoadedState {
  if (Object.prototype.toString.call(state) !== '[object Map]')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: the state is ${nameOf(state)}, expected a Map of tensors by name`);
}

export function compareStates(expected: ReadonlyMap<string, Tensor>, came: LoadedState): StateDifference {
  const shared = [...expected].flatMap(([name, tensor]) => {
    const other = came.get(name);
    return other ? [{ name, tensor, other }] : [];
  });
  const fits = (a: Tensor, b: Tensor<TensorData>) => shapeText(a.shape) === shapeText(b.shape);
  return {
    missing: [...expected.keys()].filter((name) => !came.has(name)),
    unexpected: [...came.keys()].filter((name) => !expected.has(name) && !isIgnored(name)),
    misshapen: shared.filter(({ tensor, other }) => !fits(tensor, other)).map(({ name }) => name),
    mistyped: shared.filter(({ tensor, other }) => fits(tensor, other) && other.dtype !== tensor.dtype).map(({ name }) => name),
  };
}

/**
 * Copies `source` into the tensors of `target`: all or nothing.
 * @param strict    whether missing and unexpected names are an error
 * @param reordered tensors whose columns stand for flattened images of so many channels, in PyTorch's order; undefined if those are unknown
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
    const [wanted, came] = [target.get(name)!, source.get(name)!];
    return `${quoted(name)} is ${came.dtype} ${shapeText(came.shape)}, expected ${wanted.dtype} ${shapeText(wanted.shape)}`;
  };
  const wrongNames = strict && missing.length + unexpected.length > 0;
  const wrongTensors = [...misshapen, ...mistyped];
  if (wrongNames || wrongTensors.length > 0) {
    const complaints = [
      strict && missing.length > 0 && `missing ${nameList(missing)}`,
      strict && unexpected.length > 0 && `unexpected ${nameList(unexpected)}`,
      wrongTensors.length > 0 && shortList(wrongTensors.map(describe)),
    ].filter(Boolean);
    throw new AdderNetError(
      wrongNames ? 'ERR_FORMAT' : misshapen.length > 0 ? 'ERR_SHAPE' : 'ERR_DTYPE',
      `loadStateDict: the state does not fit this network: ${complaints.join('; ')}. Nothing was loaded`,
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
 * A network with a NaN answers NaN, or worse: a maximum or a clamp makes a number of it.
 * @throws {AdderNetError} ERR_ARGUMENT if a number of the state is not finite
 */
export function checkFinite(op: string, state: StateDict): void {
  for (const [name, { data }] of state) {
    const strange = data.find((value) => !Number.isFinite(value));
    if (strange !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} holds ${strange}, expected finite numbers`);
  }
}

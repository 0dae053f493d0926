// Which of the values in a pickle are the weights of the network, and their names. A file may hold the state dict alone, a checkpoint around it,
// or the whole network, whose modules keep their parameters in dicts of their own.
import { AdderNetError } from '../errors';
import { nameList, quoted } from '../quoted';
import { PickleObject } from './pickle-values';
import { isTensor } from './pytorch-tensor';

/** Where training scripts keep the weights in a checkpoint, the likeliest first. */
const weightKeys = [
  ...['state_dict', 'model_state_dict', 'model_state', 'model', 'net_state_dict', 'net', 'network_state_dict', 'network'],
  ...['params', 'weights', 'module', 'generator', 'state'],
];
/** Keys of weights that were averaged in training, taken where there are no others. */
const averaged = /(^|_)(ema|swa|averaged?)(_|$)/i;
/** Keys of tensors that are no weights. */
const notWeights = /optim|sched|scaler|rng_state/i;
/** Tensors of the training's own. */
const counters = /(^|[._])(epochs?|steps?|iterations?|iters?|loss|acc|accuracy|metrics?|lr|seed|rng)$/i;
/** As layers call their own tensors. */
const parameters = /(^|\.)(weight|bias|adder|running_mean|running_var)$/;

/** Dicts in dicts, modules in modules. */
const maxDepth = 64;
/** Entries that are looked at, and tensors: dicts may be shared by others that are shared, so that a small file has paths without end. */
const maxVisits = 5_000_000;
const maxTensors = 200_000;
/** In names of tensors. */
const maxNameLength = 4096;

export type NamedTensors = ReadonlyMap<string, PickleObject>;

/** The weights that were found, and where. */
interface Found {
  /** Keys that lead there, joined by dots; '' is the whole file. */
  readonly path: string;
  readonly tensors: NamedTensors;
  /** Where other tensors are, which were passed over. */
  readonly others: readonly string[];
  /** Where weights are that might as well be meant. */
  readonly alternatives: readonly string[];
}

export class StateDictFinder {
  /** Whether the state of an optimizer was met. */
  metOptimizer = false;
  readonly #searched = new Set<unknown>();
  #visits = 0;

  /** @param name the file, for messages */
  constructor(readonly name: string) {}

  /**
   * The tensors of a network by name: those of a module; of the dict that has names with dots, at the likeliest key; or else of all dicts.
   * @param key leads to the weights, or to a part of the file that holds them: keys and places in lists, joined by dots
   * @returns the tensors, and what is to say of others that were passed over
   * @throws {AdderNetError} ERR_FORMAT if names collide, values are nested without end, or it cannot be told which weights are meant;
   *   ERR_ARGUMENT if there is nothing at `key`
   */
  find(object: unknown, key?: string): { tensors: NamedTensors; notes: string[] } {
    const root = key === undefined ? object : this.#at(object, key);
    if (key !== undefined && root === undefined) throw this.#nothingAt(object, key);
    const found = this.#search(root, key ?? '', 0);
    const { path, tensors, others, alternatives } = found ?? { path: '', tensors: this.#named(root), others: [], alternatives: [] };
    if (key !== undefined && tensors.size === 0) throw this.#nothingAt(object, key);
    if (alternatives.length > 0)
      throw this.#refuse(`weights of the same number of tensors are at ${nameList([path, ...alternatives])}: choose with { key }`);
    const notes = others.length > 0 ? [`The weights at ${quoted(path)} were taken; there are tensors at ${nameList(others)}, too.`] : [];
    return { tensors, notes };
  }

  /** The value where the keys lead, which may have dots themselves; undefined if there is none. */
  #at(value: unknown, key: string): unknown {
    for (const [part, item] of this.#namedEntries(value)) {
      if (part === key) return item;
      if (!key.startsWith(`${part}.`)) continue;
      const found = this.#at(item, key.slice(part.length + 1));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #nothingAt(object: unknown, key: string): AdderNetError {
    const there = [...this.#namedEntries(object)].filter(([, item]) => this.#holdsTensors(item)).map(([name]) => name);
    const expected = there.length > 0 ? `, expected ${nameList(there)} or what is inside` : '';
    return new AdderNetError('ERR_ARGUMENT', `${this.name}: there are no weights at key ${quoted(key)}${expected}`);
  }

  #search(value: unknown, path: string, depth: number): Found | undefined {
    if (typeof value !== 'object' || value === null || isTensor(value) || depth > maxDepth || this.#searched.has(value)) return undefined;
    this.#searched.add(value);
    if (moduleState(value)) return this.#allTensors(value, path);
    if (isOptimizerState(value)) {
      this.metOptimizer = true;
      return undefined;
    }
    const entries = [...this.#namedEntries(value)];
    const loose = entries.filter(([name, item]) => isTensor(item) && !notWeights.test(name) && !counters.test(name));
    const hasDots = loose.some(([name]) => name.includes('.'));
    const isLayer = loose.some(([name]) => parameters.test(name));
    if (hasDots && isLayer) return this.#allTensors(value, path);

    const byKey = new Map(entries);
    const inside = (name: string) => (path === '' ? name : `${path}.${name}`);
    /** What lies beside the taken one; shared values are counted once. */
    const passedOver = (taken: unknown) =>
      entries
        .filter(([name, item]) => item !== taken && !notWeights.test(name) && !counters.test(name) && this.#holdsTensors(item))
        .map(([name]) => inside(name));
    if (!isLayer)
      for (const key of weightKeys) {
        const item = byKey.get(key);
        const found = this.#search(item, inside(key), depth + 1) ?? this.#allTensors(item, inside(key));
        if (found) return { ...found, others: [...found.others, ...passedOver(item)] };
      }
    if (hasDots) return this.#allTensors(value, path);

    const candidates = entries.flatMap(([name, item]) => {
      const isAverage = averaged.test(name);
      const found = this.#search(item, inside(name), depth + 1) ?? (isAverage ? this.#allTensors(item, inside(name)) : undefined);
      return found && !notWeights.test(name) ? [{ found, item, isAverage }] : [];
    });
    // Tensors beside them belong to the same network.
    if (loose.length > 0) return candidates.length > 0 ? this.#allTensors(value, path) : undefined;
    const last = candidates.filter(({ isAverage }) => !isAverage);
    const [best, ...rest] = (last.length > 0 ? last : candidates).sort((a, b) => b.found.tensors.size - a.found.tensors.size);
    if (!best) return undefined;
    const alternatives = rest.filter(({ found }) => found.tensors.size === best.found.tensors.size).map(({ found }) => found.path);
    return {
      ...best.found,
      others: [...best.found.others, ...passedOver(best.item)],
      alternatives: [...best.found.alternatives, ...alternatives],
    };
  }

  /** Whether there is a tensor anywhere inside. */
  #holdsTensors(value: unknown, seen = new Set<unknown>()): boolean {
    if (isTensor(value)) return true;
    if (typeof value !== 'object' || value === null || seen.has(value) || seen.size > maxDepth * maxDepth || isOptimizerState(value))
      return false;
    seen.add(value);
    if (moduleState(value)) return this.#named(value).size > 0;
    for (const [name, item] of this.#namedEntries(value))
      if (!notWeights.test(name) && !counters.test(name) && this.#holdsTensors(item, seen)) return true;
    return false;
  }

  /** All that is in a value, unless that is nothing. */
  #allTensors(value: unknown, path: string): Found | undefined {
    const tensors = this.#named(value);
    return tensors.size > 0 ? { path, tensors, others: [], alternatives: [] } : undefined;
  }

  /** All tensors of a dict or module, with the names of nested ones joined by dots. */
  #named(root: unknown): NamedTensors {
    const tensors = new Map<string, PickleObject>();
    const path = new Set<unknown>();
    const collect = (value: unknown, prefix: string): void => {
      const state = moduleState(value);
      const entries = state ? this.#moduleEntries(state) : dictEntries(value);
      // A value inside itself has no further tensors.
      if (!entries || path.has(value) || isOptimizerState(value)) return;
      if (path.size === maxDepth) throw this.#refuse(`dicts or modules are nested more than ${maxDepth} deep`);
      path.add(value);
      for (const [key, item] of this.#counted(entries)) {
        const part = nameOf(key);
        if (part === undefined || typeof item !== 'object' || item === null) continue;
        const name = `${prefix}${part}`;
        if (name.length > maxNameLength) throw this.#refuse(`the name of a tensor is longer than ${maxNameLength} characters`);
        if (isTensor(item)) {
          if (tensors.has(name)) throw this.#refuse(`two tensors are named ${quoted(name)}`);
          if (tensors.size === maxTensors) throw this.#refuse(`there are more than ${maxTensors} tensors`);
          tensors.set(name, item);
        } else if (state || path.size > 1 || !notWeights.test(part)) collect(item, `${name}.`);
      }
      path.delete(value);
    };
    collect(root, '');
    return tensors;
  }

  /** As the module's state_dict() would list them: parameters, buffers that are to be saved, modules. */
  *#moduleEntries(state: Map<unknown, unknown>): Entries {
    yield* dictEntries(state.get('_parameters')) ?? [];
    const omitted = new Set(this.#counted(setItems(state.get('_non_persistent_buffers_set'))));
    for (const entry of this.#counted(dictEntries(state.get('_buffers')) ?? [])) if (!omitted.has(entry[0])) yield entry;
    yield* dictEntries(state.get('_modules')) ?? [];
  }

  /** Those of a dict, a list or an object's attributes that have names. */
  *#namedEntries(value: unknown): Generator<readonly [string, unknown]> {
    const entries = Array.isArray(value) ? value.entries() : (dictEntries(value) ?? attributes(value) ?? []);
    for (const [key, item] of this.#counted<readonly [unknown, unknown]>(entries)) {
      const name = nameOf(key);
      if (name !== undefined) yield [name, item];
    }
  }

  *#counted<T>(values: Iterable<T>): Generator<T> {
    for (const value of values) {
      if (++this.#visits > maxVisits) throw this.#refuse('its values contain each other without end');
      yield value;
    }
  }

  #refuse(why: string): AdderNetError {
    return new AdderNetError('ERR_FORMAT', `${this.name}: ${why}`);
  }
}

type Entries = Iterable<readonly [unknown, unknown]>;

/** Names are text, or numbers (of layers in a list), or bytes (of Python 2). */
function nameOf(key: unknown): string | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key).toString('latin1');
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}

/** Entries of a dict, or of an object of a class derived from it; undefined if it is none. */
function dictEntries(value: unknown): Entries | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof PickleObject)) return undefined;
  const initial = initialEntries(value);
  return initial || value.entries ? joined(initial ?? [], value.entries ?? []) : undefined;
}

/** Those that a dict is created with: Python 2 writes OrderedDict([[key, value], ...]), protocol 0 (class, dict, {...}) of a derived class. */
function initialEntries({ name, args }: PickleObject): Entries | undefined {
  const content = name === 'copyreg._reconstructor' ? args[2] : args[0];
  if (!/^(collections\.(OrderedDict|Counter)|builtins\.dict|copyreg\._reconstructor)$/.test(name)) return undefined;
  if (content instanceof Map) return content;
  return Array.isArray(content) ? pairs(content) : undefined;
}

function* pairs(list: readonly unknown[]): Entries & Generator {
  for (const item of list) yield Array.isArray(item) ? [item[0], item[1]] : [undefined, undefined];
}

function* joined(a: Entries, b: Entries): Entries & Generator {
  yield* a;
  yield* b;
}

function setItems(value: unknown): Iterable<unknown> {
  if (!(value instanceof PickleObject)) return [];
  return value.items ?? (Array.isArray(value.args[0]) ? value.args[0] : []);
}

/** An object's attributes; with slots they are the first of two. */
function attributes(value: unknown): Map<unknown, unknown> | undefined {
  if (!(value instanceof PickleObject)) return undefined;
  const state = Array.isArray(value.state) ? value.state[0] : value.state;
  return state instanceof Map ? state : undefined;
}

/** The attributes of a torch.nn.Module; of one that torch.fx traced they are an argument. */
function moduleState(value: unknown): Map<unknown, unknown> | undefined {
  if (!(value instanceof PickleObject)) return undefined;
  return [attributes(value), value.args[0]].find(
    (state): state is Map<unknown, unknown> => state instanceof Map && state.has('_parameters') && state.has('_modules'),
  );
}

function isOptimizerState(value: unknown): boolean {
  const state = value instanceof PickleObject ? (value.entries ?? attributes(value)) : value;
  return state instanceof Map && state.has('param_groups') && state.has('state');
}

// Finds the weights of the network in a pickle, and their names. A file may contain only the state dict, a checkpoint with it, or the whole
// network, whose modules keep their parameters in dicts.
import { AdderNetError } from '../errors';
import { nameList, quoted } from '../quoted';
import { PickleObject } from './pickle-values';
import { isTensor } from './pytorch-tensor';

/** The keys of weights in checkpoints, the most likely first. */
const weightKeys = [
  ...['state_dict', 'model_state_dict', 'model_state', 'model', 'net_state_dict', 'net', 'network_state_dict', 'network'],
  ...['params', 'weights', 'module', 'generator', 'state'],
];
/** Keys of weights that were averaged in training. They are taken only if there are no others. */
const averaged = /(^|_)(ema|swa|averaged?)(_|$)/i;
/** Keys of tensors that are not weights. */
const notWeights = /optim|sched|scaler|rng_state/i;
/** Keys of counters and measurements of a training run. */
const counters = /(^|[._])(epochs?|steps?|iterations?|iters?|loss|acc|accuracy|metrics?|lr|seed|rng)$/i;
/** The names of tensors in layers. */
const parameters = /(^|\.)(weight|bias|adder|running_mean|running_var)$/;

/** The depth of nested dicts and modules. */
const maxDepth = 64;
/** Limits on visited entries and on tensors. Shared dicts that contain each other give a small file exponentially many paths. */
const maxVisits = 1_000_000;
const maxTensors = 200_000;
/** The longest name of a tensor, in characters. */
const maxNameLength = 4096;

export type NamedTensors = ReadonlyMap<string, PickleObject>;

/** The weights that were found, and where. */
interface Found {
  /** The keys that lead to the weights, joined by dots; '' is the whole file. */
  readonly path: string;
  readonly tensors: NamedTensors;
  /** The paths of other tensors, which were not taken. */
  readonly others: readonly string[];
  /** The paths of equally likely weights. */
  readonly alternatives: readonly string[];
}

export class StateDictFinder {
  /** Whether the state of an optimizer was found. */
  metOptimizer = false;
  readonly #searched = new Set<unknown>();
  #visits = 0;

  /** @param name the file, for messages */
  constructor(readonly name: string) {}

  /**
   * Finds the named tensors of a network: those of a module, of the dict at the most likely key whose names have dots, or otherwise of all dicts.
   * @param key the path of the weights, or of a part of the file that contains them: keys and list indices joined by dots
   * @returns the tensors, and notes on others that were not taken
   * @throws {AdderNetError} ERR_FORMAT if names collide, values are nested endlessly, or it is ambiguous which weights to take; ERR_ARGUMENT if
   *   there is nothing at `key`
   */
  find(object: unknown, key?: string): { tensors: NamedTensors; notes: string[] } {
    const root = key === undefined ? object : this.#at(object, key);
    if (key !== undefined && root === undefined) throw this.#nothingAt(object, key);
    const found = this.#search(root, key ?? '', 0);
    const { path, tensors, others, alternatives } = found ?? { path: '', tensors: this.#named(root), others: [], alternatives: [] };
    if (key !== undefined && tensors.size === 0) throw this.#nothingAt(object, key);
    if (alternatives.length > 0)
      throw this.#refuse(`there are weights with the same number of tensors at ${nameList([path, ...alternatives])}: choose with { key }`);
    const notes = others.length > 0 ? [`The weights at ${quoted(path)} were taken; there are also tensors at ${nameList(others)}.`] : [];
    return { tensors, notes };
  }

  /** The value at a path of keys, which may contain dots themselves; undefined if there is none. */
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
    const expected = there.length > 0 ? `, expected ${nameList(there)} or a key inside` : '';
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
    /** The paths next to the taken one; shared values are counted once. */
    const notTaken = (taken: unknown) =>
      entries
        .filter(([name, item]) => item !== taken && !notWeights.test(name) && !counters.test(name) && this.#holdsTensors(item))
        .map(([name]) => inside(name));
    if (!isLayer)
      for (const key of weightKeys) {
        const item = byKey.get(key);
        const found = this.#search(item, inside(key), depth + 1) ?? this.#allTensors(item, inside(key));
        if (found) return { ...found, others: [...found.others, ...notTaken(item)] };
      }
    if (hasDots) return this.#allTensors(value, path);

    const candidates = entries.flatMap(([name, item]) => {
      const isAverage = averaged.test(name);
      const found = this.#search(item, inside(name), depth + 1) ?? (isAverage ? this.#allTensors(item, inside(name)) : undefined);
      return found && !notWeights.test(name) ? [{ found, item, isAverage }] : [];
    });
    // Tensors next to the candidates belong to the same network.
    if (loose.length > 0) return candidates.length > 0 ? this.#allTensors(value, path) : undefined;
    const last = candidates.filter(({ isAverage }) => !isAverage);
    const [best, ...rest] = (last.length > 0 ? last : candidates).sort((a, b) => b.found.tensors.size - a.found.tensors.size);
    if (!best) return undefined;
    const alternatives = rest.filter(({ found }) => found.tensors.size === best.found.tensors.size).map(({ found }) => found.path);
    return {
      ...best.found,
      others: [...best.found.others, ...notTaken(best.item)],
      alternatives: [...best.found.alternatives, ...alternatives],
    };
  }

  /** Whether the value contains a tensor at any depth. */
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

  /** All tensors in a value; undefined if there are none. */
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
      // A value that contains itself has no further tensors.
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

  /** The entries that the module's state_dict() would list: parameters, persistent buffers, modules. */
  *#moduleEntries(state: Map<unknown, unknown>): Entries {
    yield* dictEntries(state.get('_parameters')) ?? [];
    const omitted = new Set(this.#counted(setItems(state.get('_non_persistent_buffers_set'))));
    for (const entry of this.#counted(dictEntries(state.get('_buffers')) ?? [])) if (!omitted.has(entry[0])) yield entry;
    yield* dictEntries(state.get('_modules')) ?? [];
  }

  /** The named entries of a dict, a list or an object's attributes. */
  *#namedEntries(value: unknown): Generator<readonly [string, unknown]> {
    const entries = Array.isArray(value) ? value.entries() : (dictEntries(value) ?? attributes(value) ?? []);
    for (const [key, item] of this.#counted<readonly [unknown, unknown]>(entries)) {
      const name = nameOf(key);
      if (name !== undefined) yield [name, item];
    }
  }

  *#counted<T>(values: Iterable<T>): Generator<T> {
    for (const value of values) {
      if (++this.#visits > maxVisits) throw this.#refuse('its values contain each other endlessly');
      yield value;
    }
  }

  #refuse(why: string): AdderNetError {
    return new AdderNetError('ERR_FORMAT', `${this.name}: ${why}`);
  }
}

type Entries = Iterable<readonly [unknown, unknown]>;

/** A name is text, a number (of a layer in a list) or bytes (from Python 2). */
function nameOf(key: unknown): string | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key).toString('latin1');
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}

/** The entries of a dict or of an object of a derived class; undefined for other values. */
function dictEntries(value: unknown): Entries | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof PickleObject)) return undefined;
  const initial = initialEntries(value);
  return initial || value.entries ? joined(initial ?? [], value.entries ?? []) : undefined;
}

/** The initial entries of a dict. Python 2 writes OrderedDict([[key, value], ...]), protocol 0 writes (class, dict, {...}) for a derived class. */
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

/** The attributes of an object; if it has slots, its state is a pair with the attributes first. */
function attributes(value: unknown): Map<unknown, unknown> | undefined {
  if (!(value instanceof PickleObject)) return undefined;
  const state = Array.isArray(value.state) ? value.state[0] : value.state;
  return state instanceof Map ? state : undefined;
}

/** The attributes of a torch.nn.Module; for a module traced by torch.fx they are an argument. */
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

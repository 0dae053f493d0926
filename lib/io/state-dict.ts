// Which of the values in a pickle are the weights of the network, and their names. A file may hold the state dict alone, a checkpoint around it,
// or the whole network, whose modules keep their parameters in dicts of their own.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
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

/** Dicts in dicts, modules in modules. */
const maxDepth = 64;
/** Entries that are looked at, and tensors: dicts may be shared by others that are shared, so that a small file has paths without end. */
const maxVisits = 5_000_000;
const maxTensors = 200_000;
/** In names of tensors. */
const maxNameLength = 4096;

export type NamedTensors = ReadonlyMap<string, PickleObject>;

export class StateDictFinder {
  /** Whether the state of an optimizer was met. */
  metOptimizer = false;
  readonly #searched = new Set<unknown>();
  #visits = 0;

  /** @param name the file, for messages */
  constructor(readonly name: string) {}

  /**
   * The tensors of a network by name: those of a module; of the dict that has names with dots, at the likeliest key; or else of all dicts.
   * @throws {AdderNetError} ERR_FORMAT if names collide or values are nested without end
   */
  find(object: unknown): NamedTensors {
    return this.#search(object, 0) ?? this.#named(object);
  }

  #search(value: unknown, depth: number): NamedTensors | undefined {
    if (typeof value !== 'object' || value === null || isTensor(value) || depth > maxDepth || this.#searched.has(value)) return undefined;
    this.#searched.add(value);
    if (moduleState(value)) return this.#unlessEmpty(value);
    if (Array.isArray(value)) return this.#searchList(value, depth);

    if (isOptimizerState(value)) {
      this.metOptimizer = true;
      return undefined;
    }
    const entries = [...this.#counted(dictEntries(value) ?? attributes(value) ?? [])];
    const byKey = new Map(entries);
    if (entries.some(([key, item]) => isTensor(item) && nameOf(key)?.includes('.'))) return this.#named(value);

    for (const key of weightKeys) {
      const found = this.#search(byKey.get(key), depth + 1) ?? this.#unlessEmpty(byKey.get(key));
      if (found) return found;
    }
    return this.#searchOthers(entries, depth);
  }

  #searchList(list: readonly unknown[], depth: number): NamedTensors | undefined {
    for (const item of list) {
      const found = this.#search(item, depth + 1);
      if (found) return found;
    }
    return undefined;
  }

  /** The most tensors under any key, of averages only if there is nothing else. */
  #searchOthers(entries: readonly (readonly [unknown, unknown])[], depth: number): NamedTensors | undefined {
    let best: NamedTensors | undefined;
    let bestOfAverages: NamedTensors | undefined;
    for (const [key, item] of entries) {
      const name = nameOf(key) ?? '';
      const found = this.#search(item, depth + 1) ?? (averaged.test(name) ? this.#unlessEmpty(item) : undefined);
      if (!found || notWeights.test(name)) continue;
      if (averaged.test(name)) bestOfAverages = larger(bestOfAverages, found);
      else best = larger(best, found);
    }
    return best ?? bestOfAverages;
  }

  #unlessEmpty(value: unknown): NamedTensors | undefined {
    const named = this.#named(value);
    return named.size > 0 ? named : undefined;
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

const larger = (a: NamedTensors | undefined, b: NamedTensors): NamedTensors => (a && a.size >= b.size ? a : b);

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

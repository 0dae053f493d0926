// The values of a pickle other than numbers, text, lists and dicts. They only record the imports and calls that Python would make.
import { quoted } from '../quoted';

/** The name of a class or function, "module.name". It is never looked up. */
export class PickleGlobal {
  readonly name: string;

  constructor(module: string, name: string) {
    this.name = `${modulesOfPython2.get(module) ?? module}.${name}`;
  }
}

/** Protocols 0 to 2 use Python 2 names. */
const modulesOfPython2 = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

/** The record of a call that Python would make: the function, its arguments, and what the pickle adds to the result. Nothing is called. */
export class PickleObject {
  /** The state of the object, usually its attributes. */
  state: unknown = undefined;
  /** The items that were appended to a list or added to a set. */
  items: unknown[] | undefined;
  /** The entries that were set in a dict. */
  entries: Map<unknown, unknown> | undefined;

  constructor(
    readonly callee: unknown,
    readonly args: readonly unknown[],
  ) {}

  /** The name of the called function; empty if the function is itself the result of a call. */
  get name(): string {
    return this.callee instanceof PickleGlobal ? this.callee.name : '';
  }
}

/** The bytes of a value; undefined if it holds none. Before protocol 3, bytes are written as Latin-1 text with a call that encodes it. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (!(value instanceof PickleObject) || !bytesTypes.has(value.name)) return undefined;
  const [content] = value.args;
  if (content === undefined) return new Uint8Array();
  return content instanceof PickleObject ? undefined : bytesIn(content);
}

const bytesTypes = new Set(['_codecs.encode', 'builtins.bytes', 'builtins.bytearray']);

/** Describes a value for messages. */
export function describeValue(value: unknown): string {
  if (value instanceof PickleGlobal) return quoted(value.name);
  if (value instanceof PickleObject) return value.name ? `an object of ${quoted(value.name)}` : 'an object';
  if (value instanceof Map) return 'a dict';
  if (value instanceof Uint8Array) return 'bytes';
  if (value === null) return 'None';
  if (typeof value === 'string') return 'text';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

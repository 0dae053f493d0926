// What a pickle holds beside numbers, text, lists and dicts. Where Python's reader imports and calls, these only record what the pickle says.
import { quoted } from '../quoted';

/** A class or function by its name, "module.name". It is never looked up. */
export class PickleGlobal {
  readonly name: string;

  constructor(module: string, name: string) {
    this.name = `${modulesOfPython2.get(module) ?? module}.${name}`;
  }
}

/** Protocols 0 to 2 write the names of Python 2. */
const modulesOfPython2 = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

/** What Python would have made of a call: what was called, and what the pickle then gave to the result. Nothing has been called. */
export class PickleObject {
  /** The attributes of most objects. */
  state: unknown = undefined;
  /** What was appended to it, or added to it if it is a set. */
  items: unknown[] | undefined;
  /** The items that it was given as a dict. */
  entries: Map<unknown, unknown> | undefined;

  constructor(
    readonly callee: unknown,
    readonly args: readonly unknown[],
  ) {}

  /** The name of what was called; empty where that is itself the result of a call. */
  get name(): string {
    return this.callee instanceof PickleGlobal ? this.callee.name : '';
  }
}

/** Bytes, in whatever way the pickle writes them: before protocol 3, as text of Latin-1 to be encoded. undefined: it is something else. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (!(value instanceof PickleObject) || !bytesTypes.has(value.name)) return undefined;
  const [content] = value.args;
  if (content === undefined) return new Uint8Array();
  return content instanceof PickleObject ? undefined : bytesIn(content);
}

const bytesTypes = new Set(['_codecs.encode', 'builtins.bytes', 'builtins.bytearray']);

/** For messages. */
export function describeValue(value: unknown): string {
  if (value instanceof PickleGlobal) return quoted(value.name);
  if (value instanceof PickleObject) return value.name ? `an object of ${quoted(value.name)}` : 'an object';
  if (value instanceof Map) return 'a dict';
  if (value instanceof Uint8Array) return 'bytes';
  if (value === null) return 'None';
  if (typeof value === 'string') return 'text';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

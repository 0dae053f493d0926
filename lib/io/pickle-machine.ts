// The stack machine that runs a pickle: a stack of values, marks in the stack, and a memo of values for reuse.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import type { ByteReader } from './byte-reader';
import { describeValue, PickleGlobal, PickleObject } from './pickle-values';

/** Turns a persistent id, a reference to something outside the pickle, into a value. */
export type LoadPersistent = (id: unknown) => unknown;

/** Limits memory. A network with a thousand tensors takes about 40,000 objects. */
const maxObjects = 2_000_000;

export class PickleMachine {
  readonly #stack: unknown[] = [];
  /** The height of the stack at each open MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #objects = 0;

  /** @param name the file, for messages */
  constructor(
    readonly reader: ByteReader,
    readonly name: string,
    readonly loadPersistent: LoadPersistent | undefined,
  ) {}

  /** The value that remains at the end. */
  result(): unknown {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) this.corrupt('it stops with values left on the stack');
    return value;
  }

  checkProtocol(protocol: number): void {
    if (protocol > 5) throw new AdderNetError('ERR_FORMAT', `${this.name}: pickle protocol is ${protocol}, expected 0 to 5`);
  }

  /** Pushes a number or a value that already exists; for any other value, use `create`. */
  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** @param value undefined if the text in the pickle is invalid */
  pushParsed(value: unknown, text: string): void {
    if (value === undefined) this.corrupt(`${quoted(text)} is not a valid value`);
    this.create(value);
  }

  create(value: unknown): void {
    this.#count();
    this.#stack.push(value);
  }

  mark(): void {
    this.#count();
    this.#marks.push(this.#stack.length);
  }

  pop(): unknown {
    return this.popSeveral(1)[0];
  }

  /** Pops the last `count` values, in the order in which they were pushed. */
  popSeveral(count: number): unknown[] {
    const height = this.#stack.length - count;
    if (height < (this.#marks.at(-1) ?? 0)) this.corrupt('the stack has too few values');
    return this.#stack.splice(height);
  }

  popToMark(): unknown[] {
    const height = this.#marks.pop();
    if (height === undefined) this.corrupt('a MARK is missing');
    return this.#stack.splice(height);
  }

  /** Drops the top value, or a mark if there is nothing above it. */
  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.corrupt('the stack is empty');
    return this.#stack.at(-1);
  }

  /** @param index a number; undefined if the text in the pickle is invalid */
  remember(index: number | bigint | undefined): void {
    if (typeof index !== 'number') this.corrupt('an index of the memo is not a number');
    this.#count();
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number | bigint | undefined): void {
    if (typeof index !== 'number' || !this.#memo.has(index)) this.corrupt(`it recalls value ${index} before storing it`);
    this.push(this.#memo.get(index));
  }

  /** Appends values to the list, set or object on top of the stack. */
  append(values: readonly unknown[]): void {
    const list = this.top();
    if (list instanceof PickleObject) list.items ??= [];
    const items = list instanceof PickleObject ? list.items : list;
    if (!Array.isArray(items)) this.corrupt(`it appends to ${describeValue(list)}`);
    for (const value of values) items.push(value);
  }

  setItems(keysAndValues: readonly unknown[]): void {
    const dict = this.top();
    if (dict instanceof PickleObject) dict.entries ??= new Map();
    const entries = dict instanceof PickleObject ? dict.entries : dict;
    if (!(entries instanceof Map)) this.corrupt(`it sets items of ${describeValue(dict)}`);
    this.#fill(entries, keysAndValues);
  }

  /** Creates a dict from the values above the mark. */
  createDict(): void {
    const dict = new Map();
    this.#fill(dict, this.popToMark());
    this.create(dict);
  }

  createGlobal(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.corrupt('a global is not named by text');
    this.create(new PickleGlobal(module, name));
  }

  /** Records a call that Python would make. */
  createObject(callee: unknown, args: unknown): void {
    if (!(callee instanceof PickleGlobal || callee instanceof PickleObject)) this.corrupt(`it calls ${describeValue(callee)}`);
    if (!Array.isArray(args)) this.corrupt(`the arguments of ${describeValue(callee)} are not a tuple`);
    this.create(new PickleObject(callee, args));
  }

  /** Sets the state of an object. The state of other values says nothing about tensors and is dropped. */
  setState(state: unknown): void {
    const object = this.top();
    if (object instanceof PickleObject) object.state = state;
  }

  createPersistent(id: unknown): void {
    if (!this.loadPersistent) this.corrupt('there is an unexpected persistent id');
    this.create(this.loadPersistent(id));
  }

  corrupt(why: string): never {
    throw new AdderNetError('ERR_CORRUPT', `${this.name}: the pickle is damaged before byte ${this.reader.offset}: ${why}`);
  }

  #fill(dict: Map<unknown, unknown>, keysAndValues: readonly unknown[]): void {
    if (keysAndValues.length % 2 !== 0) this.corrupt('a key has no value');
    for (let i = 0; i < keysAndValues.length; i += 2) dict.set(keysAndValues[i], keysAndValues[i + 1]);
  }

  #count(): void {
    if (++this.#objects > maxObjects) throw new AdderNetError('ERR_FORMAT', `${this.name}: the pickle has more than ${maxObjects} objects`);
  }
}

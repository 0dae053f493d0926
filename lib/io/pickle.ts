// A pickle is a program for a stack machine: opcodes of one byte, each followed by its argument, from PROTO to STOP.
// Python's reader imports and calls whatever the program names. This one builds plain values only, and the functions its caller
// permits are JavaScript; any other name is refused, so reading a file never runs anything the file chose.
// Opcodes: those that Python's protocols 2 to 4 use for numbers, text, tuples, lists, dicts and tensors.
import { AdderNetError } from '../errors';
import type { ByteReader } from './byte-reader';

/** What a pickle may name ("module.name"): a function that it may call, or null for a name it may only mention. */
export type PermittedGlobals = ReadonlyMap<string, ((args: readonly unknown[]) => unknown) | null>;

/** A permitted name, as a value on the stack. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call: ((args: readonly unknown[]) => unknown) | null,
  ) {}
}

export interface PickleOptions {
  readonly globals?: PermittedGlobals;
  /** Turns a persistent id, a reference to something outside the pickle, into a value. */
  readonly loadPersistent?: (id: unknown) => unknown;
}

/** Bounds stack, memo and memory. A network of a thousand tensors takes some 40,000. */
const mostOpcodes = 2_000_000;

const op = {
  proto: 0x80,
  frame: 0x95,
  stop: 0x2e,
  mark: 0x28,
  none: 0x4e,
  newTrue: 0x88,
  newFalse: 0x89,
  binInt: 0x4a,
  binInt1: 0x4b,
  binInt2: 0x4d,
  long1: 0x8a,
  binFloat: 0x47,
  binString: 0x54,
  shortBinString: 0x55,
  binUnicode: 0x58,
  shortBinUnicode: 0x8c,
  emptyTuple: 0x29,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  tuple: 0x74,
  emptyList: 0x5d,
  append: 0x61,
  appends: 0x65,
  emptyDict: 0x7d,
  setItem: 0x73,
  setItems: 0x75,
  binPut: 0x71,
  longBinPut: 0x72,
  memoize: 0x94,
  binGet: 0x68,
  longBinGet: 0x6a,
  binPersId: 0x51,
  global: 0x63,
  stackGlobal: 0x93,
  reduce: 0x52,
  build: 0x62,
  inst: 0x69,
  obj: 0x6f,
  newObj: 0x81,
  newObjEx: 0x92,
  ext1: 0x82,
  ext2: 0x83,
  ext4: 0x84,
} as const;

/**
 * Runs one pickle, from the reader's position to its STOP. Tuples and lists become arrays, dicts Maps, integers numbers where these are
 * exact and bigints elsewhere.
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT at a name or opcode that is refused; ERR_CORRUPT if the pickle is truncated or contradicts itself
 */
export function unpickle(reader: ByteReader, name: string, options: PickleOptions = {}): unknown {
  return new Unpickler(reader, name, options).run();
}

class Unpickler {
  readonly #stack: unknown[] = [];
  /** Heights of the stack at each MARK that is still open. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(
    readonly reader: ByteReader,
    readonly name: string,
    readonly options: PickleOptions,
  ) {}

  run(): unknown {
    const { reader } = this;
    for (let step = 0; step < mostOpcodes; step++) {
      const opcode = reader.u8();
      switch (opcode) {
        case op.proto:
          this.#checkProtocol(reader.u8());
          break;
        case op.frame:
          reader.take(8);
          break;
        case op.stop:
          return this.#result();
        case op.mark:
          this.#marks.push(this.#stack.length);
          break;

        case op.none:
          this.#push(null);
          break;
        case op.newTrue:
          this.#push(true);
          break;
        case op.newFalse:
          this.#push(false);
          break;
        case op.binInt:
          this.#push(reader.i32());
          break;
        case op.binInt1:
          this.#push(reader.u8());
          break;
        case op.binInt2:
          this.#push(reader.u16());
          break;
        case op.long1:
          this.#push(integer(reader.take(reader.u8())));
          break;
        case op.binFloat:
          this.#push(reader.f64BigEndian());
          break;
        case op.shortBinString:
        case op.shortBinUnicode:
          this.#push(reader.text(reader.u8()));
          break;
        case op.binString:
        case op.binUnicode:
          this.#push(reader.text(reader.u32()));
          break;

        case op.emptyTuple:
        case op.emptyList:
          this.#push([]);
          break;
        case op.tuple1:
          this.#push(this.#popSeveral(1));
          break;
        case op.tuple2:
          this.#push(this.#popSeveral(2));
          break;
        case op.tuple3:
          this.#push(this.#popSeveral(3));
          break;
        case op.tuple:
          this.#push(this.#popToMark());
          break;
        case op.append:
          this.#append(this.#popSeveral(1));
          break;
        case op.appends:
          this.#append(this.#popToMark());
          break;
        case op.emptyDict:
          this.#push(new Map());
          break;
        case op.setItem:
          this.#setItems(this.#popSeveral(2));
          break;
        case op.setItems:
          this.#setItems(this.#popToMark());
          break;

        case op.binPut:
          this.#memo.set(reader.u8(), this.#top());
          break;
        case op.longBinPut:
          this.#memo.set(reader.u32(), this.#top());
          break;
        case op.memoize:
          this.#memo.set(this.#memo.size, this.#top());
          break;
        case op.binGet:
          this.#push(this.#recall(reader.u8()));
          break;
        case op.longBinGet:
          this.#push(this.#recall(reader.u32()));
          break;

        case op.binPersId:
          if (!this.options.loadPersistent) this.#corrupt('a persistent id where none belongs');
          this.#push(this.options.loadPersistent(this.#pop()));
          break;
        case op.global:
          this.#push(this.#permitted(reader.line(), reader.line()));
          break;
        case op.stackGlobal:
          this.#push(this.#permitted(...(this.#popSeveral(2) as [unknown, unknown])));
          break;
        case op.reduce:
          this.#push(this.#reduce(...(this.#popSeveral(2) as [unknown, unknown])));
          break;
        case op.build:
          // An OrderedDict's attributes (PyTorch keeps versions of modules there) say nothing about its tensors, and are dropped.
          this.#pop();
          if (!(this.#top() instanceof Map)) this.#refuse(`to set the state of ${describe(this.#top())}`);
          break;
        case op.inst:
          this.#refuse(`for an instance of ${quoted(`${reader.line()}.${reader.line()}`)}`);
          break;
        case op.obj:
          this.#refuse(`for an instance of ${describe(this.#popToMark()[0])}`);
          break;
        case op.newObj:
          this.#refuse(`for an instance of ${describe(this.#popSeveral(2)[0])}`);
          break;
        case op.newObjEx:
          this.#refuse(`for an instance of ${describe(this.#popSeveral(3)[0])}`);
          break;
        case op.ext1:
        case op.ext2:
        case op.ext4:
          this.#refuse("for a class of Python's extension registry");
          break;
        default:
          throw new AdderNetError(
            'ERR_FORMAT',
            `${this.name}: the pickle uses opcode 0x${opcode.toString(16)} at byte ${reader.offset - 1}, which files of tensors do not need`,
          );
      }
    }
    throw new AdderNetError('ERR_FORMAT', `${this.name}: the pickle has more than ${mostOpcodes} opcodes`);
  }

  #checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 4)
      throw new AdderNetError('ERR_FORMAT', `${this.name}: pickle protocol is ${protocol}, expected 2, 3 or 4`);
  }

  #result(): unknown {
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) this.#corrupt('it stops with values left on the stack');
    return value;
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    return this.#popSeveral(1)[0];
  }

  /** The last `count` values, in the order in which they were pushed. */
  #popSeveral(count: number): unknown[] {
    const height = this.#stack.length - count;
    if (height < (this.#marks.at(-1) ?? 0)) this.#corrupt('it takes more from the stack than is there');
    return this.#stack.splice(height);
  }

  #popToMark(): unknown[] {
    const height = this.#marks.pop();
    if (height === undefined) this.#corrupt('a MARK is missing');
    return this.#stack.splice(height);
  }

  #top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.#corrupt('the stack is empty');
    return this.#stack.at(-1);
  }

  #append(values: unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.#corrupt(`it appends to ${describe(list)}`);
    for (const value of values) list.push(value);
  }

  #setItems(keysAndValues: unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) this.#corrupt(`it sets items of ${describe(dict)}`);
    if (keysAndValues.length % 2 !== 0) this.#corrupt('a key has no value');
    for (let i = 0; i < keysAndValues.length; i += 2) dict.set(keysAndValues[i], keysAndValues[i + 1]);
  }

  #recall(index: number): unknown {
    if (!this.#memo.has(index)) this.#corrupt(`it recalls value ${index} before storing it`);
    return this.#memo.get(index);
  }

  #permitted(module: unknown, name: unknown): PickleGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') this.#corrupt('a global is not named by text');
    const fullName = `${module}.${name}`;
    const call = this.options.globals?.get(fullName);
    if (call === undefined) this.#refuse(`for ${quoted(fullName)}`);
    return new PickleGlobal(fullName, call);
  }

  #reduce(callee: unknown, args: unknown): unknown {
    if (!(callee instanceof PickleGlobal) || !callee.call) this.#refuse(`to call ${describe(callee)}`);
    if (!Array.isArray(args)) this.#corrupt(`the arguments of ${callee.name} are not a tuple`);
    return callee.call(args);
  }

  #refuse(what: string): never {
    throw new AdderNetError(
      'ERR_FORMAT',
      `${this.name}: the pickle asks ${what}, which is refused because it could run code: ` +
        'only tensors in dicts and lists are read (in PyTorch, save model.state_dict() and not the model)',
    );
  }

  #corrupt(why: string): never {
    throw new AdderNetError('ERR_CORRUPT', `${this.name}: the pickle is damaged before byte ${this.reader.offset}: ${why}`);
  }
}

/** Escaped, so that a hostile name cannot steer a terminal, and cut. */
const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

function describe(value: unknown): string {
  if (value instanceof PickleGlobal) return quoted(value.name);
  if (value instanceof Map) return 'a dict';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** Two's complement, little-endian, any length. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const value = BigInt.asIntN(8 * bytes.length, unsigned);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

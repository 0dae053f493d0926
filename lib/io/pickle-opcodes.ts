// All opcodes of Python's pickle protocols 0 to 5 by their byte, except STOP, which ends a program.
import type { PickleMachine } from './pickle-machine';
import { exactNumber, floatOf, integerOf, stringOf, unicodeOf } from './pickle-text';
import { PickleGlobal, PickleObject } from './pickle-values';

type Instruction = (machine: PickleMachine) => void;

const set = new PickleGlobal('builtins', 'set');
const frozenset = new PickleGlobal('builtins', 'frozenset');
const outOfBandBuffer = new PickleGlobal('pickle', 'PickleBuffer');
const extension = (code: number) => new PickleGlobal('copyreg', `extension ${code}`);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** The longest integer and text in bytes: far more than any weights file needs, and far less than the engine can handle. */
const [maxIntegerBytes, maxTextBytes] = [4096, 2 ** 28];

/** Checks a length that the pickle claims. */
function checkLength(m: PickleMachine, length: number, max: number): number {
  return length <= max ? length : m.corrupt(`a value of ${length} bytes, expected at most ${max}`);
}

/** Decodes a little-endian two's complement integer of any length. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  return exactNumber(BigInt.asIntN(8 * bytes.length, unsigned));
}

/** In protocol 0, 00 and 01 are booleans. */
const integerOrBoolean = (text: string) => (text === '00' ? false : text === '01' ? true : integerOf(text));

const parsed = (read: (text: string) => unknown): Instruction => {
  return (m) => {
    const text = latin1(m.reader.lineBytes());
    m.pushParsed(read(text), text);
  };
};

const byCharacter: Readonly<Record<string, Instruction>> = {
  '\x80': (m) => m.checkProtocol(m.reader.u8()), // PROTO
  '\x95': (m) => m.reader.take(8), // FRAME
  '(': (m) => m.mark(), // MARK
  '0': (m) => m.drop(), // POP
  '1': (m) => m.popToMark(), // POP_MARK
  '2': (m) => m.push(m.top()), // DUP

  N: (m) => m.push(null), // NONE
  '\x88': (m) => m.push(true), // NEWTRUE
  '\x89': (m) => m.push(false), // NEWFALSE
  I: parsed(integerOrBoolean), // INT
  J: (m) => m.push(m.reader.i32()), // BININT
  K: (m) => m.push(m.reader.u8()), // BININT1
  M: (m) => m.push(m.reader.u16()), // BININT2
  L: parsed(integerOf), // LONG
  '\x8a': (m) => m.create(integer(m.reader.take(m.reader.u8()))), // LONG1
  '\x8b': (m) => m.create(integer(m.reader.take(checkLength(m, m.reader.u32(), maxIntegerBytes)))), // LONG4
  F: parsed(floatOf), // FLOAT
  G: (m) => m.push(m.reader.f64BigEndian()), // BINFLOAT

  // Python 2 strings are bytes.
  S: parsed(stringOf), // STRING
  T: (m) => m.create(latin1(m.reader.take(checkLength(m, m.reader.u32(), maxTextBytes)))), // BINSTRING
  U: (m) => m.create(latin1(m.reader.take(m.reader.u8()))), // SHORT_BINSTRING
  V: parsed(unicodeOf), // UNICODE
  X: (m) => m.create(m.reader.text(checkLength(m, m.reader.u32(), maxTextBytes))), // BINUNICODE
  '\x8c': (m) => m.create(m.reader.text(m.reader.u8())), // SHORT_BINUNICODE
  '\x8d': (m) => m.create(m.reader.text(checkLength(m, m.reader.u64(), maxTextBytes))), // BINUNICODE8
  B: (m) => m.create(m.reader.take(m.reader.u32())), // BINBYTES
  C: (m) => m.create(m.reader.take(m.reader.u8())), // SHORT_BINBYTES
  '\x8e': (m) => m.create(m.reader.take(m.reader.u64())), // BINBYTES8
  '\x96': (m) => m.create(m.reader.take(m.reader.u64())), // BYTEARRAY8
  '\x97': (m) => m.create(new PickleObject(outOfBandBuffer, [])), // NEXT_BUFFER
  '\x98': (m) => m.top(), // READONLY_BUFFER

  ')': (m) => m.create([]), // EMPTY_TUPLE
  '\x85': (m) => m.create(m.popSeveral(1)), // TUPLE1
  '\x86': (m) => m.create(m.popSeveral(2)), // TUPLE2
  '\x87': (m) => m.create(m.popSeveral(3)), // TUPLE3
  t: (m) => m.create(m.popToMark()), // TUPLE
  ']': (m) => m.create([]), // EMPTY_LIST
  l: (m) => m.create(m.popToMark()), // LIST
  a: (m) => m.append(m.popSeveral(1)), // APPEND
  e: (m) => m.append(m.popToMark()), // APPENDS
  '}': (m) => m.create(new Map()), // EMPTY_DICT
  d: (m) => m.createDict(), // DICT
  s: (m) => m.setItems(m.popSeveral(2)), // SETITEM
  u: (m) => m.setItems(m.popToMark()), // SETITEMS
  '\x8f': (m) => m.create(new PickleObject(set, [])), // EMPTY_SET
  '\x90': (m) => m.append(m.popToMark()), // ADDITEMS
  '\x91': (m) => m.createObject(frozenset, [m.popToMark()]), // FROZENSET

  p: (m) => m.remember(integerOf(m.reader.line())), // PUT
  q: (m) => m.remember(m.reader.u8()), // BINPUT
  r: (m) => m.remember(m.reader.u32()), // LONG_BINPUT
  '\x94': (m) => m.rememberNext(), // MEMOIZE
  g: (m) => m.recall(integerOf(m.reader.line())), // GET
  h: (m) => m.recall(m.reader.u8()), // BINGET
  j: (m) => m.recall(m.reader.u32()), // LONG_BINGET

  P: (m) => m.createPersistent(m.reader.line()), // PERSID
  Q: (m) => m.createPersistent(m.pop()), // BINPERSID
  c: (m) => m.createGlobal(m.reader.line(), m.reader.line()), // GLOBAL
  '\x93': (m) => m.createGlobal(...(m.popSeveral(2) as [unknown, unknown])), // STACK_GLOBAL
  R: (m) => m.createObject(...(m.popSeveral(2) as [unknown, unknown])), // REDUCE
  '\x81': (m) => m.createObject(...(m.popSeveral(2) as [unknown, unknown])), // NEWOBJ
  '\x92': (m) => m.createObject(...(m.popSeveral(3).slice(0, 2) as [unknown, unknown])), // NEWOBJ_EX: keyword arguments are dropped
  b: (m) => m.setState(m.pop()), // BUILD
  // INST and OBJ: the mark is below the arguments
  i: (m) => m.createObject(new PickleGlobal(m.reader.line(), m.reader.line()), m.popToMark()), // INST
  o: (m) => {
    const [callee, ...args] = m.popToMark();
    m.createObject(callee, args);
  }, // OBJ
  '\x82': (m) => m.create(extension(m.reader.u8())), // EXT1
  '\x83': (m) => m.create(extension(m.reader.u16())), // EXT2
  '\x84': (m) => m.create(extension(m.reader.i32())), // EXT4
};

/** Instructions by the byte of their opcode. */
export const instructions: readonly (Instruction | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  Object.hasOwn(byCharacter, String.fromCharCode(byte)) ? byCharacter[String.fromCharCode(byte)] : undefined,
);

// A pickle is a program for a stack machine: opcodes of one byte, each followed by its argument, up to STOP.
// Python's reader imports and calls whatever the program names. This reader builds plain values instead, and records calls as objects
// (pickle-values.ts), so that reading a file never runs code that the file chose.
import { AdderNetError } from '../errors';
import type { ByteReader } from './byte-reader';
import { type LoadPersistent, PickleMachine } from './pickle-machine';
import { instructions } from './pickle-opcodes';

/** Limits time and the stack. A list of numbers takes one opcode for each number. */
const maxOpcodes = 5_000_000;
const stop = 0x2e;

/**
 * Runs one pickle of protocol 0 to 5, from the reader's position to its STOP. Tuples and lists become arrays, dicts become Maps, bytes become
 * Uint8Arrays, Python 2 strings become Latin-1 text, and integers become numbers if these are exact, otherwise bigints. Classes and functions
 * become PickleGlobals, and calls of them PickleObjects. Any value may contain itself.
 * @param name           the file, for messages
 * @param loadPersistent resolves persistent ids; without it, they are an error
 * @throws {AdderNetError} ERR_FORMAT if it has another protocol or is too large; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function unpickle(reader: ByteReader, name: string, loadPersistent?: LoadPersistent): unknown {
  const machine: PickleMachine = new PickleMachine(reader, name, loadPersistent);
  for (let count = 0; count < maxOpcodes; count++) {
    const opcode = reader.u8();
    if (opcode === stop) return machine.result();
    const instruction = instructions[opcode];
    if (!instruction) machine.corrupt(`0x${opcode.toString(16).padStart(2, '0')} is not an opcode`);
    instruction(machine);
  }
  throw new AdderNetError('ERR_FORMAT', `${name}: the pickle has more than ${maxOpcodes} opcodes`);
}

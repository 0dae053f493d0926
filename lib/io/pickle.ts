// A pickle is a program for a stack machine: opcodes of one byte, each followed by its argument, up to STOP.
// Python's reader imports and calls whatever the program names. This one knows no name: it builds plain values, and where Python would call,
// an object that records with what (pickle-values.ts), so that reading a file never runs anything the file chose.
import { AdderNetError } from '../errors';
import type { ByteReader } from './byte-reader';
import { type LoadPersistent, PickleMachine } from './pickle-machine';
import { instructions } from './pickle-opcodes';

/** Bounds time and the stack. Lists of numbers take one for each number. */
const maxOpcodes = 20_000_000;
const stop = 0x2e;

/**
 * Runs one pickle, of protocol 0 to 5, from the reader's position to its STOP. Tuples and lists become arrays, dicts Maps, bytes Uint8Arrays,
 * strings of Python 2 text of Latin-1, integers numbers where these are exact and bigints elsewhere; classes, functions and what Python would
 * make by calling them PickleGlobals and PickleObjects. Any of them may contain itself.
 * @param name           the file, for messages
 * @param loadPersistent default: persistent ids are refused
 * @throws {AdderNetError} ERR_FORMAT if it is of another protocol or too large; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function unpickle(reader: ByteReader, name: string, loadPersistent?: LoadPersistent): unknown {
  const machine: PickleMachine = new PickleMachine(reader, name, loadPersistent);
  for (let step = 0; step < maxOpcodes; step++) {
    const opcode = reader.u8();
    if (opcode === stop) return machine.result();
    const instruction = instructions[opcode];
    if (!instruction) machine.corrupt(`0x${opcode.toString(16).padStart(2, '0')} is no opcode`);
    instruction(machine);
  }
  throw new AdderNetError('ERR_FORMAT', `${name}: the pickle has more than ${maxOpcodes} opcodes`);
}

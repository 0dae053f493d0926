// What was assumed, converted or left out, in sentences: on standard error, with --json as well, since it may change what the result means.
import { printable } from './printable';

const printed = new Set<string>();

/** Prints a note, once: training and test images come from one folder. */
export function printNote(note: string): void {
  if (!printed.has(note)) console.error(`addernet: note: ${printable(note)}`);
  printed.add(note);
}

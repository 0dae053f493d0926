// Prints notes on what was assumed, converted or left out. They go to standard error even with --json, because they may change what the result
// means.
import { printError } from './terminal';

const printed = new Set<string>();

/** Prints a note once, even if training and test images from the same folder cause it twice. */
export function printNote(note: string): void {
  if (!printed.has(note)) printError(`addernet: note: ${note}`);
  printed.add(note);
}

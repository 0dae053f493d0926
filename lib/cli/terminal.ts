// The one place where text reaches the terminal. Names of files, classes and tensors, answers of servers and messages about them are untrusted: their
// control characters could move the cursor, erase lines, set the clipboard or make links. Here they are shown, not sent.
import { inspect } from 'node:util';
import { escapeControls } from '../quoted';
import { printable, printableLines } from './printable';

/** Text for standard output, of one or more lines. */
export const printText = (text: string): void => console.log(printableLines(text));

/** A line for standard error. */
export const printError = (line: string): void => console.error(printable(line));

/** An error with its stack, to look for a defect. */
export const printStack = (error: unknown): void => console.error(printableLines(inspect(error)));

/** A line of JSON on standard output. Programs read the same value, and a terminal gets no control characters. */
export const printJson = (value: unknown): void => console.log(escapeControls(JSON.stringify(value)));

/** What the package draws itself, in colors. */
export const printDrawing = (drawing: string): void => console.log(drawing);

// Names of files, classes and tensors are untrusted. On a terminal, control characters in them could move the cursor, erase lines or reverse
// the writing direction.
import { controls } from '../quoted';

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string => {
  const code = character.charCodeAt(0);
  return named[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`);
};

/** The same text with control characters written out: `\x1b`, `\n`. */
export const printable = (text: string): string => text.replace(controls, escaped);

/** The same, line by line. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

// Lays out text to fit the terminal. Output to a file or pipe is not wrapped, because programs read it by lines. Cells and lines may be untrusted:
// line feeds and other controls in them are shown.
import { printable } from './printable';
import { printText } from './terminal';

/** An integer with thousands separators. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** The columns of a terminal; Infinity if the stream is not a terminal. */
export const columnsOf = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number =>
  isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;

/** The columns of a terminal of unknown width. */
export const defaultColumns = 80;

/** Whether the terminal is too narrow for a column of text next to another column. */
export const isNarrow = (columns: number): boolean => columns < 60;

/** Prints lines, each wrapped to the width of the terminal. */
export function print(...lines: string[]): void {
  const columns = columnsOf(process.stdout);
  printText(lines.map((line) => wrap(line, columns)).join('\n'));
}

/**
 * Breaks a line at spaces; a word longer than a line is split.
 * @param hanging the start of continuation lines
 */
export function wrap(line: string, columns: number, hanging = indentOf(line)): string {
  const lines: string[] = [];
  let rest = printable(line);
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns);
    const isWithin = rest.slice(0, Math.max(0, space)).trim() !== '';
    const end = isWithin ? space : columns;
    lines.push(rest.slice(0, end).trimEnd());
    rest = hanging + rest.slice(end).trimStart();
  }
  return [...lines, rest].join('\n');
}

/** Continuation lines are indented by two more columns than the line itself, but not so far that little width would remain. */
const indentOf = (line: string): string => `${/^ */.exec(line)![0].slice(0, 8)}  `;

const gap = '  ';

/** A file may have more tensors than a call can have arguments. */
const longest = (texts: readonly string[]): number => texts.reduce((length, text) => Math.max(length, text.length), 0);

/** Names and values in two columns. On a narrow terminal, a value is printed below its name. */
export function fields(rows: readonly (readonly [name: string, value: string])[], columns: number): string {
  const shown = rows.map(([name, value]) => [printable(name), printable(value)] as const);
  const width = longest(shown.map(([name]) => name)) + gap.length;
  const lines = shown.flatMap(([name, value]) =>
    isNarrow(columns) ? [name, wrap(gap + value, columns, gap)] : [wrap(name.padEnd(width) + value, columns, ' '.repeat(width))],
  );
  return lines.join('\n');
}

export interface Table {
  readonly header?: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether a column contains numbers, which are aligned right. */
  readonly isNumber: readonly boolean[];
  readonly indent?: string;
}

/** Formats rows in columns. On a narrow terminal, there is no header, and the first cell is printed above the others. */
export function table({ header, rows, isNumber, indent = '' }: Table, columns: number): string {
  const shown = rows.map((row) => row.map(printable));
  const all = header ? [header, ...shown] : shown;
  const widths = isNumber.map((_, i) => longest(all.map((row) => row[i]!)));
  const lines = all.map((row) => {
    const cells = row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    return (indent + cells.join(gap)).trimEnd();
  });
  if (lines.every((line) => line.length <= columns)) return lines.join('\n');
  const stacked = shown.flatMap(([first, ...others]) => {
    const below = others.filter((cell) => cell !== '').join(gap);
    return [wrap(indent + first, columns), ...(below === '' ? [] : [wrap(indent + gap + below, columns, indent + gap)])];
  });
  return stacked.join('\n');
}

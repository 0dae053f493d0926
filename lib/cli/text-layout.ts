// Text that fits the terminal. What goes to a file or a pipe is not wrapped: programs read it by lines.

/** A whole number with its thousands apart. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** Columns of a terminal; Infinity where the stream is none. */
export const columnsOf = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number =>
  isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;

/** Where nothing else is known. */
export const defaultColumns = 80;

/** Too narrow for two columns beside each other, of which one is text. */
export const isNarrow = (columns: number): boolean => columns < 60;

/** Prints lines, each wrapped where it is longer than the terminal is wide. */
export function print(...lines: string[]): void {
  const columns = columnsOf(process.stdout);
  console.log(lines.map((line) => wrap(line, columns)).join('\n'));
}

/**
 * Breaks a line at spaces; a word longer than a line is cut.
 * @param hanging what further lines begin with
 */
export function wrap(line: string, columns: number, hanging = indentOf(line)): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns);
    const isWithin = rest.slice(0, Math.max(0, space)).trim() !== '';
    const end = isWithin ? space : columns;
    lines.push(rest.slice(0, end).trimEnd());
    rest = hanging + rest.slice(end).trimStart();
  }
  return [...lines, rest].join('\n');
}

/** Continued two columns further in than the line begins, but not where next to nothing would be left of the terminal. */
const indentOf = (line: string): string => `${/^ */.exec(line)![0].slice(0, 8)}  `;

const gap = '  ';

/** Names and values below each other. Where the terminal is narrow, a value stands below its name. */
export function fields(rows: readonly (readonly [name: string, value: string])[], columns: number): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + gap.length;
  const lines = rows.flatMap(([name, value]) =>
    isNarrow(columns) ? [name, wrap(gap + value, columns, gap)] : [wrap(name.padEnd(width) + value, columns, ' '.repeat(width))],
  );
  return lines.join('\n');
}

export interface Table {
  readonly header?: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether a column is of numbers, which stand to the right. */
  readonly isNumber: readonly boolean[];
  readonly indent?: string;
}

/** Rows in columns. Where the terminal is too narrow for that, there is no header, and the first cell stands alone, above the others. */
export function table({ header, rows, isNumber, indent = '' }: Table, columns: number): string {
  const all = header ? [header, ...rows] : rows;
  const widths = isNumber.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const lines = all.map((row) => {
    const cells = row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    return (indent + cells.join(gap)).trimEnd();
  });
  if (lines.every((line) => line.length <= columns)) return lines.join('\n');
  const stacked = rows.flatMap(([first, ...others]) => {
    const below = others.filter((cell) => cell !== '').join(gap);
    return [wrap(indent + first, columns), ...(below === '' ? [] : [wrap(indent + gap + below, columns, indent + gap)])];
  });
  return stacked.join('\n');
}

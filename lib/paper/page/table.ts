// Tables as Markdown and HTML; numbers are rounded only here.
export type Cell = string | number | null;

export interface Column {
  readonly title: string;
  /** The format of numbers. Default: groups of three digits. */
  readonly format?: (value: number) => string;
}

export interface Table {
  /** The name of its files, unique within the figure. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  /** null: an empty cell. */
  readonly rows: readonly (readonly Cell[])[];
}

export const digits =
  (count: number) =>
  (value: number): string =>
    value.toFixed(count);

export const significant =
  (count: number) =>
  (value: number): string =>
    value.toLocaleString('en-US', { minimumSignificantDigits: count, maximumSignificantDigits: count });

export const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

const grouped = (value: number): string => value.toLocaleString('en-US');

function textOf(cell: Cell, { format = grouped }: Column): string {
  if (cell === null) return '';
  return typeof cell === 'string' ? cell : format(cell);
}

export function toMarkdown({ columns, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const alignment = columns.map((_, i) => (isNumeric(rows, i) ? '--:' : '---'));
  const body = rows.map((row) => line(row.map((cell, i) => textOf(cell, columns[i]!))));
  return `${[line(columns.map(({ title }) => title)), `|${alignment.join('|')}|`, ...body].join('\n')}\n`;
}

export function toHtml({ caption, columns, rows }: Table): string {
  const kind = columns.map((_, i) => (isNumeric(rows, i) ? ' class="number"' : ''));
  const head = columns.map(({ title }, i) => `<th${kind[i]}>${escapeHtml(title)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${kind[i]}>${escapeHtml(textOf(cell, columns[i]!))}</td>`).join('')}</tr>`,
  );
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table>`;
}

const isNumeric = (rows: Table['rows'], column: number): boolean => rows.some((row) => typeof row[column] === 'number');

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

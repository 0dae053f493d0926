// The cost of a network, layer by layer, for one input. lib/layers/operations.ts says what is counted.
import type { Layer, Operations } from '../layers';
import { type Shape, shapeText } from '../shape';

/** A layer of a network, with its cost for one input. */
export interface SummaryRow extends Operations {
  /** Dotted name, as in the state dict. */
  readonly name: string;
  /** Number of blocks around the layer. */
  readonly depth: number;
  /** The class of the layer. */
  readonly type: string;
  /** Shape of the output with n = 1. */
  readonly outputShape: Shape;
  /** Number of trainable parameters, frozen ones included. */
  readonly parameters: number;
}

/** The cost of all layers together. */
export type SummaryTotals = Operations & Pick<SummaryRow, 'parameters'>;

/** A table of the layers of a network: shapes, parameters and operations. */
export class Summary {
  /** The rows in forward order; a block comes before its layers, with their sums. */
  readonly rows: readonly SummaryRow[];
  /** The sums over all rows of depth 0. */
  readonly totals: SummaryTotals;

  /**
   * @param input shape of x with n = 1, [1,h,w,c]
   * @throws {AdderNetError} ERR_SHAPE if the layer does not accept it
   */
  constructor(layer: Layer, input: Shape) {
    this.rows = [...rowsOf(layer, input)];
    this.totals = countsOf(layer, input);
  }

  /** Formats an aligned table. */
  toString(): string {
    const header = ['layer', 'type', 'output', 'parameters', 'multiplications', 'additions', 'xnors'];
    const counts = (row: SummaryTotals) =>
      [row.parameters, row.multiplications, row.additions, row.xnors].map((count) => count.toLocaleString('en-US'));
    const lines = [
      header,
      ...this.rows.map((row) => ['  '.repeat(row.depth) + lastName(row.name), row.type, shapeText(row.outputShape), ...counts(row)]),
      ['total', '', '', ...counts(this.totals)],
    ];
    const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
    const leftColumns = 3;
    const text = lines.map((line) =>
      line.map((cell, i) => (i < leftColumns ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    );
    const rule = '-'.repeat(text[0]!.length);
    return [text[0], rule, ...text.slice(1, -1), rule, text.at(-1)].join('\n');
  }

  /** @internal What console.log prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const countsOf = (layer: Layer, input: Shape): SummaryTotals => ({
  parameters: layer.parameters().reduce((sum, { value }) => sum + value.size, 0),
  ...layer.operations(input),
});

function* rowsOf(layer: Layer, input: Shape, prefix = '', depth = 0): Generator<SummaryRow> {
  for (const { name: ownName, layer: traced, input: read, output: outputShape } of layer.trace(input)) {
    const name = prefix + ownName;
    yield { name, depth, type: traced.type, outputShape, ...countsOf(traced, read) };
    yield* rowsOf(traced, read, `${name}.`, depth + 1);
  }
}

// What a network costs, layer by layer, for one input. The convention of the counts stands in lib/layers/operations.ts.
import { inspect } from 'node:util';
import type { Layer, Operations } from '../layers';
import { type Shape, shapeText } from '../shape';

/** A layer of a network, with what it costs for one input. */
export interface SummaryRow extends Operations {
  /** Dotted name, as in the state dict. */
  readonly name: string;
  /** How many blocks the layer lies in. */
  readonly depth: number;
  /** Class of the layer. */
  readonly type: string;
  /** With n = 1. */
  readonly outputShape: Shape;
  /** Numbers that training changes. */
  readonly parameters: number;
}

/** What all layers cost together. */
export type SummaryTotals = Operations & Pick<SummaryRow, 'parameters'>;

/** A table of the layers of a network: shapes, parameters and operations. */
export class Summary {
  /** In forward order; a block stands before its layers, with the sums over them. */
  readonly rows: readonly SummaryRow[];
  /** Over all rows of depth 0. */
  readonly totals: SummaryTotals;

  /**
   * @param input shape of x with n = 1, [1,h,w,c]
   * @throws {AdderNetError} ERR_SHAPE if the layer cannot take it
   */
  constructor(layer: Layer, input: Shape) {
    this.rows = [...rowsOf(layer, input)];
    this.totals = countsOf(layer, input);
  }

  /** An aligned table. */
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
  [inspect.custom](): string {
    return this.toString();
  }
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const countsOf = (layer: Layer, input: Shape): SummaryTotals => ({
  parameters: layer.parameters().reduce((sum, { value }) => sum + value.size, 0),
  ...layer.operations(input),
});

function* rowsOf(layer: Layer, input: Shape, prefix = '', depth = 0): Generator<SummaryRow> {
  for (const step of layer.trace(input)) {
    const name = prefix + step.name;
    yield { name, depth, type: step.layer.type, outputShape: step.output, ...countsOf(step.layer, step.input) };
    yield* rowsOf(step.layer, step.input, `${name}.`, depth + 1);
  }
}

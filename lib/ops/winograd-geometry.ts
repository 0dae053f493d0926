// Where the windows of Winograd adder convolutions lie, and which options they have none of.
import { AdderNetError } from '../errors';
import { checkOptions } from '../options';
import { type ConvGeometry, convGeometry, type Padding, type Shape, shapeText } from '../shape';

/** That of the 3x3 windows of filters [4,4,co,ci]. @throws {AdderNetError} ERR_SHAPE, ERR_ARGUMENT */
export function winogradGeometry(
  op: string,
  x: Shape,
  filters: Shape,
  { padding }: { readonly padding?: Padding | undefined },
): ConvGeometry {
  const [rows, columns, co, ci] = filters;
  if (filters.length !== 4 || rows !== 4 || columns !== 4)
    throw new AdderNetError('ERR_SHAPE', `${op}: filters have shape ${shapeText(filters)}, expected [4,4,co,ci]`);
  return convGeometry(op, x, [co!, 3, 3, ci!], { padding });
}

/** Additions of the transforms of a tile, for each input channel, and with the centering of its four pixels, for each output channel. */
export const winogradAdditions = { input: 32, output: 32 } as const;

/** What other convolutions take and these do not. */
const fixedOptions = ['kernel', 'stride', 'dilation', 'groups'];

/** Options of a Winograd convolution. Throws what checkOptions throws. */
export function checkWinogradOptions(op: string, options: object, known: readonly string[]): void {
  const fixed = fixedOptions.find((name) => options?.[name as keyof typeof options] !== undefined);
  if (fixed)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: there is no option '${fixed}': windows are 3x3, with stride 1, dilation 1 and one group`,
    );
  checkOptions(op, options, known);
}

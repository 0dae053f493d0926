// Where the windows of Winograd adder convolutions lie.
import { AdderNetError } from '../errors';
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

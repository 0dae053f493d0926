// Which kinds a network of the package comes in.
import { models } from '../../dist';

/** All, but that LeNet-5 has no 3x3 windows for Winograd's transforms. */
export const kindsOf = (name: string): readonly models.ConvKind[] =>
  models.convKinds.filter((kind) => kind !== 'adder-winograd' || name !== 'lenet5bn');

// Which kinds a network of the package comes in.
import { models } from '../../dist';

/** All, but that LeNet-5 has no 3x3 windows to replace. */
export const kindsOf = (name: string): readonly models.NetworkKind[] =>
  models.networkKinds.filter((kind) => name !== 'lenet5bn' || (kind !== 'adder-2x2' && kind !== 'adder-winograd'));

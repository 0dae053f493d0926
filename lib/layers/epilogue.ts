// What may follow a layer in training as part of the same pass over memory. Memory is what bounds such passes.
import type { Tensor } from '../tensor';
import type { Activation } from './lowering';

/** y = activation(y + residual), each part where it is given. */
export interface Epilogue {
  readonly residual?: Tensor | undefined;
  readonly activation?: Activation | undefined;
}

/** max(0, y) */
export const relu: Activation = { min: 0, max: Number.POSITIVE_INFINITY };

export const isRelu = ({ min, max }: Activation): boolean => min === relu.min && max === relu.max;

// A tensor that training changes.
import { Tensor } from '../tensor';

/** Adder filters are told apart because they alone learn at an adaptive rate. */
export type ParameterKind = 'adder' | 'ordinary';

/** Weights that an optimizer moves, and their gradient. */
export class Parameter {
  /** The same tensor for the life of the layer: loading and training write into it. */
  readonly value: Tensor;
  /** By which its learning rate goes. */
  readonly kind: ParameterKind;
  /** A frozen parameter gets no gradient, and the optimiser leaves it alone. */
  frozen = false;
  #gradient: Tensor | undefined;

  constructor(value: Tensor, kind: ParameterKind = 'ordinary') {
    this.value = value;
    this.kind = kind;
  }

  /** Of the shape of the value: written by every backward pass, which does not add to what was there. Made at first use. */
  get gradient(): Tensor {
    this.#gradient ??= Tensor.zeros(this.value.shape);
    return this.#gradient;
  }
}

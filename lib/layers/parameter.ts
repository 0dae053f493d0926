// A tensor that training changes.
import { Tensor } from '../tensor';

/** By which rule the optimizer moves a parameter: adder filters alone have an adaptive rate. */
export type ParameterRule = 'adder' | 'ordinary';

/** Weights that an optimizer moves, and their gradient. */
export class Parameter {
  /** The same tensor for the life of the layer: loading and training write into it. */
  readonly value: Tensor;
  /** Which learning rate it has. */
  readonly rule: ParameterRule;
  /** A frozen parameter gets no gradient, and the optimizer leaves it alone. */
  frozen = false;
  #gradient: Tensor | undefined;

  constructor(value: Tensor, rule: ParameterRule = 'ordinary') {
    this.value = value;
    this.rule = rule;
  }

  /** Of the shape of the value: written by every backward pass, which does not add to what was there. Made at first use. */
  get gradient(): Tensor {
    this.#gradient ??= Tensor.zeros(this.value.shape);
    return this.#gradient;
  }
}

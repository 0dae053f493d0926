// A parameter is a tensor that training changes.
import { Tensor } from '../tensor';

/**
 * The rule by which the optimizer updates a parameter: adder and binary filters have an adaptive rate, and binary filters, of which only the signs
 * count, stay in [-1, 1] and do not decay.
 */
export type ParameterRule = 'adder' | 'binary' | 'ordinary';

/** Weights that an optimizer updates, and their gradient. */
export class Parameter {
  /** The same tensor for the life of the layer: loading and training write into it. */
  readonly value: Tensor;
  /** The rule by which it is updated. */
  readonly rule: ParameterRule;
  /** A frozen parameter gets no gradient, and the optimizer does not change it. */
  frozen = false;
  #gradient: Tensor | undefined;

  constructor(value: Tensor, rule: ParameterRule = 'ordinary') {
    this.value = value;
    this.rule = rule;
  }

  /** Has the shape of the value. Every backward pass overwrites it. It is allocated at first use. */
  get gradient(): Tensor {
    this.#gradient ??= Tensor.zeros(this.value.shape);
    return this.#gradient;
  }
}

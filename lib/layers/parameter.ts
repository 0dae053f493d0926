// A tensor that training changes.
import type { Tensor } from '../tensor';

/** Adder filters are told apart because they alone learn at an adaptive rate. */
export type ParameterKind = 'adder' | 'ordinary';

export class Parameter {
  /** The same tensor for the life of the layer: loading and training write into it. */
  readonly value: Tensor;
  readonly kind: ParameterKind;

  constructor(value: Tensor, kind: ParameterKind = 'ordinary') {
    this.value = value;
    this.kind = kind;
  }
}

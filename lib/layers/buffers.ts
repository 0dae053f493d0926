// The tensors that a layer writes to in training. They are kept from step to step, so that training allocates nothing in steady state.
import { elementCount, type Shape } from '../shape';
import { Tensor } from '../tensor';

export class Buffers {
  readonly #memory = new Map<string, Float32Array>();

  /** The tensor of that name, with its last contents. A smaller one, as for the last batch of an epoch, is the start of the same memory. */
  take(name: string, shape: Shape): Tensor {
    const elements = elementCount(shape);
    let memory = this.#memory.get(name);
    if (!memory || memory.length < elements) {
      memory = Tensor.zeros(shape).data;
      this.#memory.set(name, memory);
    }
    return new Tensor(memory.subarray(0, elements), shape);
  }
}

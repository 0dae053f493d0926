// The contract of every layer: a function from one tensor to one tensor, with named state and an output shape known beforehand.
// A layer that holds others lists them in children() and trace(); names, state and counts then follow by themselves.
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { addOperations, noOperations, type Operations } from './operations';
import { Parameter } from './parameter';
import { copyState, type LoadedState, type StateDict } from './state';

export interface ForwardOptions {
  /** The layer may overwrite x and return it: whoever sets this made x and reads it no more. Default false. */
  inPlace?: boolean;
}

export type NamedLayer = readonly [name: string, layer: Layer];

/** One layer inside another, with the shapes it sees. */
export interface Step {
  readonly name: string;
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
}

export abstract class Layer {
  /** x is left as it was unless `inPlace` is set. The result is the caller's to overwrite, unless it is a view of x. */
  abstract forward(x: Tensor, options?: ForwardOptions): Tensor;

  /** @throws {AdderNetError} ERR_SHAPE if the layer cannot take that shape; ERR_ARGUMENT if an option does not fit it */
  abstract outputShape(input: Shape): Shape;

  /** Name of the kind of layer, for tables and messages. */
  get type(): string {
    return this.constructor.name;
  }

  /** This layer's own state by name, in the order of a PyTorch file; a bare tensor is state that the optimiser leaves alone. */
  state(): Record<string, Parameter | Tensor> {
    return {};
  }

  /** The layers inside this one, in forward order. */
  children(): readonly NamedLayer[] {
    return [];
  }

  /** children(), each with the shapes it sees when this layer is given `input`. Errors as of outputShape. */
  trace(_input: Shape): readonly Step[] {
    return [];
  }

  /** Operations of one forward pass over `input`: with n = 1, those of one image. */
  operations(input: Shape): Operations {
    return this.trace(input).reduce((sum, step) => addOperations(sum, step.layer.operations(step.input)), noOperations);
  }

  /** Everything the optimiser may change, by dotted name. */
  namedParameters(): Map<string, Parameter> {
    return new Map([...namedState(this)].filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter));
  }

  /** The same, each once even if a layer is used twice. */
  parameters(): Parameter[] {
    return [...new Set(this.namedParameters().values())];
  }

  /** Parameters and running statistics by dotted name: the tensors themselves, not copies. */
  stateDict(): StateDict {
    return new Map([...namedState(this)].map(([name, entry]) => [name, entry instanceof Parameter ? entry.value : entry]));
  }

  /**
   * Copies a state into this layer, after everything in it was checked. `num_batches_tracked` of PyTorch is ignored.
   * @param strict false lets names be missing or left over. Default true
   * @returns the names that were missing or left over
   * @throws {AdderNetError} ERR_FORMAT for names, ERR_SHAPE for shapes, ERR_DTYPE for types other than f32; then nothing was changed
   */
  loadStateDict(state: LoadedState, { strict = true }: { strict?: boolean } = {}): { missing: string[]; unexpected: string[] } {
    const { missing, unexpected } = copyState(this.stateDict(), state, strict);
    return { missing, unexpected };
  }
}

function* namedState(layer: Layer, prefix = ''): Generator<[string, Parameter | Tensor]> {
  for (const [name, entry] of Object.entries(layer.state())) yield [prefix + name, entry];
  for (const [name, child] of layer.children()) yield* namedState(child, `${prefix}${name}.`);
}

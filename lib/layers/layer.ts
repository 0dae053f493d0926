// The contract of every layer: a function from one tensor to one tensor, with named state and an output shape known beforehand, and the
// gradient of that function. There is no general autograd: the backward pass of adder networks is a training rule, not a derivative.
// A layer that holds others lists them in children() and trace(); names, state and counts then follow by themselves.
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { Buffers } from './buffers';
import type { ElementOrder, ReorderColumns } from './element-order';
import type { Epilogue } from './epilogue';
import type { Activation, GraphBuilder, Value } from './lowering';
import { addOperations, noOperations, type Operations } from './operations';
import { Parameter } from './parameter';
import { checkState, copyState, type LoadedState, layouts, type StateDict, type StateLayout } from './state';

/** How a layer is run forward. */
export interface ForwardOptions {
  /** At inference the layer may overwrite x and return it: whoever sets this made x and reads it no more. Default false. */
  inPlace?: boolean;
  /**
   * Keeps what backward needs, and writes to buffers of the layer's own: x and the result must stay as they are until backward has run, and
   * the next step overwrites the result. Default false.
   */
  training?: boolean;
  /** In training, what the layer does to its output in the same pass. Only a layer that `fuses` it is given one. */
  epilogue?: Epilogue | undefined;
}

/** How a layer is run backward. */
export interface BackwardOptions {
  /** Whether the gradient to the layer's input is wanted; without, undefined may be returned. Default true. */
  inputGradient?: boolean;
}

/** What the constructor of a layer takes, as plain data for a file. */
export type LayerConfig = Readonly<Record<string, unknown>>;
/** A layer as plain data: its type, as layer-types.ts lists them, and its config. */
export type LayerDescription = LayerConfig & { readonly type: string };
/** Describes a layer inside of another, by its name there; undefined if its own layers have their names beside those of the other. */
export type DescribeChild = (name: string | undefined, layer: Layer) => LayerDescription;

/** What `loadStateDict` takes. */
export interface LoadStateOptions {
  /** False lets names be missing or left over. Default true. */
  strict?: boolean | undefined;
  /**
   * Whose order the columns after a Flatten are in: 'pytorch' has channels, height, width, and they are put in order. Filters are
   * [co,kh,kw,ci/groups] in both. Default: what the state says of itself, as one of `readTensors` does, else 'addernet'.
   */
  layout?: StateLayout | undefined;
  /** Shape of one image, [h,w,c], for layers of a PyTorch state that begin with a Flatten. Default: that of a Model. */
  inputShape?: Shape | undefined;
}
const loadStateNames = optionNames<LoadStateOptions>({ strict: true, layout: true, inputShape: true });

/** A name of one layer inside another, and the layer. */
export type NamedLayer = readonly [name: string, layer: Layer];

/** One layer inside another, with the shapes it sees. */
export interface Step {
  readonly name: string;
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
}

/** A function from one tensor to one tensor, with named state, and its gradient. Extend it to write a custom layer. */
export abstract class Layer {
  /** Where the layer writes in training. */
  protected readonly buffers = new Buffers();

  /** x is left as it was unless `inPlace` is set. The result is the caller's to overwrite, unless it is a view of x. */
  abstract forward(x: Tensor, options?: ForwardOptions): Tensor;

  /**
   * The gradient of the last forward pass in training: fills `gradient` of the parameters that are not frozen.
   * @param _gy gradient to the output; the layer may overwrite it
   * @returns gradient to the input, valid until the next step
   * @throws {AdderNetError} ERR_ARGUMENT if no forward pass in training came before, or the layer is for inference only
   */
  backward(_gy: Tensor, _options?: BackwardOptions): Tensor | undefined {
    throw new AdderNetError('ERR_ARGUMENT', `${this.type}: this layer is for inference only, since it defines no backward(gy)`);
  }

  /**
   * Whether forward in training takes an epilogue with this activation, or with none, and backward and `residualGradient` give its gradients.
   * The answer does not change. Default: no.
   */
  fuses(_activation: Activation | undefined): boolean {
    return false;
  }

  /** Gradient to the residual of the epilogue, after backward. */
  get residualGradient(): Tensor {
    throw new AdderNetError('ERR_ARGUMENT', `${this.type}: this layer fuses no epilogue, so there is no gradient to its residual`);
  }

  /**
   * The activation that this layer is, if it is nothing else; it does not change. In training the layer before it may fuse it, and forward and
   * backward of this layer are then not called.
   */
  get activation(): Activation | undefined {
    return undefined;
  }

  /**
   * Emits the nodes that forward computes at inference, for `compile`. Errors besides as of outputShape.
   * @throws {AdderNetError} ERR_ARGUMENT if the layer does not say how it is compiled
   */
  lower(_builder: GraphBuilder, _x: Value): Value {
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: the layer ${this.type} cannot be compiled, since it defines no lower(builder, x): run the network with forward(x)`,
    );
  }

  /** @throws {AdderNetError} ERR_SHAPE if the layer cannot take that shape; ERR_ARGUMENT if an option does not fit it */
  abstract outputShape(input: Shape): Shape;

  /** Name of the kind of layer, for tables and messages. */
  get type(): string {
    return this.constructor.name;
  }

  /** This layer's own state by name, in the order of a PyTorch file; a bare tensor is state that the optimizer leaves alone. */
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

  /**
   * What the constructor takes, for `save`. A custom layer has none, and its networks are not saved.
   * @internal
   */
  config(_describe: DescribeChild): LayerConfig | undefined {
    return undefined;
  }

  /**
   * How the elements that flow out of this layer lie, given those that flow in: `before` itself where it takes each element by itself.
   * Reports tensors that have a column for each element of flattened images. Default: it is unknown, which matters only for what PyTorch
   * trained, where a Flatten is followed by weights.
   */
  elementOrder({ flattened }: ElementOrder, _reorder: ReorderColumns): ElementOrder {
    return { flattened };
  }

  /** Operations of one forward pass over `input`: with n = 1, those of one image. */
  operations(input: Shape): Operations {
    return this.trace(input).reduce((sum, step) => addOperations(sum, step.layer.operations(step.input)), noOperations);
  }

  /** Everything the optimizer may change, by dotted name. */
  namedParameters(): Map<string, Parameter> {
    return new Map([...namedState(this)].filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter));
  }

  /** The same, each once even if a layer is used twice. */
  parameters(): Parameter[] {
    return [...new Set(this.namedParameters().values())];
  }

  /** Whether training changes anything in this layer. */
  get isTrainable(): boolean {
    return this.parameters().some(({ frozen }) => !frozen);
  }

  /**
   * Keeps training from changing this layer and all within: parameters stay, batch norms use their running statistics and leave them alone.
   * @param frozen false thaws it again. Default true
   */
  freeze(frozen = true): void {
    for (const parameter of this.parameters()) parameter.frozen = frozen;
  }

  /**
   * The layer of a dotted name, such as `layer1.0.conv1`.
   * @throws {AdderNetError} ERR_ARGUMENT if there is none
   */
  layer(name: string): Layer {
    let found: Layer = this;
    for (const part of name.split('.')) {
      const names = found.children().map(([child]) => child);
      const child = found.children().find(([child]) => child === part)?.[1];
      if (!child)
        throw new AdderNetError(
          'ERR_ARGUMENT',
          `${this.type}: there is no layer '${name}'; at '${part}', expected one of ${names.join(', ')}`,
        );
      found = child;
    }
    return found;
  }

  /** Parameters and running statistics by dotted name: the tensors themselves, not copies. */
  stateDict(): StateDict {
    return new Map([...namedState(this)].map(([name, entry]) => [name, entry instanceof Parameter ? entry.value : entry]));
  }

  /**
   * Copies a state into this layer, after everything in it was checked. `num_batches_tracked` of PyTorch is ignored. What readTensors gives
   * says whose layout it has; any other Map counts as this package's own, unless `layout` says otherwise.
   * @returns the names that were missing or left over
   * @throws {AdderNetError} ERR_FORMAT for names, ERR_SHAPE for shapes, ERR_DTYPE for types other than f32, ERR_ARGUMENT for options, or if
   *   the channels before a Flatten are needed and unknown; then nothing was changed
   */
  loadStateDict(state: LoadedState, options: LoadStateOptions = {}): { missing: string[]; unexpected: string[] } {
    checkOptions('loadStateDict', options, loadStateNames);
    checkState('loadStateDict', state);
    const { strict = true, layout = state.layout ?? 'addernet', inputShape } = options;
    if (!layouts.includes(layout))
      throw new AdderNetError('ERR_ARGUMENT', `loadStateDict: layout is '${String(layout)}', expected one of ${layouts.join(', ')}`);
    const reordered = new Map<Tensor, number | undefined>();
    if (layout !== 'addernet')
      this.elementOrder({ channels: inputShape?.at(-1), flattened: false }, (tensor, channels) => reordered.set(tensor, channels));
    if (layout === 'unknown' && reordered.size > 0)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        "loadStateDict: the file does not say whose order its columns after a Flatten are in: give { layout: 'pytorch' } or { layout: 'addernet' }",
      );
    const target = this.stateDict();
    const { missing, unexpected } = copyState(target, withPrefix(state, target), strict, reordered);
    return { missing, unexpected };
  }
}

/** What readTensors took for the prefix of a wrapper may be the name of the network's own outermost layer. */
function withPrefix(state: LoadedState, target: StateDict): LoadedState {
  const { droppedPrefix: prefix = '' } = state;
  const isOwnLayer = prefix !== '' && [...target.keys()].every((name) => name.startsWith(prefix));
  return isOwnLayer && ![...state.keys()].some((name) => target.has(name))
    ? new Map([...state].map(([name, t]) => [prefix + name, t]))
    : state;
}

/**
 * What a forward pass in training left for backward.
 * @throws {AdderNetError} ERR_ARGUMENT if there is nothing
 */
export function savedBy<T>({ type }: Layer, saved: T | undefined): T {
  if (saved === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `${type}: backward needs a forward pass before it, forward(x, { training: true })`);
  return saved;
}

function* namedState(layer: Layer, prefix = ''): Generator<[string, Parameter | Tensor]> {
  for (const [name, entry] of Object.entries(layer.state())) yield [prefix + name, entry];
  for (const [name, child] of layer.children()) yield* namedState(child, `${prefix}${name}.`);
}

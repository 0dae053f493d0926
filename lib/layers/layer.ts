// The contract of every layer: a function from one tensor to one tensor, with named state and an output shape known beforehand, and the
// gradient of that function. There is no general autograd, because the backward pass of adder networks is a training rule, not a derivative.
// A layer that contains other layers lists them in children() and trace(); names, state and counts follow from these.
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

/** Options of a forward pass. */
export interface ForwardOptions {
  /** At inference the layer may overwrite x and return it. The caller must own x and no longer read it. Default false. */
  inPlace?: boolean;
  /**
   * Saves what backward needs, and writes to the layer's buffers: x and the result must stay unchanged until backward has run, and the next
   * step overwrites the result. Default false.
   */
  training?: boolean;
  /** In training, what the layer does to its output in the same pass. Only a layer that `fuses` it gets one. */
  epilogue?: Epilogue | undefined;
}

/** Options of a backward pass. */
export interface BackwardOptions {
  /** Whether the gradient with respect to the input is needed; if not, backward may return undefined. Default true. */
  inputGradient?: boolean;
}

/** The arguments of a layer's constructor, as plain data for a file. */
export type LayerConfig = Readonly<Record<string, unknown>>;
/** A layer as plain data: its type, as layer-types.ts lists them, and its config. */
export type LayerDescription = LayerConfig & { readonly type: string };
/** Describes a layer inside another one by its name there; undefined if the layers within it are named as if they were in the outer one. */
export type DescribeChild = (name: string | undefined, layer: Layer) => LayerDescription;

/** Options of `loadStateDict`. */
export interface LoadStateOptions {
  /** False allows names to be missing or left over. Default true. */
  strict?: boolean | undefined;
  /**
   * The order of the columns after a Flatten: 'pytorch' has channels, height, width, and is reordered. Filters are [co,kh,kw,ci/groups] in
   * both. Default: the layout that the state names, as one from `readTensors` does, else 'addernet'.
   */
  layout?: StateLayout | undefined;
  /** Shape of one image, [h,w,c], which a PyTorch state needs where the layers begin with a Flatten. Default: that of a Model. */
  inputShape?: Shape | undefined;
}
const loadStateNames = optionNames<LoadStateOptions>({ strict: true, layout: true, inputShape: true });

/** The name of a layer inside another one, and that layer. */
export type NamedLayer = readonly [name: string, layer: Layer];

/** A layer inside another one, with the shapes of its input and output. */
export interface TracedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
}

/** A function from one tensor to one tensor, with named state, and its gradient. Extend this class to write a custom layer. */
export abstract class Layer {
  /** The memory that the layer writes to in training. */
  protected readonly buffers = new Buffers();

  /** Leaves x unchanged unless `inPlace` is set. The caller may overwrite the result, unless it is a view of x. */
  abstract forward(x: Tensor, options?: ForwardOptions): Tensor;

  /**
   * Computes the gradient of the last forward pass in training, and sets `gradient` of the parameters that are not frozen.
   * @param _gy the gradient with respect to the output; the layer may overwrite it
   * @returns the gradient with respect to the input, valid until the next step
   * @throws {AdderNetError} ERR_ARGUMENT if there was no forward pass in training, or the layer is for inference only
   */
  backward(_gy: Tensor, _options?: BackwardOptions): Tensor | undefined {
    throw new AdderNetError('ERR_ARGUMENT', `${this.type}: this layer is for inference only, because it defines no backward(gy)`);
  }

  /**
   * Whether forward in training takes an epilogue with this activation, or with none, and backward and `residualGradient` give its gradients.
   * The answer does not change. Default: no.
   */
  fuses(_activation: Activation | undefined): boolean {
    return false;
  }

  /** The gradient with respect to the residual of the epilogue, after backward. */
  get residualGradient(): Tensor {
    throw new AdderNetError('ERR_ARGUMENT', `${this.type}: this layer fuses no epilogue, so it has no gradient with respect to a residual`);
  }

  /**
   * The activation that this layer is, if it is nothing else; it does not change. In training the layer before it may fuse it, and forward and
   * backward of this layer are then not called.
   */
  get activation(): Activation | undefined {
    return undefined;
  }

  /**
   * Emits the nodes that forward computes at inference, for `compile`. Throws what outputShape throws, too.
   * @throws {AdderNetError} ERR_ARGUMENT if the layer does not define this method
   */
  lower(_builder: GraphBuilder, _x: Value): Value {
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: the layer ${this.type} cannot be compiled, because it defines no lower(builder, x): run the network with forward(x)`,
    );
  }

  /** @throws {AdderNetError} ERR_SHAPE if the layer does not accept that shape; ERR_ARGUMENT if an option does not fit it */
  abstract outputShape(input: Shape): Shape;

  /** The name of the layer's class, for tables and messages. */
  get type(): string {
    return this.constructor.name;
  }

  /** The state of the layer itself by name, in the order of a PyTorch file; a bare tensor is state that the optimizer does not change. */
  state(): Record<string, Parameter | Tensor> {
    return {};
  }

  /** The layers within this one, in forward order. */
  children(): readonly NamedLayer[] {
    return [];
  }

  /** children(), each with its shapes when this layer is given `input`. Throws what outputShape throws. */
  trace(_input: Shape): readonly TracedLayer[] {
    return [];
  }

  /**
   * The arguments of the constructor, for `save`. A custom layer has none, and its networks are not saved.
   * @internal
   */
  config(_describe: DescribeChild): LayerConfig | undefined {
    return undefined;
  }

  /**
   * The order of the elements that this layer returns, given the order of those it takes: `before` itself if it treats each element separately.
   * Reports tensors that have a column for each element of flattened images. Default: unknown, which matters only for weights from PyTorch
   * that follow a Flatten.
   */
  elementOrder({ flattened }: ElementOrder, _reorder: ReorderColumns): ElementOrder {
    return { flattened };
  }

  /** The operations of one forward pass over `input`: with n = 1, those of one image. */
  operations(input: Shape): Operations {
    return this.trace(input).reduce((sum, step) => addOperations(sum, step.layer.operations(step.input)), noOperations);
  }

  /** Everything that the optimizer may change, by dotted name. */
  namedParameters(): Map<string, Parameter> {
    return new Map([...namedState(this)].filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter));
  }

  /** The same without names, each once even if a layer is used twice. */
  parameters(): Parameter[] {
    return [...new Set(this.namedParameters().values())];
  }

  /** Whether training changes anything in this layer. */
  get isTrainable(): boolean {
    return this.parameters().some(({ frozen }) => !frozen);
  }

  /**
   * Keeps training from changing this layer and all layers within: their parameters stay, and batch norms use their running statistics and do
   * not update them.
   * @param frozen false unfreezes them. Default true
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
   * Copies a state into this layer, after all of it has been checked. PyTorch's `num_batches_tracked` is ignored. A state from readTensors names
   * its layout; any other Map counts as 'addernet', unless `layout` says otherwise.
   * @returns the names that were missing or left over
   * @throws {AdderNetError} ERR_FORMAT for names, ERR_SHAPE for shapes, ERR_DTYPE for types other than f32, ERR_ARGUMENT for options, or if
   *   the channels before a Flatten are needed and unknown; nothing has then been changed
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
        "loadStateDict: the file does not say in which order its columns after a Flatten are: pass { layout: 'pytorch' } or { layout: 'addernet' }",
      );
    const target = this.stateDict();
    const { missing, unexpected } = copyState(target, withPrefix(state, target), strict, reordered);
    return { missing, unexpected };
  }
}

/** What readTensors took for the prefix of a wrapper may be the name of the network's outermost layer. */
function withPrefix(state: LoadedState, target: StateDict): LoadedState {
  const { droppedPrefix: prefix = '' } = state;
  const isOwnLayer = prefix !== '' && [...target.keys()].every((name) => name.startsWith(prefix));
  return isOwnLayer && ![...state.keys()].some((name) => target.has(name))
    ? new Map([...state].map(([name, t]) => [prefix + name, t]))
    : state;
}

/**
 * What a forward pass in training saved for backward.
 * @throws {AdderNetError} ERR_ARGUMENT if it saved nothing
 */
export function savedBy<T>({ type }: Layer, saved: T | undefined): T {
  if (saved === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `${type}: backward needs a forward pass in training before it: forward(x, { training: true })`);
  return saved;
}

function* namedState(layer: Layer, prefix = ''): Generator<[string, Parameter | Tensor]> {
  for (const [name, entry] of Object.entries(layer.state())) yield [prefix + name, entry];
  for (const [name, child] of layer.children()) yield* namedState(child, `${prefix}${name}.`);
}

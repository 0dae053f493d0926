// From layers to a graph: writes down the nodes that they emit, one after the other, with shapes checked.
import { windowShape } from '../conv-kind';
import { AdderNetError } from '../errors';
import type { Activation, Conv2dSpec, GraphBuilder, Layer, Statistics, Value as Traced } from '../layers';
import { checkFloat, checkShapeIs } from '../ops/out';
import { elementCount, type PoolWindow, pair, type Shape, shapeText, sides } from '../shape';
import { Tensor } from '../tensor';
import { type NewNode, outputShape } from './geometry';
import type { FloatNode, Graph, Value } from './graph';

/**
 * The graph of a network in floats; it shares the weights.
 * @param inputShape of one image, [h,w,c]
 * @throws {AdderNetError} ERR_ARGUMENT if a layer does not say how it is compiled, ERR_SHAPE if the layers cannot take the input
 */
export function trace(network: Layer, inputShape: Shape): Graph<FloatNode> {
  const recorder = new Recorder();
  const input = recorder.input([1, ...inputShape]);
  const output = network.lower(recorder, input);
  return { nodes: recorder.nodes, inputs: [recorder.value(input)], outputs: [recorder.value(output)] };
}

class Recorder implements GraphBuilder {
  readonly nodes: FloatNode[] = [];
  readonly #values = new WeakMap<Traced, Value>();
  #nextId = 0;

  input(shape: Shape): Traced {
    return this.#trace(this.#nextId++, shape);
  }

  /** @throws {AdderNetError} ERR_ARGUMENT if the value is not one of this recorder's */
  value(traced: Traced): Value {
    const value = this.#values.get(traced);
    if (!value)
      throw new AdderNetError('ERR_ARGUMENT', 'lower: a value is not one that this builder gave: pass on what its methods return');
    return value;
  }

  conv2d(x: Traced, { kind, isCentered, filters, bias, stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv2dSpec): Traced {
    checkFloat('conv2d', 'filters', filters);
    if (isCentered && kind !== 'adder')
      throw new AdderNetError('ERR_ARGUMENT', `conv2d: isCentered is true, expected false: kind is '${kind}', not 'adder'`);
    const attributes = {
      stride: pair('conv2d: stride', stride, 1),
      padding: sides('conv2d: padding', padding),
      dilation: pair('conv2d: dilation', dilation, 1),
      groups,
    };
    const y = this.#record({ op: 'conv2d', kind, ...(isCentered && { isCentered }), x: this.value(x), filters, bias, attributes });
    if (bias) {
      checkFloat('conv2d', 'bias', bias);
      checkShapeIs('conv2d', 'bias', bias, [windowShape(kind, filters.shape)[0]!]);
    }
    return y;
  }

  maxPool(x: Traced, window: PoolWindow): Traced {
    return this.#pool('max', x, window);
  }

  averagePool(x: Traced, window: PoolWindow): Traced {
    return this.#pool('average', x, window);
  }

  symmetricPad(x: Traced): Traced {
    return this.#record({ op: 'symmetricPad', x: this.value(x) });
  }

  batchNorm(x: Traced, { mean, variance, gamma, beta, epsilon }: Statistics): Traced {
    for (const [name, statistic] of Object.entries({ mean, variance, gamma, beta })) {
      checkFloat('batchNorm', name, statistic);
      checkShapeIs('batchNorm', name, statistic, [x.shape.at(-1)!]);
    }
    const scale = gamma.data.map((factor, c) => factor / Math.sqrt(variance.data[c]! + epsilon));
    return this.#record({ op: 'normalize', x: this.value(x), mean, scale: new Tensor(scale, [scale.length]), shift: beta });
  }

  relu(x: Traced): Traced {
    return this.activate(x, { min: 0, max: Number.POSITIVE_INFINITY });
  }

  activate(x: Traced, activation: Activation): Traced {
    return this.#record({ op: 'activate', x: this.value(x), activation });
  }

  add(a: Traced, b: Traced): Traced {
    if (shapeText(a.shape) !== shapeText(b.shape))
      throw new AdderNetError('ERR_SHAPE', `add: shapes are ${shapeText(a.shape)} and ${shapeText(b.shape)}, expected the same`);
    return this.#record({ op: 'add', a: this.value(a), b: this.value(b) });
  }

  reshape(x: Traced, shape: Shape): Traced {
    if (elementCount(shape) !== elementCount(x.shape) || shape[0] !== 1)
      throw new AdderNetError(
        'ERR_SHAPE',
        `reshape: shape is ${shapeText(shape)}, expected as many elements as ${shapeText(x.shape)} has, and 1 on the first axis`,
      );
    return this.#trace(this.value(x).id, shape);
  }

  #pool(mode: 'max' | 'average', x: Traced, { kernel, stride = kernel, padding = 0 }: PoolWindow): Traced {
    const attributes = {
      kernel: pair(`${mode}Pool: kernel`, kernel, 1),
      stride: pair(`${mode}Pool: stride`, stride, 1),
      padding: sides(`${mode}Pool: padding`, padding),
    };
    return this.#record({ op: 'pool', mode, x: this.value(x), attributes });
  }

  #record(node: Extract<NewNode, Omit<FloatNode, 'output'>>): Traced {
    const output: Value = { id: this.#nextId++, shape: outputShape(node), dtype: 'f32' };
    this.nodes.push({ ...node, output } as FloatNode);
    return this.#trace(output.id, [1, ...output.shape]);
  }

  #trace(id: number, shape: Shape): Traced {
    const traced: Traced = Object.freeze({ shape });
    this.#values.set(traced, { id, shape: shape.slice(1), dtype: 'f32' });
    return traced;
  }
}

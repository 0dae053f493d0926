// A quantized network.
import { AdderNetError } from '../errors';
import { type Graph, interpret, quantizedRange } from '../graph';
import { type ModelMetadata, withMetadata } from '../models/metadata';
import { shapeText } from '../shape';
import { notFinite, type Tensor } from '../tensor';

/** A network in 16 bits or fewer, for inference: `quantize` makes it, `compile` makes it fast, `save` and `load` keep it. */
export class QuantizedModel extends withMetadata(class {}) {
  /** The metadata of the float network. */
  override readonly metadata: ModelMetadata;
  /** Bits of activations and filters, 2 to 16. */
  readonly bits: number;
  /** The network from an image to what its task asks for. */
  readonly graph: Graph;

  /** What its integers are stored in: 'u8' up to 8 bits, 'i16' from 9 on. */
  get dtype(): 'u8' | 'i16' {
    return quantizedRange(this.bits).dtype;
  }

  constructor(metadata: ModelMetadata, bits: number, graph: Graph) {
    super();
    this.metadata = metadata;
    this.bits = bits;
    this.graph = graph;
  }

  /**
   * Computes the network as it is defined, node by node; a session is bit-identical.
   * @param x [n,h,w,c], float32, normalized
   * @returns what the task asks for, such as logits [n,classes]
   * @throws {AdderNetError} ERR_SHAPE if x is of another size; ERR_ARGUMENT if it holds a number that is not finite
   */
  forward(x: Tensor): Tensor {
    const [n, ...image] = x.shape;
    if (n === undefined || shapeText(image) !== shapeText(this.inputShape))
      throw new AdderNetError('ERR_SHAPE', `${this.name}: x has shape ${shapeText(x.shape)}, expected [n,${this.inputShape.join(',')}]`);
    const bad = notFinite(x.data);
    if (bad !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${this.name}: x holds ${bad}, expected finite numbers`);
    return interpret(this.graph, x);
  }
}

// A quantized network.
import { AdderNetError } from '../errors';
import { type Graph, interpret } from '../graph';
import type { ModelMetadata, Normalization } from '../models';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';

/** A network in 8 bits or fewer, for inference: `quantize` makes it, `compile` makes it fast, `save` and `load` keep it. */
export class QuantizedModel {
  /** That of the float network. */
  readonly metadata: ModelMetadata;
  /** Of activations and filters, 2 to 8. */
  readonly bits: number;
  /** From an image to its logits. */
  readonly graph: Graph;

  constructor(metadata: ModelMetadata, bits: number, graph: Graph) {
    this.metadata = metadata;
    this.bits = bits;
    this.graph = graph;
  }

  /** As metadata has it. */
  get name(): string {
    return this.metadata.name;
  }

  /** What its layers compute with. */
  get kind(): ModelMetadata['kind'] {
    return this.metadata.kind;
  }

  /** How many logits an image gives. */
  get classes(): number {
    return this.metadata.classes;
  }

  /** Of one image, [h,w,c]. */
  get inputShape(): readonly [number, number, number] {
    return this.metadata.inputShape;
  }

  /** How images are normalized. */
  get normalization(): Normalization {
    return this.metadata.normalization;
  }

  /** One name for each class, where they are known. */
  get classNames(): readonly string[] | undefined {
    return this.metadata.classNames;
  }

  /**
   * The definition of what the network computes: every other way gives the same bits.
   * @param x [n,h,w,c], float32, normalized
   * @returns logits [n,classes]
   * @throws {AdderNetError} ERR_SHAPE if x is of another size; ERR_ARGUMENT if it holds a number that is not finite
   */
  forward(x: Tensor): Tensor {
    const [n, ...image] = x.shape;
    if (n === undefined || shapeText(image) !== shapeText(this.inputShape))
      throw new AdderNetError('ERR_SHAPE', `${this.name}: x has shape ${shapeText(x.shape)}, expected [n,${this.inputShape.join(',')}]`);
    return interpret(this.graph, x).reshape([n, this.classes]);
  }
}

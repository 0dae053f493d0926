// A Model is a network with metadata: layers, and what is needed besides the weights to use them.
import { AdderNetError } from '../errors';
import { type LoadedState, type LoadStateOptions, Sequential, type SequentialLayers } from '../layers';
import { nameOf } from '../layers/name-of';
import { checkOptions } from '../options';
import { shapeText } from '../shape';
import { checkMetadata, type ModelMetadata, metadataNames, withMetadata } from './metadata';
import { Summary } from './summary';
import { tasks } from './task';

/** A network: x [n,h,w,c], normalized -> the outputs of its task, for a classification logits [n,classes]. */
export class Model extends withMetadata(Sequential) {
  /** What travels with the weights. */
  override readonly metadata: ModelMetadata;

  /**
   * @param layers in forward order: a list, an object by name, or a Sequential, whose layers it shares
   * @throws {AdderNetError} ERR_ARGUMENT if names or metadata do not fit; ERR_SHAPE if the layers do not lead from inputShape to
   *   what the task asks for, such as a logit for each class
   */
  constructor(layers: SequentialLayers | Sequential, metadata: ModelMetadata) {
    super(layers instanceof Sequential ? layers.layers : layers);
    checkOptions('Model', metadata, metadataNames);
    checkMetadata(metadata);
    this.metadata = metadata;
    const given = this.outputShape([1, ...metadata.inputShape]).slice(1);
    const { shape, meaning } = tasks[this.task].outputs(metadata);
    if (shapeText(given) !== shapeText(shape))
      throw new AdderNetError(
        'ERR_SHAPE',
        `${metadata.name}: the layers give [n,${given.join(',')}], expected [n,${shape.join(',')}], ${meaning}`,
      );
  }

  /** Copies a state into the layers; `inputShape` is the model's by default. */
  override loadStateDict(state: LoadedState, options: LoadStateOptions = {}): { missing: string[]; unexpected: string[] } {
    return super.loadStateDict(state, { inputShape: this.inputShape, ...options });
  }

  /** Shapes, parameters and operations of every layer, for one image. Printing it prints a table. */
  summary(): Summary {
    return new Summary(this, [1, ...this.inputShape]);
  }
}

/**
 * @param op the calling function, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless `model` is a Model
 */
export function checkModel(op: string, model: unknown): asserts model is Model {
  if (!(model instanceof Model))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: model is ${nameOf(model)}, expected a Model, which describes the images that it takes: new Model(layers, metadata)`,
    );
}

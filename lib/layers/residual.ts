// The residual block of ResNet (He et al., CVPR 2016).
import { AdderNetError } from '../errors';
import { add, relu } from '../ops';
import { type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { type ForwardOptions, Layer, type NamedLayer, type Step } from './layer';
import type { Sequential } from './sequential';

/**
 * y = relu(body(x) + x), or relu(body(x) + downsample(x)) where the body changes the shape.
 * State is named by the layers of the body, with `downsample` beside them.
 */
export class Residual extends Layer {
  readonly body: Sequential;
  readonly downsample: Layer | undefined;

  constructor(body: Sequential, downsample?: Layer) {
    super();
    this.body = body;
    this.downsample = downsample;
  }

  forward(x: Tensor, { inPlace = false }: ForwardOptions = {}): Tensor {
    const y = this.body.forward(x);
    const mine = y.data.buffer !== x.data.buffer;
    const shortcut = this.downsample?.forward(x, { inPlace: inPlace && mine }) ?? x;
    const sum = add(y, shortcut, mine ? { out: y } : {});
    return relu(sum, { out: sum });
  }

  outputShape(input: Shape): Shape {
    const output = this.body.outputShape(input);
    const shortcut = this.downsample?.outputShape(input) ?? input;
    if (shapeText(output) !== shapeText(shortcut))
      throw new AdderNetError(
        'ERR_SHAPE',
        `Residual: the body gives ${shapeText(output)} and the shortcut ${shapeText(shortcut)}, which cannot be added: give a downsample`,
      );
    return output;
  }

  override children(): readonly NamedLayer[] {
    return [...this.body.children(), ...(this.downsample ? [['downsample', this.downsample] as const] : [])];
  }

  override trace(input: Shape): readonly Step[] {
    const { downsample } = this;
    const shortcut = downsample && { name: 'downsample', layer: downsample, input, output: downsample.outputShape(input) };
    return [...this.body.trace(input), ...(shortcut ? [shortcut] : [])];
  }
}

// Residual networks (He et al., CVPR 2016) as in AdderNet: the first layer and the classifier, a 1x1 convolution, are ordinary convolutions, the
// logits have a batch norm, and all other layers are of the network's kind, in the shortcuts too. Binary networks have no ReLU.
import { BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, type Layer, MaxPool2d, Residual, Sequential } from '../layers';
import { hasRelu, innerConv2d, innerRelu, type NetworkSpec } from './network-parts';

/** One block from ci to co channels; its first convolution has the stride. */
type Block = (spec: NetworkSpec, ci: number, co: number, stride: number) => Residual;

const basicBlock: Block = (spec, ci, co, stride) =>
  new Residual(
    new Sequential({
      conv1: innerConv2d(spec, ci, co, { kernel: 3, stride, padding: 1 }),
      bn1: new BatchNorm(co),
      ...innerRelu(spec, 'relu'),
      conv2: innerConv2d(spec, co, co, { kernel: 3, padding: 1 }),
      bn2: new BatchNorm(co),
    }),
    downsample(spec, ci, co, stride),
    { relu: hasRelu(spec) },
  );

const bottleneckExpansion = 4;

/** Version 1 of the block, with the stride in the first 1x1 convolution. */
const bottleneck: Block = (spec, ci, co, stride) => {
  const width = co / bottleneckExpansion;
  return new Residual(
    new Sequential({
      conv1: innerConv2d(spec, ci, width, { kernel: 1, stride }),
      bn1: new BatchNorm(width),
      ...innerRelu(spec, 'relu1'),
      conv2: innerConv2d(spec, width, width, { kernel: 3, padding: 1 }),
      bn2: new BatchNorm(width),
      ...innerRelu(spec, 'relu2'),
      conv3: innerConv2d(spec, width, co, { kernel: 1 }),
      bn3: new BatchNorm(co),
    }),
    downsample(spec, ci, co, stride),
    { relu: hasRelu(spec) },
  );
};

const downsample = (spec: NetworkSpec, ci: number, co: number, stride: number): Sequential | undefined =>
  ci === co && stride === 1 ? undefined : new Sequential([innerConv2d(spec, ci, co, { kernel: 1, stride }), new BatchNorm(co)]);

interface Body {
  readonly block: Block;
  /** Output channels of the first layer. */
  readonly stem: number;
  /** Number of blocks in each stage; every stage but the first halves the image. */
  readonly blocks: readonly number[];
  /** Output channels of the first stage; they double from stage to stage. */
  readonly width: number;
}

/** Stages layer1, layer2 and so on, then the classifier. */
function stagesAndClassifier(spec: NetworkSpec, { block, stem, blocks, width }: Body): Record<string, Layer> {
  let channels = stem;
  const stages = blocks.map((count, i) => {
    const co = width * 2 ** i;
    const stage = Array.from({ length: count }, (_, j) => block(spec, j === 0 ? channels : co, co, i > 0 && j === 0 ? 2 : 1));
    channels = co;
    return [`layer${i + 1}`, new Sequential(stage)];
  });
  return {
    ...Object.fromEntries(stages),
    avgpool: new GlobalAveragePool2d(),
    fc: new Conv2d(channels, spec.classes, { kernel: 1, random: spec.random }),
    bn2: new BatchNorm(spec.classes),
    flatten: new Flatten(),
  };
}

/** ResNet-(6b + 2) for CIFAR, with b blocks in each of three stages of 16, 32 and 64 channels. */
export const cifarResNet =
  (b: number) =>
  (spec: NetworkSpec): Record<string, Layer> => ({
    conv1: new Conv2d(spec.inputShape[2], 16, { kernel: 3, padding: 1, random: spec.random }),
    bn1: new BatchNorm(16),
    ...innerRelu(spec, 'relu'),
    ...stagesAndClassifier(spec, { block: basicBlock, stem: 16, blocks: [b, b, b], width: 16 }),
  });

const imageNetResNet =
  (block: Block, blocks: readonly number[], width: number) =>
  (spec: NetworkSpec): Record<string, Layer> => ({
    conv1: new Conv2d(spec.inputShape[2], 64, { kernel: 7, stride: 2, padding: 3, random: spec.random }),
    bn1: new BatchNorm(64),
    ...innerRelu(spec, 'relu'),
    maxpool: new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
    ...stagesAndClassifier(spec, { block, stem: 64, blocks, width }),
  });

export const resnet18 = imageNetResNet(basicBlock, [2, 2, 2, 2], 64);
export const resnet50 = imageNetResNet(bottleneck, [3, 4, 6, 3], 64 * bottleneckExpansion);

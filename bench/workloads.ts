// What is measured: layers of the networks, and networks with their batches.

/** A 3x3 convolution with padding 1. */
export interface Layer {
  readonly network: string;
  /** [n, h, w, ci] */
  readonly x: readonly [number, number, number, number];
  readonly co: number;
  readonly stride: number;
}
export const layers: readonly Layer[] = [
  { network: 'ResNet-20', x: [64, 32, 32, 16], co: 16, stride: 1 },
  { network: 'ResNet-20', x: [64, 32, 32, 16], co: 32, stride: 2 },
  { network: 'ResNet-20', x: [64, 16, 16, 32], co: 32, stride: 1 },
  { network: 'ResNet-20', x: [64, 16, 16, 32], co: 64, stride: 2 },
  { network: 'ResNet-20', x: [64, 8, 8, 64], co: 64, stride: 1 },
  { network: 'ResNet-18', x: [4, 56, 56, 64], co: 64, stride: 1 },
  { network: 'ResNet-18', x: [4, 28, 28, 128], co: 128, stride: 1 },
  { network: 'ResNet-18', x: [4, 14, 14, 256], co: 256, stride: 1 },
  { network: 'ResNet-18', x: [4, 7, 7, 512], co: 512, stride: 1 },
];
/** Those that can follow themselves, with batches of 64. */
export const chainableLayers: readonly Layer[] = layers
  .filter(({ x, co, stride }) => stride === 1 && co === x[3])
  .map((layer) => ({ ...layer, x: [64, ...layer.x.slice(1)] as unknown as Layer['x'] }));

/** Pairs of an input and a weight that meet. */
export const pairs = ({ x: [n, h, w, ci], co, stride }: Layer): number => n * Math.ceil(h / stride) * Math.ceil(w / stride) * co * 9 * ci;
export const layerName = ({ network, x: [n, h, w, ci], co, stride }: Layer): string =>
  `${network} ${h}x${w} ${ci}-${co}${stride > 1 ? ` /${stride}` : ''} batch ${n}`;

export interface Task {
  readonly network: 'resnet20' | 'resnet18';
  readonly batch: number;
}
export const tasks: readonly Task[] = [
  { network: 'resnet20', batch: 1 },
  { network: 'resnet20', batch: 64 },
  { network: 'resnet18', batch: 1 },
];
/** Images of a training step; and of a step beside PyTorch's adders. */
export const trainingBatches: readonly [large: number, small: number] = [128, 2];

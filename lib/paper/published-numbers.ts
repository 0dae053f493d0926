// Numbers printed in the paper (AdderNet, CVPR 2020), for comparison; those of Winograd adders (Winograd Algorithm for
// AdderNet, ICML 2021) as others cite them.
import type { ModelName, NetworkKind } from '../models';

/** Operations of one image as printed; accuracies in percent. */
export interface PaperRow {
  readonly network: ModelName;
  readonly kind: NetworkKind;
  readonly multiplications: number;
  readonly additions: number;
  readonly xnors: number;
  /** On the test images of each data set. */
  readonly accuracy: Readonly<Record<string, number>>;
}

/**
 * @param count     one operation for each pair of an input and a weight
 * @param additions those of the adder network, as printed
 */
const rowsOf = (
  network: ModelName,
  count: number,
  accuracies: Record<'xnor' | 'adder' | 'conv', Record<string, number>>,
  additions = 2 * count,
): PaperRow[] => [
  { network, kind: 'xnor', multiplications: 0, additions: count, xnors: count, accuracy: accuracies.xnor },
  { network, kind: 'adder', multiplications: 0, additions, xnors: 0, accuracy: accuracies.adder },
  { network, kind: 'conv', multiplications: count, additions: count, xnors: 0, accuracy: accuracies.conv },
];

const cifar = (cifar10: number, cifar100: number) => ({ cifar10, cifar100 });
const imageNet = (top1: number, top5: number) => ({ imagenet: top1, 'imagenet top-5': top5 });

export const paperRows: readonly PaperRow[] = [
  { network: 'lenet5bn', kind: 'adder', multiplications: 0, additions: 870e3, xnors: 0, accuracy: { mnist: 99.4 } },
  { network: 'lenet5bn', kind: 'conv', multiplications: 435e3, additions: 435e3, xnors: 0, accuracy: { mnist: 99.4 } },
  ...rowsOf('vggSmall', 0.65e9, { xnor: cifar(89.8, 65.41), adder: cifar(93.72, 72.64), conv: cifar(93.8, 72.73) }),
  ...rowsOf('resnet20', 41.17e6, { xnor: cifar(84.87, 54.14), adder: cifar(91.84, 67.6), conv: cifar(92.25, 68.14) }),
  ...rowsOf('resnet32', 69.12e6, { xnor: cifar(86.74, 56.21), adder: cifar(93.01, 69.02), conv: cifar(93.29, 69.74) }),
  ...rowsOf('resnet18', 1.8e9, { xnor: imageNet(51.2, 73.2), adder: imageNet(67, 87.6), conv: imageNet(69.8, 89.1) }),
  ...rowsOf('resnet50', 3.9e9, { xnor: imageNet(55.8, 78.4), adder: imageNet(74.9, 91.7), conv: imageNet(76.2, 92.9) }, 7.7e9),
];

/** ResNet-20 of Winograd adders, in percent. */
const winogradAccuracies: PaperRow['accuracy'] = cifar(91.56, 67.96);

/** On the test images, from 0 to 1; null where none is printed. */
export function paperAccuracy(network: string, kind: string, dataset: string): number | null {
  const accuracies =
    network === 'resnet20' && kind === 'adder-winograd'
      ? winogradAccuracies
      : paperRows.find((row) => row.network === network && row.kind === kind)?.accuracy;
  const percents = accuracies?.[dataset];
  return percents === undefined ? null : percents / 100;
}

/** Norms of the filter gradients of LeNet-5-BN in the first iteration, by layer. */
export const gradientNorms = { adder: [0.0009, 0.0012, 0.0146], conv: [0.2261, 0.299, 0.4646] } as const;

/** On MNIST, in percent. */
export const ablationAccuracies: Readonly<Record<string, number>> = {
  'full, adaptive': 99.4,
  'full, increased': 98.99,
  'sign, adaptive': 97.99,
  'sign, increased': 97.72,
};
export const etaAccuracies: Readonly<Record<number, number>> = { 1: 99.26, 0.5: 99.3, 0.2: 99.35, 0.1: 99.4, 0.05: 99.32 };

/** Energy in pJ and area in um2 of one operation at 45 nm (Horowitz, ISSCC 2014). */
export const operationCosts = [
  { type: 'int8', energy: { addition: 0.03, multiplication: 0.2 }, area: { addition: 36, multiplication: 282 } },
  { type: 'int32', energy: { addition: 0.1, multiplication: 3.1 }, area: { addition: 137, multiplication: 3495 } },
  { type: 'float16', energy: { addition: 0.4, multiplication: 1.1 }, area: { addition: 1360, multiplication: 1640 } },
  { type: 'float32', energy: { addition: 0.9, multiplication: 3.7 }, area: { addition: 4184, multiplication: 7700 } },
] as const;

// The default color behind transparent pixels.
import type { Color } from './image-options';

const [black, white]: readonly Color[] = [
  [0, 0, 0],
  [255, 255, 255],
];

/**
 * If the gray images of a network are dark on average, as in MNIST, it was trained on white on black, and the background is black. For all
 * other networks it is white, as on paper. An image that will be inverted gets the opposite.
 * @param mean the mean of each channel of the network's images, 0 to 1; 0 means unknown
 */
export function defaultBackground({ mean }: { readonly mean: readonly number[] }, invert = false): Color {
  const isLightOnDark = mean.length === 1 && mean[0]! > 0 && mean[0]! < 0.5;
  return isLightOnDark !== invert ? black! : white!;
}

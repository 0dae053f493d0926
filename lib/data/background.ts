// What transparent pixels lie on, where the user does not say it.
import type { Color } from './image';

const [black, white]: readonly Color[] = [
  [0, 0, 0],
  [255, 255, 255],
];

/**
 * A network of gray images that are darker than the middle in the mean, such as MNIST's, was trained on white on black: nothing is black to
 * it. To all others nothing is white, as on paper. An image that is inverted lies on the opposite, before it is.
 * @param mean   of each channel of the network's images, 0 to 1; 0 is no mean of images, and says nothing
 */
export function defaultBackground({ mean }: { readonly mean: readonly number[] }, invert = false): Color {
  const isLightOnDark = mean.length === 1 && mean[0]! > 0 && mean[0]! < 0.5;
  return isLightOnDark !== invert ? black! : white!;
}

// How an image is converted to the input of a network, and to which shape.
import { AdderNetError } from '../errors';
import { shown } from '../quoted';
import { type Shape, shapeText } from '../shape';

/** The shape of a network's input images, [h,w,c], where c is 3 for red, green and blue, or 1 for gray. */
export type ImageShape = readonly [number, number, number];

/** A color: a CSS name, `#rrggbb`, or red, green and blue from 0 to 255. */
export type Color = string | readonly [number, number, number];

/** How an image is converted to the input of a network. */
export interface ImageOptions {
  /** An image with more pixels is rejected before it is decoded. Default 25,000,000. */
  readonly maxPixels?: number | undefined;
  /** The color behind transparent pixels. Default: white, or black if `invert` is set. */
  readonly background?: Color | undefined;
  /** Inverts the brightness, for images of black on white and a network trained on white on black. Default false. */
  readonly invert?: boolean | undefined;
}

/** The default of `maxPixels`. */
export const defaultMaxPixels = 25_000_000;

/** @throws {AdderNetError} ERR_ARGUMENT if an option is out of range */
export function checkImageOptions({ maxPixels, background, invert }: ImageOptions): void {
  if (maxPixels !== undefined && !(Number.isSafeInteger(maxPixels) && maxPixels > 0))
    throw new AdderNetError('ERR_ARGUMENT', `maxPixels is ${shown(maxPixels)}, expected a positive integer`);
  if (invert !== undefined && typeof invert !== 'boolean')
    throw new AdderNetError('ERR_ARGUMENT', `invert is ${shown(invert)}, expected true or false`);
  const isLevel = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
  const isColor = typeof background === 'string' || (Array.isArray(background) && background.length === 3 && background.every(isLevel));
  if (background !== undefined && !isColor) throw noColor(background);
}

export const noColor = (background: unknown): AdderNetError =>
  new AdderNetError(
    'ERR_ARGUMENT',
    `background is ${JSON.stringify(background)}, expected a CSS color, such as 'black' or '#ff8000', or [red, green, blue] from 0 to 255`,
  );

/** @throws {AdderNetError} ERR_SHAPE unless the shape is that of color or gray images */
export function checkImageShape(op: string, shape: Shape): asserts shape is ImageShape {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0;
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every(isSize))
    throw new AdderNetError('ERR_SHAPE', `${op}: the shape of images is ${textOf(shape)}, expected [h,w,c]`);
  if (shape[2] !== 1 && shape[2] !== 3)
    throw new AdderNetError('ERR_SHAPE', `${op}: the network takes ${shape[2]} channels, but an image has 3, or 1 in gray`);
}

const textOf = (shape: unknown): string => (Array.isArray(shape) ? shapeText(shape) : String(shape));

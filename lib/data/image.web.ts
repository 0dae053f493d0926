// Fits images to the input of a network where there is no sharp: pixels everywhere, and files where the browser decodes them.
import { AdderNetError } from '../errors';
import { type FileSource, readSource } from '../io/file-source';
import { shown } from '../quoted';
import { Tensor } from '../tensor';
import { type Color, checkImageOptions, checkImageShape, type ImageOptions, type ImageShape } from './image-options';
import { type ImageSource, nameOf } from './image-source';
import { checkPixelCount, checkPixels, fits, inverted, isPixels, type Pixels, type SizedPixels } from './pixels';
import { scaleToCover } from './scale-pixels';

/** As lib/data/image.ts has it. @throws {AdderNetError} ERR_PEER_MISSING if it is a file, and nothing here decodes images */
export async function readImage(
  image: ImageSource,
  shape: ImageShape,
  options: ImageOptions = {},
  name = nameOf(image),
): Promise<Tensor<Uint8Array>> {
  checkImageShape('readImage', shape);
  checkImageOptions(options);
  const { maxPixels, invert = false, background = invert ? 'black' : 'white' } = options;
  const pixels = checkPixels(isPixels(image) ? image : await decoded(image, maxPixels, name), maxPixels, name);
  const fitted = fits(pixels, shape) ? new Tensor(pixels.data, [1, ...shape]) : fit(pixels, shape, colorOf(background));
  return inverted(fitted, invert);
}

/** The browser's own decoder, which workers of browsers have as well. */
async function decoded(source: FileSource, maxPixels: number | undefined, name: string): Promise<Pixels> {
  if (typeof createImageBitmap === 'undefined' || typeof OffscreenCanvas === 'undefined')
    throw new AdderNetError('ERR_PEER_MISSING', `cannot read ${name}: nothing decodes images here: pass pixels, { data, width, height }`);
  const bytes = await readSource('image', source);
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>])).catch((cause: unknown) => {
    throw new AdderNetError('ERR_FORMAT', `cannot read ${name}: the browser knows no image in it, or it is damaged`, { cause });
  });
  try {
    const { width, height } = bitmap;
    checkPixelCount(name, width, height, maxPixels);
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  } finally {
    bitmap.close();
  }
}

/** Opaque, in the channels of the shape, and of its size. As in sharp, colors become gray at the end. */
function fit(
  { data, width, height, channels }: SizedPixels,
  [h, w, wanted]: ImageShape,
  background: readonly number[],
): Tensor<Uint8Array> {
  const levels = channels === 1 ? 1 : 3;
  const floats = new Float32Array(width * height * levels);
  for (let i = 0; i < width * height; i++) {
    const opacity = channels === 4 ? data[4 * i + 3]! / 255 : 1;
    for (let c = 0; c < levels; c++) floats[levels * i + c] = data[channels * i + c]! * opacity + background[c]! * (1 - opacity);
  }
  const scaled = Uint8ClampedArray.from(scaleToCover(floats, width, height, [h, w, levels]));
  const fitted = new Tensor(new Uint8Array(h * w * wanted), [1, h, w, wanted]);
  for (let i = 0; i < fitted.data.length; i++)
    if (levels === wanted) fitted.data[i] = scaled[i]!;
    else if (levels === 1) fitted.data[i] = scaled[Math.floor(i / wanted)]!;
    else fitted.data[i] = Math.round(gray(scaled[3 * i]!, scaled[3 * i + 1]!, scaled[3 * i + 2]!));
  return fitted;
}

/** Luminance, of linear light, as sharp has it. */
const gray = (red: number, green: number, blue: number): number =>
  red === green && green === blue ? red : delinear(0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue));
const linear = (level: number): number => (level <= 10.31475 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4);
const delinear = (light: number): number => 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);

const names: Readonly<Record<string, readonly number[]>> = { black: [0, 0, 0], white: [255, 255, 255] };

function colorOf(background: Color): readonly number[] {
  if (typeof background !== 'string') return background;
  const [, digits] = /^#([0-9a-f]{6})$/i.exec(background) ?? [];
  const color = digits ? [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)) : names[background];
  if (!color)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `background is ${shown(background)}, expected black, white, #rrggbb or [red, green, blue]: other names are sharp's`,
    );
  return color;
}

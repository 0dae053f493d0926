// Synthetic handwritten digits, which need no download. Strokes with random tremor, slant and size are drawn by their distance to each pixel.
// Sines and logarithms may differ in their last bit between JavaScript engines, but the rounded bytes almost never show it.

import { AdderNetError } from '../errors';
import { shown } from '../quoted';
import { Random } from '../random';
import { Tensor } from '../tensor';
import { classNames } from './class-names';
import { ImageDataset } from './dataset';
import { glyphs, type Stroke } from './digit-strokes';

const side = 28;

/**
 * Generates synthetic white digits on black, 28x28, in random order and with equally many of each class. The same seed gives the same images.
 * @param images from 1 to 2^31 - 1
 * @param seed   a safe integer
 * @param name   the name of the data set, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if an argument is out of range; ERR_MEMORY if the images do not fit in memory
 */
export function generateDigits(images: number, seed: number, name = 'digits'): ImageDataset {
  if (!Number.isInteger(images) || images < 1 || images >= 2 ** 31)
    throw new AdderNetError('ERR_ARGUMENT', `generateDigits: images is ${shown(images)}, expected an integer from 1 to 2147483647`);
  if (!Number.isSafeInteger(seed))
    throw new AdderNetError('ERR_ARGUMENT', `generateDigits: seed is ${shown(seed)}, expected an integer between -2^53 and 2^53`);
  const pixels = Tensor.zeros([images, side, side, 1], 'u8');
  const targets = Int32Array.from({ length: images }, (_, i) => i % glyphs.length);
  Random.of(seed).shuffle(targets);
  targets.forEach((digit, i) => {
    draw(digit, Random.of(seed, i), pixels.data.subarray(i * side * side, (i + 1) * side * side));
  });
  return new ImageDataset({
    name,
    images: pixels,
    targets,
    classes: glyphs.length,
    classNames: classNames.mnist,
  });
}

/** The data set `digits`, which is always the same. */
export const openDigits = (split: 'train' | 'test'): ImageDataset =>
  split === 'train' ? generateDigits(10_000, 1, 'digits train') : generateDigits(2_000, 2, 'digits test');

type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** The width of the fading edge of a stroke, in pixels. */
const fade = 1.3;

function draw(digit: number, random: Random, pixels: Uint8Array): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const ways = glyphs[digit]!;
  const glyph = ways[random.integer(ways.length)]!;
  const place = placement(random);
  const [radius, ink, tremor] = [between(0.7, 1.5), between(200, 255), between(0.01, 0.035)];
  const coverage = new Float64Array(side * side);
  for (const stroke of glyph) {
    const unsteady = stroke.map(([x, y]) => [x + tremor * random.normal(), y + tremor * random.normal()] as const);
    for (const segment of segmentsOf(unsteady.map(place))) cover(coverage, segment, radius);
  }
  for (let i = 0; i < coverage.length; i++) {
    const noise = coverage[i]! > 0 ? 8 * random.normal() : 0;
    pixels[i] = Math.max(0, Math.min(255, Math.round(coverage[i]! * ink + noise)));
  }
}

/** A random affine map from the box of a glyph to pixels. */
function placement(random: Random): (point: readonly [number, number]) => readonly [number, number] {
  const around = (spread: number): number => spread * (2 * random.uniform() - 1);
  const [angle, slant] = [around(0.2), around(0.3)];
  const [width, height] = [15 + around(4), 19 + around(2.5)];
  const [dx, dy] = [around(2), around(2)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return ([x, y]) => {
    const v = (y - 0.5) * height;
    const u = (x - 0.5) * width - slant * v;
    return [side / 2 + dx + cos * u - sin * v, side / 2 + dy + sin * u + cos * v];
  };
}

/** The Catmull-Rom spline through the points, as short straight segments. */
function* segmentsOf(points: Stroke): Generator<Segment> {
  const pieces = points.length === 2 ? 1 : 6;
  const at = (i: number) => points[Math.max(0, Math.min(points.length - 1, i))]!;
  let from = at(0);
  for (let i = 0; i + 1 < points.length; i++)
    for (let piece = 1; piece <= pieces; piece++) {
      const t = piece / pieces;
      const to = [0, 1].map((axis) => spline(at(i - 1)[axis]!, at(i)[axis]!, at(i + 1)[axis]!, at(i + 2)[axis]!, t)) as [number, number];
      yield [...from, ...to];
      from = to;
    }
}

const spline = (a: number, b: number, c: number, d: number, t: number): number =>
  b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));

/** Raises the coverage of the pixels around a segment to how much of them the pen covers, 0 to 1. */
function cover(coverage: Float64Array, [x0, y0, x1, y1]: Segment, radius: number): void {
  const reach = radius + fade;
  const [left, right] = [Math.max(0, Math.floor(Math.min(x0, x1) - reach)), Math.min(side - 1, Math.ceil(Math.max(x0, x1) + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(y0, y1) - reach)), Math.min(side - 1, Math.ceil(Math.max(y0, y1) + reach))];
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squaredLength = dx * dx + dy * dy || 1;
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / squaredLength));
      const distance = Math.sqrt((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2);
      const covered = Math.min(1, (reach - distance) / fade);
      const i = y * side + x;
      if (covered > coverage[i]!) coverage[i] = covered;
    }
}

// Some tiles of what a Winograd layer reads on the calibration images.
import type { Conv2d } from '../graph';
import { geometryOf } from '../graph/geometry';
import { Random } from '../random';
import type { Tensor } from '../tensor';
import { positions, transformInput } from './winograd-transform';

/** Tiles times channels that are kept of a layer: 4 MiB of floats. */
const maxSamples = 2 ** 16;

/** Tiles of one layer, spread evenly over the images and drawn within each stretch, always the same ones. */
export class WinogradTiles {
  readonly #layer: Conv2d;
  readonly #rows: number;
  readonly #columns: number;
  readonly #random = new Random(1);
  /** Tiles for each one that is kept. */
  readonly #stretch: number;
  /** [tiles][ci][16], zeros where padding is */
  readonly #pixels: Float32Array;
  #kept = 0;
  #seen = 0;
  /** The next tile that is kept, among all. */
  #next: number;

  /** @param images how many will be added */
  constructor(layer: Conv2d, images: number) {
    const [, ho, wo] = geometryOf(layer).output;
    const ci = layer.x.shape[2]!;
    this.#layer = layer;
    this.#rows = Math.ceil(ho / 2);
    this.#columns = Math.ceil(wo / 2);
    const tiles = images * this.#rows * this.#columns;
    const kept = Math.min(tiles, Math.max(1, Math.floor(maxSamples / ci)));
    this.#stretch = tiles / kept;
    this.#pixels = new Float32Array(kept * ci * positions);
    this.#next = this.#draw();
  }

  /** Takes its tiles of what the layer reads, [n,h,w,ci]. */
  add(x: Tensor): void {
    const tilesOfImage = this.#rows * this.#columns;
    const end = this.#seen + x.shape[0]! * tilesOfImage;
    for (; this.#next < end; this.#next = this.#draw()) {
      const tile = this.#next - this.#seen;
      this.#keep(x, Math.floor(tile / tilesOfImage), Math.floor((tile % tilesOfImage) / this.#columns), tile % this.#columns);
    }
    this.#seen = end;
  }

  #draw(): number {
    return Math.floor((this.#kept + this.#random.uniform()) * this.#stretch);
  }

  #keep({ data, shape }: Tensor, image: number, row: number, column: number): void {
    const [, h, w, ci] = shape as [number, number, number, number];
    const [top, left] = this.#layer.attributes.padding;
    const first = this.#kept++ * ci * positions;
    for (let p = 0; p < positions; p++) {
      const [r, c] = [2 * row + (p >> 2) - top, 2 * column + (p % 4) - left];
      if (r < 0 || r >= h || c < 0 || c >= w) continue;
      const pixel = ((image * h + r) * w + c) * ci;
      for (let channel = 0; channel < ci; channel++) this.#pixels[first + channel * positions + p] = data[pixel + channel]!;
    }
  }

  /**
   * V of all tiles, [samples][16].
   * @param quantized the integer of a number
   */
  transformed(quantized: (x: number) => number): Int32Array {
    const v = Int32Array.from(this.#pixels, quantized);
    for (let at = 0; at < v.length; at += positions) transformInput(v, at);
    return v;
  }
}

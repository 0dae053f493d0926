// Filters as small images side by side, each scaled to its own range of values.
import { type Chart, withPng } from './chart';

export interface Filters {
  /** [co,kh,kw,ci]; one channel is drawn in gray, three as red, green and blue. */
  readonly shape: readonly [co: number, kh: number, kw: number, ci: number];
  readonly values: readonly number[];
}

/** Throws the errors of drawChart. */
export async function drawFilters({ shape: [co, kh, kw, ci], values }: Filters): Promise<Chart> {
  const columns = Math.min(co, 8);
  const [cell, gap] = [60 / kw, 8];
  const [width, height] = [columns * (kw * cell + gap) + gap, Math.ceil(co / columns) * (kh * cell + gap) + gap];
  const cells: string[] = [];
  for (let o = 0; o < co; o++) {
    const filter = values.slice(o * kh * kw * ci, (o + 1) * kh * kw * ci);
    const [low, high] = [Math.min(...filter), Math.max(...filter)];
    const level = (value: number) => Math.round((255 * (value - low)) / (high - low || 1));
    const left = gap + (o % columns) * (kw * cell + gap);
    const top = gap + Math.floor(o / columns) * (kh * cell + gap);
    for (let pixel = 0; pixel < kh * kw; pixel++) {
      const channels = [0, 1, 2].map((c) => level(filter[pixel * ci + (ci === 1 ? 0 : c)]!));
      const [x, y] = [left + (pixel % kw) * cell, top + Math.floor(pixel / kw) * cell];
      cells.push(`<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="rgb(${channels})"/>`);
    }
  }
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return await withPng(`<svg xmlns="http://www.w3.org/2000/svg" ${size} shape-rendering="crispEdges">\n${cells.join('\n')}\n</svg>\n`);
}

// Geometries of convolutions to test with: random ones and the edges.
import fc from 'fast-check';
import type { Test } from 'tap';
import type { ConvOptions } from '../../dist';
import type { Shape } from '../../dist/shape';
import { draws } from './draws';

export interface Problem {
  x: Shape;
  filters: Shape;
  options: Required<ConvOptions> & {
    padding: [number, number] | [number, number, number, number];
    stride: [number, number];
    dilation: [number, number];
  };
  seed: number;
  bias: boolean;
}

const size = (most: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: most }) });
export const problem: fc.Arbitrary<Problem> = fc
  .record({
    n: size(3),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    depthwise: fc.boolean(),
    groupCi: size(40),
    groupCo: size(70),
    kernel: fc.tuple(size(5), size(5)),
    stride: fc.tuple(size(7), size(7)),
    dilation: fc.tuple(size(3), size(3)),
    padding: fc.oneof(fc.tuple(fc.nat(6), fc.nat(6)), fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6), fc.nat(6))),
    extra: fc.tuple(fc.nat(20), fc.nat(40)),
    seed: fc.nat(),
    bias: fc.boolean(),
  })
  .map(({ n, groups, depthwise, groupCi, groupCo, kernel, stride, dilation, padding, extra, seed, bias }) => {
    const [ci, co, g] = depthwise && groups > 1 ? [groupCi, groupCi, groupCi] : [groupCi * groups, groupCo * groups, groups];
    const [top, left, bottom = top, right = left] = padding;
    const padded = [top + bottom, left + right] as const;
    const pixels = (axis: 0 | 1) => Math.max(1, dilation[axis] * (kernel[axis] - 1) + 1 - padded[axis]) + extra[axis];
    return {
      x: [n, pixels(0), pixels(1), ci],
      filters: [co, ...kernel, ci / g],
      options: { stride, padding, dilation, groups: g },
      seed,
      bias,
    };
  });

export const plain = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } satisfies Problem['options'];
export const edges: Record<string, Problem> = {
  'one pixel, one channel': { x: [1, 1, 1, 1], filters: [1, 1, 1, 1], options: plain, seed: 1, bias: false },
  'one pixel, padded by more than the kernel': {
    x: [2, 1, 1, 3],
    filters: [5, 3, 3, 3],
    options: { ...plain, padding: [4, 5] },
    seed: 2,
    bias: true,
  },
  'padded on one side alone, by rows that no window reaches': {
    x: [2, 6, 7, 5],
    filters: [9, 2, 3, 5],
    options: { ...plain, stride: [4, 2], padding: [0, 0, 3, 4] },
    seed: 10,
    bias: true,
  },
  'padded above and on the left alone, few filters': {
    x: [2, 5, 40, 3],
    filters: [4, 3, 3, 3],
    options: { ...plain, stride: [2, 2], padding: [2, 1, 0, 0] },
    seed: 11,
    bias: true,
  },
  'stride larger than the kernel': {
    x: [1, 30, 41, 2],
    filters: [3, 2, 2, 2],
    options: { ...plain, stride: [7, 9] },
    seed: 3,
    bias: false,
  },
  'k in several blocks, cut within a run': { x: [1, 3, 4, 1500], filters: [20, 2, 3, 1500], options: plain, seed: 4, bias: true },
  'k in several blocks of whole runs': {
    x: [1, 5, 5, 200],
    filters: [33, 3, 3, 200],
    options: { ...plain, padding: [1, 1] },
    seed: 5,
    bias: true,
  },
  'few filters over wide rows, k in blocks': { x: [1, 3, 100, 300], filters: [4, 1, 3, 300], options: plain, seed: 6, bias: true },
  'few filters, strided wide rows': {
    x: [2, 7, 130, 5],
    filters: [6, 3, 5, 5],
    options: { ...plain, stride: [2, 3], padding: [1, 2], dilation: [1, 2] },
    seed: 7,
    bias: false,
  },
  'three taps in a row, rows of 14 pixels': {
    x: [2, 14, 14, 21],
    filters: [19, 3, 3, 21],
    options: { ...plain, padding: [1, 1] },
    seed: 12,
    bias: true,
  },
  'three taps in a row, more than 64 rows of taps': { x: [3, 7, 9, 70], filters: [8, 2, 3, 70], options: plain, seed: 13, bias: true },
  'four taps in a row, kernel rows dilated': {
    x: [1, 12, 34, 17],
    filters: [25, 3, 4, 17],
    options: { ...plain, padding: [0, 1, 2, 0], dilation: [2, 1] },
    seed: 14,
    bias: false,
  },
  'fully connected': { x: [9, 1, 1, 77], filters: [10, 1, 1, 77], options: plain, seed: 8, bias: true },
  'two channels for each group': { x: [1, 9, 9, 6], filters: [12, 3, 3, 1], options: { ...plain, groups: 6 }, seed: 9, bias: true },
};

/** `check` of every named problem, and of random ones. */
export function checkProblems(t: Test, name: string, named: Record<string, Problem>, check: (problem: Problem) => void): void {
  for (const [edge, at] of Object.entries(named)) t.doesNotThrow(() => check(at), `${name}: ${edge}`);
  t.doesNotThrow(() => fc.assert(fc.property(problem, check), draws(120)), `${name}: random geometries`);
}

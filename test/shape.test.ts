// The geometry of windows, held against counting them one by one, and everything that is no geometry.
import fc from 'fast-check';
import t from 'tap';
import { convGeometry, type Padding, type Pair, pair, poolGeometry, type Shape, shortPadding, sides } from '../dist/shape';
import { draws } from './support/draws';

const window = (most: number, least = 1) => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

/** Windows along one axis: starts, a stride apart, from which the last tap still lies within the padded pixels. */
function windows(padded: number, kernel: number, stride: number, dilation: number): number {
  let count = 0;
  for (let start = 0; start + dilation * (kernel - 1) < padded; start += stride) count++;
  return count;
}

t.test('a convolution has as many outputs as windows that fit', async (t) => {
  const problem = fc.record({
    n: fc.integer({ min: 1, max: 4 }),
    pixels: window(20),
    groups: fc.integer({ min: 1, max: 4 }),
    groupCi: fc.integer({ min: 1, max: 5 }),
    groupCo: fc.integer({ min: 1, max: 5 }),
    kernel: window(6),
    stride: window(5),
    padding: fc.tuple(window(4, 0), window(4, 0)),
    dilation: window(4),
  });
  let [fitting, others] = [0, 0];
  fc.assert(
    fc.property(
      problem,
      ({ n, pixels: [h, w], groups, groupCi, groupCo, kernel, stride, padding: [[top, left], [bottom, right]], dilation }) => {
        const [ci, co] = [groups * groupCi, groups * groupCo];
        const [x, padding] = [[n, h, w, ci], [top, left, bottom, right] as const];
        const geometry = () => convGeometry('op', x, [co, ...kernel, groupCi], { stride, padding, dilation, groups });
        const [ho, wo] = [0, 1].map((i) => windows([top + h + bottom, left + w + right][i]!, kernel[i]!, stride[i]!, dilation[i]!));
        if (!ho || !wo) {
          others++;
          t.throws(geometry, {
            code: 'ERR_SHAPE',
            message: `op: a ${kernel.join('x')} kernel with dilation ${dilation.join('x')} does not fit`,
          });
          return;
        }
        fitting++;
        const { output, packed } = geometry();
        t.same(
          [output, [...packed]],
          [
            [n, ho, wo, co],
            [n, h, w, ci, co, ...kernel, ...stride, ...padding, ...dilation, groups],
          ],
        );
      },
    ),
    draws(300),
  );
  t.ok(fitting > others / 5 && others > fitting / 20, `both kinds were tried: ${fitting} that fit, ${others} that do not`);
});

t.test('defaults, and one number for both axes', async (t) => {
  t.same([...convGeometry('op', [2, 7, 8, 3], [4, 3, 2, 3], {}).packed], [2, 7, 8, 3, 4, 3, 2, 1, 1, 0, 0, 0, 0, 1, 1, 1]);
  t.same(convGeometry('op', [2, 7, 8, 3], [4, 3, 2, 3], { stride: 2, padding: 1, dilation: 2 }), {
    output: [2, 3, 4, 4],
    packed: Int32Array.of(2, 7, 8, 3, 4, 3, 2, 2, 2, 1, 1, 1, 1, 2, 2, 1),
  });
});

t.test('a pair is an integer in range, or two of them', async (t) => {
  t.same(pair('stride', 3, 1), [3, 3]);
  t.same(pair('stride', [3, 4], 1), [3, 4]);
  t.same(pair('padding', 0, 0), [0, 0]);
  t.same(pair('padding', 2 ** 31 - 1, 0), [2 ** 31 - 1, 2 ** 31 - 1]);
  for (const [value, least] of [
    [0, 1],
    [-1, 0],
    [1.5, 0],
    [Number.NaN, 0],
    [2 ** 31, 0],
    [[1], 0],
    [[1, 2, 3], 0],
    [[1, -1], 0],
    [[0.5, 1], 0],
    ['3', 0],
    [null, 0],
    [undefined, 0],
    [{ 0: 1, 1: 1, length: 2 }, 0],
  ] as [Pair, number][])
    t.throws(() => pair('op: option', value, least), {
      name: 'AdderNetError',
      code: 'ERR_ARGUMENT',
      message: `op: option is ${JSON.stringify(value)}, expected an integer from ${least} to 2147483647 or two of them, [height, width]`,
    });
});

t.test('padding is one number, one for each axis, or one for each side', async (t) => {
  t.same(sides('padding', 2), [2, 2, 2, 2]);
  t.same(sides('padding', [1, 2]), [1, 2, 1, 2]);
  t.same(sides('padding', [1, 2, 3, 4]), [1, 2, 3, 4]);
  const short: [Padding, Padding][] = [
    [1, [1, 1]],
    [
      [1, 2, 1, 2],
      [1, 2],
    ],
    [
      [1, 2, 1, 3],
      [1, 2, 1, 3],
    ],
  ];
  for (const [padding, kept] of short) t.same(shortPadding('padding', padding), kept);
});

t.test('what is no convolution is refused by name', async (t) => {
  const [x, filters] = [
    [2, 8, 8, 6],
    [4, 3, 3, 6],
  ];
  const shapes: [Shape, Shape, object, string | RegExp][] = [
    [[8, 8, 6], filters, {}, 'op: x has shape [8,8,6], expected rank 4, [n,h,w,ci]'],
    [x, [4, 3, 6], {}, 'op: filters have shape [4,3,6], expected rank 4, [co,kh,kw,ci/groups]'],
    [[2, 8, 0, 6], filters, {}, /^op: shape of x is \[2,8,0,6\], expected sizes/],
    [x, [4, 3, 1.5, 6], {}, /^op: shape of filters is \[4,3,1\.5,6\], expected sizes/],
    [x, [4, 3, 3, 5], {}, 'op: filters expect 5 input channels, but x has shape [2,8,8,6]'],
    [x, filters, { groups: 2 }, 'op: filters expect 6 input channels in each of 2 groups, but x has shape [2,8,8,6]'],
    [x, [4, 9, 3, 6], {}, 'op: a 9x3 kernel with dilation 1x1 does not fit in 8x8 pixels padded by 0x0'],
    [x, [4, 3, 3, 6], { padding: 2 ** 30 }, /^op: shape of the output is \[2,2147483654,2147483654,4\], expected sizes/],
    [[1, 2 ** 30, 1, 1], [2 ** 30, 1, 1, 1], {}, /^op: shape of the output .*more elements than memory can hold$/],
  ];
  for (const [xs, ws, options, message] of shapes)
    t.throws(() => convGeometry('op', xs, ws, options), { name: 'AdderNetError', code: 'ERR_SHAPE', message });

  const options: [object, string | RegExp][] = [
    [{ stride: 0 }, /^op: stride is 0, expected an integer from 1 /],
    [{ stride: [1, -2] }, /^op: stride is \[1,-2\], expected an integer from 1 /],
    [{ stride: 1.5 }, /^op: stride is 1\.5,/],
    [{ padding: -1 }, /^op: padding is -1, expected an integer from 0 /],
    [{ padding: [0.5, 1] }, /^op: padding is \[0\.5,1\],/],
    [
      { padding: [1, 0, -1, 0] },
      /^op: padding is \[1,0,-1,0\], expected an integer from 0 to 2147483647, two of them, \[height, width\], or four, \[top, left, bottom, right\]$/,
    ],
    [
      { padding: [1, 2, 3] },
      /^op: padding is \[1,2,3\], expected an integer from 0 to 2147483647, two of them, \[height, width\], or four, \[top, left, bottom, right\]$/,
    ],
    [{ dilation: 0 }, /^op: dilation is 0, expected an integer from 1 /],
    [{ groups: 0 }, 'op: groups is 0, expected a positive integer that divides 6 input and 4 output channels'],
    [{ groups: -2 }, /^op: groups is -2,/],
    [{ groups: 1.5 }, /^op: groups is 1\.5,/],
    [{ groups: '2' }, /^op: groups is "2",/],
    [{ groups: 4 }, 'op: groups is 4, expected a positive integer that divides 6 input and 4 output channels'],
    [{ groups: 3 }, 'op: groups is 3, expected a positive integer that divides 6 input and 4 output channels'],
  ];
  for (const [option, message] of options)
    t.throws(() => convGeometry('op', x, filters, option), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
});

t.test('a pooling keeps its channels, and by default its windows do not overlap', async (t) => {
  fc.assert(
    fc.property(window(20, 6), window(6), window(4), window(3, 0), ([h, w], kernel, stride, half) => {
      const padding = kernel.map((k, i) => Math.min(half[i]!, Math.floor(k / 2))) as [number, number];
      const size = (s: readonly number[]) => [0, 1].map((i) => windows([h, w][i]! + 2 * padding[i]!, kernel[i]!, s[i]!, 1));
      t.same(poolGeometry('op', [2, h, w, 5], { kernel, stride, padding }).output, [2, ...size(stride), 5]);
      const { output, packed } = poolGeometry('op', [2, h, w, 5], { kernel, padding });
      t.same(
        [output, [...packed]],
        [
          [2, ...size(kernel), 5],
          [2, h, w, 5, 5, ...kernel, ...kernel, ...padding, ...padding, 1, 1, 1],
        ],
      );
    }),
    draws(100),
  );
});

t.test('what is no pooling is refused by name', async (t) => {
  const x = [1, 8, 8, 3];
  const refused: [Shape, object, string, string | RegExp][] = [
    [x, { kernel: 0 }, 'ERR_ARGUMENT', /^op: kernel is 0, expected an integer from 1 /],
    [x, {}, 'ERR_ARGUMENT', /^op: kernel is undefined,/],
    [x, { kernel: [2, 2.5] }, 'ERR_ARGUMENT', /^op: kernel is \[2,2\.5\],/],
    [x, { kernel: 2, stride: 0 }, 'ERR_ARGUMENT', /^op: stride is 0,/],
    [x, { kernel: 2, padding: -1 }, 'ERR_ARGUMENT', /^op: padding is -1,/],
    [x, { kernel: 3, padding: 2 }, 'ERR_ARGUMENT', 'op: padding is 2x2, expected at most half of the 3x3 kernel on each side'],
    [x, { kernel: [4, 3], padding: [2, 2] }, 'ERR_ARGUMENT', 'op: padding is 2x2, expected at most half of the 4x3 kernel on each side'],
    [x, { kernel: 3, padding: [1, 1, 2, 1] }, 'ERR_ARGUMENT', /^op: padding is \[1,1,2,1\], expected at most half of the 3x3 kernel/],
    [x, { kernel: 9 }, 'ERR_SHAPE', 'op: a 9x9 kernel with dilation 1x1 does not fit in 8x8 pixels padded by 0x0'],
    [[8, 8, 3], { kernel: 2 }, 'ERR_SHAPE', 'op: x has shape [8,8,3], expected rank 4, [n,h,w,ci]'],
  ];
  for (const [shape, options, code, message] of refused)
    t.throws(() => poolGeometry('op', shape, options as { kernel: Pair }), { name: 'AdderNetError', code, message });
});

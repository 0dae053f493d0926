// Operations: what they refuse, and in which words; that the native side is safe by itself; and the numbers of everything but the
// convolutions, on every instruction set of this CPU, against loops in double.

import t from 'tap';
import { AdderNetError, cpuInfo, ops, Tensor } from '../../dist';
import { native } from '../../dist/binding';
import { shown } from '../../dist/quoted';
import { convGeometry, type Shape } from '../../dist/shape';
import { useIsa } from '../support/cpu-settings';
import { nativeCalls } from '../support/native-calls';
import { normal } from '../support/tensors';

const f32 = Tensor.zeros;
const detach = (data: Float32Array) => structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
const statistics = (channels: number) => ({
  mean: f32([channels]),
  variance: f32([channels]),
  gamma: f32([channels]),
  beta: f32([channels]),
});

/** Every operation as a call of its tensors by name, on sizes that fit; each tensor and `out` can be replaced. */
type Tensors = Record<string, Tensor>;
interface Operation {
  tensors: () => Tensors;
  call: (tensors: Tensors, options?: object) => Tensor;
  out: Shape;
  /** Whose memory `out` may be. */
  inPlace?: string[];
}
const convolution = (op: 'adderConv2d' | 'conv2d' | 'xnorConv2d'): Operation => ({
  tensors: () => ({ x: f32([2, 6, 6, 4]), filters: f32([8, 3, 3, 4]), bias: f32([8]) }),
  call: ({ x, filters, bias, out }, options) => ops[op](x!, filters!, { bias, out, ...options }),
  out: [2, 4, 4, 8],
});
const pooling = (op: 'maxPool2d' | 'averagePool2d'): Operation => ({
  tensors: () => ({ x: f32([2, 6, 6, 4]) }),
  call: ({ x, out }, options) => ops[op](x!, { kernel: 2, out, ...options }),
  out: [2, 3, 3, 4],
});
const gradient = (op: 'adderConv2dGradInput' | 'adderConv2dGradFilter', out: Shape): Operation => ({
  tensors: () => ({ gy: f32([2, 4, 4, 8]), x: f32([2, 6, 6, 4]), filters: f32([8, 3, 3, 4]) }),
  call: ({ gy, x, filters, out }, options) => ops[op](gy!, x!, filters!, { out, ...options }),
  out,
});
const winogradGradient = (op: 'winogradAdderConv2dGradInput' | 'winogradAdderConv2dGradFilter', out: Shape): Operation => ({
  tensors: () => ({ gy: f32([2, 4, 4, 8]), x: f32([2, 6, 6, 4]), filters: f32([4, 4, 8, 4]) }),
  call: ({ gy, x, filters, out }, options) => ops[op](gy!, x!, filters!, { out, ...options }),
  out,
});
const operations: Record<string, Operation> = {
  winogradAdderConv2d: {
    tensors: () => ({ x: f32([2, 6, 6, 4]), filters: f32([4, 4, 8, 4]), bias: f32([8]) }),
    call: ({ x, filters, bias, out }, options) => ops.winogradAdderConv2d(x!, filters!, { bias, out, ...options }),
    out: [2, 4, 4, 8],
  },
  winogradAdderConv2dGradInput: winogradGradient('winogradAdderConv2dGradInput', [2, 6, 6, 4]),
  winogradAdderConv2dGradFilter: winogradGradient('winogradAdderConv2dGradFilter', [4, 4, 8, 4]),
  xnorConv2d: convolution('xnorConv2d'),
  adderConv2dGradInput: gradient('adderConv2dGradInput', [2, 6, 6, 4]),
  adderConv2dGradFilter: gradient('adderConv2dGradFilter', [8, 3, 3, 4]),
  conv2dGradInput: {
    tensors: () => ({ gy: f32([2, 4, 4, 8]), filters: f32([8, 3, 3, 4]) }),
    call: ({ gy, filters, out }) => ops.conv2dGradInput(gy!, filters!, [2, 6, 6, 4], { out }),
    out: [2, 6, 6, 4],
  },
  conv2dGradFilter: {
    tensors: () => ({ gy: f32([2, 4, 4, 8]), x: f32([2, 6, 6, 4]) }),
    call: ({ gy, x, out }) => ops.conv2dGradFilter(gy!, x!, [8, 3, 3, 4], { out }),
    out: [8, 3, 3, 4],
  },
  adderConv2d: convolution('adderConv2d'),
  conv2d: convolution('conv2d'),
  linear: {
    tensors: () => ({ x: f32([2, 6]), weights: f32([3, 6]), bias: f32([3]) }),
    call: ({ x, weights, bias, out }) => ops.linear(x!, weights!, { bias, out }),
    out: [2, 3],
  },
  maxPool2d: pooling('maxPool2d'),
  averagePool2d: pooling('averagePool2d'),
  globalAveragePool2d: {
    tensors: () => ({ x: f32([2, 6, 6, 4]) }),
    call: ({ x, out }) => ops.globalAveragePool2d(x!, { out }),
    out: [2, 1, 1, 4],
  },
  batchNorm: {
    tensors: () => ({ x: f32([2, 6, 6, 4]), ...statistics(4) }),
    call: ({ x, mean, variance, gamma, beta, out }, options) =>
      ops.batchNorm(x!, { mean: mean!, variance: variance!, gamma: gamma!, beta: beta!, out, ...options }),
    out: [2, 6, 6, 4],
    inPlace: ['x'],
  },
  relu: { tensors: () => ({ x: f32([2, 6]) }), call: ({ x, out }) => ops.relu(x!, { out }), out: [2, 6], inPlace: ['x'] },
  centerChannels: {
    tensors: () => ({ x: f32([2, 6]), bias: f32([6]) }),
    call: ({ x, bias, out }, options) => ops.centerChannels(x!, { bias, out, ...options }),
    out: [2, 6],
    inPlace: ['x'],
  },
  symmetricPad2d: {
    tensors: () => ({ x: f32([2, 6, 6, 4]) }),
    call: ({ x, out }, options) => ops.symmetricPad2d(x!, { out, ...options }),
    out: [2, 7, 7, 4],
  },
  symmetricPad2dGrad: {
    tensors: () => ({ gy: f32([2, 7, 7, 4]) }),
    call: ({ gy, out }) => ops.symmetricPad2dGrad(gy!, [2, 6, 6, 4], { out }),
    out: [2, 6, 6, 4],
  },
  softmax: {
    tensors: () => ({ logits: f32([2, 6]) }),
    call: ({ logits, out }) => ops.softmax(logits!, { out }),
    out: [2, 6],
    inPlace: ['logits'],
  },
  sign: {
    tensors: () => ({ x: f32([2, 6, 6, 4]) }),
    call: ({ x, out }, options) => ops.sign(x!, { padding: 1, out, ...options }),
    out: [2, 8, 8, 4],
  },
  signGrad: {
    tensors: () => ({ gy: f32([2, 6]), x: f32([2, 6]) }),
    call: ({ gy, x, out }) => ops.signGrad(gy!, x!, { out }),
    out: [2, 6],
    inPlace: ['gy'],
  },
  binarize: {
    tensors: () => ({ filters: f32([3, 2, 2, 4]) }),
    call: ({ filters, out }) => ops.binarize(filters!, { out }),
    out: [3, 2, 2, 4],
    inPlace: ['filters'],
  },
  binarizeGrad: {
    tensors: () => ({ gy: f32([3, 2, 2, 4]), filters: f32([3, 2, 2, 4]) }),
    call: ({ gy, filters, out }) => ops.binarizeGrad(gy!, filters!, { out }),
    out: [3, 2, 2, 4],
    inPlace: ['gy'],
  },
  add: {
    tensors: () => ({ a: f32([2, 6]), b: f32([2, 6]) }),
    call: ({ a, b, out }) => ops.add(a!, b!, { out }),
    out: [2, 6],
    inPlace: ['a', 'b'],
  },
};

t.test('softmax is that of doubles, rounded', (t) => {
  const rows = [
    [1, 2, 3, -4],
    [1000, 1000.5, -1000, 0],
    [0, 0, 0, 0],
    [-88, 88, -3e38, 3e38],
  ];
  const { data, shape } = ops.softmax(new Tensor(Float32Array.from(rows.flat()), [4, 4]));
  t.same(shape, [4, 4]);
  for (const [r, row] of rows.entries())
    for (const [c, x] of row.entries()) {
      const exact = 1 / row.reduce((sum, other) => sum + Math.exp(Math.fround(other) - Math.fround(x)), 0);
      t.ok(Math.abs(data[4 * r + c]! - exact) <= 2 ** -23 * exact + 1e-45, `row ${r}, class ${c}`);
    }
  const strange = ops.softmax(new Tensor(Float32Array.of(1, Number.NaN, 0, 0), [2, 2])).data;
  t.same([...strange], [Number.NaN, Number.NaN, 0.5, 0.5], 'a NaN spoils its own row');
  t.throws(() => ops.softmax(Tensor.zeros([3])), { code: 'ERR_SHAPE', message: /expected rank 2/ });
  t.end();
});

t.test('an option that there is not is refused, by every operation', (t) => {
  for (const [op, { tensors }] of Object.entries(operations)) {
    const others =
      op === 'conv2dGradInput' || op === 'symmetricPad2dGrad' ? [[2, 6, 6, 4]] : op === 'conv2dGradFilter' ? [[8, 3, 3, 4]] : [];
    const inputs = Object.entries(tensors()).filter(([name]) => !/^(bias|mean|variance|gamma|beta)$/.test(name));
    const run = ops[op as keyof typeof ops] as (...args: unknown[]) => unknown;
    const call = (options: object) => () => run(...inputs.map(([, tensor]) => tensor), ...others, options);
    t.throws(call({ outt: f32([1]) }), { code: 'ERR_ARGUMENT', message: `${op}: there is no option 'outt', did you mean out?` });
    t.throws(call(null as never), { code: 'ERR_ARGUMENT', message: /options are null/ }, op);
  }
  t.throws(() => ops.adderConv2d(Tensor.zeros([1, 3, 3, 1], 'u8'), Tensor.zeros([1, 3, 3, 1], 'u8'), { padVal: 3 } as object), {
    code: 'ERR_ARGUMENT',
    message: /'padVal', did you mean padValue/,
  });
  t.end();
});

t.test('the list of operations is complete', async (t) => {
  // The others are tested with their refusals in test/native.
  const others =
    /^(int8Conv2d|\w+(Req|Deq)uantized|quantizeActivations|batchNormTrain|softmaxCrossEntropy|sgdStep|biasGrad|(batchNorm|relu|\w+Pool2d)Grad)$/;
  t.same(
    Object.keys(operations).sort(),
    Object.keys(ops)
      .filter((op) => !others.test(op))
      .sort(),
  );
});

const takesBytes = /^(a|winogradA)dderConv2d$/;
for (const [op, { tensors, call, out: outShape, inPlace = [] }] of Object.entries(operations))
  t.test(op, async (t) => {
    // The global pooling is the average pooling, and leaves the checking of `out` to it.
    const refused = (replaced: object, code: string, message: string | RegExp, options?: object) =>
      t.throws(() => call({ ...tensors(), ...replaced }, options), { name: 'AdderNetError', code, message });

    t.same(call(tensors()).shape, outShape);
    const out = f32(outShape);
    t.equal(call({ ...tensors(), out }), out, 'out is written and returned');

    for (const name of [...Object.keys(tensors()), 'out']) {
      const prefix = `${op}: ${name}`;
      const shape = name === 'out' ? outShape : tensors()[name]!.shape;
      const optional = name === 'bias' || name === 'out';
      if (!optional) refused({ [name]: undefined }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but undefined`);
      if (op !== 'linear' || name !== 'out') refused({ [name]: null }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but null`);
      refused({ [name]: [1, 2, 3] }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but Array`);
      refused({ [name]: tensors()[name]?.data ?? out.data }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but Float32Array`);
      refused({ [name]: 'x' }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but x`);
      refused({ [name]: { data: new Float32Array(4), shape: [4] } }, 'ERR_ARGUMENT', `${prefix} is not a Tensor, but Object`);
      // Adders take bytes too, but then of both: x says of which type the filters must be.
      for (const dtype of ['f64', 'u8', 'i32', 'i64'] as const)
        if (takesBytes.test(op) && name === 'x' && dtype === 'u8')
          refused({ x: Tensor.zeros(shape, dtype), bias: undefined }, 'ERR_DTYPE', `${op}: filters has dtype f32, expected u8`);
        else refused({ [name]: Tensor.zeros(shape, dtype) }, 'ERR_DTYPE', `${prefix} has dtype ${dtype}, expected f32`);

      const detached = f32(shape);
      detach(detached.data);
      refused({ [name]: detached }, 'ERR_ARGUMENT', `${prefix} is empty: its buffer is detached`);

      // One more of the last axis fits nowhere.
      const wrong = [...shape.slice(0, -1), shape.at(-1)! + 1];
      if (Object.keys(tensors()).length > 1 || name === 'out')
        refused(
          { [name]: f32(wrong) },
          'ERR_SHAPE',
          new RegExp(`^${op}: .*\\b(${wrong.join(',')}|${wrong.at(-1)} input channels|shape)\\b`),
        );
      if (name === 'out')
        refused({ out: f32([...outShape, 1]) }, 'ERR_SHAPE', `${prefix} has shape [${[...outShape, 1]}], expected [${outShape}]`);
    }

    for (const name of Object.keys(tensors())) {
      const [outSize, size] = [f32(outShape).size, tensors()[name]!.size];
      const overlapping = (outAt: number, inputAt: number) => {
        const memory = new Float32Array(outSize + size + 8);
        const view = (at: number, length: number, shape: Shape) => new Tensor(memory.subarray(at, at + length), shape);
        return { out: view(outAt, outSize, outShape), [name]: view(inputAt, size, tensors()[name]!.shape) };
      };
      const message = /: out overlaps the memory of another tensor; give it memory of its own$/;
      if (inPlace.includes(name)) {
        const same = overlapping(3, 3);
        t.equal(call({ ...tensors(), ...same }), same.out, `out may be ${name} itself`);
      } else refused(overlapping(3, 3), 'ERR_ARGUMENT', message);
      refused(overlapping(0, outSize - 1), 'ERR_ARGUMENT', message);
      refused(overlapping(size - 1, 0), 'ERR_ARGUMENT', message);
      const beside = overlapping(0, outSize);
      t.equal(call({ ...tensors(), ...beside }), beside.out, `out may lie beside ${name}`);
    }
  });

t.test('ranks and options that do not fit', async (t) => {
  const x = f32([2, 6, 6, 4]);
  const refused = (call: () => unknown, code: string, message: string | RegExp) => t.throws(call, { name: 'AdderNetError', code, message });
  for (const op of ['adderConv2d', 'conv2d'] as const) {
    const conv =
      (xs: Shape, ws: Shape, options = {}) =>
      () =>
        ops[op](f32(xs), f32(ws), options);
    refused(conv([6, 6, 4], [8, 3, 3, 4]), 'ERR_SHAPE', `${op}: x has shape [6,6,4], expected rank 4`);
    refused(conv([2, 6, 6, 4], [8, 36]), 'ERR_SHAPE', `${op}: filters have shape [8,36], expected rank 4`);
    refused(conv([2, 6, 6, 3], [8, 3, 3, 4]), 'ERR_SHAPE', `${op}: filters expect 4 input channels, but x has shape [2,6,6,3]`);
    refused(conv([2, 6, 6, 4], [8, 7, 3, 4]), 'ERR_SHAPE', `${op}: a 7x3 kernel with dilation 1x1 does not fit in 6x6 pixels`);
    refused(conv([2, 6, 6, 4], [8, 3, 3, 4], { dilation: 3 }), 'ERR_SHAPE', `${op}: a 3x3 kernel with dilation 3x3 does not fit`);
    refused(
      conv([2, 6, 6, 4], [6, 3, 3, 1], { groups: 4 }),
      'ERR_ARGUMENT',
      `${op}: groups is 4, expected a positive integer that divides`,
    );
    refused(conv([2, 6, 6, 4], [6, 3, 3, 1], { groups: 3 }), 'ERR_ARGUMENT', `${op}: groups is 3,`);
    for (const value of [0, -1, 1.5, Number.NaN, '2', [1, 0], [1]])
      for (const option of ['stride', 'dilation'])
        refused(
          conv([2, 6, 6, 4], [8, 3, 3, 4], { [option]: value }),
          'ERR_ARGUMENT',
          `${op}: ${option} is ${JSON.stringify(value)}, expected`,
        );
    refused(conv([2, 6, 6, 4], [8, 3, 3, 4], { bias: f32([1]) }), 'ERR_SHAPE', `${op}: bias has shape [1], expected [8]`);
    refused(conv([2, 6, 6, 4], [8, 3, 3, 4], { bias: f32([8, 1]) }), 'ERR_SHAPE', `${op}: bias has shape [8,1], expected [8]`);

    // Sizes beyond what 32 bits, 2^53 or memory hold: refused at once, before anything is allocated or read.
    refused(conv([1, 1, 1, 4096], [1, 1, 1, 4096], { padding: 2 ** 30 }), 'ERR_SHAPE', `${op}: shape of the output is [1,2147483649,`);
    refused(conv([1, 1, 1, 4], [4, 1, 1, 4], { padding: 2 ** 30 - 1 }), 'ERR_SHAPE', `${op}: shape of the output`);
    refused(conv([1, 1, 1, 4096], [1, 1, 1, 4096], { padding: 2 ** 30 - 1, stride: 2 ** 30 }), 'ERR_SHAPE', `${op}: sizes do not fit`);
    refused(
      conv([1, 1, 1, 1], [64, 1, 1, 1], { padding: [2 ** 30 - 1, 0], stride: [2 ** 30, 1] }), // 2^31 rows of a strip
      'ERR_MEMORY',
      `${op}: not enough memory`,
    );
    refused(conv([1, 1, 1, 4], [4, 1, 1, 4], { padding: 2 ** 24 }), 'ERR_MEMORY', /^Tensor\.zeros: /);
    refused(conv([1, 1, 1, 4], [4, 2, 2, 4], { dilation: 2 ** 31 - 1, padding: 5 }), 'ERR_SHAPE', `${op}: a 2x2 kernel`);
    refused(conv([1, 1, 1, 4], [4, 1, 1, 4], { padding: 2 ** 31 }), 'ERR_ARGUMENT', `${op}: padding is 2147483648, expected`);
  }
  for (const op of ['maxPool2d', 'averagePool2d'] as const) {
    const pool =
      (options: object, input = x) =>
      () =>
        ops[op](input, options as ops.PoolOptions);
    refused(pool({ kernel: 2 }, f32([6, 6, 4])), 'ERR_SHAPE', `${op}: x has shape [6,6,4], expected rank 4`);
    refused(pool({}), 'ERR_ARGUMENT', `${op}: kernel is undefined`);
    refused(pool({ kernel: 7 }), 'ERR_SHAPE', `${op}: a 7x7 kernel`);
    refused(pool({ kernel: 2, padding: 2 }), 'ERR_ARGUMENT', `${op}: padding is 2x2, expected at most half of the 2x2 kernel`);
    refused(pool({ kernel: 2 ** 31 - 1, padding: 2 ** 30 - 1 }), 'ERR_SHAPE', `${op}:`);
    for (const value of [0, -1, 1.5, '2']) {
      refused(pool({ kernel: value }), 'ERR_ARGUMENT', `${op}: kernel is ${JSON.stringify(value)}, expected`);
      refused(pool({ kernel: 2, stride: value }), 'ERR_ARGUMENT', `${op}: stride is ${JSON.stringify(value)}, expected`);
    }
  }
  refused(() => ops.globalAveragePool2d(f32([6, 4])), 'ERR_SHAPE', 'globalAveragePool2d: x has shape [6,4], expected rank 4, [n,h,w,c]');
  refused(
    () => ops.linear(f32([2, 3, 4]), f32([5, 4])),
    'ERR_SHAPE',
    'linear: x has shape [2,3,4] and weights [5,4], expected [n,k] and [co,k]',
  );
  refused(() => ops.linear(f32([2, 3]), f32([5, 4])), 'ERR_SHAPE', 'linear: x has shape [2,3] and weights [5,4]');
  refused(() => ops.add(f32([2, 3]), f32([3, 2])), 'ERR_SHAPE', 'add: b has shape [3,2], expected [2,3]');
  refused(() => ops.batchNorm(f32([]), statistics(1)), 'ERR_SHAPE', 'batchNorm: x has shape [], expected channels on the last axis');
  for (const epsilon of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1'])
    refused(
      () => ops.batchNorm(x, { ...statistics(4), epsilon: epsilon as number }),
      'ERR_ARGUMENT',
      `batchNorm: epsilon is ${shown(epsilon)}, expected`,
    );
});

t.test('the native side by itself: wrong calls are coded errors', async (t) => {
  const raw = native() as unknown as Record<string, (...args: unknown[]) => void>;
  const array = (length: number) => new Float32Array(length);
  const thrown = (name: string, args: unknown[], codes: string[], comment = '') => {
    try {
      raw[name]!(...args);
      t.fail(`${name} took ${comment}`);
    } catch (error) {
      t.ok(codes.includes((error as { code: string }).code), `${name}: ${comment}: ${(error as Error).message}`);
    }
  };
  const geometry = [...convGeometry('op', [2, 6, 6, 4], [8, 3, 3, 4], { padding: 1 }).packed];
  const changed = (changes: Record<number, number>) => Int32Array.from(geometry, (v, i) => changes[i] ?? v);
  const sizes = ['n', 'h', 'w', 'ci', 'co', 'kh', 'kw', 'sh', 'sw', 'top', 'left', 'bottom', 'right', 'dh', 'dw', 'groups'];

  for (const op of ['adderConv2d', 'conv2d', 'referenceAdderConv2d', 'referenceConv2d']) {
    const Y = op.startsWith('reference') ? Float64Array : Float32Array;
    const good = () => [array(288), array(288), array(8), new Y(576), changed({})];
    const replaced = (changes: Record<number, unknown>) => good().map((v, i) => (i in changes ? changes[i] : v));
    raw[op]!(...good());
    raw[op]!(...replaced({ 2: undefined }));
    for (let i = 0; i < sizes.length; i++)
      for (const value of [0, -1, -(2 ** 31), 2 ** 31 - 1, 5])
        if ((value || i < 9 || i > 12) && geometry[i] !== value)
          thrown(op, replaced({ 4: changed({ [i]: value }) }), ['ERR_SHAPE'], `${sizes[i]} ${value}`);
    thrown(op, replaced({ 4: Int32Array.from(geometry, () => 2 ** 31 - 1) }), ['ERR_SHAPE'], 'sizes whose product overflows');
    thrown(op, replaced({ 4: changed({ 15: 3 }) }), ['ERR_SHAPE'], 'groups that do not divide');
    thrown(op, replaced({ 4: Int32Array.from(geometry.slice(1)) }), ['ERR_SHAPE'], 'a short geometry');
    thrown(op, replaced({ 4: Float32Array.from(geometry) }), ['ERR_DTYPE'], 'a float geometry');
    thrown(op, [], ['ERR_DTYPE'], 'nothing');
    for (const i of [0, 1, 2, 3]) {
      const { length } = good()[i] as Float32Array;
      const Same = (i === 3 ? Y : Float32Array) as typeof Float32Array;
      const Other = i === 3 && op.startsWith('reference') ? Float32Array : Float64Array;
      for (const wrong of [
        new Other(length),
        new Int32Array(length),
        new Uint8Array(4 * length),
        [],
        null,
        'x',
        {},
        new ArrayBuffer(4 * length),
      ])
        thrown(op, replaced({ [i]: wrong }), ['ERR_DTYPE'], `argument ${i} of type ${wrong?.constructor.name}`);
      if (i !== 2) thrown(op, replaced({ [i]: undefined }), ['ERR_DTYPE'], `no argument ${i}`);
      for (const n of [0, length - 1, length + 1])
        thrown(op, replaced({ [i]: new Same(n) }), ['ERR_SHAPE'], `argument ${i} of ${n} elements`);
      const detached = new Same(length);
      detach(detached);
      thrown(op, replaced({ [i]: detached }), ['ERR_SHAPE'], `argument ${i} detached`);
    }
    for (const [i, length] of [
      [0, 288],
      [1, 288],
      [2, 8],
    ] as const) {
      const memory = new ArrayBuffer(16384);
      thrown(
        op,
        replaced({ 3: new Y(memory, 2048, 576), [i]: new Float32Array(memory, 2048 - 4 * (length - 1), length) }),
        ['ERR_ARGUMENT'],
        `out begins with the last of argument ${i}`,
      );
      thrown(
        op,
        replaced({ 3: new Y(memory, 2048, 576), [i]: new Float32Array(memory, 2048 + 576 * Y.BYTES_PER_ELEMENT - 4, length) }),
        ['ERR_ARGUMENT'],
        `argument ${i} begins with the last of out`,
      );
    }
  }

  for (const op of ['winogradAdderConv2d', 'winogradAdderConv2dGradInput', 'winogradAdderConv2dGradFilter'])
    for (const name of [op, `reference${op[0]!.toUpperCase()}${op.slice(1)}`]) {
      const good = nativeCalls.get(name)!().args;
      raw[name]!(...good);
      for (const [at, value] of Object.entries({ 5: 2, 6: 2, 7: 2, 8: 2, 13: 2, 14: 2, 15: 2 })) {
        const geometry = (good[4] as Int32Array).map((v, i) => (i === Number(at) ? value : v));
        if (at === '15') geometry[4] = 4;
        thrown(name, [...good.slice(0, 4), geometry], ['ERR_ARGUMENT', 'ERR_SHAPE'], `${sizes[Number(at)]} ${value}`);
      }
      for (const i of [0, 1, 2, 3]) {
        const short = (good[i] as Float32Array).slice(1);
        thrown(
          name,
          good.map((v, j) => (i === j ? short : v)),
          ['ERR_SHAPE'],
          `a short argument ${i}`,
        );
      }
    }

  for (const op of ['maxPool2d', 'averagePool2d']) {
    const pool = Int32Array.of(2, 6, 6, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1);
    const other = (changes: Record<number, number>) => pool.map((v, i) => changes[i] ?? v);
    raw[op]!(array(288), array(72), pool);
    thrown(op, [array(287), array(72), pool], ['ERR_SHAPE'], 'a short x');
    thrown(op, [array(288), array(73), pool], ['ERR_SHAPE'], 'a long out');
    thrown(op, [array(288), new Float64Array(72), pool], ['ERR_DTYPE'], 'a double out');
    thrown(op, [array(288), array(144), other({ 4: 8 })], ['ERR_SHAPE'], 'more channels than x');
    thrown(op, [array(288), array(72), other({ 15: 4 })], ['ERR_SHAPE'], 'groups');
    thrown(op, [array(288), array(32), other({ 13: 3, 14: 3 })], ['ERR_SHAPE'], 'a dilation');
    thrown(op, [array(288), array(72), other({ 5: 7 })], ['ERR_SHAPE'], 'a kernel that does not fit');
    const memory = array(359);
    thrown(op, [memory.subarray(0, 288), memory.subarray(287), pool], ['ERR_ARGUMENT'], 'an overlapping out');
  }

  const channels = () => [array(4), array(4), array(4), array(4)];
  raw.batchNorm!(array(8), ...channels(), 1e-5, array(8));
  thrown('batchNorm', [array(9), ...channels(), 1e-5, array(9)], ['ERR_SHAPE'], 'x that does not divide');
  thrown('batchNorm', [array(8), array(0), array(0), array(0), array(0), 1e-5, array(8)], ['ERR_SHAPE'], 'no channels');
  thrown('batchNorm', [array(8), array(4), array(3), array(4), array(4), 1e-5, array(8)], ['ERR_SHAPE'], 'a short variance');
  thrown('batchNorm', [array(8), ...channels(), '1', array(8)], ['ERR_ARGUMENT'], 'a text as epsilon');
  thrown('batchNorm', [array(8), ...channels(), 1e-5, array(7)], ['ERR_SHAPE'], 'a short out');
  const memory = array(12);
  thrown('batchNorm', [memory.subarray(0, 8), ...channels(), 1e-5, memory.subarray(4)], ['ERR_ARGUMENT'], 'out that overlaps x in part');
  thrown(
    'batchNorm',
    [array(8), array(4), memory.subarray(0, 4), array(4), array(4), 1e-5, memory.subarray(0, 8)],
    ['ERR_ARGUMENT'],
    'out that overlaps variance',
  );
  thrown('relu', [array(8), array(9)], ['ERR_SHAPE'], 'a long out');
  thrown('relu', [memory.subarray(0, 8), memory.subarray(1, 9)], ['ERR_ARGUMENT'], 'out that overlaps x in part');
  thrown('relu', [null, array(9)], ['ERR_DTYPE'], 'null');
  thrown('add', [array(8), array(7), array(8)], ['ERR_SHAPE'], 'a short b');
  thrown('add', [array(8), memory.subarray(0, 8), memory.subarray(1, 9)], ['ERR_ARGUMENT'], 'out that overlaps b in part');
  for (const wrong of ['2', undefined, null, {}]) thrown('setThreads', [wrong], ['ERR_ARGUMENT'], String(wrong));
  for (const wrong of [0, -1, 1025, Number.NaN, Number.POSITIVE_INFINITY]) thrown('setThreads', [wrong], ['ERR_ARGUMENT'], String(wrong));
  for (const wrong of ['', 'sse2', 'AVX2']) thrown('setIsa', [wrong], ['ERR_ISA'], wrong);
  for (const wrong of [undefined, null, 7]) thrown('setIsa', [wrong], ['ERR_ARGUMENT'], String(wrong));
});

t.test('coded errors of the native side become AdderNetErrors', async (t) => {
  const x = f32([2, 6]);
  // Only someone who goes around the types can get here.
  Object.defineProperty(x, 'data', { value: new Float32Array(5) });
  for (const call of [
    () => ops.relu(x),
    () => ops.add(x, f32([2, 6])),
    () => ops.batchNorm(x, statistics(6)),
    () => ops.maxPool2d(Object.defineProperty(f32([1, 2, 2, 1]), 'data', { value: new Float32Array(5) }), { kernel: 2 }),
  ])
    t.throws(call, AdderNetError, { code: 'ERR_SHAPE' });
});

const near = (got: Float32Array, want: ArrayLike<number>, relative = 1e-6, absolute = 1e-6): string | undefined => {
  const i = got.findIndex((v, i) => !Object.is(v, want[i]) && !(Math.abs(v - want[i]!) <= absolute + relative * Math.abs(want[i]!)));
  return got.length !== want.length
    ? `${got.length} elements, expected ${want.length}`
    : i < 0
      ? undefined
      : `element ${i} is ${got[i]}, expected ${want[i]}`;
};

/** Pooling as its definition reads. */
function pooled(
  op: 'maxPool2d' | 'averagePool2d',
  x: Tensor,
  output: Shape,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
): number[] {
  const [n, ho, wo, c] = output as [number, number, number, number];
  const [, h, w] = x.shape as [number, number, number, number];
  const y: number[] = [];
  for (let i = 0; i < n; i++)
    for (let r = 0; r < ho; r++)
      for (let s = 0; s < wo; s++)
        for (let k = 0; k < c; k++) {
          const inside: number[] = [];
          for (let a = 0; a < kernel[0]!; a++)
            for (let b = 0; b < kernel[1]!; b++) {
              const [row, column] = [r * stride[0]! + a - padding[0]!, s * stride[1]! + b - padding[1]!];
              if (row >= 0 && row < h && column >= 0 && column < w) inside.push(x.data[((i * h + row) * w + column) * c + k]!);
            }
          y.push(op === 'maxPool2d' ? Math.max(...inside) : inside.reduce((sum, v) => sum + v, 0) / (kernel[0]! * kernel[1]!));
        }
  return y;
}

for (const isa of cpuInfo().supported)
  t.test(`numbers on ${isa}`, async (t) => {
    useIsa(t, isa);

    for (const op of ['maxPool2d', 'averagePool2d'] as const)
      for (const [shape, kernel, stride, padding] of [
        [
          [2, 8, 9, 5],
          [2, 2],
          [2, 2],
          [0, 0],
        ],
        [
          [1, 7, 7, 17],
          [3, 3],
          [2, 2],
          [1, 1],
        ],
        [
          [2, 5, 6, 1],
          [2, 3],
          [1, 2],
          [1, 0],
        ],
        [
          [1, 4, 4, 3],
          [4, 4],
          [1, 1],
          [2, 2],
        ],
        [
          [3, 1, 1, 33],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
      ] as const) {
        // All below zero, so that a maximum that took padding for zeros would show.
        const x = normal(shape, 3);
        x.data.forEach((v, i) => {
          x.data[i] = -1 - Math.abs(v);
        });
        const options = { kernel, stride, padding };
        const y = ops[op](x, options);
        t.equal(near(y.data, pooled(op, x, y.shape, kernel, stride, padding)), undefined, `${op} ${JSON.stringify(options)}`);
        x.data[x.size >> 1] = Number.NaN;
        x.data[0] = Number.NEGATIVE_INFINITY;
        x.data[x.size - 1] = Number.POSITIVE_INFINITY;
        t.equal(near(ops[op](x, options).data, pooled(op, x, y.shape, kernel, stride, padding)), undefined, `${op}: NaN and infinities`);
      }
    const x = normal([3, 5, 7, 19], 4);
    t.equal(
      near(ops.globalAveragePool2d(x).data, pooled('averagePool2d', x, [3, 1, 1, 19], [5, 7], [1, 1], [0, 0])),
      undefined,
      'globalAveragePool2d',
    );

    // As they occur in the authors' network: a dead channel with a variance below epsilon, a negative gamma, a mean that far exceeds the
    // deviation. Channel counts are below, at and beyond the width of a vector.
    for (const channels of [1, 3, 8, 19, 64]) {
      const [x, gamma, beta] = [normal([2, 5, channels], 5, 3), normal([channels], 6), normal([channels], 7)];
      const [mean, variance] = [normal([channels], 8), normal([channels], 9)];
      variance.data.forEach((v, c) => {
        variance.data[c] = v * v;
      });
      variance.data[0] = 7.6e-15;
      gamma.data[channels - 1] = -0.098;
      const far = channels >> 1;
      mean.data[far] = -3200;
      for (let i = far; i < x.size; i += channels) x.data[i]! += -3200;
      for (const epsilon of [undefined, 0.25]) {
        const want = Array.from(x.data, (v, i) => {
          const c = i % channels;
          return ((v - mean.data[c]!) / Math.sqrt(variance.data[c]! + (epsilon ?? 1e-5))) * gamma.data[c]! + beta.data[c]!;
        });
        const y = ops.batchNorm(x, { mean, variance, gamma, beta, epsilon });
        t.equal(near(y.data, want), undefined, `batchNorm of ${channels} channels, epsilon ${epsilon}`);
      }
      const before = ops.batchNorm(x, { mean, variance, gamma, beta }).data;
      t.same(ops.batchNorm(x, { mean, variance, gamma, beta, out: x }).data, before, 'in place');
    }

    for (const length of [1, 7, 16, 37, 100_003]) {
      const [a, b] = [normal([length], 10), normal([length], 11)];
      if (length >= 7) {
        a.data.set([Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1e-40, 1e-40]);
        b.data.set([1, -0, -0, Number.POSITIVE_INFINITY, 1, 0, 0]);
        a.data.set([Number.NaN, -0, -1], length - 3);
      }
      // NaN stays NaN; the zero that comes out has no sign to rely on, so it is compared as a number.
      const expected = a.data.map((v) => (v > 0 || Number.isNaN(v) ? v : 0));
      const y = ops.relu(a).data;
      t.ok(
        y.every((v, i) => v === expected[i] || (Number.isNaN(v) && Number.isNaN(expected[i]!))),
        `relu of ${length}`,
      );
      const sums = a.data.map((v, i) => v + b.data[i]!);
      t.ok(
        ops.add(a, b).data.every((v, i) => Object.is(v, sums[i])),
        `add of ${length}, bit-exactly`,
      );
      const copy = new Tensor(a.data.slice(), [length]);
      t.ok(
        ops.add(copy, b, { out: copy }).data.every((v, i) => Object.is(v, sums[i])),
        'add in place of a',
      );
      t.ok(
        ops.add(a, b, { out: b }).data.every((v, i) => Object.is(v, sums[i])),
        'add in place of b',
      );
    }

    for (const [n, k, co] of [
      [1, 1, 1],
      [3, 17, 5],
      [2, 500, 33],
    ] as const) {
      const [x, weights, bias] = [normal([n, k], 12), normal([co, k], 13), normal([co], 14)];
      const dot = (i: number, j: number) => {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += x.data[i * k + l]! * weights.data[j * k + l]!;
        return sum;
      };
      const want = Array.from({ length: n * co }, (_, i) => dot(Math.floor(i / co), i % co));
      t.equal(near(ops.linear(x, weights).data, want, 1e-5, 1e-4), undefined, `linear ${n}x${k}x${co}`);
      t.equal(
        near(
          ops.linear(x, weights, { bias }).data,
          want.map((v, i) => v + bias.data[i % co]!),
          1e-5,
          1e-4,
        ),
        undefined,
        'with bias',
      );
    }
  });

t.test('a pooling window that is far larger than the image takes what the image asks for', async (t) => {
  const rows = 1000;
  const x = new Tensor(new Float32Array(2 * rows).fill(3), [1, rows, 2, 1]);
  const window = { kernel: [1, 2 ** 30], padding: [0, 2 ** 29], stride: [1, 2 ** 30] } as const;
  const gy = new Tensor(new Float32Array(rows).fill(2 ** 30), [1, rows, 1, 1]);
  const all = (value: number, length: number) => Array(length).fill(value);
  t.same([...ops.maxPool2d(x, window).data], all(3, rows));
  t.same([...ops.averagePool2d(x, window).data], all(6 / 2 ** 30, rows));
  t.same([...ops.averagePool2dGrad(gy, x.shape, window).data], all(1, 2 * rows));
});

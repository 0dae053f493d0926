// Model files that are made to do harm: sizes that overflow, windows without end, graphs of a hundred thousand nodes. Each is refused with a
// code, or compiles and runs in bounded time and memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { AdderNetError, compile, layers, load, Model, type QuantizedModel, Tensor, type TensorData } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { cpuTime } from '../support/cpu-time';
import { draws } from '../support/draws';

type Shape = number[];
interface Value {
  id: number;
  shape: Shape;
  dtype: 'f32' | 'u8' | 'i16';
}
type Plain = Record<string, unknown>;
type Tensors = ConstructorParameters<typeof Map<string, Tensor>>[0];

const key = 'addernet.quantized';
const count = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
const value = (id: number, shape: Shape, dtype: Value['dtype'] = 'f32'): Value => ({ id, shape, dtype });
const relu = { min: 0, max: null };

/** The bytes of a file of these nodes, whose metadata fit them. */
function crafted(nodes: Plain[], input: Value, output: Value, tensors?: Tensors, metadata: Plain = {}, ofBits?: number): Uint8Array {
  const channels = input.shape.at(-1)!;
  const perChannel = (value: number) => Array(Math.min(channels, 4000)).fill(value);
  const described = {
    ...{ name: 'crafted', kind: 'adder', classes: count(output.shape), inputShape: input.shape, dataset: 'none' },
    ...{ normalization: { mean: perChannel(0), std: perChannel(1) } },
    ...metadata,
  };
  const bits = ofBits ?? (JSON.stringify(nodes).includes('"i16"') ? 16 : 8);
  const description = { version: 2, metadata: described, bits, nodes, inputs: [input], outputs: [output] };
  return formatSafetensors(new Map(tensors), { [key]: JSON.stringify(description) });
}

const refused = (message: RegExp, code: string | RegExp = 'ERR_CORRUPT') => ({ name: 'AdderNetError', code, message });
const activate = (x: Value, output: Value): Plain => ({ op: 'activate', x, output, activation: relu });
const quantized = (x: Value, output: Value): Plain => ({ op: 'quantize', x, output, scale: 1, zeroPoint: 0, qmax: 255 });
const quantizedTo16 = (x: Value, output: Value): Plain => ({
  ...{ op: 'quantize', x, output, scale: 1 },
  ...{ zeroPoint: -32768, qmin: -32768, qmax: 32767 },
});
const pool = (x: Value, output: Value, kernel: number, stride: number, padding: number): Plain => ({
  ...{ op: 'pool', mode: 'max', x, output },
  attributes: { kernel: [kernel, kernel], stride: [stride, stride], padding: Array(4).fill(padding) },
});

t.test('graphs that contradict themselves', async (t) => {
  const [x, a, b] = [value(0, [2, 2, 3]), value(1, [2, 2, 3]), value(2, [2, 2, 3])];
  const bytes = value(1, [2, 2, 3], 'u8');
  const cases: [string, RegExp, Plain[], Value, Plain?][] = [
    ['a value is read before it is computed', /node 0 .* its operands are not what/, [activate(b, a), activate(x, b)], b],
    ['a node reads itself', /node 0 .* its operands are not what earlier nodes compute/, [activate(a, a)], a],
    ['a value that no node computes', /node 0 .* its operands are not what/, [activate(value(7, [2, 2, 3]), a)], a],
    ['a value that is computed twice', /node 1 .* its output has the id 1 of an earlier value/, [activate(x, a), activate(x, a)], a],
    ['a node that writes the input', /node 0 .* its output has the id 0 of an earlier value/, [activate(x, x)], x],
    ['an output that nothing computes', /no node of the network computes its output/, [activate(x, a)], b],
    ['an output of more elements', /no node of the network computes its output/, [activate(x, a)], value(1, [2, 2, 4])],
    ['an operand of another size', /node 0 .* its operands are not what/, [activate(value(0, [2, 2, 4]), a)], a],
    ['an operand of another dtype', /node 0 .* its x\.dtype is "u8", expected f32/, [activate(value(0, [2, 2, 3], 'u8'), a)], a],
    [
      'a pool from floats to bytes',
      /node 0 .* its output is u8 of f32, expected the same/,
      [pool(x, value(1, [2, 2, 3], 'u8'), 1, 1, 0)],
      a,
    ],
    [
      'a mean of bytes',
      /node 1 .* its output is u8 of u8, expected f32/,
      [quantized(x, bytes), { ...pool(bytes, value(2, [2, 2, 3], 'u8'), 1, 1, 0), mode: 'average' }],
      a,
    ],
    ['a result of another size', /node 0 .* its output has shape \[13\], expected that of \[2,2,3\]/, [activate(x, value(1, [13]))], a],
    ['a node of an unknown kind', /node 0 .* its op is "toString", expected one of/, [{ ...activate(x, a), op: 'toString' }], a],
    [
      'a node without what it reads',
      /node 0 .* its x is missing, expected \{ id, shape, dtype \}/,
      [{ ...activate(x, a), x: undefined }],
      a,
    ],
    [
      'limits out of order',
      /node 0 .* its activation is an object, expected \{ min, max \} with min <= max/,
      [{ ...activate(x, a), activation: { min: 2, max: 1 } }],
      a,
    ],
    [
      'a limit of no number',
      /node 0 .* its activation\.max is "1", expected a number/,
      [{ ...activate(x, a), activation: { max: '1' } }],
      a,
    ],
    [
      'a shape of a hundred thousand axes',
      /node 0 .* its output\.shape is .* a shape of 1 to 8 axes/,
      [activate(x, value(1, [...Array(1e5).fill(1), 12]))],
      a,
    ],
    [
      'a field that its kind of node has not',
      /node 0 .* its attributes is an object, expected no field but op, x, output, activation/,
      [{ ...activate(x, a), attributes: { padding: [-1e15, 0, 0, 0] } }],
      a,
    ],
    ['such a field of nothing', /node 0 .* its filters is null, expected no field but/, [{ ...activate(x, a), filters: null }], a],
    ['other classes than the output has', /it gives 12 numbers, expected \[5\]/, [activate(x, a)], a, { classes: 5 }],
    ['other images than the input has', /it takes images of \[2,2,3\], not of \[3,4,3\]/, [activate(x, a)], a, { inputShape: [3, 4, 3] }],
  ];
  for (const [name, message, nodes, output, metadata] of cases)
    await t.rejects(load(crafted(nodes, x, output, [], metadata)), refused(message), name);
  const good = await load(crafted([activate(x, a), activate(a, b)], x, b));
  using session = await compile(good as never);
  t.same(session.outputShape, [12], 'and a good one loads');
});

t.test('a window without end costs what the image has, or is refused', async (t) => {
  const [x, y] = [value(0, [2, 2, 1]), value(1, [1, 1, 1])];
  const images = new Tensor(Float32Array.of(1, 4, 3, 2), [1, 2, 2, 1]);
  const network = await load(crafted([pool(x, y, 2 ** 14, 2 ** 30, 2 ** 13 - 1)], x, y));
  using session = await compile(network as never);
  t.same([...session.runSync(images).data], [4], 'the largest that is taken');
  for (const kernel of [2 ** 23, 2 ** 30, 2 ** 31 - 1])
    await t.rejects(
      load(crafted([pool(x, y, kernel, 2 ** 30, Math.floor(kernel / 2))], x, y)),
      refused(
        /what node 0 \(pool\) reads, with its padding, has shape .*at most 268435456 elements|maxPool: shape of .* more elements than memory/,
      ),
    );
  const [large, small] = [value(0, [8192, 8192, 1]), value(1, [4097, 4097, 1])];
  await t.rejects(
    load(crafted([{ ...pool(large, small, 8192, 2, 4096) }], large, small)),
    refused(/node 0 \(pool\): the network takes more than 2\^40 additions/),
  );
});

t.test('rows that are copied for each row of outputs count', async (t) => {
  const [x, q, y] = [value(0, [2 ** 15 - 1, 2 ** 13 - 1, 1]), value(1, [2 ** 15 - 1, 2 ** 13 - 1, 1], 'u8'), value(2, [2 ** 14 + 1, 1, 1])];
  const attributes = { stride: [1, 2 ** 13], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const node = { op: 'quantizedConv2d', kind: 'adder', isSymmetric: true, x: q, output: y, padValue: 0, attributes };
  const one = new Tensor(Float32Array.of(1), [1]);
  const filters = new Tensor(new Uint8Array(2 ** 14), [1, 2 ** 14, 1, 1]) as never as Tensor;
  const tensors: [string, Tensor][] = [
    ['1.scale', one],
    ['1.shift', one],
    ['1.filters', filters],
  ];
  await t.rejects(
    load(crafted([quantized(x, q), node], x, y, tensors)),
    refused(/node 1 \(quantizedConv2d\): the network takes more than 2\^40 additions for one image up to there/),
  );
});

t.test('filters whose sums an int32 does not hold are refused', async (t) => {
  const limits = [
    { kind: 'adder', dtype: 'u8', largest: 255 },
    { kind: 'conv', dtype: 'u8', largest: 255 * 128 },
    { kind: 'adder', dtype: 'i16', largest: 65535 },
  ] as const;
  for (const { kind, dtype, largest } of limits) {
    const limit = Math.floor((2 ** 31 - 1) / largest);
    for (const elements of [limit, limit + 1]) {
      const [x, q, y] = [value(0, [elements, 1, 1]), value(1, [elements, 1, 1], dtype), value(2, [1, 1, 1])];
      const attributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
      const nodes = [
        dtype === 'i16' ? quantizedTo16(x, q) : quantized(x, q),
        { op: 'quantizedConv2d', kind, x: q, output: y, padValue: 0, attributes },
      ];
      const filters = { conv: new Int8Array(elements).fill(-128), u8: new Uint8Array(elements).fill(255), i16: new Int16Array(elements) };
      const numbers = kind === 'conv' ? filters.conv : filters[dtype].fill(dtype === 'i16' ? 32767 : 255);
      const one = new Tensor(Float32Array.of(1), [1]);
      const tensors = [
        ['1.filters', new Tensor(numbers, [1, elements, 1, 1]) as never],
        ['1.scale', one],
        ['1.shift', new Tensor(new Float32Array(1), [1])],
      ] as const;
      const network = load(crafted(nodes, x, y, tensors));
      if (elements > limit) {
        await t.rejects(
          network,
          refused(/node 1 .* its filters have \d+ elements each, expected at most \d+, whose sum an int32 holds/),
          `${kind} ${dtype}`,
        );
        continue;
      }
      using session = await compile((await network) as never);
      const image = new Tensor(new Float32Array(elements).fill(kind === 'adder' ? 0 : 255), [1, elements, 1, 1]);
      t.same([...session.runSync(image).data], [Math.fround(-largest * elements)], `${kind} ${dtype}: the longest`);
    }
  }
});

t.test('integers of 16 bits that contradict each other', async (t) => {
  const [x, q, y] = [value(0, [2, 2, 1]), value(1, [2, 2, 1], 'i16'), value(2, [2, 2, 1], 'i16')];
  const [z, bytes, floats] = [value(3, [2, 2, 1]), value(1, [2, 2, 1], 'u8'), value(2, [2, 2, 1])];
  const attributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const filters = new Tensor(Int16Array.of(-32768), [1, 1, 1, 1]) as never as Tensor;
  const one = new Tensor(Float32Array.of(1), [1]);
  const first = { op: 'quantizedConv2d', kind: 'adder', x: q, output: y, padValue: -32768, qmin: -32768, qmax: 32767, attributes };
  const second = { op: 'quantizedConv2d', kind: 'adder', x: y, output: z, padValue: -32768, residual: q, residualScale: 2, attributes };
  const make = (change: { quantize?: Plain; first?: Plain; second?: Plain; filters?: Tensor } = {}) =>
    load(
      crafted(
        [
          { ...quantizedTo16(x, q), ...change.quantize },
          { ...first, ...change.first },
          { ...second, ...change.second },
        ],
        x,
        z,
        [
          ...[1, 2].flatMap((i) => ['scale', 'shift'].map((name): [string, Tensor] => [`${i}.${name}`, one])),
          ['1.filters', change.filters ?? filters],
          ['2.filters', filters],
        ],
      ),
    );
  const cases: [string, RegExp, Parameters<typeof make>[0]][] = [
    ['qmin is left out', /node 1 .* its qmin is 0, expected -32768 of 16 bits/, { first: { qmin: undefined } }],
    ['qmin of fewer bits', /node 1 .* its qmin is -256, expected -32768 of 16 bits/, { first: { qmin: -256 } }],
    ['qmax of fewer bits', /node 1 .* its qmax is 255, expected 32767 of 16 bits/, { first: { qmax: 255 } }],
    ['qmin above qmax', /node 1 .* its qmax is -5, expected an integer from 9 to 32767/, { first: { qmin: 8, qmax: -5 } }],
    ['qmin of no int16', /node 0 .* its qmin is -32769, expected an integer from -32768 to 32767/, { quantize: { qmin: -32769 } }],
    ['qmax of no integer', /node 0 .* its qmax is 0.5, expected an integer from/, { quantize: { qmax: 0.5 } }],
    [
      'a zero point below qmin',
      /node 0 .* its zeroPoint is -9, expected an integer from its qmin, -8/,
      { quantize: { zeroPoint: -9, qmin: -8 } },
    ],
    ['a padValue of no int16', /node 1 .* its padValue is 32768, expected an integer/, { first: { padValue: 32768 } }],
    [
      'bytes that are read as int16',
      /node 1 .* its operands are not what/,
      { quantize: { output: bytes, zeroPoint: 0, qmin: 0, qmax: 255 } },
    ],
    ['int16 that end in bytes', /node 1 .* its output is u8, expected f32 or i16 as x/, { first: { output: { ...y, dtype: 'u8' } } }],
    ['an ordinary convolution', /node 1 .* its kind is conv, but x is i16, expected u8/, { first: { kind: 'conv' } }],
    ['filters of bytes', /node 1 .* its filters are u8, expected i16/, { filters: new Tensor(Uint8Array.of(1), [1, 1, 1, 1]) as never }],
    [
      'filters of signed bytes',
      /node 1 .* its filters are i8, expected i16/,
      { filters: new Tensor(Int8Array.of(1), [1, 1, 1, 1]) as never },
    ],
    ['filters of int32', /node 1 .* its filters is .* expected a tensor/, { filters: new Tensor(Int32Array.of(1), [1, 1, 1, 1]) as never }],
    ['qmin of floats', /node 2 .* its qmin is -32768, but its output is f32/, { second: { qmin: -32768 } }],
    ['floats that read int16', /node 2 .* its x\.dtype is "i16", expected f32/, { second: { op: 'activate', activation: relu } }],
  ];
  for (const [name, message, change] of cases) await t.rejects(make(change), refused(message), name);
  await t.rejects(
    load(crafted([quantizedTo16(x, q), { ...pool(q, z, 1, 1, 0), mode: 'average' }], x, z)),
    refused(/node 1 .* its output is f32 of i16, expected f32/),
    'a mean of int16',
  );
  await t.rejects(
    make({ quantize: { output: floats } }),
    refused(/node 0 .* its output\.dtype is "f32", expected one of u8, i16/),
    'floats',
  );
  using session = await compile((await make()) as never);
  const image = new Tensor(Float32Array.of(1, 2, 3, 70000), [1, 2, 2, 1]);
  // q = x - 32768; 1 - x, at least -32768; the distance of that from -32768; and twice q.
  const wanted = [1, 2, 3, 65535].map((v) => 1 - (32768 + Math.max(1 - v, -32768)) + 2 * (v - 32768));
  t.same([...session.runSync(image).data], wanted, 'and good ones compute');
});

t.test('padding of even windows, and centered sums, that contradict themselves', async (t) => {
  const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const make = ({ conv, attributes, y = [2, 2, 2] }: { conv?: Plain; attributes?: Plain; y?: Shape } = {}) => {
    const [x, q, output] = [value(0, [2, 2, 2]), value(1, [2, 2, 2], 'u8'), value(2, y)];
    const node = { op: 'quantizedConv2d', kind: 'adder', isCentered: true, isSymmetric: true, x: q, output, padValue: 0 };
    const filters = new Tensor(
      Uint8Array.from({ length: 16 }, (_, i) => i),
      [2, 2, 2, 2],
    ) as never as Tensor;
    const vectors = ['scale', 'shift'].map((name) => [`1.${name}`, new Tensor(Float32Array.of(1, 1), [2])] as [string, Tensor]);
    const nodes = [quantized(x, q), { ...node, attributes: { ...plain, ...attributes }, ...conv }];
    return load(crafted(nodes, x, output, [['1.filters', filters], ...vectors]));
  };
  const alone = 'expected false: that takes kind adder without other padding, dilation or groups';
  const cases: [RegExp, Parameters<typeof make>[0]][] = [
    [/its output has shape \[3,3,2\], expected that of \[2,2,2\]/, { y: [3, 3, 2] }],
    [/its output has shape \[2,2,2\], expected that of \[1,1,2\]/, { conv: { isSymmetric: false } }],
    [/its output has shape \[2,2,2\], expected that of \[2,1,2\]/, { attributes: { stride: [1, 2] } }],
    [new RegExp(`isSymmetric is true, ${alone}`), { attributes: { padding: [0, 1, 0, 0] } }],
    [new RegExp(`isSymmetric is true, ${alone}`), { attributes: { dilation: [2, 1] } }],
    [new RegExp(`isSymmetric is true, ${alone}`), { attributes: { groups: 2 } }],
    [new RegExp(`isSymmetric is true, ${alone}`), { conv: { kind: 'conv', isCentered: false } }],
    [/its isCentered is true, but its kind is conv/, { conv: { kind: 'conv', isSymmetric: false }, y: [1, 1, 2] }],
    [/its isCentered is 1, expected true or false/, { conv: { isCentered: 1 } }],
    [/its isSymmetric is 0, expected true or false/, { conv: { isSymmetric: 0 } }],
  ];
  for (const [message, change] of cases) await t.rejects(make(change), refused(message), String(message));
  // 2^28 elements at most, which these have only until a row and a column are added.
  const [large, same] = [value(0, [2 ** 14 - 1, 2 ** 14, 1]), value(1, [2 ** 14 - 1, 2 ** 14, 1])];
  const node = { op: 'conv2d', kind: 'adder', isSymmetric: true, x: large, output: same, attributes: plain };
  const filters = new Tensor(new Float32Array(4), [1, 2, 2, 1]);
  await t.rejects(
    load(crafted([node], large, same, [['0.filters', filters]])),
    refused(
      /what node 0 \(conv2d\) reads, with its padding, has shape \[16384,16385,1\] for one image, expected at most 268435456 elements/,
    ),
    'padding counts',
  );
  const network = (await make()) as QuantizedModel;
  using session = await compile(network);
  const image = new Tensor(
    Float32Array.from({ length: 8 }, (_, i) => 9 * i),
    [1, 2, 2, 2],
  );
  const y = session.runSync(image);
  t.same(y.data, network.forward(image).data, 'and good ones compute');
  for (let i = 0; i < y.size; i += 2)
    t.ok([0, -1].includes(y.data[i]! + y.data[i + 1]! - 2), 'two centered sums add up to 0, or to what rounding their mean up leaves');
});

t.test('Winograd layers of floats that contradict themselves', async (t) => {
  const plain = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
  const make = (change: { filters?: Shape; attributes?: Plain; vector?: number; y?: Shape; input?: Shape; filter?: number } = {}) => {
    const { filters = [4, 4, 2, 3], attributes, vector = 2, y = [4, 4, 2], input = [4, 4, 3], filter = 1 } = change;
    const [x, output] = [value(0, input), value(1, y)];
    const node = { op: 'conv2d', kind: 'adder-winograd', x, output, attributes: { ...plain, ...attributes } };
    const numbers = (size: number, v: number) => new Float32Array(size).fill(v);
    const tensors = ['bias', 'scale', 'shift'].map((name) => [`0.${name}`, new Tensor(numbers(vector, 1), [vector])] as const);
    return load(crafted([node], x, output, [['0.filters', new Tensor(numbers(count(filters), filter), filters)], ...tensors]));
  };
  const cases: [RegExp, Parameters<typeof make>[0]][] = [
    [/filters have shape \[2,3,3,3\], expected \[4,4,co,ci\]/, { filters: [2, 3, 3, 3] }],
    [/filters have shape \[2,4,4,3\], expected \[4,4,co,ci\]/, { filters: [2, 4, 4, 3] }],
    [/filters is .*, expected a tensor of rank 4/, { filters: [16, 2, 3] }],
    [/filters expect 2 input channels/, { filters: [4, 4, 2, 2] }],
    [/bias has 4 numbers, expected one for each of 2 channels/, { vector: 4 }],
    [/output has shape \[2,2,2\], expected that of \[4,4,2\]/, { y: [2, 2, 2] }],
    [/stride is \[2,1\].*expected 1 each/, { attributes: { stride: [2, 1] } }],
    [/dilation \[1,2\].*expected 1 each/, { attributes: { dilation: [1, 2] } }],
    [/groups 3, expected 1 each/, { attributes: { groups: 3 } }],
    [/does not fit/, { attributes: { padding: [0, 0, 0, 0] }, input: [2, 4, 3] }],
    [/padding.*expected/, { attributes: { padding: [-1, 1, 1, 1] } }],
    [/padding.*expected/, { attributes: { padding: [1, 1] } }],
    [/filters is .*finite numbers|finite/, { filter: Number.NaN }],
    [/more than memory can hold|at most 268435456 elements/, { attributes: { padding: [2 ** 30, 0, 0, 0] }, y: [2 ** 30 + 2, 2, 2] }],
  ];
  for (const [message, change] of cases) await t.rejects(make(change), refused(message), String(message));
  using session = await compile((await make()) as never);
  t.same(session.outputShape, [32], 'and a good one computes');

  // 250,000 tiles of 16 pairs for each of 256 x 256 channels: four such layers stay below 2^40, which nine pairs for each output would not.
  const shape = [1000, 1000, 256];
  const filters = new Tensor(new Float32Array(16 * 256 * 256), [4, 4, 256, 256]);
  for (const layers of [4, 5]) {
    const values = Array.from({ length: layers + 1 }, (_, i) => value(i, shape));
    const mean = value(layers + 1, [1, 1, 256]);
    const nodes = values.slice(1).map((output, i) => ({ op: 'conv2d', kind: 'adder-winograd', x: values[i], output, attributes: plain }));
    const pooled = { ...pool(values[layers]!, mean, 1000, 1000, 0), mode: 'average' };
    const network = load(
      crafted(
        [...nodes, pooled],
        values[0]!,
        mean,
        Array.from({ length: layers }, (_, i) => [`${i}.filters`, filters]),
      ),
    );
    if (layers === 4) await t.resolves(network);
    else await t.rejects(network, refused(/node 4 \(conv2d\): the network takes more than 2\^40 additions/));
  }
});

t.test('Winograd layers of integers that contradict themselves', async (t) => {
  const attributes = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
  const tensor = <A extends TensorData>(data: A, shape: Shape) => new Tensor(data, shape) as never as Tensor;
  interface Change {
    node?: Plain;
    attributes?: Plain;
    tensors?: Record<string, Tensor | undefined>;
    channels?: number;
    pool?: readonly [kernel: number, padding: number];
  }
  /** quantize, maybe a pool, and a Winograd layer of 2 filters. */
  const make = (dtype: 'u8' | 'i16', change: Change = {}) => {
    const ci = change.channels ?? 3;
    const [x, q, y] = [value(0, [4, 4, ci]), value(1, [4, 4, ci], dtype), value(2, [4, 4, 2])];
    const pooled = value(3, [4, 4, ci], dtype);
    const isBytes = dtype === 'u8';
    const vector = tensor(new Float32Array(2).fill(1), [2]);
    const tensors: Record<string, Tensor | undefined> = {
      filters: tensor(isBytes ? new Uint8Array(32 * ci) : new Int16Array(32 * ci), [4, 4, 2, ci]),
      ...(isBytes && { offsets: tensor(new Int16Array(16), [16]), shifts: tensor(new Uint8Array(16), [16]) }),
      ...{ constants: tensor(new Int32Array(8), [4, 2]), scale: vector, shift: vector },
      ...change.tensors,
    };
    const node = {
      op: 'quantizedConv2d',
      kind: 'adder-winograd',
      x: q,
      output: y,
      padValue: 0,
      attributes: { ...attributes, ...change.attributes },
    };
    const [kernel, padding] = change.pool ?? [];
    const nodes = [
      isBytes ? quantized(x, q) : { ...quantizedTo16(x, q), zeroPoint: 0, qmin: 0, qmax: 8191 },
      ...(kernel === undefined ? [] : [pool(q, pooled, kernel, 1, padding!)]),
      { ...node, ...(kernel !== undefined && { x: pooled }), ...change.node },
    ];
    const named = Object.entries(tensors).flatMap(([name, tensor]) => (tensor ? [[`${nodes.length - 1}.${name}`, tensor] as const] : []));
    return load(crafted(nodes, x, y, named, {}, isBytes ? 8 : 13));
  };
  const of = (name: string, tensor: Tensor | undefined) => ({ tensors: { [name]: tensor } });
  const cases: ['u8' | 'i16', RegExp, Change][] = [
    ['u8', /offsets or shifts are missing, which x of u8 needs/, of('offsets', undefined)],
    ['u8', /offsets or shifts are missing, which x of u8 needs/, of('shifts', undefined)],
    ['u8', /offsets have shape \[15\], expected \[16\]/, of('offsets', tensor(new Int16Array(15), [15]))],
    ['u8', /offsets is .*, expected a tensor of rank 1 of i16/, of('offsets', tensor(new Int16Array(16), [4, 4]))],
    ['u8', /offsets is .*, expected a tensor of rank 1 of i16/, of('offsets', tensor(new Int32Array(16), [16]))],
    ['u8', /offsets holds -16385, expected integers from -16384 to 16383/, of('offsets', tensor(new Int16Array(16).fill(-16385, 9), [16]))],
    ['u8', /shifts have shape \[17\], expected \[16\]/, of('shifts', tensor(new Uint8Array(17), [17]))],
    ['u8', /shifts holds 8, expected integers from 0 to 7/, of('shifts', tensor(new Uint8Array(16).fill(8, 15), [16]))],
    ['u8', /constants have shape \[4,3\], expected \[4,2\]/, of('constants', tensor(new Int32Array(12), [4, 3]))],
    ['i16', /constants holds 536870913, expected integers/, of('constants', tensor(new Int32Array(8).fill(2 ** 29 + 1), [4, 2]))],
    ['i16', /offsets and shifts are there, but x is i16/, of('shifts', tensor(new Uint8Array(16), [16]))],
    ['u8', /filters are i16, expected u8/, of('filters', tensor(new Int16Array(96), [4, 4, 2, 3]))],
    ['u8', /filters are i8, expected u8/, of('filters', tensor(new Int8Array(96), [4, 4, 2, 3]))],
    ['u8', /filters have shape \[2,4,4,3\], expected \[4,4,co,ci\]/, of('filters', tensor(new Uint8Array(96), [2, 4, 4, 3]))],
    ['u8', /attributes.*filters have shape \[4,4,2,2\]|attributes.*channels/, of('filters', tensor(new Uint8Array(64), [4, 4, 2, 2]))],
    [
      'u8',
      /scale has 2 numbers, expected one for each of 3 channels|expected that of/,
      of('filters', tensor(new Uint8Array(144), [4, 4, 3, 3])),
    ],
    ['u8', /stride is \[2,2\].*expected 1 each/, { attributes: { stride: [2, 2] } }],
    ['u8', /dilation \[1,2\].*expected 1 each/, { attributes: { dilation: [1, 2] } }],
    ['u8', /groups 3, expected 1 each/, { attributes: { groups: 3 } }],
    [
      'u8',
      /offsets are there, but its kind is adder/,
      { node: { kind: 'adder' }, ...of('filters', tensor(new Uint8Array(54), [2, 3, 3, 3])) },
    ],
    ['u8', /padValue is 256, expected an integer from 0 to 255/, { node: { padValue: 256 } }],
    ['i16', /padValue is 8192, expected an integer from/, { node: { padValue: 8192 } }],
    [
      'u8',
      /elements each, expected at most .*, whose sum an int32 holds/,
      { channels: 3656, ...of('shifts', tensor(new Uint8Array(16).fill(7), [16])) },
    ],
    ['i16', /elements each, expected at most 16380, whose sum an int32 holds/, { channels: 1821 }],
  ];
  for (const [dtype, message, change] of cases) await t.rejects(make(dtype, change), refused(message), String(message));
  for (const [dtype, change] of [
    ['u8', {}],
    ['u8', of('constants', undefined)],
    ['u8', { channels: 3655, ...of('shifts', tensor(new Uint8Array(16).fill(7), [16])) }],
    ['i16', {}],
    ['i16', { channels: 1820 }],
    ['i16', { pool: [3, 1] }],
  ] as ['u8' | 'i16', Change][]) {
    const network = await make(dtype, change);
    using session = await compile(network as never);
    const image = new Tensor(new Float32Array(count([...session.inputShape])).fill(9000), [1, ...session.inputShape]);
    t.same(
      session.runSync(image).data,
      (network as QuantizedModel).forward(image).data,
      `and good ones compute, ${dtype} ${Object.keys(change)}`,
    );
  }

  // Of more bits, numbers that are not the transforms'.
  const [x, q, y] = [value(0, [4, 4, 1]), value(1, [4, 4, 1], 'i16'), value(2, [4, 4, 1])];
  const one = tensor(Float32Array.of(1), [1]);
  const named = [
    ['1.filters', tensor(new Int16Array(16), [4, 4, 1, 1])],
    ['1.scale', one],
    ['1.shift', one],
  ] as const;
  const node = { op: 'quantizedConv2d', kind: 'adder-winograd', x: q, output: y, padValue: 0, attributes };
  for (const n of [14, 15, 16]) {
    const ends = n === 16 ? {} : { zeroPoint: 0, qmin: 0, qmax: 2 ** n - 1 };
    const file = crafted([{ ...quantizedTo16(x, q), ...ends }, node], x, y, named, {}, n);
    await t.rejects(
      load(file),
      refused(/node 1 .* its x may be less than -8192 or more than 8191, expected 13 bits and sign/),
      `${n} bits`,
    );
  }
});

t.test('images and values that no memory holds are refused', async (t) => {
  for (const shape of [
    [2 ** 31 - 1, 2 ** 31 - 1, 3],
    [2 ** 20, 2 ** 20, 1],
    [2 ** 14, 2 ** 14 + 1, 1],
  ]) {
    const [x, y] = [value(0, shape), value(1, shape)];
    await t.rejects(load(crafted([activate(x, y)], x, y)), refused(/./), String(shape));
  }
  // Each fits; together they would be 2 TiB, or more than 2^64 bytes of a file that is longer.
  const [x, n] = [value(0, [2 ** 14, 2 ** 14, 1]), 2000];
  const values = Array.from({ length: n }, (_, i) => value(i + 1, x.shape));
  const sums = values.slice(1).map((_, i) => value(n + 1 + i, x.shape));
  const nodes = [
    ...values.map((y) => activate(x, y)),
    ...sums.map((output, i) => ({ op: 'add', a: i === 0 ? values[0] : sums[i - 1], b: values[i + 1], output })),
  ];
  const network = await load(crafted(nodes.slice(0, 101), x, values[0]!));
  await t.resolves(compile(network as never), 'what is not read takes no memory');
  const held = await load(crafted([...nodes.slice(0, 100), ...nodes.slice(n, n + 99)], x, sums[98]!));
  await t.rejects(compile(held as never), refused(/sizes do not fit each other or are too large/, 'ERR_SHAPE'));
  await t.rejects(load(crafted(nodes, x, sums.at(-1)!)), refused(/more than 2\^40 additions/));
});

t.test('a hundred thousand nodes load, compile and run in time that grows with their number', async (t) => {
  const [n, shape] = [100_000, [2, 2, 1]];
  const values = Array.from({ length: n + 1 }, (_, i) => value(i, i === 0 ? shape : [4]));
  const activate = (x: Value, output: Value): Plain => ({ op: 'activate', x, output, activation: {} }); // the header has a limit
  const chain = values.slice(1).map((y, i) => activate(values[i]!, y));
  const half = n / 2;
  const held = values.slice(1).map((output, i) => {
    if (i < half) return activate(values[0]!, output);
    return { op: 'add', a: i === half ? values[1] : values[i], b: values[(i % half) + 1], output };
  });
  for (const [name, nodes] of Object.entries({ chain, held })) {
    const file = crafted(nodes, values[0]!, values[n]!);
    const before = process.memoryUsage().rss;
    const start = cpuTime();
    const network = await load(file);
    using session = await compile(network as never);
    const y = session.runSync(new Tensor(new Float32Array(4).fill(1), [1, ...shape]));
    const [seconds, bytes] = [(cpuTime() - start) / 1000, process.memoryUsage().rss - before];
    t.same([...y.data], Array(4).fill(name === 'chain' ? 1 : half + 1), name);
    t.ok(seconds < 20, `${name}: ${seconds.toFixed(1)} s of CPU time`);
    t.ok(bytes < 2 ** 30, `${name}: ${(bytes / 2 ** 20).toFixed()} MiB`);
  }
});

t.test('nodes of any geometry are refused or compile, and small ones run', async (t) => {
  const small = fc.integer({ min: 1, max: 5 });
  const large = fc.constantFrom(64, 1000, 65_535, 2 ** 16, 2 ** 24, 2 ** 31 - 1);
  const sizes = fc.oneof({ weight: 9, arbitrary: small }, { weight: 1, arbitrary: large });
  const offsets = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 5, arbitrary: small }, { weight: 1, arbitrary: large });
  const node = fc.record({
    ...{ op: fc.constantFrom('pool', 'conv2d', 'quantizedConv2d'), h: sizes, w: sizes, c: fc.constantFrom(1, 2, 4) },
    isWide: fc.boolean(),
    /** Half of them with windows that fit. */
    winograd: fc.constantFrom('no', 'no', 'any', 'fits'),
    ...{ kernel: fc.tuple(sizes, sizes), stride: fc.tuple(sizes, sizes), dilation: fc.tuple(sizes, sizes) },
    ...{ padding: fc.tuple(offsets, offsets, offsets, offsets), groups: fc.constantFrom(1, 1, 2, 4), co: fc.constantFrom(1, 2, 4) },
  });
  const met = { refused: 0, ran: 0 };
  await fc.assert(
    fc.asyncProperty(node, async ({ winograd, ...drawn }) => {
      const isWinograd = winograd !== 'no' && drawn.op === 'conv2d';
      const fits = isWinograd && winograd === 'fits';
      const windows = { kernel: [3, 3] as const, stride: [1, 1] as const, dilation: [1, 1] as const, groups: 1 };
      const { op, isWide, h, w, c, kernel, stride, dilation, padding, groups, co } = { ...drawn, ...(fits && windows) };
      const isPool = op === 'pool';
      const out = (size: number, k: number, s: number, d: number, pads: number) =>
        Math.floor((size + pads - (isPool ? 1 : d) * (k - 1) - 1) / s) + 1;
      const [ho, wo] = [
        out(h, kernel[0], stride[0], dilation[0], padding[0] + padding[2]),
        out(w, kernel[1], stride[1], dilation[1], padding[1] + padding[3]),
      ];
      const isQuantized = op === 'quantizedConv2d';
      const [x, q, y] = [value(0, [h, w, c]), value(1, [h, w, c], isWide ? 'i16' : 'u8'), value(2, [ho, wo, isPool ? c : co])];
      const filterShape = isWinograd ? [4, 4, co, c] : [co, ...kernel, Math.max(1, Math.floor(c / groups))];
      const held = count(filterShape) < 10_000 ? filterShape : [co, 1, 1, 1];
      const vector = new Tensor(new Float32Array(co).fill(0.5), [co]);
      const index = isQuantized ? 1 : 0;
      const filterType = !isQuantized ? Float32Array : isWide ? Int16Array : Uint8Array;
      const filters = new Tensor(new filterType(count(held)).fill(1), held) as Tensor;
      const attributes = isPool ? { kernel, stride, padding } : { stride, padding, dilation, groups };
      const plain: Plain = isPool
        ? { op, mode: 'average', x, output: y, attributes }
        : {
            op,
            kind: isWinograd ? 'adder-winograd' : 'adder',
            x: isQuantized ? q : x,
            output: y,
            attributes,
            ...(isQuantized && { padValue: 7 }),
          };
      const quantizeNode = { ...(isWide ? quantizedTo16(x, q) : quantized(x, q)), scale: 0.1, zeroPoint: 3 };
      const tensors: [string, Tensor][] = [
        ...(isPool ? [] : [[`${index}.filters`, filters] as [string, Tensor]]),
        ...(isQuantized ? (['scale', 'shift'].map((name) => [`${index}.${name}`, vector]) as [string, Tensor][]) : []),
      ];
      try {
        const network = await load(crafted(isQuantized ? [quantizeNode, plain] : [plain], x, y, tensors));
        using session = await compile(network as never, { threads: 1 });
        const k = isPool ? Math.min(kernel[0], h) * Math.min(kernel[1], w) : count(filterShape) / co;
        const work = count(y.shape) * k + (h + padding[0] + padding[2]) * (w + padding[1] + padding[3]) * c;
        if (work > 2 ** 24) return;
        const start = cpuTime();
        const result = session.runSync(new Tensor(new Float32Array(h * w * c).fill(1), [1, h, w, c]));
        met.ran++;
        if (result.size !== count(y.shape) || !result.data.every(Number.isFinite)) throw new Error('wrong output');
        if (cpuTime() - start > 5000) throw new Error('too slow');
      } catch (error) {
        if (!(error instanceof AdderNetError)) throw error;
        met.refused++;
      }
    }),
    draws(3000),
  );
  t.ok(Math.min(met.refused, met.ran) > draws(3000).numRuns / 30, `${met.refused} refused, ${met.ran} ran`);
});

t.test('every number of a file, made extreme', async (t) => {
  const folder = join(__dirname, '../../test/fixtures/quantized');
  const { tensors, metadata } = parseSafetensors(readFileSync(join(folder, '8-bits.safetensors')), 'v1');
  const extremes = [0, -1, 1.5, 256, 2 ** 24, 2 ** 31 - 1, 2 ** 32 + 1, 2 ** 53, 1e-300, 1e300];
  let tried = 0;
  const outcome = async (bytes: Uint8Array, name: string) => {
    tried++;
    try {
      const network = await load(bytes);
      using session = await compile(network as never, { threads: 1 });
      if (count([...session.inputShape]) < 1e6) session.runSync(Tensor.zeros([1, ...session.inputShape]));
    } catch (error) {
      if (!(error instanceof AdderNetError)) t.fail(`${name}: ${(error as Error).stack}`);
    }
  };
  for (const [name, tensor] of tensors)
    if (name.endsWith('.geometry'))
      for (let i = 0; i < tensor.size; i++)
        for (const extreme of extremes) {
          const geometry = Int32Array.from(tensor.data as never as Int32Array);
          geometry[i] = extreme;
          await outcome(formatSafetensors(new Map(tensors).set(name, new Tensor(geometry, [geometry.length])), metadata), `${name}[${i}]`);
        }
  const replaceNumbers = async (path: PropertyKey[], value: unknown): Promise<void> => {
    if (typeof value === 'object' && value !== null)
      for (const [k, inside] of Object.entries(value)) await replaceNumbers([...path, k], inside);
    if (typeof value !== 'number') return;
    for (const extreme of extremes) {
      const description = JSON.parse(metadata[key]!);
      let parent = description;
      for (const k of path.slice(0, -1)) parent = parent[k];
      parent[path.at(-1)!] = extreme;
      await outcome(formatSafetensors(tensors, { [key]: JSON.stringify(description) }), path.join('.'));
    }
  };
  await replaceNumbers([], JSON.parse(metadata[key]!));
  t.ok(tried > 2000, `${tried} files`);
});

t.test('float networks have the same limits where they are compiled', async (t) => {
  const { Flatten, MaxPool2d } = layers;
  const network = (kernel: number, stride: number, padding: number, size: number) => {
    const pooling = new MaxPool2d({ kernel, stride, padding });
    const classes = count([...pooling.outputShape([1, size, size, 1])]);
    const metadata = { name: 'crafted', kind: 'adder', classes, inputShape: [size, size, 1], dataset: 'none' } as const;
    return new Model({ pooling, flatten: new Flatten() }, { ...metadata, normalization: { mean: [0], std: [1] } } as never);
  };
  const start = cpuTime();
  using session = await compile(network(2 ** 14, 2 ** 30, 2 ** 13 - 1, 2));
  t.same([...session.runSync(new Tensor(Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1])).data], [4]);
  t.ok(cpuTime() - start < 1000);
  await t.rejects(compile(network(8192, 2, 4096, 8192)), refused(/node 0 \(pool\).*more than 2\^40 additions/, 'ERR_SHAPE'));
  await t.rejects(compile(network(1, 2 ** 14, 0, 2 ** 15)), refused(/the input has shape \[32768,32768,1\]/, 'ERR_SHAPE'));
});

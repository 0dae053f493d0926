// Tensors: a typed array and a shape that fits it, over memory that cannot move under a native call.
import fc from 'fast-check';
import t from 'tap';
import { type DType, Tensor } from '../dist';
import { draws } from './support/draws';

const arrays = {
  f32: Float32Array,
  f64: Float64Array,
  u8: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
};

t.test('a tensor is its typed array, not a copy', async (t) => {
  for (const [dtype, ArrayType] of Object.entries(arrays)) {
    const data = new ArrayType(6);
    const tensor = new Tensor(data, [1, 2, 3]);
    t.equal(tensor.data, data);
    t.same([tensor.dtype, tensor.size, tensor.shape], [dtype, 6, [1, 2, 3]]);
    const zeros = Tensor.zeros([2, 3], dtype as DType);
    t.equal(zeros.data.constructor, ArrayType);
    t.same([zeros.dtype, zeros.shape, [...zeros.data].map(Number)], [dtype, [2, 3], [0, 0, 0, 0, 0, 0]]);
  }
  t.equal(Tensor.zeros([1]).dtype, 'f32');
  t.equal(new Tensor(new Float32Array(1), []).size, 1, 'no axis at all: one number');
});

t.test("the shape is the tensor's own and cannot change", async (t) => {
  const shape = [2, 3];
  const tensor = new Tensor(new Float32Array(6), shape);
  shape[0] = 7;
  t.same(tensor.shape, [2, 3]);
  t.throws(() => {
    (tensor.shape as number[])[0] = 7;
  }, TypeError);
});

t.test('reshape sees the same memory', async (t) => {
  const tensor = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const other = tensor.reshape([3, 2, 1]);
  t.same(other.shape, [3, 2, 1]);
  other.data[5] = 9;
  t.equal(tensor.data[5], 9);
  t.same(tensor.shape, [2, 3]);
  t.throws(() => tensor.reshape([4]), { code: 'ERR_SHAPE', message: 'Tensor: shape [4] has 4 elements, but data has 6' });
});

t.test('sizes that do not multiply to the length are refused', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (shape, length) => {
      const make = () => new Tensor(new Float32Array(length), shape);
      if (shape.reduce((a, b) => a * b, 1) === length) make();
      else t.throws(make, { name: 'AdderNetError', code: 'ERR_SHAPE', message: `but data has ${length}` });
    }),
    draws(50),
  );
});

const wrongShapes: [string, unknown, RegExp][] = [
  ['a number', 6, /^shape is 6, expected an array of sizes like \[1,32,32,3\]$/],
  ['nothing', undefined, /^shape is undefined, expected an array/],
  ['null', null, /^shape is null, expected an array/],
  ['a typed array', Int32Array.of(2, 3), /^shape is (Int32Array|"2,3"), expected an array/],
  ['zero', [2, 0, 3], /^shape is \[2,0,3\], expected sizes that are integers from 1 to 2147483647$/],
  ['below zero', [-2, -3], /^shape is \[-2,-3\], expected sizes/],
  ['a fraction', [1.5, 4], /^shape is \[1\.5,4\], expected sizes/],
  ['NaN', [Number.NaN], /^shape is \[NaN\], expected sizes/],
  ['text', ['2', 3], /^shape is \[2,3\], expected sizes/],
  ['a hole', new Array(2), /^shape is \[,\], expected sizes/],
  ['a size of more than 31 bits', [2 ** 31], /^shape is \[2147483648\], expected sizes/],
  ['a product beyond 2^53', [2 ** 30, 2 ** 24], /^shape is \[1073741824,16777216\]: more elements than memory can hold$/],
];
for (const [name, shape, message] of wrongShapes)
  t.test(`no shape: ${name}`, async (t) => {
    t.throws(() => new Tensor(new Float32Array(6), shape as number[]), { name: 'AdderNetError', code: 'ERR_SHAPE', message });
    t.throws(() => Tensor.zeros(shape as number[]), { name: 'AdderNetError', code: 'ERR_SHAPE', message });
  });

t.test('other data is refused by the name of its type', async (t) => {
  const wrong: [unknown, string][] = [
    [new Uint16Array(6), 'Uint16Array'],
    [new Uint8ClampedArray(6), 'Uint8ClampedArray'],
    [new BigUint64Array(6), 'BigUint64Array'],
    [new DataView(new ArrayBuffer(6)), 'DataView'],
    [new ArrayBuffer(24), 'ArrayBuffer'],
    [[1, 2, 3, 4, 5, 6], 'Array'],
    [undefined, 'undefined'],
    [null, 'null'],
    [6, 'Number'],
  ];
  for (const [data, name] of wrong)
    t.throws(() => new Tensor(data as Float32Array, [6]), {
      name: 'AdderNetError',
      code: 'ERR_DTYPE',
      message: `Tensor: data is ${name}, expected one of Float32Array, Float64Array, Uint8Array, Int8Array, Int16Array, Int32Array, BigInt64Array`,
    });
  for (const dtype of ['f16', 'toString', '__proto__', null, 4])
    t.throws(() => Tensor.zeros([1], dtype as DType), {
      name: 'AdderNetError',
      code: 'ERR_DTYPE',
      message: `Tensor.zeros: dtype is '${dtype}', expected one of f32, f64, u8, i8, i16, i32, i64`,
    });
});

t.test('memory that may move or shrink is refused, shared memory is not', async (t) => {
  const detached = new Float32Array(6);
  structuredClone(detached, { transfer: [detached.buffer] });
  t.throws(() => new Tensor(detached, [6]), {
    name: 'AdderNetError',
    code: 'ERR_ARGUMENT',
    message: /^Tensor: data is empty: its buffer is detached/,
  });
  t.throws(() => new Tensor(new Float32Array(0), [1]), { code: 'ERR_ARGUMENT', message: /created with length 0/ });

  // Not in the types of the oldest supported language version.
  for (const BufferType of [ArrayBuffer, SharedArrayBuffer]) {
    const resizable = Reflect.construct(BufferType, [24, { maxByteLength: 48 }]) as ArrayBuffer;
    for (const view of [new Float32Array(resizable), new Float32Array(resizable, 0, 6)])
      t.throws(() => new Tensor(view, [6]), {
        name: 'AdderNetError',
        code: 'ERR_ARGUMENT',
        message: /^Tensor: data is in a resizable buffer/,
      });
  }

  const shared = new Float32Array(new SharedArrayBuffer(32), 8, 6);
  t.equal(new Tensor(shared, [6]).data, shared);
});

t.test('more than memory holds is an error that says how much', async (t) => {
  for (const dtype of ['f32', 'i64'] as const)
    t.throws(() => Tensor.zeros([2 ** 24, 2 ** 26], dtype), {
      name: 'AdderNetError',
      code: 'ERR_MEMORY',
      message: `Tensor.zeros: ${2 ** 50} elements of ${dtype} for shape [16777216,67108864] do not fit in memory`,
    });
});

import fc from 'fast-check';
import t from 'tap';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { type ArrayOf, type DType, Tensor, type TensorData } from '../../dist/tensor';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';
import { draws } from '../support/draws';

function file(header: string | object, payload = 0): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(payload)]);
}
const u8 = (begin: number, end: number) => ({ dtype: 'U8', shape: [end - begin], data_offsets: [begin, end] });
const refused = (bytes: Uint8Array) => refusal((b) => parseSafetensors(b, 'w.safetensors'), bytes);
const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

t.test('a file written by hand', async (t) => {
  const bytes = file({ __metadata__: { model: 'tiny' }, w: { dtype: 'I16', shape: [2, 1], data_offsets: [0, 4] }, b: u8(4, 5) }, 5);
  bytes.set([1, 0, 0xff, 0xff, 7], bytes.length - 5);
  const { tensors, metadata } = parseSafetensors(bytes);
  t.equal(metadata.model, 'tiny');
  t.same([...tensors.keys()], ['w', 'b']);
  t.same(tensors.get('w')!.data, Int16Array.of(1, -1));
  t.same(tensors.get('w')!.shape, [2, 1]);
  t.same(tensors.get('b')!.data, Uint8Array.of(7));
});

t.test('a scalar becomes [1]; a file may be empty', async (t) => {
  t.same(parseSafetensors(file({ s: { dtype: 'F32', shape: [], data_offsets: [0, 4] } }, 4)).tensors.get('s')!.shape, [1]);
  t.equal(parseSafetensors(formatSafetensors(new Map())).tensors.size, 0);
});

t.test('what is written is padded and aligned, and read back without copies', async (t) => {
  const tensors = new Map<string, Tensor<TensorData>>([
    ['bytes', new Tensor(Uint8Array.of(1, 2, 3), [3])],
    ['doubles', new Tensor(Float64Array.of(1, 2), [2])],
    ['shorts', new Tensor(Int16Array.of(1), [1])],
  ]);
  const bytes = formatSafetensors(tensors, { a: 'é' });
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  t.equal(headerBytes % 8, 0);
  t.equal(bytes.length, 8 + headerBytes + 3 + 16 + 2);
  const back = parseSafetensors(bytes);
  for (const [key, tensor] of tensors) {
    t.same(back.tensors.get(key), tensor);
    t.equal(back.tensors.get(key)!.data.buffer, bytes.buffer);
  }
  t.same({ ...back.metadata }, { a: 'é' });

  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  t.same(parseSafetensors(shifted.subarray(1)).tensors.get('doubles')!.data, Float64Array.of(1, 2));
});

t.test('any names, dtypes, shapes and bytes survive a round trip', async () => {
  const dtypes: DType[] = ['f32', 'f64', 'u8', 'i8', 'i16', 'i32', 'i64'];
  const tensor = fc.tuple(
    fc.constantFrom(...dtypes),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    fc.nat(255),
  );
  const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '0', ''));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 5 }), names, (entries, text) => {
      const tensors = new Map(
        entries.map(([name, [dtype, shape, seed]]) => {
          const made: Tensor<ArrayOf<DType>> = Tensor.zeros(shape, dtype);
          bytesOf(made.data).forEach((_, i, bytes) => {
            bytes[i] = seed * (i + 1);
          });
          return [name, made] as const;
        }),
      );
      const back = parseSafetensors(formatSafetensors(tensors, Object.fromEntries([[text, text]])));
      return (
        back.tensors.size === tensors.size &&
        back.metadata[text] === text &&
        [...tensors].every(([name, { data, dtype, shape }]) => {
          const read = back.tensors.get(name)!;
          return read.dtype === dtype && String(read.shape) === String(shape) && Buffer.compare(bytesOf(read.data), bytesOf(data)) === 0;
        })
      );
    }),
    draws(300),
  );
});

t.test('__proto__ is a name like any other', async (t) => {
  const bytes = file('{"__metadata__":{"__proto__":"text"},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1);
  const { tensors, metadata } = parseSafetensors(bytes);
  t.same([...tensors.keys()], ['__proto__']);
  t.same(Object.entries(metadata), [['__proto__', 'text']]);
  t.equal(Object.getPrototypeOf(metadata), null);
  t.equal(({} as Record<string, unknown>).dtype, undefined);
});

t.test('what is no safetensors file', async (t) => {
  t.match(refused(Buffer.from('any other file of some length')), { code: 'ERR_FORMAT', message: /^w.safetensors: not a safetensors file/ });
  t.match(refused(file('[]')), { code: 'ERR_FORMAT' });
  t.match(refused(file(' {}')), { code: 'ERR_FORMAT' });
  t.match(refused(file('{"a":')), { code: 'ERR_CORRUPT', message: /not JSON/ });
});

t.test('widened types; other types and tensors without elements are left out', async (t) => {
  const cases = [
    ['BF16', Uint16Array.of(0x3fc0, 0xc000), Float32Array.of(1.5, -2)],
    ['F16', Uint16Array.of(0x3e00, 0xc000), Float32Array.of(1.5, -2)],
    ['BOOL', Uint8Array.of(1, 0), Uint8Array.of(1, 0)],
    ['U16', Uint16Array.of(1, 65535), Int32Array.of(1, 65535)],
    ['U32', Uint32Array.of(1, 2 ** 32 - 1), BigInt64Array.of(1n, 2n ** 32n - 1n)],
  ] as const;
  for (const [dtype, stored, data] of cases) {
    const bytes = file({ a: { dtype, shape: [2], data_offsets: [0, stored.byteLength] } }, stored.byteLength);
    bytes.set(bytesOf(stored), bytes.length - stored.byteLength);
    const { tensors, storedTypes } = parseSafetensors(bytes);
    t.same(tensors.get('a')!.data, data, dtype);
    t.equal(storedTypes.get('a'), dtype.toLowerCase());
  }
  const { tensors, leftOut } = parseSafetensors(
    file(
      { a: u8(0, 1), f8: { ...u8(1, 3), dtype: 'F8_E4M3' }, empty: { ...u8(3, 3), shape: [2, 0] }, u64: { ...u8(3, 11), dtype: 'U64' } },
      11,
    ),
  );
  t.same([...tensors.keys()], ['a']);
  t.match(Object.fromEntries(leftOut), { f8: /"F8_E4M3"/, empty: 'it has no elements', u64: /"U64"/ });
});

t.test('a download that was cut', async (t) => {
  t.match(refused(file({ a: u8(0, 8), b: u8(8, 16) }, 5)), {
    code: 'ERR_CORRUPT',
    message: /^w\.safetensors: the file is truncated: it has 5 bytes of tensors, expected 16: download or copy it again/,
  });
});

t.test('what contradicts itself', async (t) => {
  const cases: [string, string | object, number, RegExp][] = [
    ['past the end', { a: u8(0, 3) }, 2, /truncated/],
    ['backwards', { a: { ...u8(0, 1), data_offsets: [1, 0] } }, 2, /data_offsets/],
    ['negative', { a: { ...u8(0, 1), data_offsets: [-1, 0] } }, 2, /data_offsets/],
    ['fractional', { a: { ...u8(0, 1), data_offsets: [0.5, 1.5] } }, 2, /data_offsets/],
    ['three offsets', { a: { ...u8(0, 1), data_offsets: [0, 1, 2] } }, 2, /data_offsets/],
    [
      'nested offsets',
      JSON.stringify({ a: u8(0, 1) }).replace('[0,1]', `${'['.repeat(150)}0${']'.repeat(150)}`),
      1,
      /data_offsets is \[\[\[…\]\]\], expected two offsets/,
    ],
    ['deep', `{"a":${'['.repeat(100_000)}`, 0, /nested more than 200 deep/],
    ['overlap', { a: u8(0, 2), b: u8(1, 3) }, 3, /tensor "b" begins at byte 1, but the tensors before it end at 2/],
    ['hole', { a: u8(0, 1), b: u8(2, 3) }, 3, /tensor "b" begins at byte 2/],
    ['rest', { a: u8(0, 1) }, 3, /2 bytes after the last tensor/],
    ['size', { a: { ...u8(0, 3), shape: [2] } }, 3, /takes 2 bytes, but there are 3/],
    ['overflow', { a: { ...u8(0, 3), shape: [2 ** 40, 2 ** 40] } }, 3, /more elements/],
    ['negative size', { a: { ...u8(0, 1), shape: [-1, -1] } }, 1, /tensor "a": shape\[0\] is -1, expected an integer from 0/],
    ['text as size', { a: { ...u8(0, 1), shape: ['1'] } }, 1, /tensor "a": shape\[0\] is "1", expected an integer from 0/],
    ['rank', { a: { ...u8(0, 1), shape: Array(65).fill(1) } }, 1, /has 65 sizes, expected at most 64/],
    ['no shape', { a: { dtype: 'U8', data_offsets: [0, 1] } }, 1, /tensor "a": shape is missing, expected a list of sizes/],
    ['null', { a: null }, 0, /tensor "a": it is null, expected \{ dtype, shape, data_offsets \}/],
    ['metadata', { __metadata__: { epoch: 3 } }, 0, /__metadata__: epoch is 3, expected text/],
    [
      'twice',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /"a" twice/,
    ],
    ['twice inside', '{"a":{"dtype":"U8","shape":[1],"shape" : [1],"data_offsets":[0,1]}}', 1, /"shape" twice/],
  ];
  for (const [what, header, payload, message] of cases) t.match(refused(file(header, payload)), { code: 'ERR_CORRUPT', message }, what);
});

t.test('strings that only look like keys are not counted', async (t) => {
  const { metadata } = parseSafetensors(file({ __metadata__: { a: '"a":"a":', b: 'a', c: '\\' } }));
  t.same({ ...metadata }, { a: '"a":"a":', b: 'a', c: '\\' });
});

t.test('what cannot be written', async (t) => {
  const one = new Tensor(Uint8Array.of(1), [1]);
  t.throws(() => formatSafetensors(new Map([['__metadata__', one]])), { code: 'ERR_ARGUMENT' });
  t.throws(() => formatSafetensors(new Map([['a', one]]), { epoch: 3 as unknown as string }), { code: 'ERR_ARGUMENT', message: /"epoch"/ });
});

t.test('halves', async (t) => {
  const w = new Tensor(Float32Array.of(1, -2.5, 65504, 1 / 3), [2, 2]);
  const b = new Tensor(Float32Array.of(1 / 3), [1]);
  const bytes = formatSafetensors(
    new Map([
      ['w', w],
      ['b', b],
    ]),
    {},
    new Set(['w']),
  );
  t.match(Buffer.from(bytes).toString('latin1'), /"w":\{"dtype":"F16","shape":\[2,2\],"data_offsets":\[4,12\]\}/);
  const { tensors } = parseSafetensors(bytes);
  t.same(tensors.get('w'), new Tensor(Float32Array.of(1, -2.5, 65504, 0x555 / 2 ** 12), [2, 2]));
  t.same(tensors.get('b'), b);
  const refusedHalf = (data: TensorData) => () => formatSafetensors(new Map([['w', new Tensor(data, [1])]]), {}, new Set(['w']));
  for (const data of [Float32Array.of(65505), Float32Array.of(Number.NEGATIVE_INFINITY), Int32Array.of(1)])
    t.throws(refusedHalf(data), { code: 'ERR_ARGUMENT', message: /"w" cannot be stored as F16: expected f32 up to 65504/ });
});

t.test('damage', async (t) => {
  const bytes = formatSafetensors(
    new Map<string, Tensor<TensorData>>([
      ['w', new Tensor(Float32Array.of(1, 2, 3, 4), [2, 2])],
      ['b', new Tensor(Uint8Array.of(1, 2, 3), [3])],
    ]),
    { model: 'tiny' },
  );
  t.same(unnoticedTruncations(parseSafetensors, bytes), []);
  survivesCorruption(parseSafetensors, bytes);
});

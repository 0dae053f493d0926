import fc from 'fast-check';
import t from 'tap';
import { readNpy } from '../../dist/io/npy';
import { Tensor } from '../../dist/tensor';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';
import { draws } from '../support/draws';
import { npyFile as npy } from '../support/npy-bytes';

const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

t.test('each dtype, in each version', async (t) => {
  const cases = [
    ['<f4', 'f32', Float32Array.of(1.5, -0, Number.NaN, 3e38, 1e-45, 6)],
    ['<f8', 'f64', Float64Array.of(1.5, -2, 3, 4, 5e-324, 1e308)],
    ['|u1', 'u8', Uint8Array.of(0, 1, 2, 253, 254, 255)],
    ['|i1', 'i8', Int8Array.of(-128, -1, 0, 1, 2, 127)],
    ['<i2', 'i16', Int16Array.of(-32768, -1, 0, 1, 2, 32767)],
    ['<i4', 'i32', Int32Array.of(-(2 ** 31), -1, 0, 1, 2, 2 ** 31 - 1)],
    ['<i8', 'i64', BigInt64Array.of(-(2n ** 63n), -1n, 0n, 1n, 2n, 2n ** 63n - 1n)],
  ] as const;
  for (const [descr, dtype, data] of cases)
    for (const version of [1, 2, 3]) {
      const tensor = readNpy(npy(descr, '(2, 3)', bytesOf(data), { version }));
      t.equal(tensor.dtype, dtype);
      t.same(tensor.shape, [2, 3]);
      t.same(tensor.data, data);
    }
});

t.test('shapes: one axis has a trailing comma in Python, a scalar becomes [1]', async (t) => {
  t.same(readNpy(npy('|u1', '(3,)', new Uint8Array(3))).shape, [3]);
  t.same(readNpy(npy('|u1', '()', new Uint8Array(1))).shape, [1]);
});

t.test('an unaligned file is copied, an aligned one is viewed', async (t) => {
  const file = npy('<f4', '(2,)', bytesOf(Float32Array.of(1, 2)));
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  t.same(readNpy(shifted.subarray(1)).data, Float32Array.of(1, 2));
  const aligned = new Uint8Array(file);
  t.equal(readNpy(aligned).data.buffer, aligned.buffer);
});

t.test('widened types, and Fortran order', async (t) => {
  const cases = [
    ['<f2', Uint16Array.of(0x3e00, 0xc000), Float32Array.of(1.5, -2)],
    ['|b1', Uint8Array.of(1, 0), Uint8Array.of(1, 0)],
    ['<u2', Uint16Array.of(1, 65535), Int32Array.of(1, 65535)],
    ['<u4', Uint32Array.of(1, 2 ** 32 - 1), BigInt64Array.of(1n, 2n ** 32n - 1n)],
  ] as const;
  for (const [descr, stored, data] of cases) t.same(readNpy(npy(descr, '(2,)', bytesOf(stored))).data, data, descr);
  const fortran = readNpy(npy('|u1', '(2L, 3L)', Uint8Array.of(0, 3, 1, 4, 2, 5), { order: 'True' }));
  t.same(fortran, new Tensor(Uint8Array.of(0, 1, 2, 3, 4, 5), [2, 3]));
});

t.test('any shape and values', async () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shapes, (shape) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
      const tensor = readNpy(npy('<f4', `(${shape.join(', ')},)`, bytesOf(data)));
      return String(tensor.shape) === String(shape) && Buffer.compare(bytesOf(tensor.data), bytesOf(data)) === 0;
    }),
    draws(200),
  );
});

t.test('what is refused, and how it is named', async (t) => {
  const refused = (bytes: Uint8Array) => refusal((b) => readNpy(b, 'w.npy'), bytes);
  t.match(refused(Buffer.from('not an array')), { code: 'ERR_FORMAT', message: /^w.npy: not a .npy file/ });
  for (const descr of ['>f4', '<c8', '<U3', '<u8', '|O', 'f4'])
    t.match(refused(npy(descr, '(1,)', new Uint8Array(4))), { code: 'ERR_FORMAT', message: `dtype is "${descr}"` });
  t.match(refused(npy('|u1', '(1,)', new Uint8Array(1), { version: 4 })), { code: 'ERR_FORMAT', message: /version is 4.0/ });
  t.match(refused(npy('|u1', '(0, 3)', new Uint8Array(0))), { code: 'ERR_FORMAT', message: /\[0,3\]/ });
  t.match(refused(npy('|u1', '(2,)', new Uint8Array(3))), { code: 'ERR_CORRUPT', message: /takes 2 bytes, but there are 3/ });
  t.match(refused(npy('|u1', '(9007199254740993,)', new Uint8Array(3))), { code: 'ERR_CORRUPT' });
  t.match(refused(npy('|u1', '(4294967296, 4294967296)', new Uint8Array(3))), { code: 'ERR_CORRUPT' });
  t.match(refused(npy('|u1', `(${'1,'.repeat(6000)})`, new Uint8Array(1))), { code: 'ERR_FORMAT', message: /header has/ });
});

t.test('damage', async (t) => {
  const file = npy('<i2', '(2, 3)', bytesOf(Int16Array.of(1, 2, 3, 4, 5, 6)));
  t.same(unnoticedTruncations(readNpy, file), []);
  survivesCorruption(readNpy, file);
});

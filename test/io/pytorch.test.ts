import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import t from 'tap';
import { parsePytorch } from '../../dist/io/pytorch';
import { parseTensors } from '../../dist/io/read-tensors';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';
import { draws } from '../support/draws';
import { testData } from '../support/official-data';
import * as p from '../support/pickle-bytes';
import * as pt from '../support/pytorch-bytes';
import {
  legacyFile,
  orderedDict,
  rebuild,
  type SavedStorage,
  stateDict,
  storage,
  storageId,
  tensor,
  tensorArguments,
  zipFile,
} from '../support/pytorch-bytes';

const formats = { zip: zipFile, legacy: legacyFile };
const iota = (length: number) => Float32Array.from({ length }, (_, i) => i);
const floats = storage('0', 'FloatStorage', iota(6));
const refused = (bytes: Uint8Array) => refusal((b) => parsePytorch(b, 'w.pth'), bytes);
const names = (tensors: ReadonlyMap<string, unknown>) => [...tensors.keys()];

for (const [format, save] of Object.entries(formats)) {
  const read = (object: p.Code, ...storages: SavedStorage[]) => parsePytorch(save(object, storages));
  const parse = (object: p.Code, ...storages: SavedStorage[]) => read(object, ...storages).tensors;
  const refusedObject = (object: p.Code, ...storages: SavedStorage[]) => refused(save(object, storages));

  t.test(`${format}: a state dict`, async (t) => {
    const steps = storage('1', 'LongStorage', BigInt64Array.of(390n));
    const tensors = parse(
      stateDict(
        ['fc.weight', tensor(storageId(floats), 0, [2, 3], [3, 1])],
        ['bn.num_batches_tracked', tensor(storageId(steps), 0, [], [])],
      ),
      floats,
      steps,
    );
    t.same([...tensors.keys()], ['fc.weight', 'bn.num_batches_tracked']);
    t.same(tensors.get('fc.weight')!.data, iota(6));
    t.same(tensors.get('fc.weight')!.shape, [2, 3]);
    t.same(tensors.get('bn.num_batches_tracked')!.data, BigInt64Array.of(390n));
    t.same(tensors.get('bn.num_batches_tracked')!.shape, [1]);
  });

  t.test(`${format}: every type of number`, async (t) => {
    const cases = [
      ['FloatStorage', 'f32', Float32Array.of(1.5, -2), Float32Array.of(1.5, -2)],
      ['DoubleStorage', 'f64', Float64Array.of(0.1, -2), Float32Array.of(0.1, -2)],
      ['HalfStorage', 'f16', Uint16Array.of(0x3e00, 0xc000), Float32Array.of(1.5, -2)],
      ['BFloat16Storage', 'bf16', Uint16Array.of(0x3fc0, 0xc000), Float32Array.of(1.5, -2)],
      ['BoolStorage', 'bool', Uint8Array.of(1, 0), Uint8Array.of(1, 0)],
      ['ByteStorage', 'u8', Uint8Array.of(1, 255), Uint8Array.of(1, 255)],
      ['CharStorage', 'i8', Int8Array.of(1, -128), Int8Array.of(1, -128)],
      ['ShortStorage', 'i16', Int16Array.of(1, -2), Int16Array.of(1, -2)],
      ['IntStorage', 'i32', Int32Array.of(1, -2), Int32Array.of(1, -2)],
      ['LongStorage', 'i64', BigInt64Array.of(1n, -2n), BigInt64Array.of(1n, -2n)],
    ] as const;
    for (const [type, storedType, stored, data] of cases) {
      const saved = storage('0', type, stored);
      const { tensors, storedTypes } = read(stateDict(['a.w', tensor(storageId(saved), 0, [2], [1])]), saved);
      t.same(tensors.get('a.w')!.data, data, type);
      t.equal(storedTypes.get('a.w'), storedType);
    }
    const complex = { ...storage('1', 'ComplexFloatStorage', new BigInt64Array(2)) };
    const qint = storage('2', 'QInt8Storage', new Int8Array(2));
    const none = storage('3', 'FloatStorage', new Float32Array(0));
    const untyped = storage('4', 'UntypedStorage', new Uint8Array(Uint16Array.of(7, 65535).buffer));
    const v3 = (dtype: string) =>
      p.reduce(
        p.global('torch._utils', '_rebuild_tensor_v3'),
        p.tuple(storageId(untyped), p.int(0), p.tuple(p.int(2)), p.tuple(p.int(1)), p.bool(false), orderedDict, p.global('torch', dtype)),
      );
    const { tensors, storedTypes, leftOut } = read(
      stateDict(
        ['a.w', tensor(storageId(floats), 0, [6], [1])],
        ['a.complex', tensor(storageId(complex), 0, [2], [1])],
        ['a.empty', tensor(storageId(none), 0, [0, 3], [3, 1])],
        ['a.q', p.reduce(p.global('torch._utils', '_rebuild_qtensor'), p.tuple(storageId(qint)))],
        ['a.sparse', p.reduce(p.global('torch._utils', '_rebuild_sparse_tensor'), p.tuple())],
        ['a.meta', p.reduce(p.global('torch._utils', '_rebuild_meta_tensor_no_storage'), p.tuple())],
        ['a.u16', v3('uint16')],
        ['a.f8', v3('float8_e4m3fn')],
      ),
      ...[floats, complex, qint, none, untyped],
    );
    t.same(names(tensors), ['a.w', 'a.u16']);
    t.same(tensors.get('a.u16')!.data, Int32Array.of(7, 65535));
    t.equal(storedTypes.get('a.u16'), 'u16');
    t.match(Object.fromEntries(leftOut), {
      'a.complex': /complex64/,
      'a.empty': 'it has no elements',
      'a.q': 'it is quantized',
      'a.sparse': 'it is sparse',
      'a.meta': /meta device/,
      'a.f8': /torch\.float8_e4m3fn/,
    });
  });

  t.test(`${format}: filters leave as [co,kh,kw,ci/g]`, async (t) => {
    // Element (co, ci, kh, kw) holds its own index as decimal digits.
    const data = Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => {
      const [co, ci, kh, kw] = [Math.floor(i / 12), Math.floor(i / 4) % 3, Math.floor(i / 2) % 2, i % 2];
      return co * 1000 + ci * 100 + kh * 10 + kw;
    });
    const saved = storage('0', 'FloatStorage', data);
    const w = parse(stateDict(['conv.weight', tensor(storageId(saved), 0, [2, 3, 2, 2], [12, 4, 2, 1])]), saved).get('conv.weight')!;
    t.same(w.shape, [2, 2, 2, 3]);
    t.same([...w.data.slice(0, 6)], [0, 100, 200, 1, 101, 201]);
    t.equal(w.data[(1 * 4 + 1 * 2 + 0) * 3 + 2], 1210);

    const integers = storage('0', 'IntStorage', new Int32Array(6));
    const i = parse(stateDict(['a', tensor(storageId(integers), 0, [1, 2, 1, 3], [6, 3, 3, 1])]), integers).get('a')!;
    t.same(i.shape, [1, 2, 1, 3], 'integers of rank 4 are not filters');
  });

  t.test(`${format}: offsets, strides and shared storages`, async (t) => {
    const id = storageId(floats);
    const tensors = parse(
      stateDict(
        ['whole', tensor(id, 0, [6], [1])],
        ['transposed', tensor(id, 0, [3, 2], [1, 3])],
        ['tail', tensor(id, 4, [2], [1])],
        ['column', tensor(id, 1, [2], [3])],
        ['one', tensor(id, 5, [1, 1], [1000, 7])],
      ),
      floats,
    );
    t.same(tensors.get('transposed')!.data, Float32Array.of(0, 3, 1, 4, 2, 5));
    t.same(tensors.get('tail')!.data, Float32Array.of(4, 5));
    t.same(tensors.get('column')!.data, Float32Array.of(1, 4));
    t.same(tensors.get('one')!.data, Float32Array.of(5));
    t.equal(tensors.get('tail')!.data.buffer, tensors.get('whole')!.data.buffer, 'tied weights stay tied');
  });

  t.test(`${format}: parameters and tensors of classes`, async (t) => {
    const w = tensor(storageId(floats), 0, [6], [1]);
    const call = (module: string, name: string, ...args: p.Code[]) => p.reduce(p.global(module, name), p.tuple(...args));
    const wrapped = [
      call('torch._utils', '_rebuild_parameter', w, p.bool(true), orderedDict),
      call('torch._utils', '_rebuild_parameter_with_state', w, p.bool(true), orderedDict, p.dict([p.text('tag'), p.int(1)])),
      call('torch._tensor', '_rebuild_from_type_v2', rebuild, p.global('mine', 'Tensor'), tensorArguments(storageId(floats)), p.dict()),
      call('torch._utils', '_rebuild_tensor', storageId(floats), p.int(0), p.tuple(p.int(6)), p.tuple(p.int(1))),
    ];
    for (const value of wrapped) t.same(parse(stateDict(['a.w', value]), floats).get('a.w')?.data, iota(6));
  });

  t.test(`${format}: expanded views are copied`, async (t) => {
    t.same(
      parse(stateDict(['a.w', tensor(storageId(floats), 1, [2, 3], [1, 0])]), floats).get('a.w')!.data,
      Float32Array.of(1, 1, 1, 2, 2, 2),
    );
  });

  t.test(`${format}: no tensor reaches outside its storage`, async (t) => {
    const huge = p.long(0, 0, 0, 0, 0, 0, 16);
    const id = storageId(floats);
    const expanded = stateDict(['w', tensor(id, 0, [100_000], [0])]);
    t.match(refusedObject(expanded, floats), { code: 'ERR_FORMAT', message: /64 times the size of the file/ });
    const raw = (offset: p.Code, shape: p.Code[], strides: p.Code[]) =>
      stateDict(['w', p.reduce(rebuild, p.tuple(id, offset, p.tuple(...shape), p.tuple(...strides), p.bool(false), orderedDict))]);
    const [zero, one, six] = [p.int(0), p.int(1), p.int(6)];
    const cases: [string, p.Code, string][] = [
      ['size', raw(zero, [p.int(7)], [one]), 'ERR_CORRUPT'],
      ['offset', raw(one, [six], [one]), 'ERR_CORRUPT'],
      ['stride', raw(zero, [p.int(3)], [p.int(3)]), 'ERR_CORRUPT'],
      ['negative offset', raw(p.int(-1), [one], [one]), 'ERR_CORRUPT'],
      ['negative stride', raw(p.int(5), [six], [p.int(-1)]), 'ERR_CORRUPT'],
      ['negative size', raw(zero, [p.int(-1), p.int(-1)], [one, one]), 'ERR_CORRUPT'],
      ['fraction', raw(zero, [p.float(1.5)], [one]), 'ERR_CORRUPT'],
      ['text', raw(zero, [p.text('6')], [one]), 'ERR_CORRUPT'],
      ['product beyond 2^53', raw(zero, [huge, huge], [zero, zero]), 'ERR_CORRUPT'],
      ['stride beyond 2^53', raw(zero, [p.int(2)], [huge]), 'ERR_CORRUPT'],
      ['fewer strides', raw(zero, [p.int(2), p.int(3)], [one]), 'ERR_CORRUPT'],
      ['rank', raw(zero, Array(65).fill(one), Array(65).fill(one)), 'ERR_CORRUPT'],
    ];
    for (const [what, object, code] of cases)
      t.match(refusedObject(object, floats), { code, message: /^w\.pth: a tensor of storage "0"/ }, what);
  });

  t.test(`${format}: a small file cannot take all memory`, async (t) => {
    const big = storage('0', 'FloatStorage', iota(1000));
    const transposed = tensor(storageId(big), 0, [10, 100], [1, 10]);
    const object = stateDict(['w', [...transposed, 0x71, 0]], ...Array.from({ length: 3000 }, (_, i) => [`v${i}`, [0x68, 0]] as const));
    t.match(refusedObject(object, big), { code: 'ERR_FORMAT', message: /64 times the size of the file/ });
  });

  t.test(`${format}: storages that contradict the pickle`, async (t) => {
    const w = stateDict(['w', tensor(storageId(floats), 0, [6], [1])]);
    t.match(refusedObject(w), { code: 'ERR_CORRUPT' }, 'missing');
    t.match(refusedObject(w, { ...floats, bytes: new Uint8Array(23) }), { code: 'ERR_CORRUPT' }, 'too short');
    t.match(refusedObject(w, { ...floats, bytes: new Uint8Array(28) }), { code: 'ERR_CORRUPT' }, 'too long');
    for (const other of [
      { ...floats, type: 'IntStorage' },
      { ...floats, elements: 7 },
    ]) {
      const twice = stateDict(['a', tensor(storageId(floats), 0, [6], [1])], ['b', tensor(storageId(other), 0, [6], [1])]);
      t.match(refusedObject(twice, floats), { code: 'ERR_CORRUPT', message: /storage "0" is described in two ways/ });
    }
    const part = storageId(floats, p.tuple(p.text('view'), p.int(4), p.int(2)));
    t.same(parse(stateDict(['w', tensor(part, 0, [2], [1])]), floats).get('w')!.data, Float32Array.of(4, 5), 'a view of a storage');
    t.match(refusedObject(stateDict(['w', tensor(part, 0, [3], [1])]), floats), { code: 'ERR_CORRUPT' });
    t.match(refusedObject(stateDict(['w', tensor(p.text('storage'), 0, [1], [1])])), { code: 'ERR_CORRUPT' });
    t.match(refusedObject(p.persistent(p.text('storage'))), { code: 'ERR_CORRUPT' });
  });

  t.test(`${format}: code is not run, and does not refuse the weights beside it`, async (t) => {
    const attack = p.reduce(p.global('posix', 'system'), p.tuple(p.text('echo ran')));
    const w = tensor(storageId(floats), 0, [6], [1]);
    const dict = p.dict([p.text('state_dict'), stateDict(['a.w', w], ['a.attack', attack])], [p.text('attack'), attack]);
    t.same(names(parse(dict, floats)), ['a.w']);
    t.same(names(parse(p.build(stateDict(['a.w', w]), attack), floats)), ['a.w']);
    t.match(refusedObject(attack), { code: 'ERR_FORMAT', message: /no named tensors, but an object of "posix\.system"/ });
  });

  t.test(`${format}: damage`, async (t) => {
    const file = save(
      stateDict(['w', tensor(storageId(floats), 0, [3, 2], [1, 3])], ['b', tensor(storageId(floats), 0, [1, 2, 1, 3], [6, 3, 3, 1])]),
      [floats],
    );
    t.same(unnoticedTruncations(parsePytorch, file), []);
    survivesCorruption(parsePytorch, file, 2000);
    t.match(
      refused(save(stateDict(['w', tensor(storageId(floats), 0, [6], [1])]), [floats], (format === 'zip' ? 'big' : false) as never)),
      {
        code: 'ERR_FORMAT',
        message: /big-endian/,
      },
    );
  });
}

t.test('any strides over a storage give what they describe', async () => {
  const axes = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 3 });
  const data = storage('0', 'FloatStorage', iota(64));
  fc.assert(
    fc.property(axes, fc.nat(5), (axes, offset) => {
      const shape = axes.map(([size]) => size);
      const strides = axes.map(([, stride]) => stride);
      let expected = [offset];
      for (const [size, stride] of axes) expected = expected.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * stride));
      const got = parsePytorch(zipFile(stateDict(['w', tensor(storageId(data), offset, shape, strides)]), [data])).tensors.get('w')!;
      return String(got.shape) === String(shape) && String(got.data) === String(expected);
    }),
    draws(200),
  );
});

t.test('archives that torch.save does not write', async (t) => {
  const pkl = p.pickle(stateDict(['w', tensor(storageId(floats), 0, [6], [1])]));
  t.match(refused(zipSync({ 'readme.txt': Buffer.from('hello') }, { level: 0 })), { code: 'ERR_FORMAT', message: /0 files data\.pkl/ });
  t.match(refused(zipSync({ 'a/data.pkl': pkl, 'b/data.pkl': pkl }, { level: 0 })), { code: 'ERR_FORMAT', message: /2 files data\.pkl/ });
  t.match(refused(zipSync({ 'a/data.pkl': [pkl, { level: 9 }] })), { code: 'ERR_FORMAT', message: /"a\/data\.pkl" .*compressed/ });
  const trailing = zipSync({ 'a/data.pkl': Buffer.concat([pkl, pkl]), 'a/data/0': floats.bytes }, { level: 0 });
  t.match(refused(trailing), { code: 'ERR_CORRUPT', message: /follow the end/ });
  t.match(refused(Buffer.concat([legacyFile(stateDict(['w', tensor(storageId(floats), 0, [6], [1])]), [floats]), Buffer.from([0])])), {
    code: 'ERR_CORRUPT',
    message: /1 bytes follow the end/,
  });

  const twin = zipSync({ 'a/data.pkl': pkl, 'a/data/0': floats.bytes, 'a/data/1': floats.bytes }, { level: 0 });
  const renamed = Buffer.from(Buffer.from(twin).toString('latin1').replaceAll('a/data/1', 'a/data/0'), 'latin1');
  t.match(refused(renamed), { code: 'ERR_CORRUPT', message: /"a\/data\/0" .*twice/ });
});

t.test('a legacy list of storages that names one twice', async (t) => {
  const second = { ...floats, key: '1' };
  const object = stateDict(['a', tensor(storageId(floats), 0, [6], [1])], ['b', tensor(storageId(second), 0, [6], [1])]);
  t.match(refused(legacyFile(object, [floats, floats])), { code: 'ERR_CORRUPT', message: /list of storages/ });
});

t.test('the ZIP64 directory that PyTorch writes even for small files', async (t) => {
  const file = Buffer.from(zipFile(stateDict(['w', tensor(storageId(floats), 0, [6], [1])]), [floats]));
  const end = file.length - 22; // the record that ends a ZIP, without a comment
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(file.readUInt16LE(end + 10)), 24);
  record.writeBigUInt64LE(BigInt(file.readUInt16LE(end + 10)), 32);
  record.writeBigUInt64LE(BigInt(file.readUInt32LE(end + 12)), 40);
  record.writeBigUInt64LE(BigInt(file.readUInt32LE(end + 16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(end), 8);
  locator.writeUInt32LE(1, 16);
  const zip64 = Buffer.concat([file.subarray(0, end), record, locator, file.subarray(end)]);
  t.same(parsePytorch(zip64).tensors.get('w')!.data, iota(6));
  t.same(unnoticedTruncations(parsePytorch, zip64), []);
  survivesCorruption(parsePytorch, zip64, 500);
});

const published = join(testData, 'weights/ResNet20-AdderNet.pth');
t.test("the authors' ResNet-20", { skip: !existsSync(published) && `${published} is not there` }, async (t) => {
  const tensors = parseTensors(readFileSync(published), published);
  t.equal(tensors.size, 132);
  t.same(tensors.get('conv1.weight')!.shape, [16, 3, 3, 3]);
  t.same(tensors.get('layer1.0.conv1.adder')!.shape, [16, 3, 3, 16]);
  t.same(tensors.get('layer2.0.downsample.0.adder')!.shape, [32, 1, 1, 16]);
  t.same(tensors.get('fc.weight')!.shape, [10, 1, 1, 64]);
  t.equal(tensors.get('bn1.num_batches_tracked')!.dtype, 'i64');
  let largest = 0;
  for (const [key, { data }] of tensors) if (key.endsWith('.adder')) for (const w of data) largest = Math.max(largest, Math.abs(Number(w)));
  t.ok(largest > 70 && largest < 72, `largest adder weight ${largest}`);
});

t.test('sizes beyond numbers, and values beyond memory, are refused', async (t) => {
  const floats = pt.storage('0', 'FloatStorage', Float32Array.of(1, 2));
  const huge = p.long(0, 0, 0, 0, 0, 0, 0, 16); // 2^60
  const described = (offset: p.Code, size: p.Code, stride: p.Code) =>
    p.reduce(pt.rebuild, p.tuple(pt.storageId(floats), offset, p.tuple(size), p.tuple(stride), p.bool(false), pt.orderedDict));
  for (const tensor of [
    described(huge, p.int(1), p.int(1)),
    described(p.none, p.int(1), p.int(1)),
    described(p.int(0), huge, p.int(1)),
    described(p.int(0), p.int(1), huge),
  ])
    t.equal(refusal(parsePytorch, pt.zipFile(pt.stateDict(['a.weight', tensor]), [floats]))?.code, 'ERR_CORRUPT');
  for (const opcode of [0x8b, 0x54, 0x58]) {
    const claim = Uint8Array.from([0x80, 2, opcode, 0, 0, 0, 0x20, 0x2e]);
    t.match(refusal(parsePytorch, claim), { code: 'ERR_CORRUPT', message: /expected at most/ });
  }
});

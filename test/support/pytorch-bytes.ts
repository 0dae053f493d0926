// Files as torch.save writes them, from pickles put together by hand.
import { zipSync } from 'fflate';
import * as p from './pickle-bytes';

export interface SavedStorage {
  readonly key: string;
  readonly type: string;
  readonly elements: number;
  readonly bytes: Uint8Array;
}

export function storage(key: string, type: string, data: ArrayBufferView & { length: number }): SavedStorage {
  return { key, type, elements: data.length, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

export const storageId = ({ key, type, elements }: SavedStorage, ...more: p.Code[]): p.Code =>
  p.persistent(p.tuple(p.text('storage'), p.global('torch', type), p.text(key), p.text('cpu'), p.int(elements), ...more));

export const rebuild = p.global('torch._utils', '_rebuild_tensor_v2');
export const orderedDict = p.reduce(p.global('collections', 'OrderedDict'), p.tuple());

const sizes = (values: readonly number[]): p.Code => p.tuple(...values.map(p.int));

export const tensor = (source: p.Code, offset: number, shape: readonly number[], strides: readonly number[]): p.Code =>
  p.reduce(rebuild, p.tuple(source, p.int(offset), sizes(shape), sizes(strides), p.bool(false), orderedDict));

/** What rebuild is called with for the first six elements of a storage. */
export const tensorArguments = (source: p.Code): p.Code => p.tuple(source, p.int(0), sizes([6]), sizes([1]), p.bool(false), orderedDict);

/** An OrderedDict with the attributes that PyTorch gives a state dict. */
export const stateDict = (...entries: (readonly [string, p.Code])[]): p.Code =>
  p.build(
    [...orderedDict, ...p.items(entries.map(([key, value]) => [p.text(key), value] as const))],
    p.dict([p.text('_metadata'), p.dict([p.text(''), p.dict([p.text('version'), p.int(1)])])]),
  );

export const zipFile = (object: p.Code, storages: readonly SavedStorage[], byteOrder = 'little'): Uint8Array =>
  zipSync(
    {
      'archive/data.pkl': p.pickle(object),
      'archive/byteorder': Buffer.from(byteOrder),
      ...Object.fromEntries(storages.map(({ key, bytes }) => [`archive/data/${key}`, bytes])),
      'archive/version': Buffer.from('3\n'),
    },
    { level: 0 },
  );

export function legacyFile(object: p.Code, storages: readonly SavedStorage[], littleEndian = true): Uint8Array {
  const count = (elements: number) => new Uint8Array(BigUint64Array.of(BigInt(elements)).buffer);
  return Buffer.concat([
    p.pickle(p.long(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)),
    p.pickle(p.int(1001)),
    p.pickle(p.dict([p.text('protocol_version'), p.int(1001)], [p.text('little_endian'), p.bool(littleEndian)])),
    p.pickle(object),
    p.pickle(p.list(...storages.map(({ key }) => p.text(key)))),
    ...storages.flatMap(({ elements, bytes }) => [count(elements), bytes]),
  ]);
}

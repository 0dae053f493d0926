// Files of PyTorch and NumPy whose tensors read the same bytes again and again, as other types and in other orders. What is refused, and what is
// just not refused, takes memory in proportion to the file: the file itself, the storages of its archive, and at most five times its size in copies.
import * as p from '../support/pickle-bytes';
import * as pt from '../support/pytorch-bytes';
import { type Bomb, MB, refused, testBombs } from './bombs';

type Format = (object: p.Code, storages: readonly pt.SavedStorage[]) => Uint8Array;
const formats: Readonly<Record<string, Format>> = { ZIP: pt.zipFile, legacy: pt.legacyFile };

const read = /^read$/;
const [rows, columns] = [2500, 2500];
const numbers = () => pt.storage('0', 'FloatStorage', new Float32Array(rows * columns));

/** 25 MB of numbers, and tensors that read all of them in another order. */
const views = (save: Format, count: number) => () => {
  const stored = numbers();
  const view = (i: number) => [`w${i}.weight`, pt.tensor(pt.storageId(stored), 0, [columns, rows], [1, columns])] as const;
  return save(pt.stateDict(...Array.from({ length: count }, (_, i) => view(i))), [stored]);
};

/** 25 MB without a type, read as every type. */
const types = (save: Format) => () => {
  const stored = { ...numbers(), type: 'ByteStorage', elements: 4 * rows * columns };
  const sizes = { float16: 2, bfloat16: 2, float64: 8, uint16: 2, uint32: 4, float32: 4, uint8: 1, int64: 8, int16: 2 };
  const tensors = Object.entries(sizes).map(([dtype, bytes]): readonly [string, p.Code] => {
    const count = p.tuple(p.int(stored.elements / bytes));
    const args = [pt.storageId(stored), p.int(0), count, p.tuple(p.int(1)), p.bool(false), pt.orderedDict, p.global('torch', dtype)];
    return [`${dtype}.weight`, p.reduce(p.global('torch._utils', '_rebuild_tensor_v3'), p.tuple(...args))];
  });
  return save(pt.stateDict(...tensors), [stored]);
};

/**
 * Filters of 16 bits, of one network or of two: the last one and the average of its weights.
 * @param name of the filters; in a legacy file, its length decides how they are aligned
 */
const halves =
  (save: Format, name: string, ...keys: string[]) =>
  () => {
    const [co, ci] = [1024, 1024];
    const networks = keys.map((key) => {
      const stored = pt.storage(key, 'HalfStorage', new Uint16Array(co * ci * 9).fill(0x3c00));
      return { key, stored, weights: pt.stateDict([name, pt.tensor(pt.storageId(stored), 0, [co, ci, 3, 3], [ci * 9, 9, 3, 1])]) };
    });
    const object = p.dict(...networks.map(({ key, weights }) => [p.text(key), weights] as const));
    return save(
      object,
      networks.map(({ stored }) => stored),
    );
  };

/** A dict of NumPy arrays that share one text or byte string, which a memo repeats. */
const arrays = (count: number, isText: boolean) => () => {
  const length = 25 * MB;
  const head = Buffer.alloc(5);
  head[0] = isText ? 0x54 : 0x42; // BINSTRING, BINBYTES
  head.writeUInt32LE(length, 1);
  const dtype = p.build(
    p.reduce(p.global('numpy', 'dtype'), p.tuple(p.text('f4'), p.int(0), p.int(1))),
    p.tuple(p.int(3), p.text('<'), ...Array(3).fill(p.none)),
  );
  const reconstruct = p.reduce(
    p.global('numpy.core.multiarray', '_reconstruct'),
    p.tuple(p.global('numpy', 'ndarray'), p.tuple(p.int(0)), p.text('b')),
  );
  const array = (i: number) => {
    const state = p.tuple(p.int(1), p.tuple(p.int(length / 4)), dtype, p.bool(false), [0x68, 0]);
    return [...p.text(`w${i}.weight`), ...p.build(reconstruct, state)];
  };
  const code = Array.from({ length: count }, (_, i) => array(i)).flat();
  return Buffer.concat([
    Buffer.of(0x80, 3),
    head,
    Buffer.alloc(length),
    Buffer.of(0x71, 0, 0x30, 0x7d, 0x28, ...code, 0x75, 0x2e), // PUT 0, POP, then the dict
  ]);
};

/** Of the files of one network, in MB. */
const [fileBytes, halvesBytes] = [25, 19];
const bombs = Object.entries(formats).flatMap(([format, save]): Omit<Bomb, 'reader' | 'maxSeconds'>[] => [
  { name: `63 views, ${format}`, bytes: views(save, 63), outcome: refused, maxMegabytes: 7.5 * fileBytes },
  { name: `as many views as are read, ${format}`, bytes: views(save, 4), outcome: read, maxMegabytes: 7.5 * fileBytes },
  { name: `every type, ${format}`, bytes: types(save), outcome: refused, maxMegabytes: 7.5 * fileBytes },
  ...['conv1.weight', 'conv11.weight'].flatMap((name) => [
    { name: `a network of 16 bits, ${format}, ${name}`, bytes: halves(save, name, 'model'), outcome: read, maxMegabytes: 7 * halvesBytes },
    {
      name: `two networks of 16 bits, ${format}, ${name}`,
      bytes: halves(save, name, 'model', 'ema'),
      outcome: read,
      maxMegabytes: 9 * halvesBytes,
    },
  ]),
]);
const pickles = [true, false].flatMap((isText): Omit<Bomb, 'reader' | 'maxSeconds'>[] => [
  { name: `63 arrays of ${isText ? 'text' : 'bytes'}`, bytes: arrays(63, isText), outcome: refused, maxMegabytes: 8.5 * fileBytes },
  { name: `2 arrays of ${isText ? 'text' : 'bytes'}`, bytes: arrays(2, isText), outcome: read, maxMegabytes: 5 * fileBytes },
]);
testBombs([...bombs, ...pickles].map((bomb) => ({ ...bomb, reader: 'tensors', maxSeconds: 3 })));

/** The bytes numpy.save writes: the header ends with a line feed on a multiple of 64. */
export function npyFile(descr: string, shape: string, payload: Uint8Array, { version = 1, order = 'False' } = {}): Buffer {
  const lengthBytes = version === 1 ? 2 : 4;
  const dict = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const length = Math.ceil((8 + lengthBytes + dict.length + 1) / 64) * 64 - 8 - lengthBytes;
  const head = Buffer.alloc(8 + lengthBytes);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  head.writeUIntLE(length, 8, lengthBytes);
  return Buffer.concat([head, Buffer.from(`${dict.padEnd(length - 1)}\n`), payload]);
}

/** A file in the format of MNIST. */
export const idx = (type: number, shape: number[], payload: readonly number[] | Uint8Array): Buffer =>
  Buffer.from([
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]),
    ...payload,
  ]);

// The reference tensors of test/fixtures/golden, turned from PyTorch's layouts to those of this package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '../../dist';
import { readNpy } from '../../dist/io/npy';
import type { TensorData } from '../../dist/tensor';
import type { Problem } from './problems';

const folder = join(__dirname, '../../test/fixtures/golden');
export const goldenManifest = (): Record<string, unknown> => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
/** A tensor as it is stored. */
export const readGolden = (file: string): Tensor<TensorData> => readNpy(readFileSync(join(folder, file)), file);

interface Entry extends Record<string, unknown> {
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
  groups: number;
}

export interface GoldenCase {
  name: string;
  options: Problem['options'];
  /** A float32 tensor of the case. */
  read(name: string): Tensor;
  /** A float64 one. */
  readDouble(name: string): Float64Array;
}

/** Those of kind `float`: x, w, g in float32; y and the gradients in float64. */
export function goldenCases(): GoldenCase[] {
  return (goldenManifest().float as Entry[]).map(({ stride, padding, dilation, groups, ...tensors }) => {
    const file = (name: string) => (tensors[name] as { file: string }).file;
    return {
      name: file('x').split('.')[0]!,
      options: { stride, padding, dilation, groups },
      read: (name) => channelsLast<Float32Array>(file(name)),
      readDouble: (name) => channelsLast<Float64Array>(file(name)).data,
    };
  });
}

/** [a, channels, b, c] -> [a, b, c, channels] */
export function channelsLast<A extends TensorData>(file: string): Tensor<A> {
  const { data, shape } = readGolden(file);
  const [n, c, h, w] = shape as unknown as [number, number, number, number];
  const out = data.slice() as A;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < c; j++) for (let p = 0; p < h * w; p++) out[(i * h * w + p) * c + j] = data[(i * c + j) * h * w + p]!;
  return new Tensor(out, [n, h, w, c]);
}

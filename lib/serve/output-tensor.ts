// The output of a network: logits, or with Triton's classification extension, the most likely classes.
import type { ModelMetadata } from '../models';
import type { Tensor } from '../tensor';
import { outputName } from './input-tensor';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'BYTES';
  readonly shape: readonly number[];
  /** The elements in row-major order. */
  readonly elements: readonly number[] | readonly string[];
  /** The elements in the format of the binary tensor data extension, little-endian. */
  readonly bytes: Buffer;
}

/**
 * @param y              logits [n, classes]
 * @param classification how many classes to return, at most all; 0 returns the logits
 */
export function outputTensor(y: Tensor, classification: number, metadata: ModelMetadata): OutputTensor {
  const { data, shape } = y;
  if (classification > 0) return namedClasses(y, classification, metadata);
  return {
    name: outputName,
    datatype: 'FP32',
    shape,
    get elements() {
      return [...data];
    },
    bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** Strings "logit:class:name" [n, count], the largest logit first; "logit:class" if the network has no class names. */
function namedClasses({ data, shape }: Tensor, count: number, { classNames }: ModelMetadata): OutputTensor {
  const [n, classes] = shape as [number, number];
  const best = (row: Float32Array): string[] =>
    Array.from(row, (logit, index) => ({ logit, index }))
      .sort((a, b) => b.logit - a.logit)
      .slice(0, count)
      .map(({ logit, index }) => [logit.toFixed(6), index, ...(classNames?.[index] !== undefined ? [classNames[index]] : [])].join(':'));
  const elements = Array.from({ length: n }, (_, i) => best(data.subarray(i * classes, (i + 1) * classes))).flat();
  return {
    name: outputName,
    datatype: 'BYTES',
    shape: [n, Math.min(count, classes)],
    elements,
    get bytes() {
      return Buffer.concat(elements.flatMap((text) => lengthPrefixed(Buffer.from(text))));
    },
  };
}

function lengthPrefixed(bytes: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

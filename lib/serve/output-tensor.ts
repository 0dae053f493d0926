// The one output of a network, as logits or, by Triton's classification extension, as its likeliest classes.
import type { ModelMetadata } from '../models';
import type { Tensor } from '../tensor';
import { outputName } from './input-tensor';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'BYTES';
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly elements: readonly number[] | readonly string[];
  /** As the binary tensor data extension has them, little-endian. */
  readonly bytes: Buffer;
}

/**
 * @param y              logits [n, classes]
 * @param classification how many classes to name: of more than there are, all; 0: the logits themselves
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

/** [n, count] of "logit:class:name", the largest logit first; without a name where the network has none. */
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

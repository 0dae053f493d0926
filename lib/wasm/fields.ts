// The fields of a node as the module reads them (native/wasm/fields.h), words of 32 bits in memory that is freed after the call.
import type { Activation } from '../../binding.d.ts';
import type { Address, WasmInstance } from './instance';

type Numbers = Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** One word, or the two of an array. */
export type Field = { readonly int: number } | { readonly float: number } | { readonly array: Numbers | undefined };

export const int = (value: number | boolean): Field => ({ int: Number(value) });
export const float = (value: number): Field => ({ float: value });
export const array = (numbers: Numbers | undefined): Field => ({ array: numbers });
/** A value that may be left out. */
export const optionalValue = (value: number | undefined): Field => int(value ?? -1);
export const activationFields = ({ min, max }: Activation = { min: -Infinity, max: Infinity }): Field[] => [float(min), float(max)];
export const geometryFields = (geometry: Int32Array): Field[] => [...geometry].map(int);

/** Every array begins there, for the widest of their elements. */
const alignment = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Calls `use` with the address of the fields, whose arrays lie behind them. */
export function withFields<T>(instance: WasmInstance, what: string, fields: readonly Field[], use: (address: Address) => T): T {
  const words = fields.reduce((sum, field) => sum + ('array' in field ? 2 : 1), 0);
  const bytes = fields.reduce((sum, field) => sum + ('array' in field ? aligned(field.array?.byteLength ?? 0) : 0), aligned(4 * words));
  const address = instance.allocate(what, bytes);
  try {
    const ints = instance.view(Int32Array, address, words);
    const floats = instance.view(Float32Array, address, words);
    let word = 0;
    let end = address + aligned(4 * words);
    for (const field of fields) {
      if ('int' in field) ints[word++] = field.int;
      else if ('float' in field) floats[word++] = field.float;
      else if (field.array === undefined) {
        ints[word++] = 0;
        ints[word++] = 0;
      } else {
        const { buffer, byteOffset, byteLength, length } = field.array;
        instance.view(Uint8Array, end, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
        ints[word++] = end;
        ints[word++] = length;
        end += aligned(byteLength);
      }
    }
    return use(address);
  } finally {
    instance.release(address);
  }
}

// Reads the bytes of a file in order. Every read is checked against the end of the file: a truncated file gives ERR_CORRUPT, never undefined
// or zero.
import { AdderNetError } from '../errors';
import { TextDecoder } from './text-coding';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #offset = 0;

  /** @param name the file, for messages */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  /** The number of bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u32BigEndian(): number {
    return this.#view.getUint32(this.#advance(4), false);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  f64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** Exact up to 2^53. Larger values are rounded, but they exceed the size of any file anyway. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The next bytes as UTF-8. */
  text(length: number): string {
    const start = this.#offset;
    const bytes = this.take(length);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new AdderNetError('ERR_CORRUPT', `${this.#name}: expected UTF-8 text at byte ${start}`, { cause });
    }
  }

  /** The text up to the next line feed, which is skipped. */
  line(): string {
    const text = this.text(this.#lineLength());
    this.#advance(1);
    return text;
  }

  /** The bytes up to the next line feed, which is skipped. */
  lineBytes(): Uint8Array {
    const bytes = this.take(this.#lineLength());
    this.#advance(1);
    return bytes;
  }

  #lineLength(): number {
    const end = this.#bytes.indexOf(0x0a, this.#offset);
    if (end < 0) throw new AdderNetError('ERR_CORRUPT', `${this.#name}: truncated in the line that starts at byte ${this.#offset}`);
    return end - this.#offset;
  }

  #advance(length: number): number {
    if (length > this.remaining)
      throw new AdderNetError(
        'ERR_CORRUPT',
        `${this.#name}: truncated at byte ${this.#bytes.length}: ${length} bytes were expected from byte ${this.#offset}`,
      );
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

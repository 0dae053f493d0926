// Bytes that arrive in pieces. The memory of what is copied or given up is freed at once: as garbage of megabytes a second it would have V8
// collect all the time, which keeps every other client waiting.
import { native } from '../binding';

/** In bytes: the least that is allocated, if so much is expected. */
const firstCapacity = 1 << 16;
/** How many times its memory a buffer takes when it grows, with and without a claim of how long it will become. Each time, all is copied. */
const [claimedGrowth, growth] = [8, 2];

export interface GrowingBufferOptions {
  /** The most that it may hold, in bytes. */
  readonly max: number;
  /** How many bytes are said to come. A claim alone takes no memory. */
  readonly expected?: number | undefined;
  /** Called with how many bytes of memory it is about to take more, negative for fewer. What it throws leaves it as it is. */
  readonly grow: (bytes: number) => void;
  /** The error if more than `max` arrives. */
  readonly tooLarge: () => Error;
}

/** Copies what arrives, so that small pieces do not each keep alive all that arrived with them. */
export class GrowingBuffer {
  readonly #options: GrowingBufferOptions;
  #memory: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(options: GrowingBufferOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  /** How many of the expected bytes have not come. */
  get missing(): number {
    return (this.#options.expected ?? 0) - this.#length;
  }

  append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#options.max) throw this.#options.tooLarge();
    if (length > this.#memory.length) this.#enlarge(length);
    piece.copy(this.#memory, this.#length);
    this.#length = length;
  }

  #enlarge(needed: number): void {
    const { max, expected = 0, grow } = this.#options;
    const isClaimed = expected > this.#memory.length;
    const wanted = isClaimed
      ? Math.min(expected, Math.max(firstCapacity, claimedGrowth * this.#memory.length))
      : growth * this.#memory.length;
    const capacity = Math.max(needed, Math.min(wanted, max));
    grow(capacity - this.#memory.length);
    const enlarged = Buffer.allocUnsafeSlow(capacity);
    this.#memory.copy(enlarged, 0, 0, this.#length);
    freeMemory(this.#memory);
    this.#memory = enlarged;
  }

  /** A view of them. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Frees its memory: no view of it may be used any more. */
  free(): void {
    const { length } = this.#memory;
    if (length === 0) return;
    freeMemory(this.#memory);
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    this.#options.grow(-length);
  }
}

/** Frees the memory of a buffer that nothing uses any more, unless it is a part of some larger memory. */
export function freeMemory(buffer: Buffer): void {
  if (buffer.length > 0 && buffer.length === buffer.buffer.byteLength) native().freeArray(buffer);
}

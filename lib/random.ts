// A small seeded generator: xoshiro128** (Blackman and Vigna), seeded through splitmix64. The same seed gives the same numbers
// everywhere. Its state is only four integers, so that training can stop and resume bit-identically.

import { AdderNetError } from './errors';
import { shown } from './quoted';

/** Four integers from 0 to 2^32 - 1, not all zero. */
export type RandomState = readonly [number, number, number, number];

/** A pseudo-random number generator; not for cryptography. */
export class Random {
  readonly #words = new Uint32Array(4);

  /**
   * @param seed any safe integer; default: a random one
   * @throws {AdderNetError} ERR_ARGUMENT if it is not a safe integer
   */
  constructor(seed: number = Math.floor(Math.random() * 2 ** 53)) {
    if (!Number.isSafeInteger(seed))
      throw new AdderNetError('ERR_ARGUMENT', `Random: seed is ${shown(seed)}, expected an integer between -2^53 and 2^53`);
    this.#spread(BigInt(seed));
  }

  /**
   * Creates the generator for these keys, such as (seed, epoch, step), so that its numbers can be reproduced without those of other keys.
   * Different keys, in value, order or number, give unrelated streams, and so does `new Random`.
   * @param keys safe integers
   * @throws {AdderNetError} ERR_ARGUMENT if one is not a safe integer
   */
  static of(...keys: number[]): Random {
    const wrong = keys.findIndex((key) => !Number.isSafeInteger(key));
    if (wrong >= 0)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `Random.of: key ${wrong} is ${shown(keys[wrong])}, expected an integer between -2^53 and 2^53`,
      );
    // splitmix64 is a bijection, so tuples that differ only in their last key never collide.
    const absorb = (hash: bigint, key: number) => splitmix64(BigInt.asUintN(64, hash + BigInt(key) + increment));
    const random = new Random(0);
    random.#spread(keys.reduce(absorb, absorb(0n, keys.length)));
    return random;
  }

  /** The complete state. A generator that gets the state of another one continues with the same numbers. */
  get state(): RandomState {
    return Array.from(this.#words) as unknown as RandomState;
  }

  /** @throws {AdderNetError} ERR_ARGUMENT unless it is four integers from 0 to 2^32 - 1, not all zero */
  set state(state: RandomState) {
    const isWord = (v: unknown) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < 2 ** 32;
    if (!Array.isArray(state) || state.length !== 4 || !state.every(isWord) || state.every((word) => word === 0))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `Random: state is ${JSON.stringify(state)}, expected four integers from 0 to 2^32 - 1, not all zero`,
      );
    this.#words.set(state);
  }

  /**
   * A uniformly distributed integer from 0 to n - 1, without bias. Usually consumes one 32-bit word of the stream.
   * @throws {AdderNetError} ERR_ARGUMENT unless n is an integer from 1 to 2^32
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new AdderNetError('ERR_ARGUMENT', `Random.integer: n is ${shown(n)}, expected an integer from 1 to 2^32`);
    // Words at or above the largest multiple of n would make small numbers more likely.
    const end = 2 ** 32 - (2 ** 32 % n);
    let word: number;
    do word = this.#next() >>> 0;
    while (word >= end);
    return word % n;
  }

  /** Shuffles `array` in place; every permutation is equally likely (Fisher-Yates). */
  shuffle(array: Int32Array): void {
    for (let last = array.length - 1; last > 0; last--) {
      const i = this.integer(last + 1);
      const drawn = array[i]!;
      array[i] = array[last]!;
      array[last] = drawn;
    }
  }

  /** A uniformly distributed number in [0, 1), a multiple of 2^-53. Consumes two words of the stream. */
  uniform(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A standard normal number by the Box-Muller transform: sqrt(-2 ln(1 - u)) cos(2 pi v) with u, v uniform in [0, 1).
   * The second number, with the sine, is dropped, because keeping it would add to the state.
   */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fills `array` with random numbers from N(mean, std^2). */
  fillNormal(array: Float32Array | Float64Array, mean = 0, std = 1): void {
    for (let i = 0; i < array.length; i++) array[i] = mean + std * this.normal();
  }

  #spread(seed: bigint): void {
    for (let i = 0; i < 4; i += 2) {
      seed += increment;
      const mixed = splitmix64(BigInt.asUintN(64, seed));
      this.#words[i] = Number(mixed & 0xffffffffn);
      this.#words[i + 1] = Number(mixed >> 32n);
    }
  }

  #next(): number {
    const s = this.#words;
    const s0 = s[0]!;
    const s1 = s[1]!;
    const t2 = s[2]! ^ s0;
    const t3 = s[3]! ^ s1;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9);
    s[0] = s0 ^ t3;
    s[1] = s1 ^ t2;
    s[2] = t2 ^ (s1 << 9);
    s[3] = rotateLeft(t3, 11);
    return result;
  }
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The increment of splitmix64's counter: 2^64 divided by the golden ratio, odd. */
const increment = 0x9e3779b97f4a7c15n;

/** The output function of splitmix64, which mixes the bits of a counter. */
function splitmix64(counter: bigint): bigint {
  let z = counter;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

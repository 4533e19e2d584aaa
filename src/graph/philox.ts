// Philox 4×32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 4.
// A counter-based generator has no state to carry: any number of the stream can be computed alone,
// on any engine and in any order.

import { UsageError } from './errors.ts';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

export type Counter = readonly [number, number, number, number];
export type Key = readonly [number, number];

/**
 * The Philox key of a seed.
 *
 * @throws UsageError unless the seed is a whole number in 0 … 2⁵³ − 1
 */
export function seedKey(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`seed must be a whole number from 0 to 2^53 - 1 (it is ${seed})`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** High 32 bits of the unsigned product a × b. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Four random 32-bit words (as unsigned numbers) for a counter and a key. */
export function philox4x32(counter: Counter, key: Key): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0 >>> 0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2 >>> 0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** A uniform number in [0, 1) from one 32-bit word, with float32's 24 bits of resolution. */
export const uniform24 = (word: number): number => (word >>> 8) / 0x1000000;

/** Endless uniform numbers in [0, 1) for a key and a stream number. */
export function randomStream(key: Key, stream: number, substream = 0): () => number {
  let block = 0;
  let words: number[] = [];
  return () => {
    if (words.length === 0) words = philox4x32([block++, 0, stream, substream], key).reverse();
    return uniform24(words.pop()!);
  };
}

/** Standard normal numbers from uniform ones (Box and Muller 1958). */
export function normalStream(uniform: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

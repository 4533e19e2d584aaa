import { elementStart, storeFirst, words } from './lanes';

// Philox 4×32-10 (Salmon et al. 2011, section 4), as in src/graph/philox.ts.

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/**
 * Keeps element i, times `scale`, where word i mod 4 of Philox(counter [⌊i / 4⌋, step, stream, 0], key [seed, 0]) is at least
 * `threshold`; 0 elsewhere. y may be x.
 */
export function randomDrop(
  x: usize, seed: usize, step: usize, y: usize, count: i32, stream: u32, threshold: u32, scale: f32,
  thread: i32, threads: i32,
): void {
  const end = elementStart(count, thread + 1, threads);
  const key = load<u32>(seed);
  const steps = load<u32>(step);
  const least = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  for (let at = elementStart(count, thread, threads); at < end; at += 16) {
    philoxFour(<u32>at >> 2, steps, stream, key);
    // Lane i of word j belongs to element 4·i + j.
    const low01 = v128.shuffle<i32>(word0, word1, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(word0, word1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(word2, word3, 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(word2, word3, 2, 6, 3, 7);
    drop(x, y, at, end, v128.shuffle<i64>(low01, low23, 0, 2), least, factor);
    drop(x, y, at + 4, end, v128.shuffle<i64>(low01, low23, 1, 3), least, factor);
    drop(x, y, at + 8, end, v128.shuffle<i64>(high01, high23, 0, 2), least, factor);
    drop(x, y, at + 12, end, v128.shuffle<i64>(high01, high23, 1, 3), least, factor);
  }
}

// @ts-expect-error: decorator
@inline
function drop(
  x: usize, y: usize, at: i32, end: i32, random: v128, least: v128, factor: v128,
): void {
  if (at >= end) return;
  const kept = i32x4.ge_u(random, least);
  const v = v128.and(f32x4.mul(v128.load(x + words(at)), factor), kept);
  storeFirst(y + words(at), v, end - at);
}

// Results of `philoxFour`. AssemblyScript functions return one value; these are private to the thread.
let word0: v128 = i32x4.splat(0);
let word1: v128 = i32x4.splat(0);
let word2: v128 = i32x4.splat(0);
let word3: v128 = i32x4.splat(0);

/** The four words of four successive counters, a counter in each lane. */
// @ts-expect-error: decorator
@inline
function philoxFour(first: u32, step: u32, stream: u32, key: u32): void {
  let c0 = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(step);
  let c2 = i32x4.splat(stream);
  let c3 = i32x4.splat(0);
  let k0 = i32x4.splat(key);
  let k1 = i32x4.splat(0);
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    const high0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    const low1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    const high1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    c0 = v128.xor(v128.xor(v128.shuffle<i32>(low1, high1, 1, 3, 5, 7), c1), k0);
    c1 = v128.shuffle<i32>(low1, high1, 0, 2, 4, 6);
    c2 = v128.xor(v128.xor(v128.shuffle<i32>(low0, high0, 1, 3, 5, 7), c3), k1);
    c3 = v128.shuffle<i32>(low0, high0, 0, 2, 4, 6);
    k0 = i32x4.add(k0, i32x4.splat(WEYL_0));
    k1 = i32x4.add(k1, i32x4.splat(WEYL_1));
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}

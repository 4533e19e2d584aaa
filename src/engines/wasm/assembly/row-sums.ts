import { laneMask, promotedSum, sumPair } from './lanes';

// Sums over a contiguous run: float32 within blocks of 512 numbers, double precision across blocks.

const BLOCK: i32 = 512;

/** Σ x. */
export function rowSum(x: usize, count: i32): f64 {
  let total = f64x2.splat(0);
  while (count >= 16) {
    const length = min(count & ~15, BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (const end = x + (length << 2); x < end; x += 64) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    total = f64x2.add(total, promotedSum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))));
    count -= length;
  }
  let s = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    s = f32x4.add(s, v128.and(v128.load(x), laneMask(count)));
    x += 16;
  }
  return sumPair(f64x2.add(total, promotedSum(s)));
}

/** Σ (x − centre)². */
export function rowSquares(x: usize, count: i32, centre: f32): f64 {
  const c = f32x4.splat(centre);
  let total = f64x2.splat(0);
  while (count >= 8) {
    const length = min(count & ~7, BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    for (const end = x + (length << 2); x < end; x += 32) {
      const d0 = f32x4.sub(v128.load(x), c);
      const d1 = f32x4.sub(v128.load(x, 16), c);
      s0 = f32x4.add(s0, f32x4.mul(d0, d0));
      s1 = f32x4.add(s1, f32x4.mul(d1, d1));
    }
    total = f64x2.add(total, promotedSum(f32x4.add(s0, s1)));
    count -= length;
  }
  let s = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    const d = v128.and(f32x4.sub(v128.load(x), c), laneMask(count));
    s = f32x4.add(s, f32x4.mul(d, d));
    x += 16;
  }
  return sumPair(f64x2.add(total, promotedSum(s)));
}

/** Second result of `rowProducts`. Globals belong to one thread: each has its own instance. */
export let plainSum: f64 = 0;

/** Σ a·(b − centre); leaves Σ a in `plainSum`. */
export function rowProducts(a: usize, b: usize, count: i32, centre: f32): f64 {
  const c = f32x4.splat(centre);
  let total = f64x2.splat(0);
  let plain = total;
  while (count >= 8) {
    const length = min(count & ~7, BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let p0 = s0;
    let p1 = s0;
    for (const end = a + (length << 2); a < end; a += 32) {
      const a0 = v128.load(a);
      const a1 = v128.load(a, 16);
      s0 = f32x4.add(s0, a0);
      s1 = f32x4.add(s1, a1);
      p0 = f32x4.add(p0, f32x4.mul(a0, f32x4.sub(v128.load(b), c)));
      p1 = f32x4.add(p1, f32x4.mul(a1, f32x4.sub(v128.load(b, 16), c)));
      b += 32;
    }
    plain = f64x2.add(plain, promotedSum(f32x4.add(s0, s1)));
    total = f64x2.add(total, promotedSum(f32x4.add(p0, p1)));
    count -= length;
  }
  let s = f32x4.splat(0);
  let p = s;
  for (; count > 0; count -= 4) {
    const mask = laneMask(count);
    const v = v128.and(v128.load(a), mask);
    s = f32x4.add(s, v);
    p = f32x4.add(p, f32x4.mul(v, v128.and(f32x4.sub(v128.load(b), c), mask)));
    a += 16;
    b += 16;
  }
  plainSum = sumPair(f64x2.add(plain, promotedSum(s)));
  return sumPair(f64x2.add(total, promotedSum(p)));
}

import { madd } from './simd';

// Register kernels for operands whose lanes are images (see conv-lanes.ts). Which shapes and unrollings keep every
// accumulator in a register was found by measurement, as in gemm-kernel.ts; unlike there, depths may be odd.

/** Tile c [6, 8] (+)= a [k, 6]ᵀ · b [k, 8], row k of b at `b + offsets[k]`; `first` starts from zero. */
export function laneKernel6(a: usize, b: usize, offsets: usize, c: usize, k: i32, first: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  if (!first) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(c, 32);
    c11 = v128.load(c, 48);
    c20 = v128.load(c, 64);
    c21 = v128.load(c, 80);
    c30 = v128.load(c, 96);
    c31 = v128.load(c, 112);
    c40 = v128.load(c, 128);
    c41 = v128.load(c, 144);
    c50 = v128.load(c, 160);
    c51 = v128.load(c, 176);
  }
  if (!ASC_FEATURE_RELAXED_SIMD && k & 1) {
    const p = b + load<i32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    const a4 = v128.load32_splat(a, 16);
    c40 = madd(a4, b0, c40);
    c41 = madd(a4, b1, c41);
    const a5 = v128.load32_splat(a, 20);
    c50 = madd(a5, b0, c50);
    c51 = madd(a5, b1, c51);
    a += 24;
    offsets += 4;
  }
  const unroll = ASC_FEATURE_RELAXED_SIMD ? 1 : 2;
  for (let i = k; i >= unroll; i -= unroll) {
    const p = b + load<i32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    const a4 = v128.load32_splat(a, 16);
    c40 = madd(a4, b0, c40);
    c41 = madd(a4, b1, c41);
    const a5 = v128.load32_splat(a, 20);
    c50 = madd(a5, b0, c50);
    c51 = madd(a5, b1, c51);
    if (ASC_FEATURE_RELAXED_SIMD) {
      a += 24;
      offsets += 4;
    } else {
      const q = b + load<i32>(offsets, 4);
      const b0 = v128.load(q);
      const b1 = v128.load(q, 16);
      const a0 = v128.load32_splat(a, 24);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(a, 28);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(a, 32);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(a, 36);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      const a4 = v128.load32_splat(a, 40);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      const a5 = v128.load32_splat(a, 44);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      a += 48;
      offsets += 8;
    }
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, 32);
  v128.store(c, c11, 48);
  v128.store(c, c20, 64);
  v128.store(c, c21, 80);
  v128.store(c, c30, 96);
  v128.store(c, c31, 112);
  v128.store(c, c40, 128);
  v128.store(c, c41, 144);
  v128.store(c, c50, 160);
  v128.store(c, c51, 176);
}

/** Tile c [4, 8] (+)= a [k, 4]ᵀ · b [k, 8], row k of b at `b + offsets[k]`; `first` starts from zero. */
export function laneKernel4(a: usize, b: usize, offsets: usize, c: usize, k: i32, first: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  if (!first) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(c, 32);
    c11 = v128.load(c, 48);
    c20 = v128.load(c, 64);
    c21 = v128.load(c, 80);
    c30 = v128.load(c, 96);
    c31 = v128.load(c, 112);
  }
  if (k & 1) {
    const p = b + load<i32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += 16;
    offsets += 4;
  }
  for (let i = k; i > 1; i -= 2) {
    {
      const p = b + load<i32>(offsets);
      const b0 = v128.load(p);
      const b1 = v128.load(p, 16);
      const a0 = v128.load32_splat(a);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(a, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(a, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(a, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
    }
    {
      const q = b + load<i32>(offsets, 4);
      const b0 = v128.load(q);
      const b1 = v128.load(q, 16);
      const a0 = v128.load32_splat(a, 16);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(a, 20);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(a, 24);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(a, 28);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
    }
    a += 32;
    offsets += 8;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, 32);
  v128.store(c, c11, 48);
  v128.store(c, c20, 64);
  v128.store(c, c21, 80);
  v128.store(c, c30, 96);
  v128.store(c, c31, 112);
}

/**
 * Sums over an output plane of dy [rows · cols, 4, 4 images] times x at two taps, as 4×2 vectors at `sums`. A column is
 * `stepW` bytes of x further, and the start of a row `skipH` bytes beyond the end of the last.
 */
export function laneDot4(dy: usize, x0: usize, x1: usize, sums: usize, rows: i32, cols: i32, stepW: i32, skipH: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (let row = rows; row > 0; row--) {
    for (let col = cols; col > 0; col--) {
      const b0 = v128.load(x0);
      const b1 = v128.load(x1);
      const d0 = v128.load(dy);
      c00 = madd(d0, b0, c00);
      c01 = madd(d0, b1, c01);
      const d1 = v128.load(dy, 16);
      c10 = madd(d1, b0, c10);
      c11 = madd(d1, b1, c11);
      const d2 = v128.load(dy, 32);
      c20 = madd(d2, b0, c20);
      c21 = madd(d2, b1, c21);
      const d3 = v128.load(dy, 48);
      c30 = madd(d3, b0, c30);
      c31 = madd(d3, b1, c31);
      dy += 64;
      x0 += stepW;
      x1 += stepW;
    }
    x0 += skipH;
    x1 += skipH;
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
}

/**
 * Sums over an output plane of dy [rows · cols, 3, 4 images] times x at two taps, as 3×2 vectors at `sums`. A column is
 * `stepW` bytes of x further, and the start of a row `skipH` bytes beyond the end of the last.
 */
export function laneDot3(dy: usize, x0: usize, x1: usize, sums: usize, rows: i32, cols: i32, stepW: i32, skipH: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  for (let row = rows; row > 0; row--) {
    for (let col = cols; col > 0; col--) {
      const b0 = v128.load(x0);
      const b1 = v128.load(x1);
      const d0 = v128.load(dy);
      c00 = madd(d0, b0, c00);
      c01 = madd(d0, b1, c01);
      const d1 = v128.load(dy, 16);
      c10 = madd(d1, b0, c10);
      c11 = madd(d1, b1, c11);
      const d2 = v128.load(dy, 32);
      c20 = madd(d2, b0, c20);
      c21 = madd(d2, b1, c21);
      dy += 48;
      x0 += stepW;
      x1 += stepW;
    }
    x0 += skipH;
    x1 += skipH;
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
}

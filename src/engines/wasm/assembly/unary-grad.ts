import { elementStart, storeFirst, words } from './lanes';
import { exp } from './simd-math';
import { gaussian, normalCdf } from './special';

// dx = slope(saved)·dy over `count` elements; dx may be either operand.

const RELU: i32 = 0;
const RELU6: i32 = 1;
const SIGMOID: i32 = 2;
const TANH: i32 = 3;
const LEAKY_RELU: i32 = 4;
const ELU: i32 = 5;
const GELU: i32 = 6;
const SILU: i32 = 7;
const HARDSWISH: i32 = 8;

// @ts-expect-error: decorator
@inline
function apply(op: i32, saved: v128, dy: v128, parameter: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const positive = f32x4.gt(saved, zero);
  if (op == RELU) return v128.and(dy, positive);
  if (op == RELU6) return v128.and(dy, v128.and(positive, f32x4.lt(saved, f32x4.splat(6))));
  if (op == SIGMOID) return f32x4.mul(f32x4.mul(saved, f32x4.sub(one, saved)), dy);
  if (op == TANH) return f32x4.mul(f32x4.sub(one, f32x4.mul(saved, saved)), dy);
  if (op == LEAKY_RELU) return v128.bitselect(dy, f32x4.mul(parameter, dy), positive);
  if (op == ELU) {
    return v128.bitselect(dy, f32x4.mul(f32x4.mul(parameter, exp(saved)), dy), positive);
  }
  if (op == GELU) {
    const density = f32x4.mul(gaussian(saved), f32x4.splat(0.39894228040143268));
    return f32x4.mul(f32x4.add(normalCdf(saved), f32x4.mul(saved, density)), dy);
  }
  if (op == SILU) {
    // s and 1 − s, neither by cancellation.
    const small = exp(f32x4.neg(f32x4.abs(saved)));
    const larger = f32x4.div(one, f32x4.add(one, small));
    const smaller = f32x4.mul(small, larger);
    const s = v128.bitselect(larger, smaller, positive);
    const rest = v128.bitselect(smaller, larger, positive);
    return f32x4.mul(f32x4.mul(s, f32x4.add(one, f32x4.mul(saved, rest))), dy);
  }
  const three = f32x4.splat(3);
  const middle = f32x4.div(f32x4.add(f32x4.add(saved, saved), three), f32x4.splat(6));
  const upper = v128.bitselect(dy, f32x4.mul(middle, dy), f32x4.ge(saved, three));
  return v128.andnot(upper, f32x4.le(saved, f32x4.splat(-3)));
}

// @ts-expect-error: decorator
@inline
function map(
  op: i32, saved: usize, dy: usize, dx: usize, count: i32, parameter: f32, thread: i32, threads: i32,
): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  const p = f32x4.splat(parameter);
  saved += words(at);
  dy += words(at);
  dx += words(at);
  for (; at + 8 <= end; at += 8) {
    const v0 = apply(op, v128.load(saved), v128.load(dy), p);
    const v1 = apply(op, v128.load(saved, 16), v128.load(dy, 16), p);
    v128.store(dx, v0);
    v128.store(dx, v1, 16);
    saved += 32;
    dy += 32;
    dx += 32;
  }
  for (; at < end; at += 4) {
    storeFirst(dx, apply(op, v128.load(saved), v128.load(dy), p), end - at);
    saved += 16;
    dy += 16;
    dx += 16;
  }
}

export function reluGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(RELU, saved, dy, dx, count, 0, thread, threads);
}
export function relu6GradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(RELU6, saved, dy, dx, count, 0, thread, threads);
}
export function sigmoidGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(SIGMOID, saved, dy, dx, count, 0, thread, threads);
}
export function tanhGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(TANH, saved, dy, dx, count, 0, thread, threads);
}
export function geluGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(GELU, saved, dy, dx, count, 0, thread, threads);
}
export function siluGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(SILU, saved, dy, dx, count, 0, thread, threads);
}
export function hardswishGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, thread: i32, threads: i32,
): void {
  map(HARDSWISH, saved, dy, dx, count, 0, thread, threads);
}
export function leakyReluGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, slope: f32, thread: i32, threads: i32,
): void {
  map(LEAKY_RELU, saved, dy, dx, count, slope, thread, threads);
}
export function eluGradF32(
  saved: usize, dy: usize, dx: usize, count: i32, alpha: f32, thread: i32, threads: i32,
): void {
  map(ELU, saved, dy, dx, count, alpha, thread, threads);
}

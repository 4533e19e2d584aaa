import { elementStart, storeFirst, words } from './lanes';
import { exp, sigmoid, tanh } from './simd-math';
import { expm1, log, normalCdf, power } from './special';

// y = f(x) over `count` elements; y may be x. Each export passes a constant that picks the function, so every loop is
// compiled for its own.

const NEG: i32 = 0;
const ABS: i32 = 1;
const EXP: i32 = 2;
const LOG: i32 = 3;
const SQRT: i32 = 4;
const RSQRT: i32 = 5;
const RELU: i32 = 6;
const RELU6: i32 = 7;
const SIGMOID: i32 = 8;
const TANH: i32 = 9;
const LEAKY_RELU: i32 = 10;
const ELU: i32 = 11;
const GELU: i32 = 12;
const SILU: i32 = 13;
const HARDSWISH: i32 = 14;
const SQUARE: i32 = 15;
const NEG_INT: i32 = 16;
const ABS_INT: i32 = 17;

// @ts-expect-error: decorator
@inline
function apply(op: i32, x: v128, parameter: v128): v128 {
  const zero = f32x4.splat(0);
  if (op == NEG) return f32x4.neg(x);
  if (op == ABS) return f32x4.abs(x);
  if (op == EXP) return exp(x);
  if (op == LOG) return log(x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == RSQRT) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  // The pseudo-extrema are single instructions and pass NaN on when x comes first.
  if (op == RELU) return f32x4.pmax(x, zero);
  if (op == RELU6) return f32x4.pmin(f32x4.pmax(x, zero), f32x4.splat(6));
  if (op == SIGMOID) return sigmoid(x);
  if (op == TANH) return tanh(x);
  if (op == LEAKY_RELU) return v128.bitselect(x, f32x4.mul(parameter, x), f32x4.gt(x, zero));
  if (op == ELU) return v128.bitselect(x, f32x4.mul(parameter, expm1(x)), f32x4.gt(x, zero));
  if (op == GELU) return f32x4.mul(x, normalCdf(x));
  if (op == SILU) return f32x4.mul(x, sigmoid(x));
  if (op == HARDSWISH) {
    const gate = f32x4.pmin(f32x4.pmax(f32x4.add(x, f32x4.splat(3)), zero), f32x4.splat(6));
    return f32x4.mul(x, f32x4.div(gate, f32x4.splat(6)));
  }
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == NEG_INT) return i32x4.neg(x);
  return i32x4.abs(x);
}

// @ts-expect-error: decorator
@inline
function map(op: i32, x: usize, y: usize, count: i32, parameter: f32, thread: i32, threads: i32): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  const p = f32x4.splat(parameter);
  x += words(at);
  y += words(at);
  for (; at + 8 <= end; at += 8) {
    const v0 = apply(op, v128.load(x), p);
    const v1 = apply(op, v128.load(x, 16), p);
    v128.store(y, v0);
    v128.store(y, v1, 16);
    x += 32;
    y += 32;
  }
  for (; at < end; at += 4) {
    storeFirst(y, apply(op, v128.load(x), p), end - at);
    x += 16;
    y += 16;
  }
}

export function negF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(NEG, x, y, count, 0, thread, threads);
}
export function absF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(ABS, x, y, count, 0, thread, threads);
}
export function expF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(EXP, x, y, count, 0, thread, threads);
}
export function logF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(LOG, x, y, count, 0, thread, threads);
}
export function sqrtF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(SQRT, x, y, count, 0, thread, threads);
}
export function rsqrtF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(RSQRT, x, y, count, 0, thread, threads);
}
export function reluF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(RELU, x, y, count, 0, thread, threads);
}
export function relu6F32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(RELU6, x, y, count, 0, thread, threads);
}
export function sigmoidF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(SIGMOID, x, y, count, 0, thread, threads);
}
export function tanhF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(TANH, x, y, count, 0, thread, threads);
}
export function geluF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(GELU, x, y, count, 0, thread, threads);
}
export function siluF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(SILU, x, y, count, 0, thread, threads);
}
export function hardswishF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(HARDSWISH, x, y, count, 0, thread, threads);
}
export function squareF32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(SQUARE, x, y, count, 0, thread, threads);
}
export function leakyReluF32(x: usize, y: usize, count: i32, slope: f32, thread: i32, threads: i32): void {
  map(LEAKY_RELU, x, y, count, slope, thread, threads);
}
export function eluF32(x: usize, y: usize, count: i32, alpha: f32, thread: i32, threads: i32): void {
  map(ELU, x, y, count, alpha, thread, threads);
}
export function negI32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(NEG_INT, x, y, count, 0, thread, threads);
}
export function absI32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  map(ABS_INT, x, y, count, 0, thread, threads);
}

/** x^exponent; `kind` is 0 for a fraction, 1 for an odd and 2 for an even whole number. */
export function powF32(
  x: usize, y: usize, count: i32, exponent: f64, kind: i32, thread: i32, threads: i32,
): void {
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    storeFirst(y + words(at), power(v128.load(x + words(at)), exponent, kind), end - at);
  }
}

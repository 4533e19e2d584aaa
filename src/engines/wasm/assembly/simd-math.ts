import { madd } from './simd';

/**
 * e^x in four lanes: x = n·ln 2 + r, |r| ≤ ln 2 / 2, minimax polynomial (Cephes expf), scaled by 2^n in two halves so that
 * subnormal results and the largest finite ones come out right. NaN propagates.
 */
// @ts-expect-error: decorator
@inline
export function exp(x: v128): v128 {
  // Beyond these the result is 0 or ∞ anyway; clamping keeps n small enough for the exponent arithmetic.
  const bounded = clamp(x, -104, 89);
  // Adding 1.5·2^23 leaves the nearest whole number in the low bits of the mantissa.
  const magic = f32x4.splat(12582912);
  const shifted = madd(bounded, f32x4.splat(1.44269504088896341), magic);
  const n = f32x4.sub(shifted, magic);
  let r = madd(n, f32x4.splat(-0.693359375), bounded);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  let p = f32x4.splat(1.9875691500e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = madd(p, f32x4.mul(r, r), f32x4.add(r, f32x4.splat(1)));
  const exponent = i32x4.sub(shifted, magic);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** max(min(x, high), low) in one instruction each, which pass NaN on when x comes first. */
// @ts-expect-error: decorator
@inline
function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, f32x4.splat(high)), f32x4.splat(low));
}

// @ts-expect-error: decorator
@inline
function powerOfTwo(exponent: v128): v128 {
  return i32x4.shl(i32x4.add(exponent, i32x4.splat(127)), 23);
}

// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** Odd polynomial near zero, where 1 - 2 / (e^2|x| + 1) would cancel; the quotient elsewhere. */
// @ts-expect-error: decorator
@inline
export function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = madd(p, square, f32x4.splat(2.06390887954e-2));
  p = madd(p, square, f32x4.splat(-5.37397155531e-2));
  p = madd(p, square, f32x4.splat(1.33314422036e-1));
  p = madd(p, square, f32x4.splat(-3.33332819422e-1));
  const near = madd(f32x4.mul(p, square), x, x);
  const one = f32x4.splat(1);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(magnitude, magnitude)), one)));
  const signed = v128.bitselect(x, far, i32x4.splat(0x80000000));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(0.625)));
}

export const NONE: i32 = 0;
export const RELU: i32 = 1;
export const RELU6: i32 = 2;
export const SIGMOID: i32 = 3;
export const TANH: i32 = 4;

/** The activation with this code, applied to four lanes. NaN propagates through all of them. */
// @ts-expect-error: decorator
@inline
export function activate(x: v128, activation: i32): v128 {
  switch (activation) {
    case RELU:
      return f32x4.pmax(x, f32x4.splat(0));
    case RELU6:
      return clamp(x, 0, 6);
    case SIGMOID:
      return sigmoid(x);
    case TANH:
      return tanh(x);
    default:
      return x;
  }
}

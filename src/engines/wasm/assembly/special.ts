import { madd } from './simd';
import { exp } from './simd-math';

// Coefficients are Chebyshev fits of the stated functions on the stated intervals.

/**
 * Natural logarithm: x = m·2^e with m in [√½, √2), log m = f − f²/2 + f³·P(f), f = m − 1, P of degree 8 (error 3e-8).
 */
// @ts-expect-error: decorator
@inline
export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(tiny, i32x4.splat(23)));
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, f32x4.splat(1));
  let p = f32x4.splat(0.0697161147145);
  p = madd(p, f, f32x4.splat(-0.114797338466));
  p = madd(p, f, f32x4.splat(0.116854199235));
  p = madd(p, f, f32x4.splat(-0.124256873315));
  p = madd(p, f, f32x4.splat(0.142490576457));
  p = madd(p, f, f32x4.splat(-0.166678023195));
  p = madd(p, f, f32x4.splat(0.200007157489));
  p = madd(p, f, f32x4.splat(-0.24999996958));
  p = madd(p, f, f32x4.splat(0.3333333118));
  const square = f32x4.mul(f, f);
  const exponent = f32x4.convert_i32x4_s(e);
  // ln 2 in two parts: the first has few enough bits for exact products with e.
  let tail = f32x4.mul(f32x4.mul(p, square), f);
  tail = madd(exponent, f32x4.splat(-2.12194440e-4), tail);
  tail = madd(square, f32x4.splat(-0.5), tail);
  const result = madd(exponent, f32x4.splat(0.693359375), f32x4.add(f, tail));
  const infinite = f32x4.eq(x, f32x4.splat(Infinity));
  const zero = f32x4.eq(x, f32x4.splat(0));
  const ordinary = f32x4.ge(x, f32x4.splat(0));
  let y = v128.bitselect(result, f32x4.splat(NaN), ordinary);
  y = v128.bitselect(x, y, infinite);
  return v128.bitselect(f32x4.splat(-Infinity), y, zero);
}

/** e^x − 1 without cancellation near 0: 2^n·(e^r − 1) + (2^n − 1). Made for x ≤ 0; used up to 80. */
// @ts-expect-error: decorator
@inline
export function expm1(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(80)), f32x4.splat(-60));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504088896341)));
  let r = madd(n, f32x4.splat(-0.693359375), bounded);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  let p = f32x4.splat(1.9875691500e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = madd(p, f32x4.mul(r, r), r);
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return madd(p, power, f32x4.sub(power, f32x4.splat(1)));
}

/**
 * The normal distribution function Φ(x) = erfc(−x/√2)/2, with small relative error in the lower tail too:
 * erfc(z) = e^(−z²)·t·Q(t), t = 1/(1 + 0.3·z), 0 ≤ z ≤ 10, Q of degree 9 (error 6e-9).
 */
// @ts-expect-error: decorator
@inline
export function normalCdf(x: v128): v128 {
  const z = f32x4.pmin(
    f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752)),
    f32x4.splat(10),
  );
  const t = f32x4.div(f32x4.splat(1), madd(z, f32x4.splat(0.3), f32x4.splat(1)));
  // Q's variable runs from −1 to 1 while t runs from 1/4 to 1.
  const u = madd(t, f32x4.splat(2.6666666667), f32x4.splat(-1.6666666667));
  let q = f32x4.splat(2.26122290843e-6);
  q = madd(q, u, f32x4.splat(-5.03529606727e-5));
  q = madd(q, u, f32x4.splat(-0.000173940121747));
  q = madd(q, u, f32x4.splat(0.000542798641065));
  q = madd(q, u, f32x4.splat(0.00622534833698));
  q = madd(q, u, f32x4.splat(0.027310011826));
  q = madd(q, u, f32x4.splat(0.0800463093381));
  q = madd(q, u, f32x4.splat(0.17584643377));
  q = madd(q, u, f32x4.splat(0.301618035592));
  q = madd(q, u, f32x4.splat(0.408633088345));
  const lower = f32x4.mul(f32x4.mul(f32x4.mul(q, t), f32x4.splat(0.5)), gaussian(x));
  return v128.bitselect(
    lower,
    f32x4.sub(f32x4.splat(1), lower),
    f32x4.lt(x, f32x4.splat(0)),
  );
}

/** e^(−x²/2); x is split so that rounding x² does not cost digits. */
// @ts-expect-error: decorator
@inline
export function gaussian(x: v128): v128 {
  const high = v128.and(x, i32x4.splat(0xfffff000));
  const rest = f32x4.mul(f32x4.sub(x, high), f32x4.add(x, high));
  const half = f32x4.splat(-0.5);
  return f32x4.mul(exp(f32x4.mul(half, f32x4.mul(high, high))), exp(f32x4.mul(half, rest)));
}

/** What kind of number an exponent is, which decides the sign of powers of negative numbers. */
const FRACTION: i32 = 0;
const ODD: i32 = 1;

/** x to a constant power through double precision, where exponent·log x keeps enough digits. */
// @ts-expect-error: decorator
@inline
export function power(x: v128, exponent: f64, kind: i32): v128 {
  const size = f32x4.abs(x);
  const low = powerPair(size, exponent);
  const high = powerPair(v128.shuffle<f32>(size, size, 2, 3, 0, 1), exponent);
  let y = v128.shuffle<f32>(low, high, 0, 1, 4, 5);
  const negative = f32x4.lt(x, f32x4.splat(0));
  if (kind == FRACTION) y = v128.or(y, negative);
  if (kind == ODD) y = v128.or(y, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(y, x, f32x4.eq(x, x));
}

/** The first two lanes of size^exponent, size ≥ 0. */
// @ts-expect-error: decorator
@inline
function powerPair(size: v128, exponent: f64): v128 {
  const tiny = f32x4.lt(size, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(size, f32x4.splat(8388608)), size, tiny);
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(tiny, i32x4.splat(23)));
  const m = f64x2.promote_low_f32x4(
    i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3)),
  );
  // log m = 2·artanh s.
  const one = f64x2.splat(1);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const s2 = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 15);
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 13));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 11));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 9));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 7));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 5));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 3));
  p = f64x2.add(f64x2.mul(p, s2), one);
  const mantissa = f64x2.mul(f64x2.mul(s, f64x2.splat(2 * 1.4426950408889634)), p);
  let log2 = f64x2.add(f64x2.convert_low_i32x4_s(e), mantissa);
  const wide = f64x2.promote_low_f32x4(size);
  log2 = v128.bitselect(f64x2.splat(-1e6), log2, f64x2.eq(wide, f64x2.splat(0)));
  log2 = v128.bitselect(f64x2.splat(1e6), log2, f64x2.eq(wide, f64x2.splat(Infinity)));
  let t = f64x2.mul(log2, f64x2.splat(exponent));
  t = f64x2.min(f64x2.max(t, f64x2.splat(-200)), f64x2.splat(200));
  const n = f64x2.nearest(t);
  const r = f64x2.mul(f64x2.sub(t, n), f64x2.splat(0.6931471805599453));
  let q = f64x2.splat(1.0 / 362880);
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 40320));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 5040));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 720));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 120));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 24));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.0 / 6));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(0.5));
  q = f64x2.add(f64x2.mul(q, r), one);
  q = f64x2.add(f64x2.mul(q, r), one);
  const whole = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(n));
  const scale = i64x2.shl(i64x2.add(whole, i64x2.splat(1023)), 52);
  return f32x4.demote_f64x2_zero(f64x2.mul(q, scale));
}

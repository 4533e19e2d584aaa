import { storeFirst, words } from './lanes';
import { ceilDiv, madd, shareStart } from './simd';

// Batch normalisation of x [n, c]. A unit of work is four neighbouring columns, from statistics to results.

export function batchNormRows(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, variance: usize,
  n: i32, c: i32, epsilon: f32, thread: i32, threads: i32,
): void {
  const units = ceilDiv(c, 4);
  const end = shareStart(units, thread + 1, threads);
  const step = words(c);
  const count = f64x2.splat(1 / <f64>n);
  for (let unit = shareStart(units, thread, threads); unit < end; unit++) {
    const at = words(unit << 2);
    const columns = c - (unit << 2);
    let low = f64x2.splat(0);
    let high = low;
    for (let i = 0, from = x + at; i < n; i++, from += step) {
      const v = v128.load(from);
      low = f64x2.add(low, promoteLow(v));
      high = f64x2.add(high, promoteHigh(v));
    }
    const centre = demote(f64x2.mul(low, count), f64x2.mul(high, count));
    low = high = f64x2.splat(0);
    for (let i = 0, from = x + at; i < n; i++, from += step) {
      const d = f32x4.sub(v128.load(from), centre);
      const square = f32x4.mul(d, d);
      low = f64x2.add(low, promoteLow(square));
      high = f64x2.add(high, promoteHigh(square));
    }
    const spread = demote(f64x2.mul(low, count), f64x2.mul(high, count));
    const deviation = f32x4.sqrt(f32x4.add(spread, f32x4.splat(epsilon)));
    const scale = f32x4.div(v128.load(weight + at), deviation);
    const shift = v128.load(bias + at);
    for (let i = 0, offset = at; i < n; i++, offset += step) {
      const v = madd(f32x4.sub(v128.load(x + offset), centre), scale, shift);
      storeFirst(y + offset, v, columns);
    }
    storeFirst(mean + at, centre, columns);
    storeFirst(variance + at, spread, columns);
  }
}

/** dx may be dy. */
export function batchNormRowsGrad(
  dy: usize, x: usize, mean: usize, variance: usize, weight: usize,
  dx: usize, dweight: usize, dbias: usize, n: i32, c: i32, epsilon: f32, thread: i32, threads: i32,
): void {
  const units = ceilDiv(c, 4);
  const end = shareStart(units, thread + 1, threads);
  const step = words(c);
  const count = f64x2.splat(1 / <f64>n);
  const one = f32x4.splat(1);
  for (let unit = shareStart(units, thread, threads); unit < end; unit++) {
    const at = words(unit << 2);
    const columns = c - (unit << 2);
    const centre = v128.load(mean + at);
    let sumLow = f64x2.splat(0);
    let sumHigh = sumLow;
    let productLow = sumLow;
    let productHigh = sumLow;
    for (let i = 0, offset = at; i < n; i++, offset += step) {
      const v = v128.load(dy + offset);
      const product = f32x4.mul(v, f32x4.sub(v128.load(x + offset), centre));
      sumLow = f64x2.add(sumLow, promoteLow(v));
      sumHigh = f64x2.add(sumHigh, promoteHigh(v));
      productLow = f64x2.add(productLow, promoteLow(product));
      productHigh = f64x2.add(productHigh, promoteHigh(product));
    }
    const spread = f32x4.add(v128.load(variance + at), f32x4.splat(epsilon));
    const inverse = f32x4.div(one, f32x4.sqrt(spread));
    const meanDy = demote(f64x2.mul(sumLow, count), f64x2.mul(sumHigh, count));
    const meanProduct = demote(f64x2.mul(productLow, count), f64x2.mul(productHigh, count));
    const slope = f32x4.neg(f32x4.div(meanProduct, spread));
    const scale = f32x4.mul(v128.load(weight + at), inverse);
    for (let i = 0, offset = at; i < n; i++, offset += step) {
      const centred = f32x4.sub(v128.load(dy + offset), meanDy);
      const v = f32x4.mul(scale, madd(f32x4.sub(v128.load(x + offset), centre), slope, centred));
      storeFirst(dx + offset, v, columns);
    }
    storeFirst(dweight + at, f32x4.mul(demote(productLow, productHigh), inverse), columns);
    storeFirst(dbias + at, demote(sumLow, sumHigh), columns);
  }
}

// @ts-expect-error: decorator
@inline
function promoteLow(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-expect-error: decorator
@inline
function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
}

// @ts-expect-error: decorator
@inline
function demote(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(
    f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5,
  );
}

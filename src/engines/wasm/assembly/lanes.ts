import { ceilDiv, shareStart } from './simd';

/** Shares of elements end at whole cache lines, so that no two threads write to the same one. */
const LINE: i32 = 16;

/** First element of this thread's share of `count` elements. */
// @ts-expect-error: decorator
@inline
export function elementStart(count: i32, thread: i32, threads: i32): i32 {
  return min(count, shareStart(ceilDiv(count, LINE), thread, threads) * LINE);
}

/** Byte offset of a four-byte element; unsigned, because memory reaches beyond 2 GB. */
// @ts-expect-error: decorator
@inline
export function words(count: i32): usize {
  return (<usize>count) << 2;
}

/** All ones in the first `count` lanes. */
// @ts-expect-error: decorator
@inline
export function laneMask(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Lanes of a where the mask is all ones, of b where it is 0. */
// @ts-expect-error: decorator
@inline
export function choose(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask);
  return v128.bitselect(a, b, mask);
}

/** Stores the first `count` of four lanes, all of them from 4 on. */
// @ts-expect-error: decorator
@inline
export function storeFirst(at: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, v);
  } else {
    v128.store32_lane(at, v, 0);
    if (count > 1) v128.store32_lane(at, v, 1, 4);
    if (count > 2) v128.store32_lane(at, v, 2, 8);
  }
}

/** Four neighbouring numbers, or one number four times (stride 0). May read up to 12 bytes too far. */
// @ts-expect-error: decorator
@inline
export function loadRun(at: usize, stride: i32): v128 {
  return stride ? v128.load(at) : v128.load32_splat(at);
}

/** Sum of the four lanes in double precision, in two lanes. */
// @ts-expect-error: decorator
@inline
export function promotedSum(v: v128): v128 {
  return f64x2.add(
    f64x2.promote_low_f32x4(v),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1)),
  );
}

// @ts-expect-error: decorator
@inline
export function sumPair(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Four lanes of an element type of one or four bytes, or one of them four times (stride 0). */
// @ts-expect-error: decorator
@inline
export function loadAs<T>(at: usize, stride: i32): v128 {
  if (sizeof<T>() == 4) return loadRun(at, stride);
  if (stride == 0) return i32x4.splat(load<u8>(at));
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/** The low byte of each lane, packed; at most `count` of them. */
// @ts-expect-error: decorator
@inline
export function storeBytes(at: usize, lanes: v128, count: i32): void {
  const bytes = v128.shuffle<u8>(lanes, lanes, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
  if (count >= 4) {
    v128.store32_lane(at, bytes, 0);
  } else {
    store<u8>(at, i8x16.extract_lane_u(bytes, 0));
    if (count > 1) store<u8>(at, i8x16.extract_lane_u(bytes, 1), 1);
    if (count > 2) store<u8>(at, i8x16.extract_lane_u(bytes, 2), 2);
  }
}

import { panelWidth } from './gemm-block';
import { DEPTH_UNIT, TILE_ROWS } from './gemm-kernel';
import { ceilDiv, madd, roundUp } from './simd';

/**
 * Distance between transform points for this many bytes each: an odd number of cache lines, because the transforms touch all
 * 36 points in turn and a power of two would send them to the same cache set.
 */
export function pointStride(bytes: i32): i32 {
  return (ceilDiv(bytes, 64) | 1) << 6;
}

/** Bytes of the half-transformed taps that `transformWeights` keeps in `work`. */
export const WEIGHT_WORK_BYTES: i32 = 448;

/**
 * G g Gᵀ for `rows` rows, packed at each point as [row panels, channels, panel width] with `pointBytes` between points. Row
 * m, channel c and tap t of the weights lie at m · rowStride + c · channelStride + t, or with `flip` at the mirrored tap.
 * Lanes are rows.
 */
export function transformWeights(
  dst: usize, pointBytes: i32, weight: usize, rows: i32, channels: i32, rowStride: i32, channelStride: i32, flip: bool,
  work: usize,
): void {
  const depth = roundUp(channels, DEPTH_UNIT);
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const width = panelWidth(rows, row);
    for (let channel = 0; channel < depth; channel++) {
      const to = dst + ((row * depth + channel * width) << 2);
      for (let lane = 0; lane < width; lane += 4) {
        const count = channel < channels ? min(4, rows - row - lane) : 0;
        const from = weight + (((row + lane) * rowStride + channel * channelStride) << 2);
        for (let tap = 0; tap < 9; tap++) {
          const at = from + ((flip ? 8 - tap : tap) << 2);
          v128.store(work + (tap << 4), gather(at, rowStride << 2, count));
        }
        transformTap(work, pointBytes, to + (lane << 2), width - lane >= 4);
      }
    }
  }
}

// @ts-expect-error: decorator
@inline
function gather(at: usize, step: i32, count: i32): v128 {
  let v = f32x4.splat(0);
  if (count > 0) v = v128.load32_lane(at, v, 0);
  if (count > 1) v = v128.load32_lane(at + step, v, 1);
  if (count > 2) v = v128.load32_lane(at + 2 * step, v, 2);
  if (count > 3) v = v128.load32_lane(at + 3 * step, v, 3);
  return v;
}

function transformTap(work: usize, pointBytes: i32, dst: usize, whole: bool): void {
  const half = work + 144;
  for (let col: usize = 0; col < 48; col += 16) {
    spread(v128.load(work + col), v128.load(work + col, 48), v128.load(work + col, 96), half + col, 48, true);
  }
  for (let row: usize = 0; row < 6; row++) {
    const at = half + row * 48;
    spread(v128.load(at), v128.load(at, 16), v128.load(at, 32), dst + 6 * row * pointBytes, pointBytes, whole);
  }
}

/** G g at the points 0, 1, -1, 2, -2, ∞; two lanes only unless `whole`. */
function spread(g0: v128, g1: v128, g2: v128, dst: usize, step: i32, whole: bool): void {
  const sixth = f32x4.splat(1.0 / 6);
  const twelfth = f32x4.splat(1.0 / 12);
  const outer1 = f32x4.mul(f32x4.splat(-1.0 / 6), f32x4.add(g0, g2));
  const inner1 = f32x4.mul(sixth, g1);
  const outer2 = madd(sixth, g2, f32x4.mul(f32x4.splat(1.0 / 24), g0));
  const inner2 = f32x4.mul(twelfth, g1);
  put(dst, f32x4.mul(f32x4.splat(0.25), g0), whole);
  put(dst + step, f32x4.sub(outer1, inner1), whole);
  put(dst + 2 * step, f32x4.add(outer1, inner1), whole);
  put(dst + 3 * step, f32x4.add(outer2, inner2), whole);
  put(dst + 4 * step, f32x4.sub(outer2, inner2), whole);
  put(dst + 5 * step, g2, whole);
}

// @ts-expect-error: decorator
@inline
function put(at: usize, v: v128, whole: bool): void {
  if (whole) v128.store(at, v);
  else v128.store64_lane(at, v, 0);
}

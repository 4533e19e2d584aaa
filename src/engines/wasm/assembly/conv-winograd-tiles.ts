import { madd } from './simd';
import { activate, NONE } from './simd-math';

// Winograd F(4×4, 3×3) (Lavin and Gray, 2015): a 6×6 patch of x gives a 4×4 tile of y with 36 products per pair of channels
// instead of 144. This file moves tiles between planes and the transformed domain; lanes are tiles.

export const POINTS: i32 = 36;
/** Bytes of half-transformed tiles that the transforms keep in `work`. */
export const TILE_WORK_BYTES: i32 = 576;

let height: i32 = 0;
let width: i32 = 0;
let outHeight: i32 = 0;
let outWidth: i32 = 0;
let srcImageBytes: i32 = 0;
let dstImageBytes: i32 = 0;
let padTop: i32 = 0;
let padLeft: i32 = 0;
let images: i32 = 0;

export function setTiles(
  n: i32, channels: i32, h: i32, w: i32, rows: i32, oh: i32, ow: i32, top: i32, left: i32,
): void {
  images = n;
  height = h;
  width = w;
  outHeight = oh;
  outWidth = ow;
  srcImageBytes = (channels * h * w) << 2;
  dstImageBytes = (rows * oh * ow) << 2;
  padTop = top;
  padLeft = left;
}

export function tileCount(): i32 {
  return images * ((outHeight + 3) >> 2) * ((outWidth + 3) >> 2);
}

// Record of 8 tiles: per lane its place in y and the rows and columns of it that exist; per half of 4 lanes whether its
// patches lie inside x; per lane and patch row the source offset and the masks of columns 0–3 and 4–7.
const DST: usize = 0;
const DST_ROWS: usize = 32;
const DST_COLS: usize = 64;
const INSIDE: usize = 96;
const SRC: usize = 128;
const MASKS: usize = 320;
export const RECORD_BYTES: i32 = 320 + 8 * 6 * 32;

/** Describes the 8 tiles from `first` on; those beyond the last read zeros and write nothing. */
export function describeTiles(record: usize, first: i32): void {
  const across = (outWidth + 3) >> 2;
  const perImage = ((outHeight + 3) >> 2) * across;
  const total = tileCount();
  store<i32>(record, 1, INSIDE);
  store<i32>(record, 1, INSIDE + 4);
  for (let lane = 0; lane < 8; lane++) {
    const tile = first + lane;
    const image = tile / perImage;
    const down = (tile - image * perImage) / across;
    const row = down * 4;
    const col = (tile - image * perImage - down * across) * 4;
    const exists = tile < total;
    const at = record + (lane << 2);
    store<i32>(at, image * dstImageBytes + ((row * outWidth + col) << 2), DST);
    store<i32>(at, exists ? min(4, outHeight - row) : 0, DST_ROWS);
    store<i32>(at, exists ? min(4, outWidth - col) : 0, DST_COLS);
    const cols1 = i32x4.add(i32x4.splat(col - padLeft), i32x4(0, 1, 2, 3));
    const cols2 = i32x4.add(cols1, i32x4.splat(4));
    const in1 = i32x4.lt_u(cols1, i32x4.splat(width));
    const in2 = i32x4.lt_u(cols2, i32x4.splat(width));
    for (let i = 0; i < 6; i++) {
      const line = row - padTop + i;
      const valid = exists && <u32>line < <u32>height;
      const keep = i32x4.splat(valid ? -1 : 0);
      const k = lane * 6 + i;
      const offset = image * srcImageBytes + ((line * width + col - padLeft) << 2);
      store<i32>(record + (k << 2), valid ? offset : 0, SRC);
      v128.store(record + (k << 5), v128.and(in1, keep), MASKS);
      v128.store(record + (k << 5), v128.and(in2, keep), MASKS + 16);
      const inside = valid && i32x4.all_true(in1) && i32x4.extract_lane(in2, 1) != 0;
      if (!inside) store<i32>(record + (lane & 4), 0, INSIDE);
    }
  }
}

/**
 * Transforms the patches of 8 tiles in one plane: dst[point] is 8 lanes, points `pointBytes` apart.
 */
export function transformPatches(dst: usize, pointBytes: i32, src: usize, record: usize, work: usize): void {
  for (let half = 0; half < 2; half++) {
    const inside = load<i32>(record + (half << 2), INSIDE) != 0;
    for (let row = 0; row < 6; row++) transformRow(work + row * 96, src, record, half * 24 + row, inside);
    for (let col: usize = 0; col < 96; col += 16) {
      const d1 = v128.load(work + col, 96);
      const d2 = v128.load(work + col, 192);
      const d3 = v128.load(work + col, 288);
      const d4 = v128.load(work + col, 384);
      const at = dst + (col >> 4) * pointBytes + (half << 4);
      storePoints(at, 6 * pointBytes, v128.load(work + col), d1, d2, d3, d4, v128.load(work + col, 480));
    }
  }
}

/** One row of four patches, transposed so that lanes are tiles, and transformed along the row. */
// @ts-expect-error: decorator
@inline
function transformRow(dst: usize, src: usize, record: usize, k: i32, inside: bool): void {
  const offsets = record + (k << 2);
  const p0 = src + load<i32>(offsets, SRC);
  const p1 = src + load<i32>(offsets, SRC + 24);
  const p2 = src + load<i32>(offsets, SRC + 48);
  const p3 = src + load<i32>(offsets, SRC + 72);
  let a0 = v128.load(p0);
  let a1 = v128.load(p1);
  let a2 = v128.load(p2);
  let a3 = v128.load(p3);
  let b0 = v128.load(p0, 16);
  let b1 = v128.load(p1, 16);
  let b2 = v128.load(p2, 16);
  let b3 = v128.load(p3, 16);
  if (!inside) {
    const masks = record + (k << 5);
    a0 = v128.and(a0, v128.load(masks, MASKS));
    b0 = v128.and(b0, v128.load(masks, MASKS + 16));
    a1 = v128.and(a1, v128.load(masks, MASKS + 192));
    b1 = v128.and(b1, v128.load(masks, MASKS + 208));
    a2 = v128.and(a2, v128.load(masks, MASKS + 384));
    b2 = v128.and(b2, v128.load(masks, MASKS + 400));
    a3 = v128.and(a3, v128.load(masks, MASKS + 576));
    b3 = v128.and(b3, v128.load(masks, MASKS + 592));
  }
  const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  const next01 = v128.shuffle<f32>(b0, b1, 0, 4, 1, 5);
  const next23 = v128.shuffle<f32>(b2, b3, 0, 4, 1, 5);
  storePoints(
    dst, 16,
    v128.shuffle<f64>(low01, low23, 0, 2), v128.shuffle<f64>(low01, low23, 1, 3),
    v128.shuffle<f64>(high01, high23, 0, 2), v128.shuffle<f64>(high01, high23, 1, 3),
    v128.shuffle<f64>(next01, next23, 0, 2), v128.shuffle<f64>(next01, next23, 1, 3),
  );
}

/** Bᵀ d at the points 0, 1, -1, 2, -2, ∞. */
// @ts-expect-error: decorator
@inline
function storePoints(dst: usize, step: i32, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128): void {
  const minus4 = f32x4.splat(-4);
  const minus5 = f32x4.splat(-5);
  const four = f32x4.splat(4);
  const even1 = madd(minus4, d2, d4);
  const odd1 = madd(minus4, d1, d3);
  const even2 = f32x4.sub(d4, d2);
  const difference = f32x4.sub(d3, d1);
  const odd2 = f32x4.add(difference, difference);
  v128.store(dst, madd(four, d0, madd(minus5, d2, d4)));
  v128.store(dst + step, f32x4.add(even1, odd1));
  v128.store(dst + 2 * step, f32x4.sub(even1, odd1));
  v128.store(dst + 3 * step, f32x4.add(even2, odd2));
  v128.store(dst + 4 * step, f32x4.sub(even2, odd2));
  v128.store(dst + 5 * step, madd(four, d1, madd(minus5, d3, d5)));
}

/**
 * Transforms the products of 8 tiles in one plane back and writes activation(tile + bias + residual): src[point] is 8
 * lanes, points `pointBytes` apart.
 */
export function storeTiles(
  dst: usize, src: usize, pointBytes: i32, record: usize, bias: usize, residual: usize, activation: i32, work: usize,
): void {
  const b = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  for (let half: usize = 0; half < 32; half += 16) {
    for (let col = 0; col < 6; col++) {
      const at = src + col * pointBytes + half;
      const step = 6 * pointBytes;
      const m1 = v128.load(at + step);
      const m2 = v128.load(at + 2 * step);
      const m3 = v128.load(at + 3 * step);
      const m4 = v128.load(at + 4 * step);
      const s1 = f32x4.add(m1, m2);
      const d1 = f32x4.sub(m1, m2);
      const s2 = f32x4.add(m3, m4);
      const d2 = f32x4.sub(m3, m4);
      const to = work + (col << 4);
      v128.store(to, f32x4.add(v128.load(at), f32x4.add(s1, s2)));
      v128.store(to, madd(f32x4.splat(2), d2, d1), 96);
      v128.store(to, madd(f32x4.splat(4), s2, s1), 192);
      v128.store(to, f32x4.add(madd(f32x4.splat(8), d2, d1), v128.load(at + 5 * step)), 288);
    }
    for (let row = 0; row < 4; row++) {
      const at = work + row * 96;
      const m1 = v128.load(at, 16);
      const m2 = v128.load(at, 32);
      const m3 = v128.load(at, 48);
      const m4 = v128.load(at, 64);
      const s1 = f32x4.add(m1, m2);
      const d1 = f32x4.sub(m1, m2);
      const s2 = f32x4.add(m3, m4);
      const d2 = f32x4.sub(m3, m4);
      const y0 = f32x4.add(v128.load(at), f32x4.add(s1, s2));
      const y1 = madd(f32x4.splat(2), d2, d1);
      const y2 = madd(f32x4.splat(4), s2, s1);
      const y3 = f32x4.add(madd(f32x4.splat(8), d2, d1), v128.load(at, 80));
      const low01 = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(y2, y3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(y2, y3, 2, 6, 3, 7);
      const lane = record + half;
      storeRow(dst, lane, row, f32x4.add(b, v128.shuffle<f64>(low01, low23, 0, 2)), residual, activation);
      storeRow(dst, lane + 4, row, f32x4.add(b, v128.shuffle<f64>(low01, low23, 1, 3)), residual, activation);
      storeRow(dst, lane + 8, row, f32x4.add(b, v128.shuffle<f64>(high01, high23, 0, 2)), residual, activation);
      storeRow(dst, lane + 12, row, f32x4.add(b, v128.shuffle<f64>(high01, high23, 1, 3)), residual, activation);
    }
  }
}

/** Row of a tile: as many of its four columns as exist. */
function storeRow(dst: usize, lane: usize, row: i32, v: v128, residual: usize, activation: i32): void {
  if (row >= load<i32>(lane, DST_ROWS)) return;
  const cols = load<i32>(lane, DST_COLS);
  const offset = load<i32>(lane, DST) + ((row * outWidth) << 2);
  const to = dst + offset;
  if (residual) v = f32x4.add(v, v128.load(residual + offset));
  if (activation != NONE) v = activate(v, activation);
  if (cols == 4) {
    v128.store(to, v);
    return;
  }
  v128.store32_lane(to, v, 0);
  if (cols > 1) v128.store32_lane(to, v, 1, 4);
  if (cols > 2) v128.store32_lane(to, v, 2, 8);
}

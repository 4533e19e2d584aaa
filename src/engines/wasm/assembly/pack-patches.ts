import { TILE_COLS } from './gemm-kernel';

// Implicit im2col. The columns of the product are pixels of an output grid, taken 8 at a time across rows and images; its
// depth runs over (channel, tap). Where a tile of pixels finds its inputs does not depend on the channel, so that is worked
// out once per tile and tap, as offsets and lane masks, and then replayed for every channel with whole-vector loads.

let images: i32 = 0;
let rows: i32 = 0;
let cols: i32 = 0;
let srcHeight: i32 = 0;
let srcWidth: i32 = 0;
let srcImageBytes: i32 = 0;
let srcStepH: i32 = 1;
let srcStepW: i32 = 1;
let dstWidth: i32 = 0;
let dstImageBytes: i32 = 0;
let dstStepH: i32 = 1;
let dstStepW: i32 = 1;
let dstStart: i32 = 0;
let taps: i32 = 0;
let tapList: usize = 0;

export function setGrid(imageCount: i32, rowCount: i32, colCount: i32): void {
  images = imageCount;
  rows = rowCount;
  cols = colCount;
}

/** Source planes: pixel (r, q) with tap (dh, dw) reads (r·stepH + dh, q·stepW + dw), zero outside the plane. */
export function setSource(channels: i32, height: i32, width: i32, stepH: i32, stepW: i32): void {
  srcHeight = height;
  srcWidth = width;
  srcImageBytes = (channels * height * width) << 2;
  srcStepH = stepH;
  srcStepW = stepW;
}

/** Destination planes: pixel (r, q) belongs at (r·stepH + startH, q·stepW + startW). */
export function setDestination(
  channels: i32, height: i32, width: i32, stepH: i32, stepW: i32, startH: i32, startW: i32,
): void {
  dstWidth = width;
  dstImageBytes = (channels * height * width) << 2;
  dstStepH = stepH;
  dstStepW = stepW;
  dstStart = startH * width + startW;
}

/** Taps as (dh, dw) pairs of i32. */
export function setTaps(count: i32, list: usize): void {
  taps = count;
  tapList = list;
}

export function gridTiles(): i32 {
  return (images * rows * cols + TILE_COLS - 1) / TILE_COLS;
}

// Record of a tile: destination byte offsets of the 8 lanes, whether they are contiguous, how many are pixels; then, only
// while the table is built, each lane's source row, column, image offset and validity; then one entry per tap.
const DST_OFFSETS: usize = 0;
const CONTIGUOUS: usize = 32;
const PIXELS: usize = 36;
const LANE_ROW: usize = 64;
const LANE_COL: usize = 96;
const LANE_BASE: usize = 128;
const LANE_VALID: usize = 160;
const TILE_HEADER: i32 = 192;

// Entry of a tap: how to load it, one or two byte offsets, and their lane masks.
const LOAD: usize = 0;
const OFFSET1: usize = 4;
const OFFSET2: usize = 8;
const MASK1: usize = 16;
const MASK2: usize = 48;
const ENTRY_BYTES: i32 = 80;

/** All lanes fall outside. */
const LOAD_ZERO: i32 = 0;
/** 8 neighbours. */
const LOAD_FULL: i32 = 1;
/** 8 neighbours, some masked off. */
const LOAD_MASKED: i32 = 2;
/** The tile runs over the end of a row: two masked runs. */
const LOAD_TWO: i32 = 3;
/** As LOAD_MASKED and LOAD_TWO for every other source column. */
const LOAD_MASKED_EVEN: i32 = 4;
const LOAD_TWO_EVEN: i32 = 5;
/** Lane by lane: MASK1 the validity, MASK2 the offsets. */
const LOAD_LANES: i32 = 6;

// @ts-expect-error: decorator
@inline
export function tileRecordBytes(tapCount: i32): i32 {
  return TILE_HEADER + tapCount * ENTRY_BYTES;
}

// @ts-expect-error: decorator
@inline
export function tileIsContiguous(record: usize): bool {
  return load<i32>(record, CONTIGUOUS) != 0;
}

// @ts-expect-error: decorator
@inline
export function tilePixels(record: usize): i32 {
  return load<i32>(record, PIXELS);
}

/** Byte offset of a lane's pixel in the destination, channel 0. */
// @ts-expect-error: decorator
@inline
export function tileOffset(record: usize, lane: i32): i32 {
  return load<i32>(record + (lane << 2), DST_OFFSETS);
}

/** Writes the records of `count` tiles from `first` on. */
export function buildPatchTable(table: usize, first: i32, count: i32): void {
  const plane = rows * cols;
  let pixel = first * TILE_COLS;
  let image = pixel / plane;
  let row = (pixel - image * plane) / cols;
  let col = pixel - image * plane - row * cols;
  const pixels = images * plane;
  const record = tileRecordBytes(taps);
  for (let tile = 0; tile < count; tile++) {
    let runs = 1;
    let cut = TILE_COLS;
    for (let lane = 0; lane < TILE_COLS; lane++) {
      if (col == cols && pixel < pixels) {
        col = 0;
        if (++row == rows) {
          row = 0;
          image++;
        }
        if (lane > 0) {
          runs++;
          cut = lane;
        }
      }
      const at = table + (lane << 2);
      const offset = dstStart + row * dstStepH * dstWidth + col * dstStepW;
      store<i32>(at, image * dstImageBytes + (offset << 2), DST_OFFSETS);
      store<i32>(at, row * srcStepH, LANE_ROW);
      store<i32>(at, col * srcStepW, LANE_COL);
      store<i32>(at, image * srcImageBytes, LANE_BASE);
      store<i32>(at, pixel < pixels ? -1 : 0, LANE_VALID);
      pixel++;
      col++;
    }
    const spread = i32x4.splat(load<i32>(table, DST_OFFSETS));
    const near = i32x4.eq(v128.load(table, DST_OFFSETS), i32x4.add(spread, i32x4(0, 4, 8, 12)));
    const far = i32x4.eq(v128.load(table, DST_OFFSETS + 16), i32x4.add(spread, i32x4(16, 20, 24, 28)));
    const valid = min(TILE_COLS, pixels - pixel + TILE_COLS);
    store<i32>(table, valid == TILE_COLS && i32x4.all_true(v128.and(near, far)), CONTIGUOUS);
    store<i32>(table, valid, PIXELS);
    const byRuns = runs <= 2 && srcStepW <= 2;
    for (let tap = 0; tap < taps; tap++) {
      buildEntry(table + TILE_HEADER + tap * ENTRY_BYTES, table, tapList + (tap << 3), byRuns, cut);
    }
    table += record;
  }
}

function buildEntry(entry: usize, tile: usize, tap: usize, byRuns: bool, cut: i32): void {
  const dh = i32x4.splat(load<i32>(tap));
  const dw = i32x4.splat(load<i32>(tap, 4));
  const height = i32x4.splat(srcHeight);
  const width = i32x4.splat(srcWidth);
  const h1 = i32x4.add(v128.load(tile, LANE_ROW), dh);
  const h2 = i32x4.add(v128.load(tile, LANE_ROW + 16), dh);
  const w1 = i32x4.add(v128.load(tile, LANE_COL), dw);
  const w2 = i32x4.add(v128.load(tile, LANE_COL + 16), dw);
  // Unsigned comparison also refuses negative coordinates.
  const in1 = v128.and(v128.and(i32x4.lt_u(h1, height), i32x4.lt_u(w1, width)), v128.load(tile, LANE_VALID));
  const in2 = v128.and(v128.and(i32x4.lt_u(h2, height), i32x4.lt_u(w2, width)), v128.load(tile, LANE_VALID + 16));
  const at1 = i32x4.add(v128.load(tile, LANE_BASE), i32x4.shl(i32x4.add(i32x4.mul(h1, width), w1), 2));
  const at2 = i32x4.add(v128.load(tile, LANE_BASE + 16), i32x4.shl(i32x4.add(i32x4.mul(h2, width), w2), 2));
  if (!v128.any_true(v128.or(in1, in2))) {
    store<i32>(entry, LOAD_ZERO, LOAD);
    return;
  }
  if (!byRuns) {
    store<i32>(entry, LOAD_LANES, LOAD);
    v128.store(entry, in1, MASK1);
    v128.store(entry, in2, MASK1 + 16);
    v128.store(entry, v128.and(at1, in1), MASK2);
    v128.store(entry, v128.and(at2, in2), MASK2 + 16);
    return;
  }
  const boundary = i32x4.splat(cut);
  const run1 = i32x4.lt_s(i32x4(0, 1, 2, 3), boundary);
  const run2 = i32x4.lt_s(i32x4(4, 5, 6, 7), boundary);
  const first1 = v128.and(in1, run1);
  const first2 = v128.and(in2, run2);
  const second1 = v128.andnot(in1, run1);
  const second2 = v128.andnot(in2, run2);
  const hasFirst = v128.any_true(v128.or(first1, first2));
  const hasSecond = v128.any_true(v128.or(second1, second2));
  const even = srcStepW == 2;
  // A run is loaded as if all 8 lanes belonged to it: from where its lane 0 is or would be.
  const firstOffset = i32x4.extract_lane(at1, 0);
  const secondOffset = i32x4.extract_lane(at2, 3) - 28 * srcStepW;
  if (hasFirst && hasSecond) {
    store<i32>(entry, even ? LOAD_TWO_EVEN : LOAD_TWO, LOAD);
    store<i32>(entry, firstOffset, OFFSET1);
    store<i32>(entry, secondOffset, OFFSET2);
    v128.store(entry, first1, MASK1);
    v128.store(entry, first2, MASK1 + 16);
    v128.store(entry, second1, MASK2);
    v128.store(entry, second2, MASK2 + 16);
    return;
  }
  const full = !even && i32x4.all_true(v128.and(in1, in2));
  store<i32>(entry, full ? LOAD_FULL : even ? LOAD_MASKED_EVEN : LOAD_MASKED, LOAD);
  store<i32>(entry, hasFirst ? firstOffset : secondOffset, OFFSET1);
  v128.store(entry, in1, MASK1);
  v128.store(entry, in2, MASK1 + 16);
}

/** Packs one tile: dst [channels, taps, 8] from source planes `planeBytes` apart. */
export function packPatches(dst: usize, src: usize, record: usize, channels: i32, planeBytes: i32): void {
  const step = taps << 5;
  let entry = record + TILE_HEADER;
  for (let tap = 0; tap < taps; tap++) {
    packTap(dst, step, src, planeBytes, entry, channels);
    entry += ENTRY_BYTES;
    dst += 32;
  }
}

/** One tap of a tile, all channels: rows of 8 lanes `step` bytes apart. */
function packTap(to: usize, step: i32, src: usize, planeBytes: i32, entry: usize, channels: i32): void {
  const how = load<i32>(entry, LOAD);
  let from = src + load<i32>(entry, OFFSET1);
  const mask1 = v128.load(entry, MASK1);
  const mask2 = v128.load(entry, MASK1 + 16);
  if (how == LOAD_FULL) {
    for (let i = channels; i > 0; i--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      to += step;
      from += planeBytes;
    }
  } else if (how == LOAD_MASKED) {
    for (let i = channels; i > 0; i--) {
      v128.store(to, v128.and(v128.load(from), mask1));
      v128.store(to, v128.and(v128.load(from, 16), mask2), 16);
      to += step;
      from += planeBytes;
    }
  } else if (how == LOAD_TWO) {
    let other = src + load<i32>(entry, OFFSET2);
    const mask3 = v128.load(entry, MASK2);
    const mask4 = v128.load(entry, MASK2 + 16);
    for (let i = channels; i > 0; i--) {
      v128.store(to, v128.or(v128.and(v128.load(from), mask1), v128.and(v128.load(other), mask3)));
      v128.store(to, v128.or(v128.and(v128.load(from, 16), mask2), v128.and(v128.load(other, 16), mask4)), 16);
      to += step;
      from += planeBytes;
      other += planeBytes;
    }
  } else if (how == LOAD_ZERO) {
    for (let i = channels; i > 0; i--) {
      v128.store(to, i32x4.splat(0));
      v128.store(to, i32x4.splat(0), 16);
      to += step;
    }
  } else if (how == LOAD_MASKED_EVEN) {
    for (let i = channels; i > 0; i--) {
      v128.store(to, v128.and(loadEven(from), mask1));
      v128.store(to, v128.and(loadEven(from + 32), mask2), 16);
      to += step;
      from += planeBytes;
    }
  } else if (how == LOAD_TWO_EVEN) {
    let other = src + load<i32>(entry, OFFSET2);
    const mask3 = v128.load(entry, MASK2);
    const mask4 = v128.load(entry, MASK2 + 16);
    for (let i = channels; i > 0; i--) {
      v128.store(to, v128.or(v128.and(loadEven(from), mask1), v128.and(loadEven(other), mask3)));
      v128.store(to, v128.or(v128.and(loadEven(from + 32), mask2), v128.and(loadEven(other + 32), mask4)), 16);
      to += step;
      from += planeBytes;
      other += planeBytes;
    }
  } else {
    packLanes(to, step, src, planeBytes, entry, channels);
  }
}

// @ts-expect-error: decorator
@inline
function loadEven(at: usize): v128 {
  return v128.shuffle<f32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6);
}

function packLanes(to: usize, step: i32, src: usize, planeBytes: i32, entry: usize, channels: i32): void {
  for (let i = channels; i > 0; i--) {
    for (let lane: usize = 0; lane < 32; lane += 4) {
      const value = load<i32>(src + load<i32>(entry + lane, MASK2));
      store<i32>(to + lane, value & load<i32>(entry + lane, MASK1));
    }
    to += step;
    src += planeBytes;
  }
}

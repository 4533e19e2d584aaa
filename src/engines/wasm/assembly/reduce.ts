import { laneMask, storeFirst, words } from './lanes';
import { rowSum } from './row-sums';
import { ceilDiv, shareStart } from './simd';

// Reductions of x [outer, size, inner] over the middle axis, cut into chunks of `chunk`: y [outer, ⌈size / chunk⌉, inner].
// Chunks are chosen by size alone, so the result does not depend on the number of threads; a further call adds up the
// chunks.

const SUM: i32 = 0;
const MAX: i32 = 1;
const MIN: i32 = 2;
const SUM_INT: i32 = 3;
const MAX_INT: i32 = 4;
const MIN_INT: i32 = 5;

// @ts-expect-error: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == SUM) return f32x4.add(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  if (op == SUM_INT) return i32x4.add(a, b);
  if (op == MAX_INT) return i32x4.max_s(a, b);
  return i32x4.min_s(a, b);
}

// @ts-expect-error: decorator
@inline
function identity(op: i32): v128 {
  if (op == MAX) return f32x4.splat(-Infinity);
  if (op == MIN) return f32x4.splat(Infinity);
  if (op == MAX_INT) return i32x4.splat(i32.MIN_VALUE);
  if (op == MIN_INT) return i32x4.splat(i32.MAX_VALUE);
  return i32x4.splat(0);
}

/** Combines a contiguous run into one four-byte number. */
// @ts-expect-error: decorator
@inline
function reduceRun(op: i32, x: usize, count: i32): v128 {
  const start = identity(op);
  let v0 = start;
  let v1 = start;
  for (; count >= 8; count -= 8) {
    v0 = combine(op, v0, v128.load(x));
    v1 = combine(op, v1, v128.load(x, 16));
    x += 32;
  }
  for (; count > 0; count -= 4) {
    v0 = combine(op, v0, v128.bitselect(v128.load(x), start, laneMask(count)));
    x += 16;
  }
  const v = combine(op, v0, v1);
  const pairs = combine(op, v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return combine(op, pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2));
}

// @ts-expect-error: decorator
@inline
function reduceRows(
  op: i32, x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  const chunks = ceilDiv(size, chunk);
  const end = shareStart(outer * chunks, thread + 1, threads);
  for (let unit = shareStart(outer * chunks, thread, threads); unit < end; unit++) {
    const row = unit / chunks;
    const first = (unit - row * chunks) * chunk;
    const from = x + words(row * size + first);
    const count = min(chunk, size - first);
    if (op == SUM) store<f32>(y + words(unit), <f32>rowSum(from, count));
    else v128.store32_lane(y + words(unit), reduceRun(op, from, count), 0);
  }
}

/** Rows summed by plain additions before they join the total. */
const ROWS: i32 = 32;
/** Columns of one unit of work: a cache line. */
const STRIP: i32 = 16;

// @ts-expect-error: decorator
@inline
function reduceColumns(
  op: i32, x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  const chunks = ceilDiv(size, chunk);
  const strips = ceilDiv(inner, STRIP);
  const units = outer * chunks * strips;
  const end = shareStart(units, thread + 1, threads);
  for (let unit = shareStart(units, thread, threads); unit < end; unit++) {
    const part = unit / strips;
    const column = (unit - part * strips) * STRIP;
    const block = part / chunks;
    const first = (part - block * chunks) * chunk;
    const from = x + words((block * size + first) * inner + column);
    const to = y + words(part * inner + column);
    const count = min(chunk, size - first);
    const columns = min(STRIP, inner - column);
    if (columns == STRIP) {
      wideStrip(op, from, to, count, words(inner));
    } else {
      for (let j = 0; j < columns; j += 4) {
        narrowStrip(op, from + (j << 2), to + (j << 2), count, words(inner), columns - j);
      }
    }
  }
}

// @ts-expect-error: decorator
@inline
function wideStrip(op: i32, x: usize, y: usize, count: i32, step: usize): void {
  const start = identity(op);
  let t0 = start;
  let t1 = start;
  let t2 = start;
  let t3 = start;
  while (count > 0) {
    let v0 = start;
    let v1 = start;
    let v2 = start;
    let v3 = start;
    const rows = min(count, ROWS);
    for (let i = 0; i < rows; i++) {
      v0 = combine(op, v0, v128.load(x));
      v1 = combine(op, v1, v128.load(x, 16));
      v2 = combine(op, v2, v128.load(x, 32));
      v3 = combine(op, v3, v128.load(x, 48));
      x += step;
    }
    t0 = combine(op, t0, v0);
    t1 = combine(op, t1, v1);
    t2 = combine(op, t2, v2);
    t3 = combine(op, t3, v3);
    count -= rows;
  }
  v128.store(y, t0);
  v128.store(y, t1, 16);
  v128.store(y, t2, 32);
  v128.store(y, t3, 48);
}

// @ts-expect-error: decorator
@inline
function narrowStrip(op: i32, x: usize, y: usize, count: i32, step: usize, columns: i32): void {
  let total = identity(op);
  while (count > 0) {
    let v = identity(op);
    const rows = min(count, ROWS);
    for (let i = 0; i < rows; i++) {
      v = combine(op, v, v128.load(x));
      x += step;
    }
    total = combine(op, total, v);
    count -= rows;
  }
  storeFirst(y, total, columns);
}

export function sumRowsF32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(SUM, x, y, outer, size, chunk, thread, threads);
}
export function sumColumnsF32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(SUM, x, y, outer, size, inner, chunk, thread, threads);
}
export function maxRowsF32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(MAX, x, y, outer, size, chunk, thread, threads);
}
export function maxColumnsF32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(MAX, x, y, outer, size, inner, chunk, thread, threads);
}
export function minRowsF32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(MIN, x, y, outer, size, chunk, thread, threads);
}
export function minColumnsF32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(MIN, x, y, outer, size, inner, chunk, thread, threads);
}
export function sumRowsI32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(SUM_INT, x, y, outer, size, chunk, thread, threads);
}
export function sumColumnsI32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(SUM_INT, x, y, outer, size, inner, chunk, thread, threads);
}
export function maxRowsI32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(MAX_INT, x, y, outer, size, chunk, thread, threads);
}
export function maxColumnsI32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(MAX_INT, x, y, outer, size, inner, chunk, thread, threads);
}
export function minRowsI32(
  x: usize, y: usize, outer: i32, size: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceRows(MIN_INT, x, y, outer, size, chunk, thread, threads);
}
export function minColumnsI32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, chunk: i32, thread: i32, threads: i32,
): void {
  reduceColumns(MIN_INT, x, y, outer, size, inner, chunk, thread, threads);
}

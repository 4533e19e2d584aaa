import { laneMask, promotedSum, storeFirst, sumPair, words } from './lanes';
import { rowProducts, rowSum } from './row-sums';
import { ceilDiv, shareStart } from './simd';
import { exp } from './simd-math';
import { log } from './special';

// Softmax and its kin along the last axis (…Rows: x [rows, size]) and along a middle one (…Columns: x [outer, size, inner],
// four columns at a time). Outputs may lie over inputs.

/** Vectors of exponentials added up in float32 before they join a double. */
const BLOCK: i32 = 32;

/** A NaN may get lost here; it comes back with the exponentials. */
function rowMax(x: usize, size: i32): f32 {
  const least = f32x4.splat(-Infinity);
  let v = least;
  let w = least;
  for (; size >= 8; size -= 8) {
    v = f32x4.pmax(v, v128.load(x));
    w = f32x4.pmax(w, v128.load(x, 16));
    x += 32;
  }
  for (; size > 0; size -= 4) {
    v = f32x4.pmax(v, v128.bitselect(v128.load(x), least, laneMask(size)));
    x += 16;
  }
  v = f32x4.pmax(v, w);
  v = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
}

/** Σ exp(x − shift), storing the terms in y unless it is 0. */
// @ts-expect-error: decorator
@inline
function rowExponentials(x: usize, y: usize, size: i32, shift: f32): f64 {
  const c = f32x4.splat(shift);
  let total = f64x2.splat(0);
  while (size > 0) {
    let s = f32x4.splat(0);
    for (let i = 0; i < BLOCK && size > 0; i++) {
      const e = v128.and(exp(f32x4.sub(v128.load(x), c)), laneMask(size));
      s = f32x4.add(s, e);
      if (y) {
        storeFirst(y, e, size);
        y += 16;
      }
      x += 16;
      size -= 4;
    }
    total = f64x2.add(total, promotedSum(s));
  }
  return sumPair(total);
}

export function softmaxRows(
  x: usize, y: usize, rows: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const from = x + words(row * size);
    const to = y + words(row * size);
    const scale = f32x4.splat(<f32>(1 / rowExponentials(from, to, size, rowMax(from, size))));
    for (let i = 0; i < size; i += 4) {
      const at = to + (i << 2);
      storeFirst(at, f32x4.mul(v128.load(at), scale), size - i);
    }
  }
}

export function logSoftmaxRows(
  x: usize, y: usize, rows: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const from = x + words(row * size);
    const to = y + words(row * size);
    const largest = rowMax(from, size);
    const sum = f32x4.splat(<f32>rowExponentials(from, 0, size, largest));
    const shift = f32x4.splat(largest);
    const logSum = log(sum);
    for (let i = 0; i < size; i += 4) {
      const v = f32x4.sub(f32x4.sub(v128.load(from + (i << 2)), shift), logSum);
      storeFirst(to + (i << 2), v, size - i);
    }
  }
}

/** dx = y·(dy − Σ y·dy). */
export function softmaxGradRows(
  y: usize, dy: usize, dx: usize, rows: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const offset = words(row * size);
    const s = f32x4.splat(<f32>rowProducts(y + offset, dy + offset, size, 0));
    for (let i = 0; i < size; i += 4) {
      const at = offset + (i << 2);
      const v = f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), s));
      storeFirst(dx + at, v, size - i);
    }
  }
}

/** dx = dy − exp(y)·Σ dy. */
export function logSoftmaxGradRows(
  y: usize, dy: usize, dx: usize, rows: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const offset = words(row * size);
    const s = f32x4.splat(<f32>rowSum(dy + offset, size));
    for (let i = 0; i < size; i += 4) {
      const at = offset + (i << 2);
      const v = f32x4.sub(v128.load(dy + at), f32x4.mul(exp(v128.load(y + at)), s));
      storeFirst(dx + at, v, size - i);
    }
  }
}

const SOFTMAX: i32 = 0;
const LOG_SOFTMAX: i32 = 1;
const SOFTMAX_GRAD: i32 = 2;
const LOG_SOFTMAX_GRAD: i32 = 3;

// @ts-expect-error: decorator
@inline
function columns(
  op: i32, a: usize, b: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  const strips = ceilDiv(inner, 4);
  const step = words(inner);
  const end = shareStart(outer * strips, thread + 1, threads);
  for (let unit = shareStart(outer * strips, thread, threads); unit < end; unit++) {
    const block = unit / strips;
    const column = (unit - block * strips) << 2;
    const offset = words(block * size * inner + column);
    const width = inner - column;
    const from = a + offset;
    const to = y + offset;
    if (op == SOFTMAX || op == LOG_SOFTMAX) {
      softmaxStrip(op, from, to, size, step, width);
    } else {
      const dy = b + offset;
      let s = f32x4.splat(0);
      for (let i = 0, at: usize = 0; i < size; i++, at += step) {
        const v = v128.load(dy + at);
        s = f32x4.add(s, op == SOFTMAX_GRAD ? f32x4.mul(v128.load(from + at), v) : v);
      }
      for (let i = 0, at: usize = 0; i < size; i++, at += step) {
        const v = v128.load(dy + at);
        const saved = v128.load(from + at);
        const dx =
          op == SOFTMAX_GRAD
            ? f32x4.mul(saved, f32x4.sub(v, s))
            : f32x4.sub(v, f32x4.mul(exp(saved), s));
        storeFirst(to + at, dx, width);
      }
    }
  }
}

// @ts-expect-error: decorator
@inline
function softmaxStrip(op: i32, x: usize, y: usize, size: i32, step: usize, width: i32): void {
  let largest = f32x4.splat(-Infinity);
  for (let i = 0, at = x; i < size; i++, at += step) largest = f32x4.pmax(largest, v128.load(at));
  let s = f32x4.splat(0);
  for (let i = 0, at: usize = 0; i < size; i++, at += step) {
    const e = exp(f32x4.sub(v128.load(x + at), largest));
    s = f32x4.add(s, e);
    if (op == SOFTMAX) storeFirst(y + at, e, width);
  }
  const scale = f32x4.div(f32x4.splat(1), s);
  const logSum = log(s);
  for (let i = 0, at: usize = 0; i < size; i++, at += step) {
    const v =
      op == SOFTMAX
        ? f32x4.mul(v128.load(y + at), scale)
        : f32x4.sub(f32x4.sub(v128.load(x + at), largest), logSum);
    storeFirst(y + at, v, width);
  }
}

export function softmaxColumns(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  columns(SOFTMAX, x, 0, y, outer, size, inner, thread, threads);
}
export function logSoftmaxColumns(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  columns(LOG_SOFTMAX, x, 0, y, outer, size, inner, thread, threads);
}
export function softmaxGradColumns(
  y: usize, dy: usize, dx: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  columns(SOFTMAX_GRAD, y, dy, dx, outer, size, inner, thread, threads);
}
export function logSoftmaxGradColumns(
  y: usize, dy: usize, dx: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  columns(LOG_SOFTMAX_GRAD, y, dy, dx, outer, size, inner, thread, threads);
}

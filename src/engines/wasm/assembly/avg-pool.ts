import { words } from './lanes';
import * as window from './pool-window';
import { madd, shareStart } from './simd';

// Means of windows. `bottom` and `right` padding count with `includePad`, but what ceil mode adds beyond them never does.

let padBottom: i32 = 0;
let padRight: i32 = 0;
let includesPad: bool = false;

/** Elements that the window of a place counts along one axis. */
// @ts-expect-error: decorator
@inline
function extent(start: i32, kernel: i32, size: i32, after: i32): i32 {
  return includesPad
    ? min(start + kernel, size + after) - start
    : min(start + kernel, size) - max(start, 0);
}

/** A unit of work is one row of y. */
export function avgPool(
  x: usize, y: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, bottom: i32, right: i32,
  includePad: bool, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  padBottom = bottom;
  padRight = right;
  includesPad = includePad;
  const end = shareStart(planes * oh, thread + 1, threads);
  let row = shareStart(planes * oh, thread, threads);
  let i = row % oh;
  let source = x + words((row / oh) * h * w);
  for (; row < end; row++) {
    poolRow(source, y + words(row * ow), i * sh - top);
    if (++i == oh) {
      i = 0;
      source += words(h * w);
    }
  }
}

function poolRow(source: usize, to: usize, top: i32): void {
  const first = max(0, -top);
  const last = min(window.kernelH, window.height - top);
  const rows = extent(top, window.kernelH, window.height, padBottom);
  const start = window.firstInner;
  let stop = window.endInner;
  if (stop - start < 4 || window.strideW > 2) stop = start;
  const count = f32x4.splat(<f32>(rows * window.kernelW));
  for (let j = start; j < stop; j += 4) {
    const column = min(j, stop - 4);
    const left = column * window.strideW - window.padLeft;
    const from = source + words((top + first) * window.width + left);
    const sum = window.isHalving
      ? sumHalves(from)
      : window.strideW == 1
        ? sumFour(1, from, last - first)
        : sumFour(2, from, last - first);
    v128.store(to + words(column), f32x4.div(sum, count));
  }
  for (let j = 0; j < start; j++) poolOne(source, to, top, first, last, rows, j);
  for (let j = stop; j < window.outWidth; j++) poolOne(source, to, top, first, last, rows, j);
}

/** Sums of four windows of 2 × 2. */
// @ts-expect-error: decorator
@inline
function sumHalves(from: usize): v128 {
  const below = from + words(window.width);
  const left = f32x4.add(v128.load(from), v128.load(below));
  const right = f32x4.add(v128.load(from, 16), v128.load(below, 16));
  return f32x4.add(
    v128.shuffle<f32>(left, right, 0, 2, 4, 6),
    v128.shuffle<f32>(left, right, 1, 3, 5, 7),
  );
}

// @ts-expect-error: decorator
@inline
function sumFour(stride: i32, from: usize, rows: i32): v128 {
  const kernelW = window.kernelW;
  const step = words(window.width);
  let sum = f32x4.splat(0);
  for (; rows > 0; rows--) {
    for (let v = 0; v < kernelW; v++) {
      sum = f32x4.add(sum, window.loadSpaced(from + words(v), stride));
    }
    from += step;
  }
  return sum;
}

function poolOne(
  source: usize, to: usize, top: i32, first: i32, last: i32, rows: i32, column: i32,
): void {
  const left = column * window.strideW - window.padLeft;
  const from = max(0, -left);
  const end = min(window.kernelW, window.width - left);
  let sum: f32 = 0;
  for (let u = first; u < last; u++) {
    const row = source + words((top + u) * window.width + left);
    for (let v = from; v < end; v++) sum += load<f32>(row + words(v));
  }
  const columns = extent(left, window.kernelW, window.width, padRight);
  store<f32>(to + words(column), sum / <f32>(rows * columns));
}

/** Spreads each dy evenly over its window. A unit of work is a plane. */
export function avgPoolGrad(
  dy: usize, dx: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, bottom: i32, right: i32,
  includePad: bool, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  padBottom = bottom;
  padRight = right;
  includesPad = includePad;
  const end = shareStart(planes, thread + 1, threads);
  for (let plane = shareStart(planes, thread, threads); plane < end; plane++) {
    const from = dy + words(plane * oh * ow);
    const to = dx + words(plane * h * w);
    if (window.isHalving && ow >= 4) spreadHalves(from, to);
    else spreadPlane(from, to);
  }
}

function spreadPlane(dy: usize, dx: usize): void {
  memory.fill(dx, 0, words(window.height * window.width));
  for (let i = 0; i < window.outHeight; i++) {
    const top = i * window.strideH - window.padTop;
    const first = max(0, -top);
    const last = min(window.kernelH, window.height - top);
    const rows = extent(top, window.kernelH, window.height, padBottom);
    // With stride 1, neighbouring windows add to neighbouring places.
    const start = window.strideW == 1 ? window.firstInner : window.outWidth;
    const stop = window.strideW == 1 ? window.endInner : window.outWidth;
    for (let j = 0; j < start; j++) spreadOne(dy, dx, top, first, last, rows, j);
    if (start < stop) {
      const factor: f32 = <f32>1 / <f32>(rows * window.kernelW);
      for (let u = first; u < last; u++) {
        const line = dx + words((top + u) * window.width - window.padLeft);
        for (let v = 0; v < window.kernelW; v++) addRow(line + words(v), dy, start, stop, factor);
      }
    }
    for (let j = stop; j < window.outWidth; j++) spreadOne(dy, dx, top, first, last, rows, j);
    dy += words(window.outWidth);
  }
}

function addRow(line: usize, dy: usize, start: i32, stop: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  let j = start;
  for (; j + 4 <= stop; j += 4) {
    const at = line + words(j);
    v128.store(at, madd(v128.load(dy + words(j)), factors, v128.load(at)));
  }
  for (; j < stop; j++) {
    const at = line + words(j);
    store<f32>(at, load<f32>(at) + load<f32>(dy + words(j)) * factor);
  }
}

function spreadOne(
  dy: usize, dx: usize, top: i32, first: i32, last: i32, rows: i32, column: i32,
): void {
  const left = column * window.strideW - window.padLeft;
  const from = max(0, -left);
  const end = min(window.kernelW, window.width - left);
  const columns = extent(left, window.kernelW, window.width, padRight);
  const share = load<f32>(dy + words(column)) / <f32>(rows * columns);
  for (let u = first; u < last; u++) {
    let at = dx + words((top + u) * window.width + left + from);
    for (let v = from; v < end; v++) {
      store<f32>(at, load<f32>(at) + share);
      at += 4;
    }
  }
}

function spreadHalves(dy: usize, dx: usize): void {
  const rowBytes = words(window.width);
  const columns = window.outWidth;
  const quarter = f32x4.splat(0.25);
  for (let i = 0; i < window.outHeight; i++) {
    const upper = dx + 2 * i * rowBytes;
    const lower = upper + rowBytes;
    for (let j = 0; j < columns; j += 4) {
      const column = min(j, columns - 4);
      const v = f32x4.mul(v128.load(dy + words(column)), quarter);
      const low = v128.shuffle<f32>(v, v, 0, 0, 1, 1);
      const high = v128.shuffle<f32>(v, v, 2, 2, 3, 3);
      const at = words(2 * column);
      v128.store(upper + at, low);
      v128.store(upper + at, high, 16);
      v128.store(lower + at, low);
      v128.store(lower + at, high, 16);
    }
    const rest = words(window.width - 2 * columns);
    memory.fill(upper + words(2 * columns), 0, rest);
    memory.fill(lower + words(2 * columns), 0, rest);
    dy += words(columns);
  }
  const used = 2 * window.outHeight;
  memory.fill(dx + words(used * window.width), 0, words((window.height - used) * window.width));
}

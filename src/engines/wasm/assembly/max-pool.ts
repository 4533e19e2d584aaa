import { choose, storeBytes, words } from './lanes';
import * as window from './pool-window';
import { shareStart } from './simd';

// The first of equal elements wins, and a NaN wins over all numbers. The index of an element counts its window row by row;
// it is one byte, or four where a window has more than 256 elements. A unit of work is one row of y.

export function maxPool8(
  x: usize, y: usize, index: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  pool<u8>(x, y, index, planes, thread, threads);
}

export function maxPool32(
  x: usize, y: usize, index: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  pool<i32>(x, y, index, planes, thread, threads);
}

// @ts-expect-error: decorator
@inline
function pool<I>(x: usize, y: usize, index: usize, planes: i32, thread: i32, threads: i32): void {
  const rows = planes * window.outHeight;
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const plane = row / window.outHeight;
    const i = row - plane * window.outHeight;
    const source = x + words(plane * window.height * window.width);
    const to = y + words(row * window.outWidth);
    const places = index + <usize>(row * window.outWidth) * sizeof<I>();
    const top = i * window.strideH - window.padTop;
    const first = max(0, -top);
    const last = min(window.kernelH, window.height - top);
    let start = window.firstInner;
    let stop = window.endInner;
    if (stop - start < 4 || window.strideW > 2) stop = start;
    // The last four columns may overlap those before.
    for (let j = start; j < stop; j += 4) {
      const column = min(j, stop - 4);
      if (window.isHalving) {
        halveFour<I>(source + words(2 * i * window.width + 2 * column), to, places, column);
      } else if (window.strideW == 1) {
        poolFour<I>(1, source, to, places, top, first, last, column);
      } else {
        poolFour<I>(2, source, to, places, top, first, last, column);
      }
    }
    for (let j = 0; j < start; j++) poolOne<I>(source, to, places, top, first, last, j);
    for (let j = stop; j < window.outWidth; j++) {
      poolOne<I>(source, to, places, top, first, last, j);
    }
  }
}

/** Lanes where the candidate replaces the best so far: it is larger, or the first NaN. */
// @ts-expect-error: decorator
@inline
function wins(candidate: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(candidate, best));
}

// @ts-expect-error: decorator
@inline
function storePlaces<I>(places: usize, column: i32, place: v128): void {
  if (sizeof<I>() == 1) storeBytes(places + column, place, 4);
  else v128.store(places + words(column), place);
}

// @ts-expect-error: decorator
@inline
function halveFour<I>(from: usize, to: usize, places: usize, column: i32): void {
  const below = from + words(window.width);
  const v0 = v128.load(from);
  const v1 = v128.load(from, 16);
  const v2 = v128.load(below);
  const v3 = v128.load(below, 16);
  let best = v128.shuffle<f32>(v0, v1, 0, 2, 4, 6);
  let place = i32x4.splat(0);
  let candidate = v128.shuffle<f32>(v0, v1, 1, 3, 5, 7);
  let better = wins(candidate, best);
  best = choose(candidate, best, better);
  place = v128.and(better, i32x4.splat(1));
  candidate = v128.shuffle<f32>(v2, v3, 0, 2, 4, 6);
  better = wins(candidate, best);
  best = choose(candidate, best, better);
  place = choose(i32x4.splat(2), place, better);
  candidate = v128.shuffle<f32>(v2, v3, 1, 3, 5, 7);
  better = wins(candidate, best);
  best = choose(candidate, best, better);
  place = choose(i32x4.splat(3), place, better);
  v128.store(to + words(column), best);
  storePlaces<I>(places, column, place);
}

// @ts-expect-error: decorator
@inline
function poolFour<I>(
  stride: i32, source: usize, to: usize, places: usize, top: i32, first: i32, last: i32, column: i32,
): void {
  const width = window.width;
  const kernelW = window.kernelW;
  let from = source + words((top + first) * width + column * stride - window.padLeft);
  let tap = first * kernelW;
  let place = i32x4.splat(tap);
  let best = window.loadSpaced(from, stride);
  for (let u = first; u < last; u++) {
    for (let v = 0; v < kernelW; v++) {
      const candidate = window.loadSpaced(from + words(v), stride);
      const better = wins(candidate, best);
      best = choose(candidate, best, better);
      place = choose(i32x4.splat(tap), place, better);
      tap++;
    }
    from += words(width);
  }
  v128.store(to + words(column), best);
  storePlaces<I>(places, column, place);
}

function poolOne<I>(
  source: usize, to: usize, places: usize, top: i32, first: i32, last: i32, column: i32,
): void {
  const left = column * window.strideW - window.padLeft;
  const from = max(0, -left);
  const end = min(window.kernelW, window.width - left);
  let place = first * window.kernelW + from;
  let best = load<f32>(source + words((top + first) * window.width + left + from));
  for (let u = first; u < last; u++) {
    const row = source + words((top + u) * window.width);
    for (let v = from; v < end; v++) {
      const candidate = load<f32>(row + words(left + v));
      if (!(candidate <= best) && best == best) {
        best = candidate;
        place = u * window.kernelW + v;
      }
    }
  }
  store<f32>(to + words(column), best);
  if (sizeof<I>() == 1) store<u8>(places + column, place);
  else store<i32>(places + words(column), place);
}

/** dx = 0, then adds each dy where its window had the maximum. A unit of work is a plane. */
export function maxPoolGrad8(
  dy: usize, index: usize, dx: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  poolGrad<u8>(dy, index, dx, planes, thread, threads);
}

export function maxPoolGrad32(
  dy: usize, index: usize, dx: usize, planes: i32, h: i32, w: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, thread: i32, threads: i32,
): void {
  window.setWindow(h, w, oh, ow, kh, kw, sh, sw, top, left);
  poolGrad<i32>(dy, index, dx, planes, thread, threads);
}

// @ts-expect-error: decorator
@inline
function poolGrad<I>(
  dy: usize, index: usize, dx: usize, planes: i32, thread: i32, threads: i32,
): void {
  const inner = window.height * window.width;
  const outer = window.outHeight * window.outWidth;
  const end = shareStart(planes, thread + 1, threads);
  for (let plane = shareStart(planes, thread, threads); plane < end; plane++) {
    const from = dy + words(plane * outer);
    const places = index + <usize>(plane * outer) * sizeof<I>();
    const to = dx + words(plane * inner);
    const halves = sizeof<I>() == 1 && window.isHalving && window.outWidth >= 4;
    if (halves) spreadHalves(from, places, to);
    else scatterPlane<I>(from, places, to);
  }
}

function scatterPlane<I>(dy: usize, places: usize, dx: usize): void {
  const height = window.height;
  const width = window.width;
  const kernelW = window.kernelW;
  // place / kernelW by a multiplication, exact for places of one byte.
  const inverse = (65535 + kernelW) / kernelW;
  memory.fill(dx, 0, words(height * width));
  for (let i = 0; i < window.outHeight; i++) {
    const top = i * window.strideH - window.padTop;
    let left = -window.padLeft;
    for (const end = dy + words(window.outWidth); dy < end; dy += 4) {
      const place = <i32>load<I>(places);
      const u = sizeof<I>() == 1 ? (place * inverse) >> 16 : place / kernelW;
      const row = top + u;
      const column = left + place - u * kernelW;
      // An index from elsewhere must not write outside the plane.
      if (<u32>row < <u32>height && <u32>column < <u32>width) {
        const at = dx + words(row * width + column);
        store<f32>(at, load<f32>(at) + load<f32>(dy));
      }
      places += sizeof<I>();
      left += window.strideW;
    }
  }
}

/** Windows of 2 × 2 side by side: every dx has one dy. */
function spreadHalves(dy: usize, places: usize, dx: usize): void {
  const rowBytes = words(window.width);
  const columns = window.outWidth;
  for (let i = 0; i < window.outHeight; i++) {
    const upper = dx + 2 * i * rowBytes;
    const lower = upper + rowBytes;
    for (let j = 0; j < columns; j += 4) {
      const column = min(j, columns - 4);
      const v = v128.load(dy + words(column));
      const place = i32x4.extend_low_i16x8_u(
        i16x8.extend_low_i8x16_u(v128.load32_zero(places + column)),
      );
      const v0 = v128.and(v, i32x4.eq(place, i32x4.splat(0)));
      const v1 = v128.and(v, i32x4.eq(place, i32x4.splat(1)));
      const v2 = v128.and(v, i32x4.eq(place, i32x4.splat(2)));
      const v3 = v128.and(v, i32x4.eq(place, i32x4.splat(3)));
      const at = words(2 * column);
      v128.store(upper + at, v128.shuffle<f32>(v0, v1, 0, 4, 1, 5));
      v128.store(upper + at, v128.shuffle<f32>(v0, v1, 2, 6, 3, 7), 16);
      v128.store(lower + at, v128.shuffle<f32>(v2, v3, 0, 4, 1, 5));
      v128.store(lower + at, v128.shuffle<f32>(v2, v3, 2, 6, 3, 7), 16);
    }
    const rest = words(window.width - 2 * columns);
    memory.fill(upper + words(2 * columns), 0, rest);
    memory.fill(lower + words(2 * columns), 0, rest);
    dy += words(columns);
    places += columns;
  }
  const used = 2 * window.outHeight;
  memory.fill(dx + words(used * window.width), 0, words((window.height - used) * window.width));
}

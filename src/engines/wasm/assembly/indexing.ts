import { words } from './lanes';
import { ceilDiv, shareStart } from './simd';

/** An index of four bytes (int32) or one (uint8). */
// @ts-expect-error: decorator
@inline
function indexAt(indices: usize, i: i32, indexBytes: i32): i32 {
  return indexBytes == 4 ? load<i32>(indices + words(i)) : load<u8>(indices + i);
}

/** y [outer, k, inner] = x [outer, size, inner] at indices [k]; zeros where out of range. `inner` counts bytes. */
export function gather(
  x: usize, indices: usize, y: usize, outer: i32, size: i32, inner: i32, k: i32, indexBytes: i32,
  thread: i32, threads: i32,
): void {
  const end = shareStart(outer * k, thread + 1, threads);
  let row = shareStart(outer * k, thread, threads);
  let block = row / k;
  for (let i = row - block * k; row < end; row++) {
    const index = indexAt(indices, i, indexBytes);
    const to = y + <usize>row * inner;
    const from = x + <usize>(block * size + index) * inner;
    if (<u32>index >= <u32>size) memory.fill(to, 0, inner);
    else if (inner == 4) store<i32>(to, load<i32>(from));
    else memory.copy(to, from, inner);
    if (++i == k) {
      i = 0;
      block++;
    }
  }
}

/**
 * y [outer, size, inner] = 0, then y[:, indices[i], :] += x[:, i, :] in the order of i. A unit of work is a strip of columns,
 * so that no two threads add to one place.
 */
// @ts-expect-error: decorator
@inline
function scatterAdd<T>(
  x: usize, indices: usize, y: usize, outer: i32, size: i32, inner: i32, k: i32, indexBytes: i32,
  thread: i32, threads: i32,
): void {
  const strips = ceilDiv(inner, 16);
  const end = shareStart(outer * strips, thread + 1, threads);
  const step = words(inner);
  for (let unit = shareStart(outer * strips, thread, threads); unit < end; unit++) {
    const block = unit / strips;
    const column = (unit - block * strips) << 4;
    const width = min(16, inner - column);
    const to = y + words(block * size * inner + column);
    for (let i = 0; i < size; i++) memory.fill(to + <usize>i * step, 0, words(width));
    let from = x + words(block * k * inner + column);
    for (let i = 0; i < k; i++) {
      const index = indexAt(indices, i, indexBytes);
      if (<u32>index < <u32>size) {
        const row = to + <usize>index * step;
        let j = 0;
        for (; j + 4 <= width; j += 4) {
          const at = row + words(j);
          const a = v128.load(at);
          const b = v128.load(from + words(j));
          v128.store(at, isFloat<T>() ? f32x4.add(a, b) : i32x4.add(a, b));
        }
        for (; j < width; j++) {
          const at = row + words(j);
          store<T>(at, load<T>(at) + load<T>(from + words(j)));
        }
      }
      from += step;
    }
  }
}

export function scatterAddF32(
  x: usize, indices: usize, y: usize, outer: i32, size: i32, inner: i32, k: i32, indexBytes: i32,
  thread: i32, threads: i32,
): void {
  scatterAdd<f32>(x, indices, y, outer, size, inner, k, indexBytes, thread, threads);
}

export function scatterAddI32(
  x: usize, indices: usize, y: usize, outer: i32, size: i32, inner: i32, k: i32, indexBytes: i32,
  thread: i32, threads: i32,
): void {
  scatterAdd<i32>(x, indices, y, outer, size, inner, k, indexBytes, thread, threads);
}

/** y [count, classes]: 1 at the index, 0 elsewhere. */
export function oneHot(
  indices: usize, y: usize, count: i32, classes: i32, indexBytes: i32, thread: i32, threads: i32,
): void {
  const start = shareStart(count, thread, threads);
  const end = shareStart(count, thread + 1, threads);
  memory.fill(y + words(start * classes), 0, words((end - start) * classes));
  for (let i = start; i < end; i++) {
    const index = indexAt(indices, i, indexBytes);
    if (<u32>index < <u32>classes) store<f32>(y + words(i * classes + index), 1);
  }
}

/** The k largest of each row of x [rows, size], by insertion into the sorted values so far. */
// @ts-expect-error: decorator
@inline
function topK<T>(
  x: usize, values: usize, places: usize, rows: i32, size: i32, k: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const from = x + words(row * size);
    const best = values + words(row * k);
    const place = places + words(row * k);
    for (let i = 0; i < size; i++) {
      const value = load<T>(from + words(i));
      let at = min(i, k);
      if (at == k && value <= load<T>(best + words(k - 1))) continue;
      at = min(at, k - 1);
      for (; at > 0 && value > load<T>(best + words(at - 1)); at--) {
        store<T>(best + words(at), load<T>(best + words(at - 1)));
        store<i32>(place + words(at), load<i32>(place + words(at - 1)));
      }
      store<T>(best + words(at), value);
      store<i32>(place + words(at), i);
    }
  }
}

export function topKF32(
  x: usize, values: usize, places: usize, rows: i32, size: i32, k: i32, thread: i32, threads: i32,
): void {
  topK<f32>(x, values, places, rows, size, k, thread, threads);
}

export function topKI32(
  x: usize, values: usize, places: usize, rows: i32, size: i32, k: i32, thread: i32, threads: i32,
): void {
  topK<i32>(x, values, places, rows, size, k, thread, threads);
}

import { words } from './lanes';
import { ceilDiv, shareStart } from './simd';

/** Copies a contiguous range. */
export function copyBytes(from: usize, to: usize, bytes: usize, thread: i32, threads: i32): void {
  const start = byteStart(bytes, thread, threads);
  memory.copy(to + start, from + start, byteStart(bytes, thread + 1, threads) - start);
}

/** First byte of this thread's share, at a cache line. */
// @ts-expect-error: decorator
@inline
function byteStart(bytes: usize, thread: i32, threads: i32): usize {
  return min(bytes, (<usize>shareStart(<i32>((bytes + 63) >> 6), thread, threads)) << 6);
}

/** Fills with a four-byte pattern; `bytes` need not be a multiple of 4. */
export function fillBytes(
  to: usize, bytes: usize, pattern: i32, thread: i32, threads: i32,
): void {
  const end = byteStart(bytes, thread + 1, threads);
  let at = byteStart(bytes, thread, threads);
  for (; at + 4 <= end; at += 4) store<i32>(to + at, pattern);
  for (; at < end; at++) store<u8>(to + at, pattern >> (<i32>(at & 3) << 3));
}

/**
 * Copies a block [d0, d1, d2, d3, d4] between two places with their own strides (in elements). The caller orders the axes so
 * that the last one is contiguous in the destination, and the one before it in the source when the last isn't.
 */
// @ts-expect-error: decorator
@inline
function copyBlock<T>(
  from: usize, to: usize, d0: i32, d1: i32, d2: i32, d3: i32, d4: i32,
  f0: i32, f1: i32, f2: i32, f3: i32, f4: i32, t0: i32, t1: i32, t2: i32, t3: i32, t4: i32,
  thread: i32, threads: i32,
): void {
  // A unit is a row, or in a transposition a band of 16 rows.
  const transposes = sizeof<T>() == 4 && f4 != 1 && f3 == 1 && t4 == 1;
  const bands = transposes ? ceilDiv(d3, 16) : d3;
  // One long row is cut instead.
  const pieces = d0 * d1 * d2 * bands < 2 * threads ? ceilDiv(d4, 1024) : 1;
  const units = d0 * d1 * d2 * bands * pieces;
  const end = shareStart(units, thread + 1, threads);
  for (let unit = shareStart(units, thread, threads); unit < end; unit++) {
    let rest = unit / pieces;
    const first = (unit - rest * pieces) << 10;
    const count = pieces == 1 ? d4 : min(1024, d4 - first);
    const i3 = rest % bands;
    rest /= bands;
    const i2 = rest % d2;
    rest /= d2;
    const i1 = rest % d1;
    const i0 = rest / d1;
    const row = transposes ? i3 << 4 : i3;
    const source =
      from + <usize>(i0 * f0 + i1 * f1 + i2 * f2 + row * f3 + first * f4) * sizeof<T>();
    const target = to + <usize>(i0 * t0 + i1 * t1 + i2 * t2 + row * t3 + first * t4) * sizeof<T>();
    if (transposes) transposeBand(source, target, min(16, d3 - row), count, words(f4), words(t3));
    else copyRow<T>(source, target, count, f4, t4);
  }
}

// @ts-expect-error: decorator
@inline
function copyRow<T>(from: usize, to: usize, count: i32, fromStride: i32, toStride: i32): void {
  if (fromStride == 1 && toStride == 1) {
    // Calling the runtime's copy costs more than a short loop.
    if (count * <i32>sizeof<T>() >= 64) {
      memory.copy(to, from, <usize>count * sizeof<T>());
      return;
    }
  }
  const fromStep = <usize>fromStride * sizeof<T>();
  const toStep = <usize>toStride * sizeof<T>();
  for (; count > 0; count--) {
    store<T>(to, load<T>(from));
    from += fromStep;
    to += toStep;
  }
}

/** to[i, j] = from[j, i] for up to 16 rows i: `fromStep` bytes from one j to the next, `toStep` from one i to the next. */
function transposeBand(
  from: usize, to: usize, rows: i32, columns: i32, fromStep: usize, toStep: usize,
): void {
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    let source = from;
    let target = to;
    let i = 0;
    for (; i + 4 <= rows; i += 4) {
      const r0 = v128.load(source);
      const r1 = v128.load(source + fromStep);
      const r2 = v128.load(source + 2 * fromStep);
      const r3 = v128.load(source + 3 * fromStep);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store(target + toStep, v128.shuffle<f64>(low01, low23, 1, 3));
      v128.store(target + 2 * toStep, v128.shuffle<f64>(high01, high23, 0, 2));
      v128.store(target + 3 * toStep, v128.shuffle<f64>(high01, high23, 1, 3));
      source += 16;
      target += 4 * toStep;
    }
    for (; i < rows; i++) {
      store<i32>(target, load<i32>(source));
      store<i32>(target, load<i32>(source + fromStep), 4);
      store<i32>(target, load<i32>(source + 2 * fromStep), 8);
      store<i32>(target, load<i32>(source + 3 * fromStep), 12);
      source += 4;
      target += toStep;
    }
    from += 4 * fromStep;
    to += 16;
  }
  for (; j < columns; j++) {
    for (let i = 0; i < rows; i++) {
      store<i32>(to + <usize>i * toStep, load<i32>(from + words(i)));
    }
    from += fromStep;
    to += 4;
  }
}

export function copyBlock32(
  from: usize, to: usize, d0: i32, d1: i32, d2: i32, d3: i32, d4: i32,
  f0: i32, f1: i32, f2: i32, f3: i32, f4: i32, t0: i32, t1: i32, t2: i32, t3: i32, t4: i32,
  thread: i32, threads: i32,
): void {
  copyBlock<i32>(
    from, to, d0, d1, d2, d3, d4, f0, f1, f2, f3, f4, t0, t1, t2, t3, t4, thread, threads,
  );
}

export function copyBlock8(
  from: usize, to: usize, d0: i32, d1: i32, d2: i32, d3: i32, d4: i32,
  f0: i32, f1: i32, f2: i32, f3: i32, f4: i32, t0: i32, t1: i32, t2: i32, t3: i32, t4: i32,
  thread: i32, threads: i32,
): void {
  copyBlock<u8>(
    from, to, d0, d1, d2, d3, d4, f0, f1, f2, f3, f4, t0, t1, t2, t3, t4, thread, threads,
  );
}

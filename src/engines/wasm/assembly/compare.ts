import { elementStart, loadAs, storeBytes, storeFirst, words } from './lanes';

// Comparisons (element types float32, int32, and one byte) and select; operands broadcast as in binary.ts.

const EQUAL: i32 = 0;
const LESS: i32 = 1;
const LESS_EQUAL: i32 = 2;
const GREATER: i32 = 3;
const GREATER_EQUAL: i32 = 4;

/** All ones where the comparison of four lanes holds. */
// @ts-expect-error: decorator
@inline
function compareLanes<T>(op: i32, a: v128, b: v128): v128 {
  if (isFloat<T>()) {
    if (op == EQUAL) return f32x4.eq(a, b);
    if (op == LESS) return f32x4.lt(a, b);
    if (op == LESS_EQUAL) return f32x4.le(a, b);
    if (op == GREATER) return f32x4.gt(a, b);
    return f32x4.ge(a, b);
  }
  if (op == EQUAL) return i32x4.eq(a, b);
  if (op == LESS) return i32x4.lt_s(a, b);
  if (op == LESS_EQUAL) return i32x4.le_s(a, b);
  if (op == GREATER) return i32x4.gt_s(a, b);
  return i32x4.ge_s(a, b);
}

// @ts-expect-error: decorator
@inline
function compare<T>(
  op: i32, a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  const stepA = (a2 << 2) * <i32>sizeof<T>();
  const stepB = (b2 << 2) * <i32>sizeof<T>();
  while (at < end) {
    const row = at / inner;
    const k = at - row * inner;
    const i = row / middle;
    const j = row - i * middle;
    let left = a + <usize>(i * a0 + j * a1 + k * a2) * sizeof<T>();
    let right = b + <usize>(i * b0 + j * b1 + k * b2) * sizeof<T>();
    const stop = at + min(inner - k, end - at);
    for (; at < stop; at += 4) {
      const holds = compareLanes<T>(op, loadAs<T>(left, a2), loadAs<T>(right, b2));
      storeBytes(y + at, v128.and(holds, i32x4.splat(1)), stop - at);
      left += stepA;
      right += stepB;
    }
    at = stop;
  }
}

export function equalF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<f32>(EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function equalI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<i32>(EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function equalU8(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<u8>(EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<f32>(LESS, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<i32>(LESS, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessU8(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<u8>(LESS, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessEqualF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<f32>(LESS_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessEqualI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<i32>(LESS_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function lessEqualU8(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<u8>(LESS_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<f32>(GREATER, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<i32>(GREATER, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterU8(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<u8>(GREATER, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterEqualF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<f32>(GREATER_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterEqualI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<i32>(GREATER_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function greaterEqualU8(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  compare<u8>(GREATER_EQUAL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}

// @ts-expect-error: decorator
@inline
function select<T>(
  condition: usize, a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  c0: i32, c1: i32, c2: i32, a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32,
  thread: i32, threads: i32,
): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  const size = <i32>sizeof<T>();
  const none = i32x4.splat(0);
  while (at < end) {
    const row = at / inner;
    const k = at - row * inner;
    const i = row / middle;
    const j = row - i * middle;
    let which = condition + <usize>(i * c0 + j * c1 + k * c2);
    let yes = a + <usize>(i * a0 + j * a1 + k * a2) * sizeof<T>();
    let no = b + <usize>(i * b0 + j * b1 + k * b2) * sizeof<T>();
    const stop = at + min(inner - k, end - at);
    for (; at < stop; at += 4) {
      const mask = i32x4.eq(loadAs<u8>(which, c2), none);
      const v = v128.bitselect(loadAs<T>(no, b2), loadAs<T>(yes, a2), mask);
      if (size == 4) storeFirst(y + words(at), v, stop - at);
      else storeBytes(y + at, v, stop - at);
      which += c2 << 2;
      yes += (a2 << 2) * size;
      no += (b2 << 2) * size;
    }
    at = stop;
  }
}

/** Where the condition's byte is not 0, a; else b. Elements of four bytes. */
export function select32(
  condition: usize, a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  c0: i32, c1: i32, c2: i32, a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32,
  thread: i32, threads: i32,
): void {
  select<u32>(
    condition, a, b, y, count, middle, inner, c0, c1, c2, a0, a1, a2, b0, b1, b2, thread, threads,
  );
}

/** The same for elements of one byte. */
export function select8(
  condition: usize, a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  c0: i32, c1: i32, c2: i32, a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32,
  thread: i32, threads: i32,
): void {
  select<u8>(
    condition, a, b, y, count, middle, inner, c0, c1, c2, a0, a1, a2, b0, b1, b2, thread, threads,
  );
}

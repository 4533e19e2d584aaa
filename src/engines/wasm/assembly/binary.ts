import { elementStart, loadRun, storeFirst, words } from './lanes';
import { madd } from './simd';

// Element-wise ops with broadcasting. The result is dense [*, middle, inner] with `count` elements; an operand at
// (i, j, k) lies at i·s0 + j·s1 + k·s2, where s2 is 0 or 1. An operand with the result's own strides may share its memory.

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MAX: i32 = 4;
const MIN: i32 = 5;
const ADD_INT: i32 = 6;
const SUB_INT: i32 = 7;
const MUL_INT: i32 = 8;
const MAX_INT: i32 = 9;
const MIN_INT: i32 = 10;

// @ts-expect-error: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  if (op == ADD_INT) return i32x4.add(a, b);
  if (op == SUB_INT) return i32x4.sub(a, b);
  if (op == MUL_INT) return i32x4.mul(a, b);
  if (op == MAX_INT) return i32x4.max_s(a, b);
  return i32x4.min_s(a, b);
}

// @ts-expect-error: decorator
@inline
function run(op: i32, a: usize, strideA: i32, b: usize, strideB: i32, y: usize, count: i32): void {
  if (strideA && strideB) {
    for (; count >= 8; count -= 8) {
      const v0 = apply(op, v128.load(a), v128.load(b));
      const v1 = apply(op, v128.load(a, 16), v128.load(b, 16));
      v128.store(y, v0);
      v128.store(y, v1, 16);
      a += 32;
      b += 32;
      y += 32;
    }
  } else if (strideA) {
    const v = v128.load32_splat(b);
    for (; count >= 8; count -= 8) {
      const v0 = apply(op, v128.load(a), v);
      const v1 = apply(op, v128.load(a, 16), v);
      v128.store(y, v0);
      v128.store(y, v1, 16);
      a += 32;
      y += 32;
    }
  } else {
    const v = v128.load32_splat(a);
    for (; count >= 8; count -= 8) {
      const v0 = apply(op, v, loadRun(b, strideB));
      const v1 = apply(op, v, loadRun(b + (strideB << 4), strideB));
      v128.store(y, v0);
      v128.store(y, v1, 16);
      b += strideB << 5;
      y += 32;
    }
  }
  for (; count > 0; count -= 4) {
    storeFirst(y, apply(op, loadRun(a, strideA), loadRun(b, strideB)), count);
    a += strideA << 4;
    b += strideB << 4;
    y += 16;
  }
}

// @ts-expect-error: decorator
@inline
function broadcast(
  op: i32, a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  while (at < end) {
    const row = at / inner;
    const k = at - row * inner;
    const i = row / middle;
    const j = row - i * middle;
    const length = min(inner - k, end - at);
    run(
      op,
      a + words(i * a0 + j * a1 + k * a2),
      a2,
      b + words(i * b0 + j * b1 + k * b2),
      b2,
      y + words(at),
      length,
    );
    at += length;
  }
}

export function addF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(ADD, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function subF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(SUB, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function mulF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MUL, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function divF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(DIV, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function maximumF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MAX, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function minimumF32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MIN, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function addI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(ADD_INT, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function subI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(SUB_INT, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function mulI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MUL_INT, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function maximumI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MAX_INT, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}
export function minimumI32(
  a: usize, b: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, thread: i32, threads: i32,
): void {
  broadcast(MIN_INT, a, b, y, count, middle, inner, a0, a1, a2, b0, b1, b2, thread, threads);
}

/** y = a + t·(b − a). */
export function lerpF32(
  a: usize, b: usize, t: usize, y: usize, count: i32, middle: i32, inner: i32,
  a0: i32, a1: i32, a2: i32, b0: i32, b1: i32, b2: i32, t0: i32, t1: i32, t2: i32,
  thread: i32, threads: i32,
): void {
  let at = elementStart(count, thread, threads);
  const end = elementStart(count, thread + 1, threads);
  while (at < end) {
    const row = at / inner;
    const k = at - row * inner;
    const i = row / middle;
    const j = row - i * middle;
    let from = a + words(i * a0 + j * a1 + k * a2);
    let to = b + words(i * b0 + j * b1 + k * b2);
    let fraction = t + words(i * t0 + j * t1 + k * t2);
    const stop = at + min(inner - k, end - at);
    for (; at < stop; at += 4) {
      const start = loadRun(from, a2);
      const way = f32x4.sub(loadRun(to, b2), start);
      storeFirst(y + words(at), madd(loadRun(fraction, t2), way, start), stop - at);
      from += a2 << 4;
      to += b2 << 4;
      fraction += t2 << 4;
    }
    at = stop;
  }
}

/** y = x0 + x1 + x2 + x3; an address of 0 leaves one out. y may be any of them. */
export function addFourF32(
  x0: usize, x1: usize, x2: usize, x3: usize, y: usize, count: i32, thread: i32, threads: i32,
): void {
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    const offset = words(at);
    let v = f32x4.add(v128.load(x0 + offset), v128.load(x1 + offset));
    if (x2) v = f32x4.add(v, v128.load(x2 + offset));
    if (x3) v = f32x4.add(v, v128.load(x3 + offset));
    storeFirst(y + offset, v, end - at);
  }
}

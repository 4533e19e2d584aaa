import { elementStart, loadAs, storeBytes, storeFirst, words } from './lanes';

// Conversions between float32, int32, uint8 and bool. Numbers too large for int32 go to its nearest end; int32 goes to
// uint8 by its low byte.

// @ts-expect-error: decorator
@inline
function cast<From, To>(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    let v = loadAs<From>(x + <usize>at * sizeof<From>(), 1);
    if (isBoolean<To>()) {
      const zero = isFloat<From>() ? f32x4.eq(v, f32x4.splat(0)) : i32x4.eq(v, i32x4.splat(0));
      v = v128.andnot(i32x4.splat(1), zero);
    } else if (isFloat<From>() && !isFloat<To>()) {
      v = i32x4.trunc_sat_f32x4_s(v);
    } else if (isFloat<To>() && !isFloat<From>()) {
      v = f32x4.convert_i32x4_s(v);
    }
    if (sizeof<To>() == 4) storeFirst(y + words(at), v, end - at);
    else storeBytes(y + at, v, end - at);
  }
}

export function castF32I32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<f32, i32>(x, y, count, thread, threads);
}
export function castF32U8(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<f32, u8>(x, y, count, thread, threads);
}
export function castF32Bool(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<f32, bool>(x, y, count, thread, threads);
}
export function castI32F32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<i32, f32>(x, y, count, thread, threads);
}
export function castI32U8(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<i32, u8>(x, y, count, thread, threads);
}
export function castI32Bool(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<i32, bool>(x, y, count, thread, threads);
}
export function castU8F32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<u8, f32>(x, y, count, thread, threads);
}
export function castU8I32(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<u8, i32>(x, y, count, thread, threads);
}
export function castU8Bool(x: usize, y: usize, count: i32, thread: i32, threads: i32): void {
  cast<u8, bool>(x, y, count, thread, threads);
}

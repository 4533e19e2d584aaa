import { shareStart } from './simd';

/** Index of the first largest element along the middle axis of x [outer, size, inner]; a NaN counts as largest. */
// @ts-expect-error: decorator
@inline
function argmax<T>(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(outer * inner, thread + 1, threads);
  for (let at = shareStart(outer * inner, thread, threads); at < end; at++) {
    const block = at / inner;
    let from = x + <usize>(block * size * inner + at - block * inner) * sizeof<T>();
    let best = load<T>(from);
    let place = 0;
    for (let i = 1; i < size; i++) {
      from += <usize>inner * sizeof<T>();
      const value = load<T>(from);
      if (!(value <= best) && best == best) {
        best = value;
        place = i;
      }
    }
    store<i32>(y + ((<usize>at) << 2), place);
  }
}

export function argmaxF32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  argmax<f32>(x, y, outer, size, inner, thread, threads);
}
export function argmaxI32(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  argmax<i32>(x, y, outer, size, inner, thread, threads);
}
export function argmaxU8(
  x: usize, y: usize, outer: i32, size: i32, inner: i32, thread: i32, threads: i32,
): void {
  argmax<u8>(x, y, outer, size, inner, thread, threads);
}

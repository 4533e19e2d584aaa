import { ceilDiv } from './simd';

// The window at hand; globals are private to a thread, which runs its own instance of the module.

export let height: i32 = 0;
export let width: i32 = 0;
export let outHeight: i32 = 0;
export let outWidth: i32 = 0;
export let kernelH: i32 = 0;
export let kernelW: i32 = 0;
export let strideH: i32 = 1;
export let strideW: i32 = 1;
export let padTop: i32 = 0;
export let padLeft: i32 = 0;
/** Output columns [firstInner, endInner) whose windows lie inside the image horizontally. */
export let firstInner: i32 = 0;
export let endInner: i32 = 0;
/** Windows are 2 × 2, side by side, without padding. */
export let isHalving: bool = false;

export function setWindow(
  h: i32, w: i32, oh: i32, ow: i32, kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32,
): void {
  height = h;
  width = w;
  outHeight = oh;
  outWidth = ow;
  kernelH = kh;
  kernelW = kw;
  strideH = sh;
  strideW = sw;
  padTop = top;
  padLeft = left;
  firstInner = min(ow, ceilDiv(left, sw));
  const reach = w - kw + left;
  endInner = reach < 0 ? 0 : min(ow, reach / sw + 1);
  endInner = max(firstInner, endInner);
  isHalving =
    kh == 2 && kw == 2 && sh == 2 && sw == 2 && top == 0 && left == 0 && 2 * oh <= h && 2 * ow <= w;
}

/** Four numbers 1 or 2 apart. */
// @ts-expect-error: decorator
@inline
export function loadSpaced(at: usize, stride: i32): v128 {
  const v = v128.load(at);
  return stride == 1 ? v : v128.shuffle<f32>(v, v128.load(at, 16), 0, 2, 4, 6);
}

// The convolution at hand. Every thread runs its own instance of the module, so globals are private to the thread and save
// handing sixteen numbers down every call.

export let images: i32 = 0;
export let channels: i32 = 0;
export let height: i32 = 0;
export let width: i32 = 0;
export let outChannels: i32 = 0;
export let kernelH: i32 = 0;
export let kernelW: i32 = 0;
export let outHeight: i32 = 0;
export let outWidth: i32 = 0;
export let strideH: i32 = 1;
export let strideW: i32 = 1;
export let padTop: i32 = 0;
export let padLeft: i32 = 0;
export let dilationH: i32 = 1;
export let dilationW: i32 = 1;
export let groups: i32 = 1;

/** Channels of x and of y in one group. */
export let groupIn: i32 = 0;
export let groupOut: i32 = 0;
export let taps: i32 = 0;

export function setShape(
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  sh: i32, sw: i32, top: i32, left: i32, dh: i32, dw: i32, g: i32,
): void {
  images = n;
  channels = c;
  height = h;
  width = w;
  outChannels = o;
  kernelH = kh;
  kernelW = kw;
  outHeight = oh;
  outWidth = ow;
  strideH = sh;
  strideW = sw;
  padTop = top;
  padLeft = left;
  dilationH = dh;
  dilationW = dw;
  groups = g;
  // A pointwise convolution does not see rows: one long row leaves nothing to cut at row ends.
  if (kh == 1 && kw == 1 && sh == 1 && sw == 1 && top == 0 && left == 0 && oh == h && ow == w) {
    width = outWidth = h * w;
    height = outHeight = 1;
  }
  groupIn = c / g;
  groupOut = o / g;
  taps = kh * kw;
}

/** Lists the taps as (row, column) offsets into x. */
export function listTaps(list: usize): void {
  for (let i = 0; i < kernelH; i++) {
    for (let j = 0; j < kernelW; j++) {
      store<i32>(list, i * dilationH - padTop);
      store<i32>(list, j * dilationW - padLeft, 4);
      list += 8;
    }
  }
}

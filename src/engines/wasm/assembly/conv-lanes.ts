import { laneKernel4, laneKernel6 } from './conv-lanes-kernel';
import { TILE_BYTES, TILE_ROWS } from './gemm-kernel';
import { packLanes, unpackLanes } from './pack-lanes';
import { ceilDiv, roundUp, shareStart } from './simd';

// Convolution of many small images with few channels (LeNet). Packing patches would cost as much as multiplying them, so
// here the 8 lanes of a tile are 8 images: after one transposition every tap of every pixel is a contiguous load, image
// edges need no masks, and taps that fall into the padding are skipped instead of multiplied.

/** Images per group. */
export const LANES: i32 = 8;
/** A group of images, in and out, has to stay in the second-level cache. */
export const GROUP_BYTES: i32 = 640 * 1024;
/** From here on packing patches is cheap against multiplying them. */
export const MOST_ROWS: i32 = 32;

// One problem for both directions: rows = channels of the result, channels = channels of the source.
let rows: i32 = 0;
let channels: i32 = 0;
let height: i32 = 0;
let width: i32 = 0;
let outHeight: i32 = 0;
let outWidth: i32 = 0;
let kernelH: i32 = 0;
let kernelW: i32 = 0;
let strideH: i32 = 1;
let strideW: i32 = 1;
let padTop: i32 = 0;
let padLeft: i32 = 0;
let dilationH: i32 = 1;
let dilationW: i32 = 1;

export function setLanes(
  m: i32, c: i32, h: i32, w: i32, oh: i32, ow: i32, kh: i32, kw: i32,
  sh: i32, sw: i32, top: i32, left: i32, dh: i32, dw: i32,
): void {
  rows = m;
  channels = c;
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
  dilationH = dh;
  dilationW = dw;
}

export function suitsLanes(images: i32): bool {
  return images >= LANES && rows <= MOST_ROWS && <i64>sourceBytes() + resultBytes() <= GROUP_BYTES;
}

function sourceBytes(): i32 {
  return channels * height * width * LANES * 4;
}

function resultBytes(): i32 {
  return ceilDiv(rows, TILE_ROWS) * outHeight * outWidth * TILE_BYTES;
}

function depth(): i32 {
  return kernelH * kernelW * channels;
}

export function laneSliceBytes(): i32 {
  return roundUp(depth() * 4, 64) + sourceBytes() + resultBytes();
}

/** Panels of 6 rows, the last of 4 if that is enough. */
// @ts-expect-error: decorator
@inline
function panelWidth(row: i32): i32 {
  return rows - row > 4 ? 6 : 4;
}

export function laneWeightBytes(): i32 {
  return roundUp(ceilDiv(rows, TILE_ROWS) * TILE_ROWS * depth() * 4, 64);
}

/**
 * Packs this thread's panels [tap, channel, panel width]. The element of row m, channel c and tap t lies at
 * m · rowStride + c · channelStride + t, or with `flip` at the mirrored tap.
 */
export function packLaneWeights(
  dst: usize, weight: usize, rowStride: i32, channelStride: i32, flip: bool, thread: i32, threads: i32,
): void {
  const taps = kernelH * kernelW;
  for (let row = thread * TILE_ROWS; row < rows; row += threads * TILE_ROWS) {
    const count = panelWidth(row);
    let to = dst + ((row * depth()) << 2);
    for (let tap = 0; tap < taps; tap++) {
      const from = weight + ((row * rowStride + (flip ? taps - 1 - tap : tap)) << 2);
      for (let channel = 0; channel < channels; channel++) {
        for (let r = 0; r < count; r++) {
          const at = from + ((r * rowStride + channel * channelStride) << 2);
          store<f32>(to, row + r < rows ? load<f32>(at) : 0);
          to += 4;
        }
      }
    }
  }
}

/** y = activation(conv(x, weights) + bias + residual) for this thread's groups of images. */
export function convolveLanes(
  x: usize, weights: usize, bias: usize, residual: usize, y: usize, slice: usize,
  images: i32, activation: i32, thread: i32, threads: i32,
): void {
  const source = slice + roundUp(depth() * 4, 64);
  const result = source + sourceBytes();
  const imageIn = (channels * height * width) << 2;
  const planeOut = (outHeight * outWidth) << 2;
  listOffsets(slice);
  const groups = ceilDiv(images, LANES);
  const end = shareStart(groups, thread + 1, threads);
  for (let group = shareStart(groups, thread, threads); group < end; group++) {
    const first = group * LANES;
    const count = min(LANES, images - first);
    packLanes(source, LANES * 4, x + first * imageIn, imageIn, count, LANES, imageIn >> 2);
    convolveGroup(source, weights, slice, result);
    for (let row = 0; row < rows; row++) {
      const from = result + (row / TILE_ROWS) * (planeOut >> 2) * TILE_BYTES + ((row % TILE_ROWS) << 5);
      const offset = (first * rows + row) * planeOut;
      unpackLanes(
        y + offset, rows * planeOut, from, TILE_BYTES, planeOut >> 2, count,
        bias ? bias + (row << 2) : 0, residual ? residual + offset : 0, activation,
      );
    }
  }
}

/** Byte offset of every (tap, channel) from the pixel that the tap at (0, 0) without padding would read. */
function listOffsets(offsets: usize): void {
  for (let i = 0; i < kernelH; i++) {
    for (let j = 0; j < kernelW; j++) {
      const tap = (i * dilationH - padTop) * width + j * dilationW - padLeft;
      for (let channel = 0; channel < channels; channel++) {
        store<i32>(offsets, (channel * height * width + tap) * LANES * 4);
        offsets += 4;
      }
    }
  }
}

/** Tiles [row panel, pixel, 6, 8 images] of one group of images. */
function convolveGroup(source: usize, weights: usize, offsets: usize, result: usize): void {
  for (let row = 0; row < outHeight; row++) {
    const top = row * strideH - padTop;
    const i0 = firstTap(top, dilationH);
    const i1 = lastTap(top, dilationH, height, kernelH);
    for (let col = 0; col < outWidth; col++) {
      const left = col * strideW - padLeft;
      const j0 = firstTap(left, dilationW);
      const j1 = lastTap(left, dilationW, width, kernelW);
      const pixel = source + (row * strideH * width + col * strideW) * LANES * 4;
      const tile = result + (row * outWidth + col) * TILE_BYTES;
      if (i0 >= i1 || j0 >= j1) {
        for (let m = 0; m < rows; m += TILE_ROWS) {
          memory.fill(tile + (m / TILE_ROWS) * outHeight * outWidth * TILE_BYTES, 0, TILE_BYTES);
        }
      } else if (j0 == 0 && j1 == kernelW) {
        multiplyTaps(weights, pixel, offsets, tile, i0 * kernelW, (i1 - i0) * kernelW, true);
      } else {
        for (let i = i0; i < i1; i++) multiplyTaps(weights, pixel, offsets, tile, i * kernelW + j0, j1 - j0, i == i0);
      }
    }
  }
}

/** First tap that does not fall before the plane, and the end of those that do not fall behind it. */
// @ts-expect-error: decorator
@inline
function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : ceilDiv(-start, dilation);
}

// @ts-expect-error: decorator
@inline
function lastTap(start: i32, dilation: i32, size: i32, kernel: i32): i32 {
  return start >= size ? 0 : min(kernel, (size - 1 - start) / dilation + 1);
}

/** All row panels of one pixel, over `count` neighbouring taps from `tap` on. */
function multiplyTaps(weights: usize, pixel: usize, offsets: usize, tile: usize, tap: i32, count: i32, first: bool): void {
  const skip = tap * channels;
  const k = count * channels;
  const full = depth();
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const panel = weights + ((row * full) << 2);
    if (panelWidth(row) == 6) laneKernel6(panel + skip * 24, pixel, offsets + skip * 4, tile, k, first);
    else laneKernel4(panel + skip * 16, pixel, offsets + skip * 4, tile, k, first);
    tile += outHeight * outWidth * TILE_BYTES;
  }
}

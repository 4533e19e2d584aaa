import { GROUP_BYTES, MOST_ROWS } from './conv-lanes';
import { laneDot3, laneDot4 } from './conv-lanes-kernel';
import * as shape from './conv-shape';
import { packLanes } from './pack-lanes';
import { ceilDiv, roundUp, shareStart, sumLanes } from './simd';

// Gradient of the weights for many small images with few channels: lanes are 4 images, so both operands are read where they
// lie after one transposition, and the lanes are added up only at the end. x gets its padding, so every tap meets every pixel.

const LANES: i32 = 4;
/** Number of partial sums; fixed, so that the result does not depend on the number of threads. */
const PARTS: i32 = 16;

/** Rows per panel: the size that leaves fewer rows empty. */
function panelRows(): i32 {
  return shape.outChannels % 4 != 0 && shape.outChannels % 3 == 0 ? 3 : 4;
}

// The plane of x with its padding, as far as any tap reaches.
function paddedHeight(): i32 {
  return (shape.outHeight - 1) * shape.strideH + (shape.kernelH - 1) * shape.dilationH + 1;
}

function paddedWidth(): i32 {
  return (shape.outWidth - 1) * shape.strideW + (shape.kernelW - 1) * shape.dilationW + 1;
}

function sourceBytes(): i32 {
  return shape.channels * paddedHeight() * paddedWidth() * LANES * 4;
}

function gradientBytes(): i32 {
  return ceilDiv(shape.outChannels, panelRows()) * panelRows() * shape.outHeight * shape.outWidth * LANES * 4;
}

export function suitsLaneWeights(): bool {
  return shape.groups == 1 && shape.images >= 2 * LANES && shape.outChannels <= MOST_ROWS
    && <i64>sourceBytes() + gradientBytes() <= GROUP_BYTES;
}

export function laneWeightSliceBytes(): i32 {
  return roundUp(sourceBytes() + gradientBytes() + 2 * 4 * 16, 64);
}

function parts(): i32 {
  return min(PARTS, ceilDiv(shape.images, LANES));
}

function partBytes(): i32 {
  return (shape.outChannels * shape.channels * shape.taps) << 2;
}

export function lanePartialBytes(): i32 {
  return roundUp(parts() * partBytes(), 64);
}

/** This thread's partial sums [part, o, c, kh, kw]. */
export function laneWeightGrad(x: usize, dy: usize, partial: usize, slice: usize, thread: i32, threads: i32): void {
  const gradient = slice + sourceBytes();
  const sums = gradient + gradientBytes();
  const imageIn = (shape.channels * shape.height * shape.width) << 2;
  const imageOut = (shape.outChannels * shape.outHeight * shape.outWidth) << 2;
  const groups = ceilDiv(shape.images, LANES);
  memory.fill(slice, 0, sourceBytes() + gradientBytes());
  const end = shareStart(parts(), thread + 1, threads);
  for (let part = shareStart(parts(), thread, threads); part < end; part++) {
    const dst = partial + part * partBytes();
    memory.fill(dst, 0, partBytes());
    const last = shareStart(groups, part + 1, parts());
    for (let group = shareStart(groups, part, parts()); group < last; group++) {
      const count = min(LANES, shape.images - group * LANES);
      packSource(slice, x + group * LANES * imageIn, imageIn, count);
      packGradient(gradient, dy + group * LANES * imageOut, imageOut, count);
      addGroup(dst, slice, gradient, sums);
    }
  }
}

function packSource(dst: usize, x: usize, imageBytes: i32, count: i32): void {
  const rows = min(shape.height, paddedHeight() - shape.padTop);
  const cols = min(shape.width, paddedWidth() - shape.padLeft);
  if (cols <= 0) return;
  for (let channel = 0; channel < shape.channels; channel++) {
    for (let row = 0; row < rows; row++) {
      const to = (channel * paddedHeight() + row + shape.padTop) * paddedWidth() + shape.padLeft;
      const from = x + (((channel * shape.height + row) * shape.width) << 2);
      packLanes(dst + to * LANES * 4, LANES * 4, from, imageBytes, count, LANES, cols);
    }
  }
}

/** dy as [row panels, pixels, panel rows, 4 images]. */
function packGradient(dst: usize, dy: usize, imageBytes: i32, count: i32): void {
  const pixels = shape.outHeight * shape.outWidth;
  const panel = panelRows();
  for (let row = 0; row < shape.outChannels; row++) {
    const to = dst + ((row / panel) * pixels * panel + (row % panel)) * LANES * 4;
    packLanes(to, panel * LANES * 4, dy + ((row * pixels) << 2), imageBytes, count, LANES, pixels);
  }
}

/** Adds one group of images to dw [o, c, kh, kw], two (channel, tap) columns at a time. */
function addGroup(dw: usize, source: usize, gradient: usize, sums: usize): void {
  const pixels = shape.outHeight * shape.outWidth;
  const panel = panelRows();
  const columns = shape.channels * shape.taps;
  const stepW = shape.strideW * LANES * 4;
  const skipH = (paddedWidth() * shape.strideH - shape.outWidth * shape.strideW) * LANES * 4;
  for (let row = 0; row < shape.outChannels; row += panel) {
    const d = gradient + row * pixels * LANES * 4;
    for (let column = 0; column < columns; column += 2) {
      const pair = column + 1 < columns;
      const x0 = source + columnOffset(column);
      const x1 = source + columnOffset(pair ? column + 1 : column);
      if (panel == 4) laneDot4(d, x0, x1, sums, shape.outHeight, shape.outWidth, stepW, skipH);
      else laneDot3(d, x0, x1, sums, shape.outHeight, shape.outWidth, stepW, skipH);
      for (let r = 0; r < min(panel, shape.outChannels - row); r++) {
        const at = dw + (((row + r) * columns + column) << 2);
        store<f32>(at, load<f32>(at) + sumLanes(v128.load(sums + (r << 5))));
        if (pair) store<f32>(at, load<f32>(at, 4) + sumLanes(v128.load(sums + (r << 5), 16)), 4);
      }
    }
  }
}

function columnOffset(column: i32): i32 {
  const channel = column / shape.taps;
  const tap = column - channel * shape.taps;
  const i = tap / shape.kernelW;
  const j = tap - i * shape.kernelW;
  return ((channel * paddedHeight() + i * shape.dilationH) * paddedWidth() + j * shape.dilationW) * LANES * 4;
}

/** dw = the partial sums added in order. */
export function laneWeightReduce(dw: usize, partial: usize, thread: i32, threads: i32): void {
  const count = shape.outChannels * shape.channels * shape.taps;
  const end = shareStart(count, thread + 1, threads);
  for (let i = shareStart(count, thread, threads); i < end; i++) {
    let sum: f32 = 0;
    for (let part = 0; part < parts(); part++) sum += load<f32>(partial + part * partBytes() + (i << 2));
    store<f32>(dw + (i << 2), sum);
  }
}

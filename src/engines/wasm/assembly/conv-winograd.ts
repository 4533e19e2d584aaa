import { multiplyBlock, packedRows } from './gemm-block';
import { DEPTH_UNIT, TILE_BYTES, TILE_COLS, TILE_ROWS } from './gemm-kernel';
import { pointStride, transformWeights, WEIGHT_WORK_BYTES } from './conv-winograd-weights';
import {
  describeTiles, POINTS, RECORD_BYTES, setTiles, storeTiles, tileCount, TILE_WORK_BYTES, transformPatches,
} from './conv-winograd-tiles';
import { ceilDiv, roundUp, shareStart } from './simd';

// 3×3 convolutions with stride 1, dilation 1 and one group by Winograd's F(4×4, 3×3): a quarter of the products, at the
// price of a rounding error some ten times that of the direct sum. The gradient of the input is the same convolution of dy
// with mirrored kernels and padding 2 - pad.
//
// Transformed weights take four times the room of the weights: 38 MB for 512×512 channels, more than the caches hold. So
// they are made by groups of rows as they are needed; where one group is all, it is made once.

/** Transformed weights of one group of rows. */
const WEIGHT_BYTES: i32 = 640 * 1024;
/** Transformed patches of one block of tiles, if the weights are made once. */
const PATCH_BYTES: i32 = 640 * 1024;
/** The same if every block makes the weights anew. */
const PATCH_BYTES_MANY_GROUPS: i32 = 8192 * 1024;

const WORK_BYTES: i32 = roundUp(max(WEIGHT_WORK_BYTES, TILE_WORK_BYTES), 64);

/** Row panels whose weights are transformed together. */
function groupPanels(rows: i32, channels: i32): i32 {
  return min(ceilDiv(rows, TILE_ROWS), max(1, WEIGHT_BYTES / (POINTS * TILE_ROWS * 4 * channels)));
}

/** Columns of 8 tiles that are transformed together. */
function blockColumns(rows: i32, channels: i32): i32 {
  const single = groupPanels(rows, channels) * TILE_ROWS >= rows;
  return max(1, (single ? PATCH_BYTES : PATCH_BYTES_MANY_GROUPS) / (POINTS * TILE_COLS * 4 * channels));
}

function weightPoint(rows: i32, channels: i32): i32 {
  return pointStride((packedRows(rows) * roundUp(channels, DEPTH_UNIT)) << 2);
}

function sliceBytes(rows: i32, channels: i32): i32 {
  const columns = blockColumns(rows, channels);
  const panels = groupPanels(rows, channels);
  const weights = weightPoint(panels * TILE_ROWS, channels);
  const patches = pointStride(columns * roundUp(channels, DEPTH_UNIT) * TILE_COLS * 4);
  const products = pointStride(columns * panels * TILE_BYTES);
  return roundUp(WORK_BYTES + columns * RECORD_BYTES + POINTS * (weights + patches + products), 64);
}

/** Scratch bytes of `conv2dWinograd`, and with c and o exchanged of `conv2dWinogradInputGrad`. */
export function conv2dWinogradScratch(c: i32, o: i32, threads: i32): usize {
  return <usize>threads * sliceBytes(o, c);
}

/**
 * y [n, o, oh, ow] = activation(conv(x [n, c, h, w], weight [o, c, 3, 3]) + bias [o] + residual [n, o, oh, ow]) with stride
 * 1, dilation 1, one group, zero padding. bias and residual may be 0.
 */
export function conv2dWinograd(
  x: usize, weight: usize, bias: usize, residual: usize, y: usize, scratch: usize,
  n: i32, c: i32, h: i32, w: i32, o: i32, oh: i32, ow: i32, padTop: i32, padLeft: i32,
  activation: i32, thread: i32, threads: i32,
): void {
  setTiles(n, c, h, w, o, oh, ow, padTop, padLeft);
  convolveTiles(
    x, (h * w) << 2, weight, c * 9, 9, false, bias, residual, y, (oh * ow) << 2, scratch, o, c, activation, thread, threads,
  );
}

/** dx [n, c, h, w] from dy [n, o, oh, ow] and weight [o, c, 3, 3]; padding at most 2. */
export function conv2dWinogradInputGrad(
  dy: usize, weight: usize, dx: usize, scratch: usize,
  n: i32, c: i32, h: i32, w: i32, o: i32, oh: i32, ow: i32, padTop: i32, padLeft: i32,
  thread: i32, threads: i32,
): void {
  setTiles(n, o, oh, ow, c, h, w, 2 - padTop, 2 - padLeft);
  convolveTiles(
    dy, (oh * ow) << 2, weight, 9, c * 9, true, 0, 0, dx, (h * w) << 2, scratch, c, o, 0, thread, threads,
  );
}

function convolveTiles(
  src: usize, srcPlane: i32, weight: usize, rowStride: i32, channelStride: i32, flip: bool, bias: usize, residual: usize,
  dst: usize, dstPlane: i32, scratch: usize, rows: i32, channels: i32, activation: i32, thread: i32, threads: i32,
): void {
  const total = ceilDiv(tileCount(), TILE_COLS);
  const panels = ceilDiv(rows, TILE_ROWS);
  // Cutting the tiles makes every thread transform all weights, cutting the rows all patches: whichever are fewer.
  const byRows = total * TILE_COLS < rows && panels >= 2 * threads;
  const columnStart = byRows ? 0 : shareStart(total, thread, threads);
  const columnEnd = byRows ? total : shareStart(total, thread + 1, threads);
  const rowStart = byRows ? shareStart(panels, thread, threads) * TILE_ROWS : 0;
  const rowEnd = byRows ? min(rows, shareStart(panels, thread + 1, threads) * TILE_ROWS) : rows;
  const depth = roundUp(channels, DEPTH_UNIT);
  // Blocks of equal size, or the last would remake the weights for few tiles.
  const most = blockColumns(rows, channels);
  const columns = ceilDiv(columnEnd - columnStart, max(1, ceilDiv(columnEnd - columnStart, most)));
  const groupRows = groupPanels(rows, channels) * TILE_ROWS;
  const once = rowEnd - rowStart <= groupRows;
  const panelBytes = depth * TILE_COLS * 4;
  const work = scratch + thread * sliceBytes(rows, channels);
  const records = work + WORK_BYTES;
  const weights = records + most * RECORD_BYTES;
  const patches = weights + POINTS * weightPoint(groupRows, channels);
  const products = patches + POINTS * pointStride(most * panelBytes);
  for (let first = columnStart; first < columnEnd; first += columns) {
    const count = min(columns, columnEnd - first);
    const patchPoint = pointStride(count * panelBytes);
    for (let column = 0; column < count; column++) {
      const record = records + column * RECORD_BYTES;
      describeTiles(record, (first + column) * TILE_COLS);
      let to = patches + column * panelBytes;
      for (let channel = 0; channel < channels; channel++) {
        transformPatches(to, patchPoint, src + channel * srcPlane, record, work);
        to += TILE_COLS * 4;
      }
      if (channels < depth) {
        for (let point = 0; point < POINTS; point++) memory.fill(to + point * patchPoint, 0, TILE_COLS * 4);
      }
    }
    for (let start = rowStart; start < rowEnd; start += groupRows) {
      const group = min(groupRows, rowEnd - start);
      const pointWeights = weightPoint(group, channels);
      const productPoint = pointStride(ceilDiv(group, TILE_ROWS) * count * TILE_BYTES);
      if (!once || first == columnStart) {
        const from = weight + ((start * rowStride) << 2);
        transformWeights(weights, pointWeights, from, group, channels, rowStride, channelStride, flip, work);
      }
      for (let point = 0; point < POINTS; point++) {
        multiplyBlock(
          weights + point * pointWeights, patches + point * patchPoint, products + point * productPoint,
          group, count, depth, true,
        );
      }
      for (let row = 0; row < group; row++) {
        const from = products + (row / TILE_ROWS) * count * TILE_BYTES + ((row % TILE_ROWS) << 5);
        const plane = (start + row) * dstPlane;
        for (let column = 0; column < count; column++) {
          storeTiles(
            dst + plane, from + column * TILE_BYTES, productPoint, records + column * RECORD_BYTES,
            bias ? bias + ((start + row) << 2) : 0, residual ? residual + plane : 0, activation, work,
          );
        }
      }
    }
  }
}

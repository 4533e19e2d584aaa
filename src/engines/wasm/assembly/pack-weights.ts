import { BLOCK_DEPTH, packedRows, panelWidth } from './gemm-block';
import { DEPTH_UNIT, TILE_ROWS } from './gemm-kernel';
import { packRows } from './pack-matrix';
import { ceilDiv, roundUp } from './simd';

// Packed weights of one group: [depth blocks, row panels, depth, panel width]. The depth runs over (channel, tap) and is cut
// between channels into blocks of equal size.

/** Channels in one depth block. */
export function blockChannels(channels: i32, taps: i32): i32 {
  return ceilDiv(channels, min(channels, ceilDiv(channels * taps, BLOCK_DEPTH)));
}

/** Depth of one block as packed. */
export function blockDepth(channels: i32, taps: i32): i32 {
  return roundUp(blockChannels(channels, taps) * taps, DEPTH_UNIT);
}

export function depthBlocks(channels: i32, taps: i32): i32 {
  return ceilDiv(channels, blockChannels(channels, taps));
}

export function packedWeightBytes(rows: i32, channels: i32, taps: i32): i32 {
  return taps == 0 ? 0 : (packedRows(rows) * depthBlocks(channels, taps) * blockDepth(channels, taps)) << 2;
}

/** Depth of the block that starts at `channel`, without and with padding. */
// @ts-expect-error: decorator
@inline
export function depthAt(channel: i32, channels: i32, taps: i32): i32 {
  return min(blockChannels(channels, taps), channels - channel) * taps;
}

/** Address of a panel within the packed weights of its group. */
// @ts-expect-error: decorator
@inline
export function packedPanel(base: usize, rows: i32, block: i32, row: i32, channels: i32, taps: i32): usize {
  const depth = roundUp(depthAt(block * blockChannels(channels, taps), channels, taps), DEPTH_UNIT);
  return base + ((packedRows(rows) * block * blockDepth(channels, taps) + row * depth) << 2);
}

/** Packs this thread's panels of weights [rows, channels, taps], whose rows are the output channels. */
export function packWeights(base: usize, weight: usize, rows: i32, channels: i32, taps: i32, thread: i32, threads: i32): void {
  const panels = ceilDiv(rows, TILE_ROWS);
  const items = panels * depthBlocks(channels, taps);
  for (let item = thread; item < items; item += threads) {
    const block = item / panels;
    const row = (item - block * panels) * TILE_ROWS;
    const channel = block * blockChannels(channels, taps);
    const depth = depthAt(channel, channels, taps);
    const width = panelWidth(rows, row);
    const dst = packedPanel(base, rows, block, row, channels, taps);
    const src = weight + (((row * channels + channel) * taps) << 2);
    packRows(dst, src, (channels * taps) << 2, min(width, rows - row), width, depth);
    clearPadding(dst, width, depth);
  }
}

/**
 * The same for the gradient of the input: weights [channels, rows, all taps], whose rows are the input channels and whose
 * depth runs over output channels and those taps that `tapIndex` lists.
 */
export function packWeightsTransposed(
  base: usize, weight: usize, rows: i32, channels: i32, taps: i32, tapIndex: usize, allTaps: i32, thread: i32, threads: i32,
): void {
  const panels = ceilDiv(rows, TILE_ROWS);
  const items = panels * depthBlocks(channels, taps);
  for (let item = thread; item < items; item += threads) {
    const block = item / panels;
    const row = (item - block * panels) * TILE_ROWS;
    const channel = block * blockChannels(channels, taps);
    const depth = depthAt(channel, channels, taps);
    const width = panelWidth(rows, row);
    const count = min(width, rows - row);
    const panel = packedPanel(base, rows, block, row, channels, taps);
    let dst = panel;
    for (let c = channel; c < channel + depth / taps; c++) {
      const src = weight + (((c * rows + row) * allTaps) << 2);
      for (let tap = 0; tap < taps; tap++) {
        const from = src + (load<i32>(tapIndex + (tap << 2)) << 2);
        for (let r = 0; r < width; r++) {
          store<f32>(dst + (r << 2), r < count ? load<f32>(from + ((r * allTaps) << 2)) : 0);
        }
        dst += width << 2;
      }
    }
    clearPadding(panel, width, depth);
  }
}

function clearPadding(panel: usize, width: i32, depth: i32): void {
  if (depth % DEPTH_UNIT) memory.fill(panel + ((width * depth) << 2), 0, width << 2);
}

import { storeTile } from './conv-tile';
import { BLOCK_DEPTH, BLOCK_TILES, multiplyBlock } from './gemm-block';
import { DEPTH_UNIT, TILE_BYTES, TILE_COLS, TILE_ROWS } from './gemm-kernel';
import { buildPatchTable, gridTiles, packPatches, tileRecordBytes } from './pack-patches';
import { blockChannels, blockDepth, depthAt, depthBlocks, packedPanel } from './pack-weights';
import { ceilDiv, roundUp, shareStart } from './simd';

/**
 * Private bytes that `convolveGrid` needs for any part of these taps: the table of patches, a block of them packed, and the
 * tiles being summed.
 */
export function convolveGridBytes(rows: i32, channels: i32, taps: i32): i32 {
  const depth = roundUp(min(channels * taps, BLOCK_DEPTH + taps), DEPTH_UNIT);
  const tiles = ceilDiv(rows, TILE_ROWS) * BLOCK_TILES * TILE_BYTES;
  return roundUp(BLOCK_TILES * (tileRecordBytes(taps) + TILE_COLS * depth * 4) + tiles, 64);
}

/**
 * dst = activation(weights · patches + bias + residual) on the grid of `pack-patches`, for one group: packed weights
 * [rows, channels · taps], source planes [channels], destination planes [rows].
 */
export function convolveGrid(
  weights: usize, src: usize, srcPlane: i32, dst: usize, dstPlane: i32, bias: usize, residual: usize,
  activation: i32, rows: i32, channels: i32, taps: i32, slice: usize, thread: i32, threads: i32,
): void {
  const tiles = gridTiles();
  const panels = ceilDiv(rows, TILE_ROWS);
  // Cutting the rows makes every thread pack all patches, so that is for grids too small to go round.
  const byTiles = tiles >= 8 * threads || tiles >= panels;
  const tileStart = byTiles ? shareStart(tiles, thread, threads) : 0;
  const tileEnd = byTiles ? shareStart(tiles, thread + 1, threads) : tiles;
  const rowStart = byTiles ? 0 : shareStart(panels, thread, threads) * TILE_ROWS;
  const rowEnd = byTiles ? rows : min(rows, shareStart(panels, thread + 1, threads) * TILE_ROWS);
  const record = tileRecordBytes(taps);
  const blocks = taps == 0 ? 0 : depthBlocks(channels, taps);
  const perBlock = taps == 0 ? 0 : blockChannels(channels, taps);
  const packed = slice + BLOCK_TILES * record;
  const sums =
    packed + (taps == 0 ? 0 : (BLOCK_TILES * TILE_COLS * blockDepth(channels, taps)) << 2);
  if (rowStart >= rowEnd) return;
  for (let start = tileStart; start < tileEnd; start += BLOCK_TILES) {
    const count = min(BLOCK_TILES, tileEnd - start);
    buildPatchTable(slice, start, count);
    if (blocks == 0)
      memory.fill(sums, 0, ceilDiv(rowEnd - rowStart, TILE_ROWS) * count * TILE_BYTES);
    for (let block = 0; block < blocks; block++) {
      const channel = block * perBlock;
      const depth = depthAt(channel, channels, taps);
      const padded = roundUp(depth, DEPTH_UNIT);
      for (let tile = 0; tile < count; tile++) {
        const panel = packed + ((tile * TILE_COLS * padded) << 2);
        packPatches(panel, src + channel * srcPlane, slice + tile * record, depth / taps, srcPlane);
        if (depth < padded) memory.fill(panel + depth * 32, 0, 32);
      }
      const a = packedPanel(weights, rows, block, rowStart, channels, taps);
      multiplyBlock(a, packed, sums, rowEnd - rowStart, count, padded, block == 0);
    }
    let sum = sums;
    for (let row = rowStart; row < rowEnd; row += TILE_ROWS) {
      const plane = row * dstPlane;
      for (let tile = 0; tile < count; tile++) {
        storeTile(
          sum, min(TILE_ROWS, rows - row), slice + tile * record, dst + plane, dstPlane,
          bias ? bias + (row << 2) : 0, residual ? residual + plane : 0, activation,
        );
        sum += TILE_BYTES;
      }
    }
  }
}

import * as shape from './conv-shape';
import { multiplyBlock, packedRows, panelWidth } from './gemm-block';
import { TILE_BYTES, TILE_COLS, TILE_ROWS } from './gemm-kernel';
import { packRows } from './pack-matrix';
import {
  buildPatchTable, gridTiles, packPatches, tileIsContiguous, tileOffset, tilePixels, tileRecordBytes,
} from './pack-patches';
import { ceilDiv, roundUp, shareStart } from './simd';

// The gradient of the weights is a product [o, pixels] · [pixels, (channel, tap)]: its depth is the pixels. Columns come in
// blocks of whole channels; where these are too few to go round, the pixels are split as well, into a number of parts that
// depends on the shape alone, and the parts are summed afterwards in order.

/** Pixel tiles per depth block: 256 pixels, so that a block of dy with 512 channels still fits the second-level cache. */
const DEPTH_TILES: i32 = 32;
/** Columns that a block aims at. */
const BLOCK_COLUMNS: i32 = 96;
/** Independent parts aimed at. */
const PARTS: i32 = 32;

/** Channels per block of columns: a multiple of 8 leaves no tile partly filled. */
function blockChannels(): i32 {
  const enough = max(1, BLOCK_COLUMNS / shape.taps);
  return min(shape.groupIn, enough >= TILE_COLS ? enough & ~7 : enough);
}

export function blocks(): i32 {
  return ceilDiv(shape.groupIn, blockChannels());
}

function blockTiles(): i32 {
  return ceilDiv(blockChannels() * shape.taps, TILE_COLS);
}

/** Bytes of the tiles [row panels, column tiles] of one block. */
export function blockBytes(): i32 {
  return ceilDiv(shape.groupOut, TILE_ROWS) * blockTiles() * TILE_BYTES;
}

function depthBlocks(): i32 {
  return ceilDiv(ceilDiv(shape.images * shape.outHeight * shape.outWidth, TILE_COLS), DEPTH_TILES);
}

export function splits(): i32 {
  return max(1, min(depthBlocks(), PARTS / (shape.groups * blocks())));
}

/** Private bytes that `weightGradPart` needs. */
export function weightGradPartBytes(): i32 {
  const table = DEPTH_TILES * tileRecordBytes(shape.taps);
  const patches = blockTiles() * TILE_COLS * 32;
  const packed = (packedRows(shape.groupOut) + blockTiles() * TILE_COLS) * DEPTH_TILES * 32;
  return roundUp(table + TILE_ROWS * 32 + patches + packed, 64);
}

/** Computes `count` blocks of columns from `block` on, over one split of the pixels, into `sums`. */
export function weightGradPart(x: usize, dy: usize, sums: usize, split: i32, block: i32, count: i32, slice: usize): void {
  const rows = shape.groupOut;
  const record = tileRecordBytes(shape.taps);
  const rowBuffer = slice + DEPTH_TILES * record;
  const patches = rowBuffer + TILE_ROWS * 32;
  const packedDy = patches + blockTiles() * TILE_COLS * 32;
  const packedX = packedDy + packedRows(rows) * DEPTH_TILES * 32;
  const plane = (shape.height * shape.width) << 2;
  const parts = depthBlocks();
  const end = shareStart(parts, split + 1, splits());
  const tilesTotal = gridTiles();
  let first = true;
  for (let part = shareStart(parts, split, splits()); part < end; part++) {
    const tiles = min(DEPTH_TILES, tilesTotal - part * DEPTH_TILES);
    buildPatchTable(slice, part * DEPTH_TILES, tiles);
    packGradient(packedDy, dy, slice, record, tiles, rowBuffer);
    for (let i = 0; i < count; i++) {
      const channel = (block + i) * blockChannels();
      const channels = min(blockChannels(), shape.groupIn - channel);
      packColumnsOfPatches(packedX, x + channel * plane, plane, channels, slice, record, tiles, patches);
      const columnTiles = ceilDiv(channels * shape.taps, TILE_COLS);
      multiplyBlock(packedDy, packedX, sums + i * blockBytes(), rows, columnTiles, tiles * TILE_COLS, first);
    }
    first = false;
  }
}

/** Panels [pixels, 6] of dy. */
function packGradient(dst: usize, dy: usize, table: usize, record: i32, tiles: i32, buffer: usize): void {
  const plane = (shape.outHeight * shape.outWidth) << 2;
  for (let row = 0; row < shape.groupOut; row += TILE_ROWS) {
    const width = panelWidth(shape.groupOut, row);
    const rows = min(width, shape.groupOut - row);
    const src = dy + row * plane;
    for (let tile = 0; tile < tiles; ) {
      const at = table + tile * record;
      const offset = tileOffset(at, 0);
      let run = 1;
      if (tileIsContiguous(at)) {
        while (tile + run < tiles && isContinued(at + run * record, offset + run * 32)) run++;
        packRows(dst, src + offset, plane, rows, width, run * TILE_COLS);
      } else {
        gatherRows(buffer, src, plane, rows, at);
        packRows(dst, buffer, 32, rows, width, TILE_COLS);
      }
      dst += (run * TILE_COLS * width) << 2;
      tile += run;
    }
  }
}

// @ts-expect-error: decorator
@inline
function isContinued(record: usize, offset: i32): bool {
  return tileIsContiguous(record) && tileOffset(record, 0) == offset;
}

function gatherRows(buffer: usize, src: usize, plane: i32, rows: i32, record: usize): void {
  const pixels = tilePixels(record);
  for (let row = 0; row < rows; row++) {
    for (let lane = 0; lane < TILE_COLS; lane++) {
      store<f32>(buffer, lane < pixels ? load<f32>(src + tileOffset(record, lane)) : 0);
      buffer += 4;
    }
    src += plane;
  }
}

/** Panels [pixels, 8] of the patches, columns (channel, tap): patches come out pixel-contiguous and are transposed. */
function packColumnsOfPatches(
  dst: usize, x: usize, plane: i32, channels: i32, table: usize, record: i32, tiles: i32, patches: usize,
): void {
  const columns = channels * shape.taps;
  const panelBytes = tiles * TILE_COLS * 32;
  for (let tile = 0; tile < tiles; tile++) {
    packPatches(patches, x, table + tile * record, channels, plane);
    let panel = dst + tile * TILE_COLS * 32;
    for (let column = 0; column < columns; column += TILE_COLS) {
      packRows(panel, patches + column * 32, 32, min(TILE_COLS, columns - column), TILE_COLS, TILE_COLS);
      panel += panelBytes;
    }
  }
}

/** Adds up the splits of one block and writes its columns of dw. */
export function reduceBlock(dw: usize, sums: usize, splitBytes: i32, block: i32): void {
  const channel = block * blockChannels();
  const columns = min(blockChannels(), shape.groupIn - channel) * shape.taps;
  const tiles = ceilDiv(columns, TILE_COLS);
  const count = splits();
  for (let row = 0; row < shape.groupOut; row++) {
    let dst = dw + ((row * shape.groupIn + channel) * shape.taps << 2);
    let from = sums + (row / TILE_ROWS) * tiles * TILE_BYTES + ((row % TILE_ROWS) << 5);
    for (let column = 0; column < columns; column += TILE_COLS) {
      let v0 = v128.load(from);
      let v1 = v128.load(from, 16);
      for (let split = 1; split < count; split++) {
        v0 = f32x4.add(v0, v128.load(from + split * splitBytes));
        v1 = f32x4.add(v1, v128.load(from + split * splitBytes, 16));
      }
      if (columns - column >= TILE_COLS) {
        v128.store(dst, v0);
        v128.store(dst, v1, 16);
      } else {
        // The sums of the first split are read no more: the rest of a row passes through them.
        v128.store(from, v0);
        v128.store(from, v1, 16);
        memory.copy(dst, from, (columns - column) << 2);
      }
      dst += 32;
      from += TILE_BYTES;
    }
  }
}

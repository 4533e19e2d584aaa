import { BLOCK_DEPTH, BLOCK_TILES, multiplyBlock, packedRows, panelWidth } from './gemm-block';
import { DEPTH_UNIT, TILE_BYTES, TILE_COLS, TILE_ROWS } from './gemm-kernel';
import { packColumns, packRows } from './pack-matrix';
import { ceilDiv, roundUp, shareStart } from './simd';
import { activate, NONE } from './simd-math';

// A block of y is long for shallow products (weight gradients of dense layers), whose time goes into writing y, and nearly
// square for deep ones; either way it stays in the second-level cache together with the packed operands.
const SHALLOW: i32 = 64;

function blockPanels(k: i32): i32 {
  return k <= SHALLOW ? 8 : 40;
}

function blockTiles(k: i32): i32 {
  return k <= SHALLOW ? 128 : BLOCK_TILES;
}

/** Scratch bytes of `matmul`. */
export function matmulScratch(batch: i32, m: i32, n: i32, k: i32, threads: i32): usize {
  return <usize>threads * sliceBytes(m, n, k);
}

function sliceBytes(m: i32, n: i32, k: i32): usize {
  const depth = min(roundUp(k, DEPTH_UNIT), BLOCK_DEPTH);
  const panels = min(ceilDiv(m, TILE_ROWS), blockPanels(k));
  const tiles = min(ceilDiv(n, TILE_COLS), blockTiles(k));
  return <usize>(
    roundUp((panels * TILE_ROWS + tiles * TILE_COLS) * depth * 4 + panels * tiles * TILE_BYTES, 64)
  );
}

/**
 * y [batch, m, n] = activation(op(a) · op(b) + bias [n]); op(a) is [m, k] and op(b) is [k, n], stored transposed where the
 * flag says so. `strideA` and `strideB` count elements from one batch to the next; 0 shares the operand. bias 0 means none.
 */
export function matmul(
  a: usize, b: usize, bias: usize, y: usize, scratch: usize, batch: i32, m: i32, n: i32, k: i32, transposeA: bool,
  transposeB: bool, strideA: i32, strideB: i32, activation: i32, thread: i32, threads: i32,
): void {
  const slice = scratch + <usize>thread * sliceBytes(m, n, k);
  const panels = ceilDiv(m, TILE_ROWS);
  const tiles = ceilDiv(n, TILE_COLS);
  // Whole products go round the threads while there are plenty; otherwise each is cut along its longer side.
  const share = batch >= 4 * threads || batch % threads == 0;
  const byRows = panels >= tiles;
  const cut = !share;
  const panelStart = cut && byRows ? shareStart(panels, thread, threads) : 0;
  const panelEnd = cut && byRows ? shareStart(panels, thread + 1, threads) : panels;
  const tileStart = cut && !byRows ? shareStart(tiles, thread, threads) : 0;
  const tileEnd = cut && !byRows ? shareStart(tiles, thread + 1, threads) : tiles;
  const panelStep = blockPanels(k);
  const tileStep = blockTiles(k);
  for (let i = share ? thread : 0; i < batch; i += share ? threads : 1) {
    const ai = a + ((<usize>strideA * i) << 2);
    const bi = b + ((<usize>strideB * i) << 2);
    const yi = y + ((<usize>m * n * i) << 2);
    for (let panel = panelStart; panel < panelEnd; panel += panelStep) {
      const row = panel * TILE_ROWS;
      const rows = min(m, min(panelEnd, panel + panelStep) * TILE_ROWS) - row;
      for (let tile = tileStart; tile < tileEnd; tile += tileStep) {
        const column = tile * TILE_COLS;
        const columns = min(n, min(tileEnd, tile + tileStep) * TILE_COLS) - column;
        multiplyRegion(ai, bi, slice, m, n, k, transposeA, transposeB, row, rows, column, columns);
        storeRegion(slice, bias, yi, n, row, rows, column, columns, activation);
      }
    }
  }
}

/** Leaves the tiles [row panels, column tiles] of one block of y at the start of the slice. */
function multiplyRegion(
  a: usize, b: usize, slice: usize, m: i32, n: i32, k: i32, transposeA: bool, transposeB: bool, row: i32, rows: i32,
  column: i32, columns: i32,
): void {
  const tiles = ceilDiv(columns, TILE_COLS);
  const packedA = slice + ceilDiv(rows, TILE_ROWS) * tiles * TILE_BYTES;
  const packedB = packedA + ((packedRows(rows) * min(BLOCK_DEPTH, roundUp(k, DEPTH_UNIT))) << 2);
  if (k == 0) memory.fill(slice, 0, packedA - slice);
  for (let start = 0; start < k; start += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - start);
    const padded = roundUp(depth, DEPTH_UNIT);
    let dst = packedA;
    for (let r = 0; r < rows; r += TILE_ROWS) {
      const width = panelWidth(rows, r);
      packOperand(
        dst, a, row + r, min(width, rows - r), width, start, depth, transposeA ? m : k, transposeA,
      );
      dst += (width * padded) << 2;
    }
    dst = packedB;
    for (let j = 0; j < columns; j += TILE_COLS) {
      packOperand(
        dst, b, column + j, min(TILE_COLS, columns - j), TILE_COLS, start, depth, transposeB ? k : n, !transposeB,
      );
      dst += (TILE_COLS * padded) << 2;
    }
    multiplyBlock(packedA, packedB, slice, rows, tiles, padded, start == 0);
  }
}

/** One panel [depth, width] from a matrix with this leading dimension; `byDepth` when the depth is its first axis. */
function packOperand(
  dst: usize, src: usize, first: i32, count: i32, width: i32, start: i32, depth: i32, leading: i32, byDepth: bool,
): void {
  const bytes = leading << 2;
  if (byDepth) packColumns(dst, src + start * bytes + (first << 2), bytes, count, width, depth);
  else packRows(dst, src + first * bytes + (start << 2), bytes, count, width, depth);
  if (depth & 1) memory.fill(dst + ((width * depth) << 2), 0, width << 2);
}

function storeRegion(
  tiles: usize, bias: usize, y: usize, n: i32, row: i32, rows: i32, column: i32, columns: i32, activation: i32,
): void {
  const perPanel = ceilDiv(columns, TILE_COLS);
  for (let r = 0; r < rows; r++) {
    const line = y + ((<usize>(row + r) * n + column) << 2);
    const tileRow = tiles + (r / TILE_ROWS) * perPanel * TILE_BYTES + ((r % TILE_ROWS) << 5);
    let from = tileRow;
    let j = 0;
    for (; j + TILE_COLS <= columns; j += TILE_COLS) {
      const at = <usize>j << 2;
      let v0 = v128.load(from);
      let v1 = v128.load(from, 16);
      if (bias) {
        v0 = f32x4.add(v0, v128.load(bias + (column << 2) + at));
        v1 = f32x4.add(v1, v128.load(bias + (column << 2) + at, 16));
      }
      if (activation != NONE) {
        v0 = activate(v0, activation);
        v1 = activate(v1, activation);
      }
      v128.store(line + at, v0);
      v128.store(line + at, v1, 16);
      from += TILE_BYTES;
    }
    for (let part = 0; j + part < columns; part += 4) {
      const at = <usize>(j + part) << 2;
      const count = columns - j - part;
      let v = v128.load(from + (part << 2));
      if (bias) v = f32x4.add(v, loadLanes(bias + (column << 2) + at, count));
      storeLanes(line + at, activation == NONE ? v : activate(v, activation), count);
    }
  }
}

/** Up to four lanes; whatever lies beyond `count` is not touched. */
function loadLanes(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at);
  let v = f32x4.splat(0);
  v = v128.load32_lane(at, v, 0);
  if (count > 1) v = v128.load32_lane(at, v, 1, 4);
  if (count > 2) v = v128.load32_lane(at, v, 2, 8);
  return v;
}

function storeLanes(at: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, v);
    return;
  }
  v128.store32_lane(at, v, 0);
  if (count > 1) v128.store32_lane(at, v, 1, 4);
  if (count > 2) v128.store32_lane(at, v, 2, 8);
}

import { kernel2, kernel4, kernel6, TILE_BYTES, TILE_ROWS } from './gemm-kernel';

/**
 * Depth of one packed block: panels of 6 and of 8 such columns fit the first-level cache together with the tile, and the
 * whole block of B the second-level cache.
 */
export const BLOCK_DEPTH: i32 = 384;
/** Column tiles per block of B (96 columns: 147 KB at full depth). */
export const BLOCK_TILES: i32 = 12;

/** Rows as packed: whole panels of 6, then one of 2, 4 or 6, so that 64 rows cost 64 and 32 rows 32. */
// @ts-expect-error: decorator
@inline
export function packedRows(rows: i32): i32 {
  return rows + (rows & 1);
}

/** Width of the panel that starts at `row`. */
// @ts-expect-error: decorator
@inline
export function panelWidth(rows: i32, row: i32): i32 {
  return min(TILE_ROWS, packedRows(rows) - row);
}

/**
 * Tiles c [panels, tiles] (+)= a · b for packed operands: a holds panels of 6 rows (the last may be narrower) and b panels
 * of 8 columns, all of this depth. A panel of a stays in the first-level cache while the panels of b stream past it.
 */
export function multiplyBlock(a: usize, b: usize, c: usize, rows: i32, tiles: i32, depth: i32, first: bool): void {
  const panelBytes = <usize>depth << 5;
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const width = panelWidth(rows, row);
    let panel = b;
    for (let tile = 0; tile < tiles; tile++) {
      if (width == 6) kernel6(a, panel, c, depth, first);
      else if (width == 4) kernel4(a, panel, c, depth, first);
      else kernel2(a, panel, c, depth, first);
      panel += panelBytes;
      c += TILE_BYTES;
    }
    a += <usize>(width * depth) << 2;
  }
}

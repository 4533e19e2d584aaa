import { tileIsContiguous, tileOffset, tilePixels } from './pack-patches';
import { activate, NONE } from './simd-math';

/**
 * Writes a computed tile [rows, 8 pixels] to its planes: activation(tile + bias + residual). `dst`, `residual` and `bias`
 * point at the tile's first row (channel); bias and residual may be 0.
 */
export function storeTile(
  tile: usize, rows: i32, record: usize, dst: usize, planeBytes: i32, bias: usize, residual: usize, activation: i32,
): void {
  if (tileIsContiguous(record)) {
    const offset = tileOffset(record, 0);
    dst += offset;
    if (residual) residual += offset;
    for (let row = 0; row < rows; row++) {
      let v0 = v128.load(tile);
      let v1 = v128.load(tile, 16);
      if (bias) {
        const b = v128.load32_splat(bias + (row << 2));
        v0 = f32x4.add(v0, b);
        v1 = f32x4.add(v1, b);
      }
      if (residual) {
        v0 = f32x4.add(v0, v128.load(residual));
        v1 = f32x4.add(v1, v128.load(residual, 16));
        residual += planeBytes;
      }
      if (activation != NONE) {
        v0 = activate(v0, activation);
        v1 = activate(v1, activation);
      }
      v128.store(dst, v0);
      v128.store(dst, v1, 16);
      dst += planeBytes;
      tile += 32;
    }
    return;
  }
  const pixels = tilePixels(record);
  for (let row = 0; row < rows; row++) {
    const plane = row * planeBytes;
    if (bias) addToRow(tile, v128.load32_splat(bias + (row << 2)));
    if (residual) {
      for (let lane = 0; lane < pixels; lane++) {
        const at = tile + (lane << 2);
        store<f32>(at, load<f32>(at) + load<f32>(residual + plane + tileOffset(record, lane)));
      }
    }
    if (activation != NONE) {
      v128.store(tile, activate(v128.load(tile), activation));
      v128.store(tile, activate(v128.load(tile, 16), activation), 16);
    }
    for (let lane = 0; lane < pixels; lane++) {
      store<f32>(dst + plane + tileOffset(record, lane), load<f32>(tile + (lane << 2)));
    }
    tile += 32;
  }
}

// @ts-expect-error: decorator
@inline
function addToRow(row: usize, v: v128): void {
  v128.store(row, f32x4.add(v128.load(row), v));
  v128.store(row, f32x4.add(v128.load(row, 16), v), 16);
}

import { storeFirst, words } from './lanes';
import { plainSum, rowProducts, rowSquares, rowSum } from './row-sums';
import { madd, shareStart } from './simd';

/** Rows of x [rows, size] to mean 0 and variance 1; rstd [rows] = 1/√(variance + ε). y may be x. */
export function standardize(
  x: usize, y: usize, rstd: usize, rows: i32, size: i32, epsilon: f64, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const from = x + words(row * size);
    const to = y + words(row * size);
    const mean = rowSum(from, size) / <f64>size;
    const centre = <f32>mean;
    const slip = mean - <f64>centre;
    const spread = rowSquares(from, size, centre) / <f64>size - slip * slip;
    const inverse = <f32>(1 / sqrt<f64>(spread + epsilon));
    store<f32>(rstd + words(row), inverse);
    const c = f32x4.splat(centre);
    const scale = f32x4.splat(inverse);
    for (let i = 0; i < size; i += 4) {
      const v = f32x4.mul(f32x4.sub(v128.load(from + (i << 2)), c), scale);
      storeFirst(to + (i << 2), v, size - i);
    }
  }
}

/** dx = rstd·(dy − mean dy − y·mean dy·y), row by row; dx may be dy or y. */
export function standardizeGrad(
  dy: usize, y: usize, rstd: usize, dx: usize, rows: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(rows, thread + 1, threads);
  for (let row = shareStart(rows, thread, threads); row < end; row++) {
    const offset = words(row * size);
    const slope = f32x4.splat(<f32>(-rowProducts(dy + offset, y + offset, size, 0) / <f64>size));
    const centre = f32x4.splat(<f32>(plainSum / <f64>size));
    const scale = v128.load32_splat(rstd + words(row));
    for (let i = 0; i < size; i += 4) {
      const at = offset + (i << 2);
      const centred = f32x4.sub(v128.load(dy + at), centre);
      storeFirst(dx + at, f32x4.mul(scale, madd(v128.load(y + at), slope, centred)), size - i);
    }
  }
}

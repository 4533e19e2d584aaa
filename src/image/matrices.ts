// Affine and perspective matrices, on coordinates where pixel (0, 0) covers 0 … 1.

import type { PointMap } from './boxes.ts';
import type { AffineMatrix, PerspectiveMatrix } from './kernels/warp.ts';

export interface Affine {
  /** Degrees, clockwise in an image whose y points down. */
  readonly angle: number;
  /** Pixels. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** Degrees along x and y. */
  readonly shear: readonly [number, number];
}

export const IDENTITY: Affine = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0] };

export type Point = readonly [x: number, y: number];

/** From image to result: translate · centre · rotate · scale · shear · centre⁻¹. */
export function forwardMatrix(
  { angle, translate, scale, shear }: Affine,
  [cx, cy]: Point,
): AffineMatrix {
  const rotation = (angle * Math.PI) / 180;
  const sx = (shear[0] * Math.PI) / 180;
  const sy = (shear[1] * Math.PI) / 180;
  const a = Math.cos(rotation - sy) / Math.cos(sy);
  const c = Math.sin(rotation - sy) / Math.cos(sy);
  const b = -(a * Math.tan(sx) + Math.sin(rotation));
  const d = Math.cos(rotation) - c * Math.tan(sx);
  const [m0, m1, m3, m4] = [a * scale, b * scale, c * scale, d * scale];
  const x = cx + translate[0] - m0 * cx - m1 * cy;
  const y = cy + translate[1] - m3 * cx - m4 * cy;
  return [m0, m1, x, m3, m4, y];
}

export function invertMatrix([a, b, c, d, e, f]: AffineMatrix): AffineMatrix {
  const determinant = a * e - b * d;
  const [p, q, r, s] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [p, q, -(p * c + q * f), r, s, -(r * c + s * f)];
}

export const affineMap =
  ([a, b, c, d, e, f]: AffineMatrix): PointMap =>
  (x, y) => [a * x + b * y + c, d * x + e * y + f];

/**
 * The matrix that takes each of four points `from` to its partner in `to`, or undefined when three
 * of them lie on a line.
 */
export function perspectiveMatrix(
  from: readonly Point[],
  to: readonly Point[],
): PerspectiveMatrix | undefined {
  const rows: number[][] = [];
  from.forEach(([x, y], i) => {
    const [u, v] = to[i]!;
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u]);
    rows.push([0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  });
  return solve(rows) as PerspectiveMatrix | undefined;
}

/** Gaussian elimination with partial pivoting; the last column is the right-hand side. */
function solve(rows: number[][]): number[] | undefined {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const top = rows[column]!;
    if (Math.abs(top[column]!) < 1e-9) return undefined;
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const row = rows[i]!;
      const factor = row[column]! / top[column]!;
      for (let j = column; j <= n; j++) row[j]! -= factor * top[j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

/** Where a perspective matrix takes a point. */
export const perspectiveMap =
  (matrix: PerspectiveMatrix): PointMap =>
  (x, y) => {
    const [a, b, c, d, e, f, g, h] = matrix;
    const w = g * x + h * y + 1;
    return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
  };

/** The inverse of a perspective matrix, scaled so that its last entry is 1 again. */
export function invertPerspective(matrix: PerspectiveMatrix): PerspectiveMatrix {
  const [a, b, c, d, e, f, g, h] = matrix;
  const scaled = (cofactor: number) => cofactor / (a * e - b * d);
  return [
    scaled(e - f * h),
    scaled(c * h - b),
    scaled(b * f - c * e),
    scaled(f * g - d),
    scaled(a - c * g),
    scaled(c * d - a * f),
    scaled(d * h - e * g),
    scaled(b * g - a * h),
  ];
}

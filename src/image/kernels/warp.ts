// Pixels from wherever a mapping says: rotation, affine, perspective, elastic. Each output row gets
// its source coordinates as fixed-point numbers, then one sampler reads them all.

import { takeBytes } from '../buffers.ts';
import { type Fill, fillBytes, type Image } from '../image.ts';
import type { Kernels } from '../wasm/memory.ts';
import { int32At, mapWhole } from '../wasm/scratch.ts';

export type WarpInterpolation = 'nearest' | 'bilinear';

export const WARP_INTERPOLATIONS: readonly WarpInterpolation[] = ['nearest', 'bilinear'];

/** Bits of a coordinate's fraction. Two weights and a pixel then fill 30 of 31 bits. */
const BITS = 11;
const ONE = 1 << BITS;
const ROUND = 1 << (2 * BITS - 1);
/** Coordinates are cut to this many pixels, which is outside of every image. */
const FAR = 2 ** 19;

/** Where the pixels of each output row come from. */
export interface RowMap {
  /** Writes the source x and y of a row, in pixels × 2¹¹; pixel centres are whole numbers. */
  fill(row: number, xs: Int32Array, ys: Int32Array): void;
  /**
   * Does the whole image in WASM: `place` is what the kernels for it take first. False when its
   * numbers are too large for that.
   */
  whole?(kernels: Kernels, place: readonly number[], height: number, width: number): boolean;
}

export interface WarpOptions {
  readonly interpolation: WarpInterpolation;
  /** Colour of what lies outside of the image. */
  readonly fill: Fill;
}

/** An image of `width` × `height` pixels, each from where `map` says. */
export function warp(
  image: Image,
  height: number,
  width: number,
  map: RowMap,
  { interpolation, fill }: WarpOptions,
): Image {
  const { channels } = image;
  const outside = fillBytes(fill, channels);
  if (channels === 3) {
    const fast = warpFast(image, height, width, map, interpolation, outside);
    if (fast) return fast;
  }
  const data = takeBytes(height * width * channels, image.data);
  const xs = new Int32Array(width);
  const ys = new Int32Array(width);
  const sampleRow = interpolation === 'nearest' ? nearestRow : bilinearRow;
  for (let row = 0; row < height; row++) {
    map.fill(row, xs, ys);
    sampleRow(image, xs, ys, outside, data, row * width * channels);
  }
  return { data, width, height, channels };
}

function warpFast(
  { data: x, width: w, height: h }: Image,
  height: number,
  width: number,
  map: RowMap,
  interpolation: WarpInterpolation,
  outside: readonly number[],
): Image | undefined {
  const fill = outside[0]! | (outside[1]! << 8) | (outside[2]! << 16);
  const nearest = interpolation === 'nearest';
  const length = 3 * height * width;
  const data = mapWhole(x, length, [4 * width, 4 * width], (room, from, to) => {
    const { kernels } = room;
    const [xsAt, ysAt] = room.at as [number, number];
    const place = [from, w, h, fill, to, height, width, xsAt, ysAt, nearest ? 0 : 1];
    if (map.whole?.(kernels, place, height, width)) return;
    const xs = int32At(room, xsAt, width);
    const ys = int32At(room, ysAt, width);
    const sample = nearest ? kernels.nearestRow : kernels.bilinearRow;
    for (let row = 0; row < height; row++) {
      map.fill(row, xs, ys);
      sample(from, w, h, xsAt, ysAt, width, fill, to + 3 * row * width);
    }
  });
  return data && { data, width, height, channels: 3 };
}

function nearestRow(
  { data: x, width: w, height: h, channels }: Image,
  xs: Int32Array,
  ys: Int32Array,
  outside: readonly number[],
  y: Uint8Array,
  to: number,
): void {
  const half = ONE >> 1;
  const n = xs.length;
  if (channels === 3) {
    const [r, g, b] = outside as [number, number, number];
    for (let i = 0; i < n; i++, to += 3) {
      const column = (xs[i]! + half) >> BITS;
      const row = (ys[i]! + half) >> BITS;
      if (column >>> 0 < w && row >>> 0 < h) {
        const from = (Math.imul(row, w) + column) * 3;
        y[to] = x[from]!;
        y[to + 1] = x[from + 1]!;
        y[to + 2] = x[from + 2]!;
      } else {
        y[to] = r;
        y[to + 1] = g;
        y[to + 2] = b;
      }
    }
  } else {
    const grey = outside[0]!;
    for (let i = 0; i < n; i++) {
      const column = (xs[i]! + half) >> BITS;
      const row = (ys[i]! + half) >> BITS;
      y[to++] = column >>> 0 < w && row >>> 0 < h ? x[Math.imul(row, w) + column]! : grey;
    }
  }
}

function bilinearRow(
  image: Image,
  xs: Int32Array,
  ys: Int32Array,
  outside: readonly number[],
  y: Uint8Array,
  to: number,
): void {
  const { data: x, width: w, height: h, channels } = image;
  const stride = w * channels;
  const n = xs.length;
  for (let i = 0; i < n; i++, to += channels) {
    const column = xs[i]! >> BITS;
    const row = ys[i]! >> BITS;
    const right = xs[i]! & (ONE - 1);
    const low = ys[i]! & (ONE - 1);
    const left = ONE - right;
    const high = ONE - low;
    if (column >>> 0 < w - 1 && row >>> 0 < h - 1) {
      const from = Math.imul(row, stride) + column * channels;
      const under = from + stride;
      if (channels === 3) {
        const a = Math.imul(x[from]!, left) + Math.imul(x[from + 3]!, right);
        const b = Math.imul(x[under]!, left) + Math.imul(x[under + 3]!, right);
        const c = Math.imul(x[from + 1]!, left) + Math.imul(x[from + 4]!, right);
        const d = Math.imul(x[under + 1]!, left) + Math.imul(x[under + 4]!, right);
        const e = Math.imul(x[from + 2]!, left) + Math.imul(x[from + 5]!, right);
        const f = Math.imul(x[under + 2]!, left) + Math.imul(x[under + 5]!, right);
        y[to] = (Math.imul(a, high) + Math.imul(b, low) + ROUND) >> (2 * BITS);
        y[to + 1] = (Math.imul(c, high) + Math.imul(d, low) + ROUND) >> (2 * BITS);
        y[to + 2] = (Math.imul(e, high) + Math.imul(f, low) + ROUND) >> (2 * BITS);
      } else {
        const a = Math.imul(x[from]!, left) + Math.imul(x[from + 1]!, right);
        const b = Math.imul(x[under]!, left) + Math.imul(x[under + 1]!, right);
        y[to] = (Math.imul(a, high) + Math.imul(b, low) + ROUND) >> (2 * BITS);
      }
    } else if (column >= -1 && column < w && row >= -1 && row < h) {
      borderPixel(image, column, row, right, low, outside, y, to);
    } else {
      for (let c = 0; c < channels; c++) y[to + c] = outside[c]!;
    }
  }
}

/** A pixel at the border: neighbours outside of the image have the fill's colour. */
function borderPixel(
  { data: x, width: w, height: h, channels }: Image,
  column: number,
  row: number,
  right: number,
  low: number,
  outside: readonly number[],
  y: Uint8Array,
  to: number,
): void {
  const left = column >= 0;
  const far = column + 1 < w;
  const up = row >= 0;
  const down = row + 1 < h;
  for (let c = 0; c < channels; c++) {
    const at = (row * w + column) * channels + c;
    const under = at + w * channels;
    const fill = outside[c]!;
    const a = up && left ? x[at]! : fill;
    const b = up && far ? x[at + channels]! : fill;
    const d = down && left ? x[under]! : fill;
    const e = down && far ? x[under + channels]! : fill;
    const upper = a * (ONE - right) + b * right;
    const lower = d * (ONE - right) + e * right;
    y[to + c] = (upper * (ONE - low) + lower * low + ROUND) >> (2 * BITS);
  }
}

const fixed = (pixels: number): number => Math.round(Math.min(FAR, Math.max(-FAR, pixels)) * ONE);

/** Coefficients a … f of x' = a·x + b·y + c, y' = d·x + e·y + f. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** Fraction bits of coordinates that are stepped along a row, where rounding adds up. */
const FINE = 20;

/** Whether the sources of a row of `n` pixels fit 31 bits with a fine fraction. */
const isNear = (x0: number, y0: number, dx: number, dy: number, n: number): boolean =>
  Math.max(Math.abs(x0), Math.abs(y0), Math.abs(x0 + dx * n), Math.abs(y0 + dy * n)) <
  2 ** (30 - FINE);

/**
 * The map of an affine transform, from pixel centres (x + ½, y + ½) of the output to those of the
 * image.
 */
export function affineRows(matrix: AffineMatrix): RowMap {
  const [a, b, c, d, e, f] = matrix;
  const start = (row: number): [number, number] => [
    a * 0.5 + b * (row + 0.5) + c - 0.5,
    d * 0.5 + e * (row + 0.5) + f - 0.5,
  ];
  // Steps after the last pixel, up to four at a time, must not overflow either.
  const near = (row: number, n: number) => isNear(...start(row), a, d, n + 4);
  const fine = (value: number) => Math.floor(value * 2 ** FINE + 0.5);
  return {
    whole({ warpLines }, place, height, width) {
      // Between the first and the last row, all others are nearer.
      const all = near(0, width) && near(height - 1, width);
      if (all) warpLines(...place, ...matrix);
      return all;
    },
    fill(row, xs, ys) {
      const n = xs.length;
      const [x0, y0] = start(row);
      if (!near(row, n)) {
        for (let i = 0; i < n; i++) {
          xs[i] = fixed(x0 + a * i);
          ys[i] = fixed(y0 + d * i);
        }
        return;
      }
      const half = 1 << (FINE - BITS - 1);
      let x = fine(x0) + half;
      let y = fine(y0) + half;
      const dx = fine(a);
      const dy = fine(d);
      for (let i = 0; i < n; i++) {
        xs[i] = x >> (FINE - BITS);
        ys[i] = y >> (FINE - BITS);
        x = (x + dx) | 0;
        y = (y + dy) | 0;
      }
    },
  };
}

/** 1.5 · 2⁵²: adding it leaves no bits for a fraction. */
const MAGIC = 6755399441055744;
/** The nearest whole number, as SIMD rounds fastest. */
const halfToEven = (value: number): number => value + MAGIC - MAGIC;

/** a … h of x' = (a·x + b·y + c) / (g·x + h·y + 1), y' = (d·x + e·y + f) / (g·x + h·y + 1). */
export type PerspectiveMatrix = readonly [...AffineMatrix, number, number];

export function perspectiveRows(matrix: PerspectiveMatrix): RowMap {
  const [a, b, c, d, e, f, g, h] = matrix;
  const limit = FAR * ONE;
  // On the horizon there are no numbers.
  const cut = (pixels: number) => (pixels > -limit ? Math.min(limit, pixels) : -limit);
  const fill: RowMap['fill'] = (row, xs, ys) => {
    const y = row + 0.5;
    const cx = b * y + c;
    const cy = e * y + f;
    const cz = h * y + 1;
    for (let i = 0; i < xs.length; i++) {
      const x = i + 0.5;
      const scale = ONE / (g * x + cz);
      xs[i] = halfToEven(cut((a * x + cx) * scale - 0.5 * ONE));
      ys[i] = halfToEven(cut((d * x + cy) * scale - 0.5 * ONE));
    }
  };
  return {
    fill,
    whole({ warpProjected }, place) {
      warpProjected(...place, ...matrix);
      return true;
    },
  };
}

/** Displacements [h, w] in pixels from an output pixel to its source. */
export interface Displacement {
  readonly dx: Float32Array;
  readonly dy: Float32Array;
  readonly width: number;
}

export const displacedRows = ({ dx, dy, width }: Displacement): RowMap => ({
  fill(row, xs, ys) {
    const start = row * width;
    for (let i = 0; i < xs.length; i++) {
      xs[i] = fixed(i + dx[start + i]!);
      ys[i] = fixed(row + dy[start + i]!);
    }
  },
});

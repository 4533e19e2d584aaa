import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { mapWhole } from '../wasm/scratch.ts';
import { copyBytes } from './color.ts';

/** Weights of a Gaussian at −r … r, r = (size − 1) / 2, summing to one. */
export function gaussianWeights(size: number, sigma: number): Float64Array {
  const weights = Float64Array.from({ length: size }, (_, i) => {
    const x = (i - (size - 1) / 2) / sigma;
    return Math.exp(-0.5 * x * x);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const WEIGHT_BITS = 14;
/** Between the two passes pixels keep 6 more bits: twice such a number still fits 15. */
const BETWEEN_BITS = 6;

/** The right half of the weights × 2¹⁴, without those that round to zero. */
function halfKernel(size: number, sigma: number): Int32Array {
  const exact = gaussianWeights(size, sigma).subarray((size - 1) >> 1);
  const rounded = Array.from(exact, (weight) => Math.round(weight * 2 ** WEIGHT_BITS));
  while (rounded.length > 1 && rounded.at(-1) === 0) rounded.pop();
  // Rounding must not make the picture brighter or darker.
  rounded[0] = 2 ** WEIGHT_BITS - 2 * rounded.slice(1).reduce((a, b) => a + b, 0);
  return Int32Array.from(rounded);
}

/** The index mirrored about the first and last pixel, for any image that is wide enough. */
function mirror(i: number, count: number): number {
  const j = i < 0 ? -i : i;
  return j < count ? j : 2 * count - 2 - j;
}

/**
 * Blurs with a Gaussian of odd `size` [x, y] pixels and `sigma` [x, y]; the image continues
 * mirrored. Each side must exceed half the kernel.
 */
export function gaussianBlur(
  image: Image,
  size: readonly [number, number],
  sigma: readonly [number, number],
): Image {
  const { data: x, width, height, channels } = image;
  const row = width * channels;
  const across = halfKernel(size[0], sigma[0]);
  const down = halfKernel(size[1], sigma[1]);
  const fast = blurFast(image, across, down);
  if (fast) return { data: fast, width, height, channels };

  const margin = (across.length - 1) * channels;
  const line = new Uint16Array(row + 2 * margin);
  const besides = Array.from(across, (_, k) => [margin - k * channels, margin + k * channels]);
  const shift = WEIGHT_BITS - BETWEEN_BITS;
  const last = WEIGHT_BITS + BETWEEN_BITS;
  const between = new Uint16Array(x.length);
  const sums = new Int32Array(row);
  for (let i = 0; i < height; i++) {
    const start = i * row;
    line.set(x.subarray(start, start + row), margin);
    continueLine(line, margin, width, channels);
    weighted(line, besides, across, 1 << (shift - 1), sums);
    for (let j = 0; j < row; j++) between[start + j] = sums[j]! >> shift;
  }

  const data = takeBytes(x.length, x);
  for (let i = 0; i < height; i++) {
    const start = i * row;
    const rows = Array.from(down, (_, k) =>
      [i - k, i + k].map((line) => mirror(line, height) * row),
    );
    weighted(between, rows, down, 1 << (last - 1), sums);
    for (let j = 0; j < row; j++) data[start + j] = sums[j]! >>> last;
  }
  return { data, width, height, channels };
}

/** The same in WASM. */
function blurFast(
  { data: x, width, height, channels }: Image,
  across: Int32Array,
  down: Int32Array,
): Uint8Array | undefined {
  // Kernels take two weights at a time; an odd one's partner is zero.
  const even = ({ length }: Int32Array) => length + (length % 2);
  const most = Math.max(even(across), even(down));
  const line = channels * (width + 2 * across.length);
  return mapWhole(x, x.length, [2 * x.length, line, 8 * most, 2 * most], (room, from, to) => {
    const { kernels, bytes } = room;
    const [between, lineAt, places, weightsAt] = room.at as [number, number, number, number];
    const weights = new Int16Array(bytes.buffer, weightsAt, most);
    const put = (all: Int32Array) => {
      weights.fill(0).set(all);
      return [places, weightsAt, all.length, even(all)];
    };
    const shift = WEIGHT_BITS - BETWEEN_BITS;
    const last = WEIGHT_BITS + BETWEEN_BITS;
    kernels.blurRows(from, width, channels, height, lineAt, ...put(across), shift, between);
    kernels.blurColumns(between, channels * width, height, ...put(down), last, to);
  });
}

/** Fills both margins of a line with its mirror image. */
function continueLine(
  line: Uint16Array | Uint8Array,
  margin: number,
  width: number,
  channels: number,
): void {
  for (let k = 1; k * channels <= margin; k++) {
    const left = mirror(-k, width) * channels;
    const right = mirror(width - 1 + k, width) * channels;
    for (let c = 0; c < channels; c++) {
      line[margin - k * channels + c] = line[margin + left + c]!;
      line[margin + (width - 1 + k) * channels + c] = line[margin + right + c]!;
    }
  }
}

/**
 * sums[j] = start + Σ weights[k] · (x[places[k][0] + j] + x[places[k][1] + j]), with the first place
 * counted once. Two weights at a time spare half of the traffic with `sums`.
 */
function weighted(
  x: Uint16Array,
  places: readonly (readonly number[])[],
  weights: Int32Array,
  start: number,
  sums: Int32Array,
): void {
  const n = sums.length;
  const at = (k: number, side: 0 | 1) => (places[k] ?? places[0]!)[side]!;
  const centre = at(0, 0);
  const own = weights[0]!;
  for (let k = 1; k === 1 || k < weights.length; k += 2) {
    const a = weights[k] ?? 0;
    const b = weights[k + 1] ?? 0;
    const a1 = at(k, 0);
    const a2 = at(k, 1);
    const b1 = at(k + 1, 0);
    const b2 = at(k + 1, 1);
    if (k === 1) {
      for (let j = 0; j < n; j++) {
        sums[j] =
          (start +
            Math.imul(own, x[centre + j]!) +
            Math.imul(a, x[a1 + j]! + x[a2 + j]!) +
            Math.imul(b, x[b1 + j]! + x[b2 + j]!)) |
          0;
      }
    } else {
      for (let j = 0; j < n; j++) {
        sums[j] =
          (sums[j]! +
            Math.imul(a, x[a1 + j]! + x[a2 + j]!) +
            Math.imul(b, x[b1 + j]! + x[b2 + j]!)) |
          0;
      }
    }
  }
}

/** Blurs a plane [h, w] of floats in place; the plane continues mirrored, more than once if small. */
export function gaussianBlurPlane(
  plane: Float32Array,
  width: number,
  height: number,
  size: readonly [number, number],
  sigma: readonly [number, number],
): void {
  const between = new Float32Array(plane.length);
  convolveLines(plane, between, width, 1, height, width, gaussianWeights(size[0], sigma[0]));
  convolveLines(between, plane, height, width, width, 1, gaussianWeights(size[1], sigma[1]));
}

function convolveLines(
  x: Float32Array,
  y: Float32Array,
  count: number,
  step: number,
  lines: number,
  lineStep: number,
  weights: Float64Array,
): void {
  const radius = (weights.length - 1) / 2;
  const line = new Float64Array(count + 2 * radius);
  const period = Math.max(1, 2 * count - 2);
  const source = Int32Array.from({ length: line.length }, (_, i) => {
    const j = (((i - radius) % period) + period) % period;
    return (j < count ? j : period - j) * step;
  });
  for (let l = 0; l < lines; l++) {
    const start = l * lineStep;
    for (let i = 0; i < line.length; i++) line[i] = x[start + source[i]!]!;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * line[i + k]!;
      y[start + i * step] = sum;
    }
  }
}

/**
 * Blends with a smoothed image: factor 0 is smooth, 1 unchanged, 2 sharp. The outermost pixels stay
 * as they are. The smoothing kernel is 1 1 1, 1 5 1, 1 1 1, divided by 13.
 */
export function adjustSharpness(image: Image, factor: number): Image {
  const { data: x, width, height, channels } = image;
  const data = copyBytes(x);
  if (width <= 2 || height <= 2) return { data, width, height, channels };
  const row = width * channels;
  const columns = new Uint16Array(row);
  const own = Math.round(Math.min(64, factor) * 2 ** 15);
  const other = 2 ** 15 - own;
  for (let i = 1; i < height - 1; i++) {
    const start = i * row;
    for (let j = 0; j < row; j++) {
      columns[j] = x[start - row + j]! + x[start + j]! + x[start + row + j]!;
    }
    for (let j = channels; j < row - channels; j++) {
      const pixel = x[start + j]!;
      const sum = columns[j - channels]! + columns[j]! + columns[j + channels]! + 4 * pixel;
      // Rounded division by 13, exact for every sum of 13 bytes.
      const smooth = Math.imul(sum + 6, 80660) >>> 20;
      const value = (Math.imul(pixel, own) + Math.imul(smooth, other)) >> 15;
      data[start + j] = Math.max(0, Math.min(255, value));
    }
  }
  return { data, width, height, channels };
}

// Antialiased resampling in two passes, rows first, as Pillow has it (Clark and Lundh,
// src/libImaging/Resample.c): when an image shrinks, the filter is stretched so that every source
// pixel counts. Weights are integers and the sums are exact, so results are the same everywhere,
// with SIMD and without.

import { invariant } from '../../graph/errors.ts';
import { giveBytes, takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { mapWhole } from '../wasm/scratch.ts';

export type Interpolation = 'nearest' | 'nearestExact' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';

export const INTERPOLATIONS: readonly Interpolation[] = [
  'nearest',
  'nearestExact',
  'box',
  'bilinear',
  'bicubic',
  'lanczos',
];

/** A rectangle of whole pixels inside an image. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

export interface ResampleOptions {
  readonly interpolation: Interpolation;
  /** Stretch the filter when shrinking. Always true for 'box'. */
  readonly antialias: boolean;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Half width in pixels, and weight at a distance within it. */
const FILTERS: Record<string, { support: number; weight(x: number): number }> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = −½ (Keys 1981).
  bicubic: {
    support: 2,
    weight(x) {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Bits of a weight's fraction: so that weights up to 2 are 16-bit integers, as SIMD wants them. */
const FRACTION = 14;
const HALF = 1 << (FRACTION - 1);

interface Taps {
  /** First source pixel of each output pixel. */
  readonly first: Int32Array;
  /** [out, width]: weights × 2¹⁴, which sum to 2¹⁴; zero where there is no source pixel. */
  readonly weights: Int16Array;
  /** Weights per output pixel. */
  readonly width: number;
}

/** Which source pixels make each output pixel along one axis, for a stretch of `count` pixels. */
function tapsFor(count: number, out: number, { interpolation, antialias }: ResampleOptions): Taps {
  const filter = FILTERS[interpolation]!;
  const scale = count / out;
  const stretch = antialias || interpolation === 'box' ? Math.max(1, scale) : 1;
  const reach = filter.support * stretch;
  const first = new Int32Array(out);
  const rows: number[][] = [];
  for (let i = 0; i < out; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - reach + 0.5));
    const high = Math.min(count, Math.trunc(centre + reach + 0.5));
    const row: number[] = [];
    let sum = 0;
    for (let x = low; x < high; x++) {
      const weight = filter.weight((x - centre + 0.5) / stretch);
      row.push(weight);
      sum += weight;
    }
    first[i] = low;
    const inverse = 1 / sum;
    rows.push(row.map((weight) => weight * inverse));
  }
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const weights = new Int16Array(out * width);
  rows.forEach((row, i) => {
    // Taps never reach beyond the image, not even those of weight zero.
    const shift = Math.max(0, first[i]! + width - count);
    first[i] = first[i]! - shift;
    const whole = row.map((weight) => Math.round(weight * 2 ** FRACTION));
    // What rounding leaves over goes to the heaviest, so that one colour stays one colour.
    const largest = whole.indexOf(whole.reduce((a, b) => Math.max(a, b)));
    whole[largest]! += 2 ** FRACTION - whole.reduce((a, b) => a + b, 0);
    weights.set(whole, i * width + shift);
  });
  return { first, weights, width };
}

/** Recent taps: sizes repeat from image to image, and weights cost more than a small image. */
const cache = new Map<string, Taps>();
const CACHED = 64;

function taps(count: number, out: number, options: ResampleOptions): Taps {
  const key = `${count} ${out} ${options.interpolation} ${options.antialias}`;
  let found = cache.get(key);
  if (found === undefined) {
    found = tapsFor(count, out, options);
    if (cache.size >= CACHED) cache.delete(cache.keys().next().value!);
    cache.set(key, found);
  }
  return found;
}

/** The region of an image, resampled to `width` × `height`. */
export function resample(
  image: Image,
  region: Region,
  height: number,
  width: number,
  options: ResampleOptions,
): Image {
  const { channels } = image;
  invariant(
    region.top >= 0 &&
      region.left >= 0 &&
      region.top + region.height <= image.height &&
      region.left + region.width <= image.width,
    'a region to resample lies outside of its image',
  );
  const { interpolation } = options;
  if (interpolation === 'nearest' || interpolation === 'nearestExact') {
    const offset = interpolation === 'nearest' ? 0 : 0.5;
    return nearest(image, region, height, width, offset);
  }

  const fast = channels === 3 ? resampleFast(image, region, height, width, options) : undefined;
  if (fast) return fast;
  const across = region.width === width ? undefined : taps(region.width, width, options);
  const down = region.height === height ? undefined : taps(region.height, height, options);
  let current = image;
  let { top, left } = region;
  if (across) {
    // Rows that no output row looks at need no work.
    const data = takeBytes(region.height * width * channels, image.data);
    resampleRows(image, top, left, region.height, width, across, data);
    current = { data, width, height: region.height, channels };
    [top, left] = [0, 0];
  }
  if (down) {
    const data = takeBytes(height * width * channels, image.data);
    resampleColumns(current, top, left, height, width, down, data);
    if (current !== image) giveBytes(current.data);
    current = { data, width, height, channels };
  }
  return current === image ? copyRegion(image, region) : current;
}

/** An even number of taps, by adding zeros, and first taps in bytes. */
function padded({ first, weights, width }: Taps, step: number) {
  const wide = width + (width % 2);
  const all = new Int16Array(first.length * wide);
  for (let i = 0; i < first.length; i++) {
    all.set(weights.subarray(i * width, (i + 1) * width), i * wide);
  }
  return { first: first.map((pixel) => pixel * step), weights: all, width: wide };
}

/** Both passes of RGB in WASM. Added taps look beyond the last row, which does no harm. */
function resampleFast(
  image: Image,
  { top, left, height: h, width: w }: Region,
  height: number,
  width: number,
  options: ResampleOptions,
): Image | undefined {
  const stride = image.width * 3;
  const row = width * 3;
  // The kernel for rows writes a byte too much.
  const pitch = row + 1;
  const across = w === width ? undefined : padded(taps(w, width, options), 3);
  const down = h === height ? undefined : padded(taps(h, height, options), across ? pitch : stride);
  if (!across && !down) return undefined;
  const tables = [across?.first, across?.weights, down?.first, down?.weights];
  const parts = [across ? h * pitch : 0, ...tables.map((table) => table?.byteLength ?? 0)];
  const rows = image.data.subarray(top * stride, (top + h) * stride);
  const data = mapWhole(rows, height * row, parts, ({ kernels, bytes, at }, x, y) => {
    const [middle, ...places] = at as [number, number, number, number, number];
    tables.forEach((table, i) => {
      if (table) bytes.set(new Uint8Array(table.buffer), places[i]!);
    });
    const [first, weights, firstDown, weightsDown] = places;
    let from = x + left * 3;
    if (across) {
      const { width: n } = across;
      kernels.resampleRows(from, stride, h, width, first, weights, n, FRACTION, middle, pitch);
      from = middle;
    }
    if (down) {
      const step = across ? pitch : stride;
      const { width: n } = down;
      kernels.resampleColumns(from, step, row, height, firstDown, weightsDown, n, FRACTION, y);
    } else {
      for (let i = 0; i < height; i++) {
        bytes.copyWithin(y + i * row, middle + i * pitch, middle + i * pitch + row);
      }
    }
  });
  return data && { data, width, height, channels: 3 };
}

const clampByte = (value: number) => Math.max(0, Math.min(255, value));

function resampleRows(
  { data: x, width: stride, channels }: Image,
  top: number,
  left: number,
  rows: number,
  width: number,
  { first, weights, width: count }: Taps,
  y: Uint8Array,
): void {
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const start = ((top + row) * stride + left) * channels;
    let k = 0;
    if (channels === 3) {
      for (let column = 0; column < width; column++) {
        let from = start + 3 * first[column]!;
        let r = HALF;
        let g = HALF;
        let b = HALF;
        for (const end = k + count; k < end; k++, from += 3) {
          const weight = weights[k]!;
          r = (r + Math.imul(weight, x[from]!)) | 0;
          g = (g + Math.imul(weight, x[from + 1]!)) | 0;
          b = (b + Math.imul(weight, x[from + 2]!)) | 0;
        }
        y[to] = clampByte(r >> FRACTION);
        y[to + 1] = clampByte(g >> FRACTION);
        y[to + 2] = clampByte(b >> FRACTION);
        to += 3;
      }
    } else {
      for (let column = 0; column < width; column++) {
        let from = start + first[column]!;
        let sum = HALF;
        for (const end = k + count; k < end; k++) {
          sum = (sum + Math.imul(weights[k]!, x[from++]!)) | 0;
        }
        y[to++] = clampByte(sum >> FRACTION);
      }
    }
  }
}

function resampleColumns(
  { data: x, width: wide, channels }: Image,
  top: number,
  left: number,
  height: number,
  width: number,
  { first, weights, width: count }: Taps,
  y: Uint8Array,
): void {
  const stride = wide * channels;
  const row = width * channels;
  const sums = new Int32Array(row);
  for (let i = 0, to = 0; i < height; i++, to += row) {
    const from = (top + first[i]!) * stride + left * channels;
    sums.fill(HALF);
    let tap = 0;
    // Two source rows at a time halve the traffic with `sums`.
    for (; tap + 1 < count; tap += 2) {
      const a = weights[i * count + tap]!;
      const b = weights[i * count + tap + 1]!;
      const start = from + tap * stride;
      for (let j = 0; j < row; j++) {
        sums[j] =
          (sums[j]! + Math.imul(a, x[start + j]!) + Math.imul(b, x[start + stride + j]!)) | 0;
      }
    }
    if (tap < count) {
      const a = weights[i * count + tap]!;
      const start = from + tap * stride;
      for (let j = 0; j < row; j++) sums[j] = (sums[j]! + Math.imul(a, x[start + j]!)) | 0;
    }
    for (let j = 0; j < row; j++) y[to + j] = clampByte(sums[j]! >> FRACTION);
  }
}

/** Output pixel i takes source pixel ⌊(i + offset) · scale⌋. */
function nearest(
  { data: x, width: stride, channels }: Image,
  region: Region,
  height: number,
  width: number,
  offset: number,
): Image {
  const at = (i: number, count: number, out: number) =>
    Math.min(count - 1, Math.floor((i + offset) * (count / out)));
  const columns = Int32Array.from(
    { length: width },
    (_, i) => (region.left + at(i, region.width, width)) * channels,
  );
  const y = takeBytes(height * width * channels, x);
  for (let i = 0, to = 0; i < height; i++) {
    const row = (region.top + at(i, region.height, height)) * stride * channels;
    for (let j = 0; j < width; j++) {
      const from = row + columns[j]!;
      for (let c = 0; c < channels; c++) y[to++] = x[from + c]!;
    }
  }
  return { data: y, width, height, channels };
}

/** A copy of the pixels of a region. */
export function copyRegion(
  { data: x, width: stride, channels }: Image,
  { top, left, height, width }: Region,
): Image {
  const y = takeBytes(height * width * channels, x);
  const row = width * channels;
  for (let i = 0; i < height; i++) {
    const from = ((top + i) * stride + left) * channels;
    y.set(x.subarray(from, from + row), i * row);
  }
  return { data: y, width, height, channels };
}

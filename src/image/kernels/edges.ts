import { takeBytes } from '../buffers.ts';
import { type Fill, fillBytes, type Image } from '../image.ts';
import { mapBytes, mapResident } from '../wasm/scratch.ts';
import { copyRegion, type Region } from './resample.ts';

export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';

export const PADDING_MODES: readonly PaddingMode[] = ['constant', 'edge', 'reflect', 'symmetric'];

/** Pixels added at each side. */
export interface Sides {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A region of an image; what of it lies outside is filled. */
export function crop(image: Image, region: Region, fill: Fill = 0): Image {
  const { top, left, height, width } = region;
  const right = left + width - image.width;
  const bottom = top + height - image.height;
  if (top >= 0 && left >= 0 && right <= 0 && bottom <= 0) return copyRegion(image, region);
  const y = filled(width, height, image.channels, fill, image.data);
  paste(image, y, -left, -top);
  return y;
}

/** An image of one colour; in the kernels' memory when `source` is. */
export function filled(
  width: number,
  height: number,
  channels: 1 | 3,
  fill: Fill,
  source?: Uint8Array,
): Image {
  const data = takeBytes(width * height * channels, source);
  const values = fillBytes(fill, channels);
  if (values.every((value) => value === values[0])) {
    data.fill(values[0]!);
  } else {
    const row = data.subarray(0, width * channels);
    for (let i = 0; i < row.length; i++) row[i] = values[i % channels]!;
    for (let i = 1; i < height; i++) data.copyWithin(i * row.length, 0, row.length);
  }
  return { data, width, height, channels };
}

/** Puts `source` onto `onto` at (left, top), which may be negative; overwrites `onto`. */
export function paste(source: Image, onto: Image, left: number, top: number): void {
  const { channels } = onto;
  const x0 = Math.max(0, left);
  const x1 = Math.min(onto.width, left + source.width);
  const y1 = Math.min(onto.height, top + source.height);
  if (x1 <= x0) return;
  for (let row = Math.max(0, top); row < y1; row++) {
    const from = ((row - top) * source.width + x0 - left) * channels;
    const length = (x1 - x0) * channels;
    onto.data.set(source.data.subarray(from, from + length), (row * onto.width + x0) * channels);
  }
}

/** Adds edges: of one colour, or continued from the image. */
export function pad(image: Image, sides: Sides, fill: Fill, mode: PaddingMode): Image {
  const { left, top, right, bottom } = sides;
  const { channels } = image;
  const width = left + image.width + right;
  const height = top + image.height + bottom;
  if (mode === 'constant') return crop(image, { top: -top, left: -left, height, width }, fill);
  const columns = sources(image.width, left, width, mode);
  const rows = sources(image.height, top, height, mode);
  const data = takeBytes(width * height * channels, image.data);
  let to = 0;
  for (let i = 0; i < height; i++) {
    const row = rows[i]! * image.width;
    for (let j = 0; j < width; j++) {
      const from = (row + columns[j]!) * channels;
      for (let c = 0; c < channels; c++) data[to++] = image.data[from + c]!;
    }
  }
  return { data, width, height, channels };
}

/** The source pixel of each pixel of a padded line. */
function sources(count: number, before: number, length: number, mode: PaddingMode): Int32Array {
  return Int32Array.from({ length }, (_, i) => {
    let x = i - before;
    if (mode === 'edge') return Math.min(count - 1, Math.max(0, x));
    if (count === 1) return 0;
    // Both mirror: 'reflect' about the centre of the last pixel, 'symmetric' about its outer edge.
    const period = mode === 'reflect' ? 2 * count - 2 : 2 * count;
    x = ((x % period) + period) % period;
    return x < count ? x : period - x - (mode === 'reflect' ? 0 : 1);
  });
}

export function flipHorizontal({ data: x, width, height, channels }: Image): Image {
  const row = width * channels;
  const fast =
    channels === 3
      ? mapBytes(x, row, ({ flip }, from, to, length) => flip(from, to, width, length / row))
      : undefined;
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  if (channels === 1) {
    y.set(x);
    for (let i = 0; i < height; i++) y.subarray(i * row, (i + 1) * row).reverse();
  } else {
    for (let i = 0, to = 0; i < height; i++) {
      for (let from = (i + 1) * row - 3; from >= i * row; from -= 3, to += 3) {
        y[to] = x[from]!;
        y[to + 1] = x[from + 1]!;
        y[to + 2] = x[from + 2]!;
      }
    }
  }
  return { data: y, width, height, channels };
}

export function flipVertical({ data: x, width, height, channels }: Image): Image {
  const row = width * channels;
  const fast = mapResident(x, ({ flipRows }, from, to) => flipRows(from, to, row, height));
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  for (let i = 0; i < height; i++)
    y.set(x.subarray(i * row, (i + 1) * row), (height - 1 - i) * row);
  return { data: y, width, height, channels };
}

/** Turns by quarters, counter-clockwise. */
export function quarterTurns(image: Image, turns: number): Image {
  const { data: x, width, height, channels } = image;
  const n = ((turns % 4) + 4) % 4;
  const [w, h] = n % 2 === 0 ? [width, height] : [height, width];
  const y = takeBytes(x.length, x);
  // Source pixel of (row, column) = origin + row · down + column · across.
  const [origin, down, across] = [
    [0, width, 1],
    [width - 1, -1, width],
    [width * height - 1, -width, -1],
    [(height - 1) * width, 1, -width],
  ][n] as [number, number, number];
  let to = 0;
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const from = (origin + i * down + j * across) * channels;
      for (let c = 0; c < channels; c++) y[to++] = x[from + c]!;
    }
  }
  return { data: y, width: w, height: h, channels };
}

import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { fastStream, normalQuantiles } from '../noise.ts';

/** Adds normal noise of `mean` and `sigma`, as shares of 255; cut to 0 … 255, or else wrapped. */
export function addNoise(
  { data: x, width, height, channels }: Image,
  mean: number,
  sigma: number,
  clip: boolean,
  seed: number,
): Image {
  const y = takeBytes(x.length, x);
  const noise = Int16Array.from(normalQuantiles(), (z) => Math.trunc(255 * (mean + sigma * z)));
  const next = fastStream(seed);
  for (let i = 0; i < x.length; i += 2) {
    const word = next();
    const first = x[i]! + noise[word >>> 16]!;
    y[i] = !clip ? first : Math.max(0, Math.min(255, first));
    if (i + 1 < x.length) {
      const second = x[i + 1]! + noise[word & 0xffff]!;
      y[i + 1] = !clip ? second : Math.max(0, Math.min(255, second));
    }
  }
  return { data: y, width, height, channels };
}

/** The sum of equally large images, each times its weight; fractions are dropped. */
export function weightedSum(images: readonly Image[], weights: readonly number[]): Image {
  const [{ data, width, height, channels }] = images as [Image, ...Image[]];
  const sums = new Float32Array(data.length);
  images.forEach((image, k) => {
    const weight = weights[k]!;
    for (let i = 0; i < sums.length; i++) sums[i]! += weight * image.data[i]!;
  });
  const y = takeBytes(data.length, data);
  // Weights that sum to one make 254.9999… of white.
  for (let i = 0; i < y.length; i++) y[i] = Math.min(255, sums[i]! + 1e-3);
  return { data: y, width, height, channels };
}

/** Fills a rectangle of a copy: one value per channel, or random bytes from `seed`. */
export function erase(
  image: Image,
  top: number,
  left: number,
  height: number,
  width: number,
  content: { readonly values: readonly number[] } | { readonly seed: number },
): Image {
  const { data: x, channels } = image;
  const y = takeBytes(x.length, x);
  y.set(x);
  const length = width * channels;
  const first = (top * image.width + left) * channels;
  const stride = image.width * channels;
  if ('seed' in content) {
    const next = fastStream(content.seed);
    const quantiles = normalQuantiles();
    for (let i = 0, row = first; i < height; i++, row += stride) {
      for (let j = row; j < row + length; j++) {
        // Normal around mid-grey: after normalising, about N(0, 1) like torchvision's.
        y[j] = Math.min(255, Math.max(0, 127.5 + 63.75 * quantiles[next() >>> 16]!));
      }
    }
  } else {
    const { values } = content;
    if (values.every((value) => value === values[0])) {
      for (let i = 0, row = first; i < height; i++, row += stride) {
        y.fill(values[0]!, row, row + length);
      }
    } else {
      for (let j = 0; j < length; j++) y[first + j] = values[j % channels]!;
      for (let i = 1, row = first + stride; i < height; i++, row += stride) {
        y.copyWithin(row, first, first + length);
      }
    }
  }
  return { data: y, width: image.width, height: image.height, channels };
}

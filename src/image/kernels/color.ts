// Colour arithmetic on uint8 RGB. Formulas and roundings are torchvision's for uint8 tensors
// (fractions are dropped, not rounded); fixed-point arithmetic stands in for its float32.

import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { mapBytes, visitBytes } from '../wasm/scratch.ts';
import { histograms, lookup, lookupChannels, maskBits, type Table, tableOf } from './lookup.ts';

// ITU-R BT.601 luma with torchvision's weights .2989, .587, .114, here × 2¹⁵. They do not quite sum
// to one: white has brightness 254.
const RED = 9794;
const GREEN = 19235;
const BLUE = 3736;

/** One channel of brightness. */
export function luma({ data: x, width, height, channels }: Image): Image {
  if (channels === 1) return { data: copyBytes(x), width, height, channels };
  const y = takeBytes(width * height, x);
  for (let i = 0, j = 0; j < y.length; i += 3, j++) {
    y[j] = (x[i]! * RED + x[i + 1]! * GREEN + x[i + 2]! * BLUE) >> 15;
  }
  return { data: y, width, height, channels: 1 };
}

/** Brightness in all three channels. */
export function grayscale3(image: Image): Image {
  const { data: x, width, height, channels } = image;
  if (channels === 1) return repeatChannels(image);
  const fast = mapBytes(x, 12, ({ grayscale }, from, to, length) =>
    grayscale(from, to, length, RED, GREEN, BLUE),
  );
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i += 3) {
    const grey = (x[i]! * RED + x[i + 1]! * GREEN + x[i + 2]! * BLUE) >> 15;
    y[i] = grey;
    y[i + 1] = grey;
    y[i + 2] = grey;
  }
  return { data: y, width, height, channels };
}

/** Three equal channels from one. */
export function repeatChannels({ data: x, width, height, channels }: Image): Image {
  if (channels === 3) return { data: copyBytes(x), width, height, channels };
  const y = takeBytes(3 * x.length, x);
  for (let i = 0, j = 0; i < x.length; i++, j += 3) {
    y[j] = x[i]!;
    y[j + 1] = x[i]!;
    y[j + 2] = x[i]!;
  }
  return { data: y, width, height, channels: 3 };
}

export function copyBytes(x: Uint8Array): Uint8Array {
  const y = takeBytes(x.length, x);
  y.set(x);
  return y;
}

export const adjustBrightness = (image: Image, factor: number): Image =>
  lookup(
    image,
    tableOf((value) => value * factor),
  );

/** Blends with the mean brightness of the whole image. */
export function adjustContrast(image: Image, factor: number): Image {
  const { data: x, channels } = image;
  let sum = 0;
  if (channels === 1) {
    for (let i = 0; i < x.length; i++) sum += x[i]!;
  } else {
    const covered = visitBytes(x, 12, ({ sumLuma }, at, length) => {
      sum += sumLuma(at, length, RED, GREEN, BLUE);
    });
    for (let i = covered; i < x.length; i += 3) {
      sum += (x[i]! * RED + x[i + 1]! * GREEN + x[i + 2]! * BLUE) >> 15;
    }
  }
  const mean = (sum * channels) / x.length;
  return lookup(
    image,
    tableOf((value) => value * factor + mean * (1 - factor)),
  );
}

/** Blends each pixel with its brightness. */
export function adjustSaturation(image: Image, factor: number): Image {
  const { data: x, width, height, channels } = image;
  if (channels === 1) return { data: copyBytes(x), width, height, channels };
  // 15 bits of fraction leave room for factors up to 64.
  const own = Math.round(Math.min(64, factor) * 2 ** 15);
  const other = 2 ** 15 - own;
  const fast = mapBytes(x, 12, ({ saturate }, from, to, length) =>
    saturate(from, to, length, RED, GREEN, BLUE, own, other),
  );
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i += 3) {
    const r = x[i]!;
    const g = x[i + 1]!;
    const b = x[i + 2]!;
    const grey = Math.imul((r * RED + g * GREEN + b * BLUE) >> 15, other);
    const r2 = (Math.imul(r, own) + grey) >> 15;
    const g2 = (Math.imul(g, own) + grey) >> 15;
    const b2 = (Math.imul(b, own) + grey) >> 15;
    y[i] = Math.max(0, Math.min(255, r2));
    y[i + 1] = Math.max(0, Math.min(255, g2));
    y[i + 2] = Math.max(0, Math.min(255, b2));
  }
  return { data: y, width, height, channels };
}

/** torchvision scales floats to bytes by 255.999 and drops the fraction. */
const TO_BYTE = Math.fround(255.999 / 255);

/**
 * Turns the hue by a share of the circle, −0.5 … 0.5. In float32, as torchvision does, and rounded
 * after each step, as SIMD does.
 */
export function adjustHue(image: Image, share: number): Image {
  const { data: x, width, height, channels } = image;
  if (channels === 1 || share === 0) return { data: copyBytes(x), width, height, channels };
  const turn = Math.fround(share < 0 ? 6 + 6 * share : 6 * share);
  const fast = mapBytes(x, 12, ({ turnHue }, from, to, length) =>
    turnHue(from, to, length, turn, TO_BYTE),
  );
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i += 3) {
    const r = x[i]!;
    const g = x[i + 1]!;
    const b = x[i + 2]!;
    const max = Math.max(r, g, b);
    const range = max - Math.min(r, g, b);
    // Hue in sixths of the circle: 0 red, 2 green, 4 blue.
    const [difference, base] = max === r ? [g - b, 6] : max === g ? [b - r, 2] : [r - g, 4];
    let hue = Math.fround(Math.fround(difference / Math.max(1, range)) + Math.fround(turn + base));
    if (hue >= 6) hue = Math.fround(hue - 6);
    if (hue >= 6) hue = Math.fround(hue - 6);
    y[i] = hueChannel(hue, 5, max, range);
    y[i + 1] = hueChannel(hue, 3, max, range);
    y[i + 2] = hueChannel(hue, 1, max, range);
  }
  return { data: y, width, height, channels };
}

/** max − range · max(0, min(k, 4 − k, 1)), k = (offset + hue) mod 6: offset 5 red, 3 green, 1 blue. */
function hueChannel(hue: number, offset: number, max: number, range: number): number {
  let k = Math.fround(hue + offset);
  if (k >= 6) k = Math.fround(k - 6);
  const share = Math.max(0, Math.min(k, Math.fround(4 - k), 1));
  return Math.trunc(Math.fround(Math.fround(max - Math.fround(range * share)) * TO_BYTE));
}

/** Keeps the upper `bits` bits. */
export const posterize = (image: Image, bits: number): Image =>
  maskBits(image, bits >= 8 ? 0xff : 0xff & (0xff00 >> bits), 0);

/** Turns over what reaches the threshold. */
export const solarize = (image: Image, threshold: number): Image =>
  lookup(
    image,
    tableOf((value) => (value >= threshold ? 255 - value : value)),
  );

export const invert = (image: Image): Image => maskBits(image, 0xff, 0xff);

/** Stretches each channel to 0 … 255. */
export function autocontrast(image: Image): Image {
  const tables = histograms(image).map((counts): Table => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (low === high) return tableOf((value) => value);
    const scale = Math.fround((high - low) * Math.fround(1 / 255));
    return tableOf((value) => Math.fround((value - low) / scale));
  });
  return lookupChannels(image, tables);
}

/** Makes each channel's values about equally frequent. */
export function equalize(image: Image): Image {
  const pixels = image.width * image.height;
  const tables = histograms(image).map((counts): Table => {
    const last = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((pixels - counts[last]!) / 255);
    if (step === 0) return tableOf((value) => value);
    let below = 0;
    return tableOf((value) => {
      const level = Math.floor((below + (step >> 1)) / step);
      below += counts[value]!;
      return level;
    });
  });
  return lookupChannels(image, tables);
}

/** Output channel c is input channel order[c]. */
export function permuteChannels(image: Image, order: readonly number[]): Image {
  const { data: x, width, height, channels } = image;
  if (channels === 1) return { data: copyBytes(x), width, height, channels };
  const [r, g, b] = order as [number, number, number];
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i += 3) {
    y[i] = x[i + r]!;
    y[i + 1] = x[i + g]!;
    y[i + 2] = x[i + b]!;
  }
  return { data: y, width, height, channels };
}

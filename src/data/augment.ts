import { UsageError } from '../graph/errors.ts';
import type { ImageShape } from './dataset.ts';
import type { RandomStream } from './random.ts';

/** One uint8 image [c, h, w] inside a larger array. */
export interface ImageView {
  readonly data: Uint8Array;
  readonly shape: ImageShape;
}

/**
 * Changes one image in place. Its only source of chance is `random`, which belongs to the sample
 * (seed, epoch, index): the result is the same wherever and whenever it runs.
 */
export type Transform = (image: ImageView, random: RandomStream) => void;

/**
 * Moves the image by up to `pixels` along each axis, every whole offset equally likely; what comes
 * in is zero.
 *
 * @throws UsageError unless `pixels` is a whole number ≥ 0
 */
export function randomShift(pixels: number): Transform {
  if (!Number.isInteger(pixels) || pixels < 0) {
    throw new UsageError(`randomShift: pixels must be a whole number >= 0 (it is ${pixels})`);
  }
  return (image, random) => {
    const dy = random.below(2 * pixels + 1) - pixels;
    const dx = random.below(2 * pixels + 1) - pixels;
    shift(image, dy, dx);
  };
}

function shift({ data, shape: [c, h, w] }: ImageView, dy: number, dx: number): void {
  const plane = h * w;
  if (Math.abs(dy) >= h || Math.abs(dx) >= w) {
    data.fill(0);
    return;
  }
  // One move of the whole plane; pixels that wrap around a row's end are zeroed afterwards.
  const by = dy * w + dx;
  const [left, right] = dx > 0 ? [0, dx] : [w + dx, w];
  for (let start = 0; start < c * plane; start += plane) {
    if (by > 0) data.copyWithin(start + by, start, start + plane - by);
    else data.copyWithin(start, start - by, start + plane);
    if (dy > 0) data.fill(0, start, start + dy * w);
    else data.fill(0, start + plane + dy * w, start + plane);
    for (let row = start; row < start + plane; row += w) {
      for (let x = left; x < right; x++) data[row + x] = 0;
    }
  }
}

/**
 * Mirrors the image left to right with the given probability.
 *
 * @throws UsageError unless `probability` lies in 0 … 1
 */
export function randomFlip(probability = 0.5): Transform {
  if (!(probability >= 0 && probability <= 1)) {
    throw new UsageError(`randomFlip: probability must lie in 0 … 1 (it is ${probability})`);
  }
  return ({ data, shape: [c, h, w] }, random) => {
    if (random.uniform() >= probability) return;
    for (let row = 0; row < c * h * w; row += w) {
      for (let a = row, b = row + w - 1; a < b; a++, b--) {
        const held = data[a]!;
        data[a] = data[b]!;
        data[b] = held;
      }
    }
  };
}

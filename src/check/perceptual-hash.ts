// Difference hashes: N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013. A picture is made
// small and grey; each bit says whether a pixel is darker than the one to its right. Scaling, other
// compression and changes of brightness leave nearly all bits as they are.

import type { Image } from '../image/image.ts';
import { resample } from '../image/kernels/resample.ts';

/** Words of 32 bits in the hash that finds candidates, and in the one that confirms them. */
export const COARSE_WORDS = 2;
export const FINE_WORDS = 8;

/** Hashes need no larger picture than this, [height, width]. */
export const HASHED_SIZE = [64, 64] as const;

/** Pixels in the thumbnail of a picture, 16 × 16. */
const THUMBNAIL = 256;
/** Thumbnails of copies correlate more than this. */
const LEAST_CORRELATION = 0.998;

const smooth = { interpolation: 'bilinear', antialias: true } as const;

/** The difference hash of a grey image in `side` rows of `side` bits. */
function differenceHash(image: Image, side: number, into: Uint32Array, at: number): void {
  const { width, height } = image;
  const small = resample(image, { top: 0, left: 0, width, height }, side, side + 1, smooth);
  for (let bit = 0; bit < side * side; bit++) {
    const x = Math.floor(bit / side) * (side + 1) + (bit % side);
    if (small.data[x]! < small.data[x + 1]!) into[at + (bit >> 5)]! |= 1 << (bit & 31);
  }
}

/** Hashes of n pictures. */
export interface Hashes {
  /** [n, 2]: 8 × 8 bits */
  readonly coarse: Uint32Array;
  /** [n, 8]: 16 × 16 bits */
  readonly fine: Uint32Array;
  /** [n, 16, 16]: grey */
  readonly thumbnails: Uint8Array;
}

export const emptyHashes = (n: number): Hashes => ({
  coarse: new Uint32Array(n * COARSE_WORDS),
  fine: new Uint32Array(n * FINE_WORDS),
  thumbnails: new Uint8Array(n * THUMBNAIL),
});

/** Writes the hashes of a grey image as those of picture i. */
export function hashInto({ coarse, fine, thumbnails }: Hashes, i: number, image: Image): void {
  differenceHash(image, 8, coarse, i * COARSE_WORDS);
  differenceHash(image, 16, fine, i * FINE_WORDS);
  const { width, height } = image;
  const small = resample(image, { top: 0, left: 0, width, height }, 16, 16, smooth);
  thumbnails.set(small.data, i * THUMBNAIL);
}

/** How many bits of a word are set (Hacker's Delight, section 5.1). */
export function bitCount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** In how many bits hashes i and j of so many words differ. */
export function hashDistance(hashes: Uint32Array, words: number, i: number, j: number): number {
  let distance = 0;
  for (let w = 0; w < words; w++) {
    distance += bitCount(hashes[i * words + w]! ^ hashes[j * words + w]!);
  }
  return distance;
}

/** Bits that are set in fine hash i. */
export function fineBits({ fine }: Hashes, i: number): number {
  let bits = 0;
  for (let w = 0; w < FINE_WORDS; w++) bits += bitCount(fine[i * FINE_WORDS + w]!);
  return bits;
}

/** Whether the thumbnails of pictures i and j show the same, at whatever brightness and contrast. */
export function sameThumbnail({ thumbnails }: Hashes, i: number, j: number): boolean {
  let [sumX, sumY, xy, xx, yy] = [0, 0, 0, 0, 0];
  for (let p = 0; p < THUMBNAIL; p++) {
    const [x, y] = [thumbnails[i * THUMBNAIL + p]!, thumbnails[j * THUMBNAIL + p]!];
    sumX += x;
    sumY += y;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  const covariance = THUMBNAIL * xy - sumX * sumY;
  const variances = (THUMBNAIL * xx - sumX * sumX) * (THUMBNAIL * yy - sumY * sumY);
  return covariance > LEAST_CORRELATION * Math.sqrt(variances);
}

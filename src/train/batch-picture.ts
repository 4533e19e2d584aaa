import type { Batch, Normalization } from '../data/index.ts';
import type { Image } from '../image/image.ts';

/** Images of a batch as the network gets them, for people to look at. */
export interface BatchPicture {
  /** Uint8 pixels again. */
  readonly images: readonly Image[];
  /** What they are taken for: a class, or the parts of several. */
  readonly captions: readonly (readonly string[])[];
  /** Samples in the batch, of which these are the first. */
  readonly count: number;
}

const MOST = 32;
/** Parts of a mixed label that are too small to be named. */
const LEAST_SHARE = 0.005;

/** The first images of a batch with their classes. What the batch holds is copied. */
export function batchPicture(
  { images, labels, targets, shape, count }: Batch,
  classes: readonly string[],
  normalization: Normalization | undefined,
): BatchPicture {
  const [, c, h, w] = shape;
  const shown = Math.min(MOST, count);
  const channels = c >= 3 ? 3 : 1;
  const plane = h * w;
  const imageAt = (i: number): Image => {
    const data = new Uint8Array(plane * channels);
    for (let channel = 0; channel < channels; channel++) {
      const { mean, std } = normalization ?? { mean: [], std: [] };
      const [m, s] = [mean[channel] ?? 0, std[channel] ?? 1];
      const from = (i * c + channel) * plane;
      for (let p = 0; p < plane; p++) {
        const value = Math.round(255 * (images[from + p]! * s + m));
        data[p * channels + channel] = Math.max(0, Math.min(255, value));
      }
    }
    return { data, width: w, height: h, channels };
  };
  const captionAt = (i: number): string[] => {
    if (!targets) return [classes[labels[i]!]!];
    const row = targets.subarray(i * classes.length, (i + 1) * classes.length);
    const parts = [...row].map((share, k) => ({ share, name: classes[k]! }));
    return parts
      .filter(({ share }) => share > LEAST_SHARE)
      .sort((a, b) => b.share - a.share)
      .slice(0, 2)
      .map(({ share, name }) => (share > 1 - LEAST_SHARE ? name : `${share.toFixed(2)} ${name}`));
  };
  const numbers = Array.from({ length: shown }, (_, i) => i);
  return { images: numbers.map(imageAt), captions: numbers.map(captionAt), count };
}

// Mixing within a batch, after normalising. Each image is mixed with the one before it (the first
// with the last), all by the same share, as torchvision does.

import { UsageError } from '../../graph/errors.ts';
import { defineTransformOf } from '../define-transform.ts';
import { number, probability } from '../options.ts';
import { beta } from '../random.ts';

/** Images and the probability of each class. Mixing changes both in place. */
export interface Batch {
  /** [n, c, h, w] */
  readonly images: Float32Array | Uint8Array;
  readonly shape: readonly [n: number, c: number, h: number, w: number];
  /** [n, classes] */
  readonly labels: Float32Array;
}

/**
 * Probabilities [n, classes] of labels [n].
 *
 * @throws UsageError when a label is no class
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const hot = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new UsageError(
        `oneHot: labels must be whole numbers below ${classes} (one is ${label})`,
      );
    }
    hot[i * classes + label] = 1;
  }
  return hot;
}

/** Row i becomes share · row i + (1 − share) · row i − 1; the first row takes the last. */
function mixRows(rows: Float32Array | Uint8Array, count: number, share: number): void {
  const size = rows.length / count;
  const last = rows.slice(rows.length - size);
  for (let i = count - 1; i >= 0; i--) {
    const start = i * size;
    for (let j = 0; j < size; j++) {
      const other = i === 0 ? last[j]! : rows[start - size + j]!;
      rows[start + j] = rows[start + j]! * share + other * (1 - share);
    }
  }
}

const alpha = number('Of the Beta distribution of the share.', 1, { min: 1e-6 });

export const mixUp = defineTransformOf(
  {
    name: 'mixUp',
    doc: 'Averages pairs of images and their labels by one random share (Zhang et al. 2018).',
    options: { alpha, p: probability(1) },
    draw: (random, _: Batch, { alpha }) => ({ share: beta(random, alpha, alpha) }),
    apply(batch, { share }) {
      const [n] = batch.shape;
      mixRows(batch.images, n, share);
      mixRows(batch.labels, n, share);
      return batch;
    },
  },
  (batch) => batch,
);

interface Cut {
  /** x1, y1, x2, y2 in pixels. */
  readonly box: readonly [number, number, number, number];
  /** Of the image itself: one minus the box's part of the area. */
  readonly share: number;
}

export const cutMix = defineTransformOf(
  {
    name: 'cutMix',
    doc: 'Pastes a rectangle of one image onto the next and mixes labels by area (Yun et al. 2019).',
    options: { alpha, p: probability(1) },
    draw(random, { shape: [, , h, w] }: Batch, { alpha }): Cut {
      const radius = 0.5 * Math.sqrt(1 - beta(random, alpha, alpha));
      const [x, y] = [random.below(w), random.below(h)];
      const [dx, dy] = [Math.trunc(radius * w), Math.trunc(radius * h)];
      const box = [
        Math.max(0, x - dx),
        Math.max(0, y - dy),
        Math.min(w, x + dx),
        Math.min(h, y + dy),
      ] as const;
      return { box, share: 1 - ((box[2] - box[0]) * (box[3] - box[1])) / (w * h) };
    },
    apply(batch, { box: [x1, y1, x2, y2], share }) {
      const { images, labels, shape } = batch;
      const [n, c, h, w] = shape;
      const size = c * h * w;
      const last = images.slice((n - 1) * size);
      for (let i = n - 1; i >= 0; i--) {
        const source = i === 0 ? last : images.subarray((i - 1) * size, i * size);
        for (let plane = 0; plane < c; plane++) {
          for (let y = y1; y < y2; y++) {
            const row = (plane * h + y) * w;
            images.set(source.subarray(row + x1, row + x2), i * size + row + x1);
          }
        }
      }
      mixRows(labels, n, share);
      return batch;
    },
  },
  (batch) => batch,
);

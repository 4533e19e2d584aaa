import { UsageError } from '../graph/errors.ts';
import { giveBytes } from '../image/buffers.ts';
import { resample } from '../image/kernels/resample.ts';
import type { ImageDataset } from './dataset.ts';

/**
 * The same images at `size` × `size` pixels, made when they are asked for: bilinear and antialiased,
 * as torchvision's `Resize` makes them of PIL images. Datasets that have that size already are
 * returned as they are.
 *
 * @throws UsageError unless `size` is a whole number ≥ 1
 */
export function resizedDataset(dataset: ImageDataset, size: number): ImageDataset {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new UsageError(`resizedDataset: size must be a whole number >= 1 (it is ${size})`);
  }
  const [channels, height, width] = dataset.shape;
  if (height === size && width === size) return dataset;
  const whole = { top: 0, left: 0, height, width };
  const how = { interpolation: 'bilinear', antialias: true } as const;
  const [from, to] = [height * width, size * size];
  return {
    name: dataset.name,
    classes: dataset.classes,
    shape: [channels, size, size],
    length: dataset.length,
    ...(dataset.labels ? { labels: dataset.labels } : {}),
    async gather(indices, images, labels) {
      const originals = new Uint8Array(indices.length * channels * from);
      await dataset.gather(indices, originals, labels);
      // Each channel is resampled as a grey image of its own.
      for (let plane = 0; plane < indices.length * channels; plane++) {
        const data = originals.subarray(plane * from, (plane + 1) * from);
        const resized = resample({ data, width, height, channels: 1 }, whole, size, size, how);
        images.set(resized.data, plane * to);
        giveBytes(resized.data);
      }
    },
  };
}

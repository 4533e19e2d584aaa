import { UsageError } from '../graph/errors.ts';
import { giveBytes, takeBytes } from '../image/buffers.ts';
import type { Transform } from '../image/define-transform.ts';
import type { Image } from '../image/image.ts';
import { imageFromPlanes, planesInto } from '../image/normalize.ts';
import { randomStream } from '../image/random.ts';
import type { ImageDataset } from './dataset.ts';
import { type Normalization, pixelTables } from './normalize.ts';
import type { FillRequest, PreparedDataset } from './prepared.ts';

/** Writes samples, and their labels [n], into the first rows of a batch. */
export type FillRows = (request: FillRequest, labels: Int32Array) => Promise<void>;

/**
 * Rows from a dataset whose images have one size already.
 *
 * @param transform applied to each image; must keep its size
 * @throws UsageError when there is a transform and the images are neither grey nor RGB
 */
export function rowsOfImages(
  dataset: ImageDataset,
  transform: Transform | undefined,
  normalize: Normalization | undefined,
): FillRows {
  const { shape } = dataset;
  const [channels, height, width] = shape;
  const size = channels * height * width;
  const tables = pixelTables(channels, normalize);
  const change = transform && transformer(dataset, transform);
  return async (request, labels) => {
    const { indices, images } = request;
    if (images instanceof Uint8Array) {
      await dataset.gather(indices, images, labels);
      change?.(images, request);
      return;
    }
    const bytes = takeBytes(indices.length * size);
    await dataset.gather(indices, bytes, labels);
    change?.(bytes, request);
    const plane = height * width;
    for (let at = 0, p = 0; p < indices.length * channels; p++) {
      const table = tables[p % channels]!;
      for (const end = at + plane; at < end; at++) images[at] = table[bytes[at]!]!;
    }
    giveBytes(bytes);
  };
}

/** Changes each image of a batch of bytes [n, c, h, w]. */
function transformer({ name, shape }: ImageDataset, transform: Transform) {
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(
      `${name}: images of ${channels} channels cannot be augmented, only grey (1) and RGB (3) ones; leave the augmentation out`,
    );
  }
  const size = channels * height * width;
  const imageOf = (planes: Uint8Array): Image =>
    channels === 1
      ? { data: planes, width, height, channels }
      : imageFromPlanes(planes, width, height, channels);
  return (bytes: Uint8Array, { indices, repeats, seed, epoch }: FillRequest): void => {
    for (let row = 0; row < indices.length; row++) {
      const image = imageOf(bytes.subarray(row * size, (row + 1) * size));
      const place = { epoch, sample: indices[row]!, repeat: repeats?.[row] ?? 0 };
      const { target } = transform.run({ image }, randomStream(seed, 'augmentation', place));
      const { image: result } = target;
      if (result === image) continue;
      if (result.width !== width || result.height !== height || result.channels !== channels) {
        throw new UsageError(
          `${name}: images come out of the augmentation with ${result.channels} channels of ${result.height} × ${result.width}, and went in with ${channels} of ${height} × ${width}; leave size out of its steps`,
        );
      }
      planesInto(result, bytes, row * size);
      if (result.data.buffer !== bytes.buffer) giveBytes(result.data);
    }
  };
}

/** Rows from a dataset that prepares its images itself. */
export function rowsOfPrepared(dataset: PreparedDataset): FillRows {
  const { labels } = dataset;
  return async (request, into) => {
    request.indices.forEach((sample, row) => {
      into[row] = labels[sample]!;
    });
    await dataset.fill(request);
  };
}

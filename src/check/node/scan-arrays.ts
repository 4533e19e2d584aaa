import { createHash } from 'node:crypto';
import type { InMemoryDataset } from '../../data/index.ts';
import type { Part } from '../../data/list.ts';
import type { Image } from '../../image/image.ts';
import { imageFromPlanes } from '../../image/normalize.ts';
import { emptyFacts, type Facts } from '../facts.ts';
import { hashInto } from '../perceptual-hash.ts';
import type { ScanOptions } from './scan-files.ts';

/** Parts of a dataset that lies in memory. */
export interface LoadedPart {
  readonly part: Part;
  readonly data: InMemoryDataset;
}

/** Sample i of all parts, one after the other. */
function locate(parts: readonly LoadedPart[], i: number) {
  let rest = i;
  for (const loaded of parts) {
    if (rest < loaded.data.length) return { ...loaded, index: rest };
    rest -= loaded.data.length;
  }
  throw new RangeError(`there is no sample ${i}`);
}

function pixelsOf({ shape, images }: InMemoryDataset, index: number) {
  const size = shape[0] * shape[1] * shape[2];
  return images.subarray(index * size, (index + 1) * size);
}

/** Sample i of all parts, one after the other, as an image. */
export function imageAt(parts: readonly LoadedPart[], i: number): Image {
  const { data, index } = locate(parts, i);
  const [c, height, width] = data.shape;
  const planes = pixelsOf(data, index);
  return imageFromPlanes(planes, width, height, c >= 3 ? 3 : 1);
}

/** Compares images that need no decoding. */
export async function scanArrays(
  parts: readonly LoadedPart[],
  { onImage, signal }: ScanOptions = {},
): Promise<Facts> {
  const samples = parts.flatMap(({ part, data }) =>
    Array.from({ length: data.length }, (_, i) => ({
      path: `${part}/${i}`,
      label: data.classes[data.labels[i]!]!,
      part,
    })),
  );
  const facts = emptyFacts(samples);
  for (let i = 0; i < samples.length; i++) {
    const { data, index } = locate(parts, i);
    const [, height, width] = data.shape;
    const pixels = pixelsOf(data, index);
    facts.widths[i] = width;
    facts.heights[i] = height;
    facts.formats[i] = 'array';
    facts.digests[i] = createHash('sha1').update(pixels).digest('base64');
    hashInto(facts.hashes, i, greyOf(imageAt(parts, i)));
    if (i % 256 === 255) {
      signal?.throwIfAborted();
      onImage?.(i + 1, samples.length);
      await new Promise(setImmediate);
    }
  }
  return facts;
}

/** The mean of the channels. */
function greyOf(image: Image): Image {
  if (image.channels === 1) return image;
  const { width, height } = image;
  const data = Uint8Array.from({ length: width * height }, (_, p) => {
    const [r, g, b] = [image.data[3 * p]!, image.data[3 * p + 1]!, image.data[3 * p + 2]!];
    return Math.round((r + g + b) / 3);
  });
  return { data, width, height, channels: 1 };
}

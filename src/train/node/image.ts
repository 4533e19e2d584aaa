import type { ImageShape } from '../../data/index.ts';
import { UsageError } from '../../graph/errors.ts';
import type { Image } from '../../image/image.ts';
import { decodeImage } from '../../image/node/decode.ts';
import { buildPolicy } from '../../image/policy.ts';
import { augmentationStream } from '../../image/random.ts';
import { testPreparation } from '../augmentation.ts';
import type { Preprocessing } from '../types.ts';

export interface FittedImage {
  /** Of the network's size. */
  readonly image: Image;
  /** Of the file, before it was fitted. */
  readonly original: { readonly width: number; readonly height: number };
}

/**
 * Decodes an image file, turned upright as its camera says, and brings it to the network's size as
 * testing does. Transparent parts become black; one channel is grey.
 *
 * @param source path, or the bytes of a file
 * @throws FormatError when it is no image, or damaged
 */
export async function fittedImage(
  source: string | Uint8Array,
  { shape, fit = { mode: 'squash' } }: Preprocessing,
): Promise<FittedImage> {
  const { image, original } = await decodeImage(source, { channels: channelsOf(shape) });
  const { steps } = testPreparation(shape, fit);
  const { target } = buildPolicy(steps).sample.run({ image }, augmentationStream(0));
  return { image: target.image, original };
}

function channelsOf([channels]: ImageShape): 1 | 3 {
  if (channels === 1 || channels === 3) return channels;
  throw new UsageError(
    `this network takes ${channels} channels, and images have 1 (grey) or 3 (RGB)`,
  );
}

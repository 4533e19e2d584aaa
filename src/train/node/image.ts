import { readFile } from 'node:fs/promises';
import type { ImageShape } from '../../data/index.ts';
import { FormatError, UsageError } from '../../graph/errors.ts';
import { fileError } from './files.ts';

export interface DecodedImage {
  /** uint8 [c, h, w] */
  readonly pixels: Uint8Array;
  /** Of the file, before it was fitted. */
  readonly original: { readonly width: number; readonly height: number };
}

/**
 * Decodes an image (PNG, JPEG, WebP, GIF, TIFF, AVIF, SVG), turned upright as its camera says, and
 * stretches it to `shape`. Transparent parts become black. One channel is grey, by the weights of
 * ITU-R BT.601 as Pillow has them.
 *
 * @param image path, or the bytes of a file
 * @throws FormatError when it is no image, or damaged
 */
export async function decodeImage(
  image: string | Uint8Array,
  shape: ImageShape,
): Promise<DecodedImage> {
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(
      `this network takes ${channels} channels, and images have 1 (grey) or 3 (RGB)`,
    );
  }
  const source = typeof image === 'string' ? image : 'image';
  const bytes = typeof image === 'string' ? await readImage(image) : image;
  const { default: sharp } = await import('sharp');
  try {
    const upright = sharp(bytes, { failOn: 'error', autoOrient: true });
    const { autoOrient } = await upright.metadata();
    const { data } = await upright
      .resize(width, height, { fit: 'fill', kernel: 'linear' })
      .flatten({ background: '#000000' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = planes(data, channels, width * height);
    return { pixels, original: autoOrient };
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0];
    throw new FormatError(
      `${source}: cannot be read as an image (${reason}); give a PNG, JPEG or WebP file`,
      { cause },
    );
  }
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, 'read', cause);
  }
}

/** From interleaved samples to planes: [h, w, rgb] to [c, h, w]. */
function planes(data: Uint8Array, channels: 1 | 3, size: number): Uint8Array {
  const step = data.length / size;
  const at = (i: number, channel: number) => data[i * step + (step < 3 ? 0 : channel)]!;
  if (channels === 1) {
    return Uint8Array.from({ length: size }, (_, i) => {
      return (at(i, 0) * 19595 + at(i, 1) * 38470 + at(i, 2) * 7471 + 0x8000) >> 16;
    });
  }
  return Uint8Array.from({ length: 3 * size }, (_, i) => at(i % size, Math.floor(i / size)));
}

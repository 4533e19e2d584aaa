import sharp from 'sharp';
import type { Image } from '../image.ts';
import { resizedTo } from '../preview.ts';

/** The image, no larger than `side` pixels along either axis. */
export function thumbnail(image: Image, side: number): Image {
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const pixels = (length: number) => Math.max(1, Math.round(length * scale));
  return resizedTo(image, [pixels(image.height), pixels(image.width)]);
}

/** The thumbnail as an address that holds it, for an `<image>` of SVG. */
export async function thumbnailHref(image: Image, side: number): Promise<string> {
  const { data, width, height, channels } = thumbnail(image, side);
  const png = await sharp(data, { raw: { width, height, channels } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

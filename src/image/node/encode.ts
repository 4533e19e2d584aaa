import sharp from 'sharp';
import type { Image } from '../image.ts';

export type EncodedFormat = 'png' | 'jpeg' | 'webp' | 'avif' | 'gif' | 'tiff';

export interface EncodeOptions {
  /** Default 'png'. */
  readonly format?: EncodedFormat;
  /** 1 … 100, for formats that lose something. Default 90. */
  readonly quality?: number;
}

/** The bytes of a file that shows the image. PNG and GIF take no quality. */
export async function encodeImage(
  { data, width, height, channels }: Image,
  { format = 'png', quality = 90 }: EncodeOptions = {},
): Promise<Uint8Array> {
  const lossless = format === 'png' || format === 'gif';
  return sharp(data, { raw: { width, height, channels } })
    .toFormat(format, lossless ? {} : { quality })
    .toBuffer();
}

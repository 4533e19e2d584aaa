import { open } from 'node:fs/promises';
import sharp from 'sharp';
import { FormatError } from '../../graph/errors.ts';
import {
  checkBytes,
  checkFile,
  checkPixels,
  DECODE_DEFAULTS,
  type DecodedImage,
  type DecodeOptions,
  decodeError,
  fromSamples,
} from '../decode-options.ts';
import type { Size } from '../image.ts';

/**
 * Decodes a JPEG, PNG, WebP, AVIF, GIF or TIFF file with libvips, turned upright as its camera says;
 * of an animation the first picture. Colours are taken as sRGB, whatever profile the file has,
 * except that CMYK is converted by it. 16 bits are cut to 8.
 *
 * @param source path, or the bytes of a file
 * @param name what errors call it; default: the path
 * @throws FormatError for whatever is not an intact image within the limits: one line, with the name
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
  name = typeof source === 'string' ? source : 'image',
): Promise<DecodedImage> {
  const { channels, background, maxPixels, maxBytes, enough } = { ...DECODE_DEFAULTS, ...options };
  const bytes = typeof source === 'string' ? await readBounded(source, maxBytes) : source;
  checkFile(name, bytes, maxBytes);
  const input = { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true } as const;
  const metadata = await sharp(bytes, { ...input, limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw decodeError(name, cause);
    });
  const { width, height } = metadata.autoOrient;
  checkPixels(name, width, height, maxPixels);
  try {
    let pipeline = sharp(bytes, { ...input, ignoreIcc: metadata.space !== 'cmyk' });
    const factor = shrinkFactor(metadata.format, [height, width], enough);
    if (factor > 1) {
      const size = [width, height].map((side) => Math.floor(side / factor)) as [number, number];
      pipeline = pipeline.resize(...size, { fit: 'fill', kernel: 'linear' });
    }
    const [r, g, b] = background;
    const { data, info } = await pipeline
      .flatten({ background: { r, g, b } })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return {
      image: fromSamples(data, info.width, info.height, channels),
      original: { width, height },
    };
  } catch (cause) {
    throw decodeError(name, cause);
  }
}

/**
 * By how much the decoder may shrink while it decodes: JPEG and WebP leave out high frequencies for
 * less than the cost of the full picture. Whole factors only, so that libvips' own resampling has
 * nothing left to do but a last odd row.
 */
function shrinkFactor(format: string, [h, w]: Size, enough: Size | undefined): number {
  if (!enough || (format !== 'jpeg' && format !== 'webp')) return 1;
  const fits = (factor: number) =>
    Math.floor(h / factor) >= enough[0] && Math.floor(w / factor) >= enough[1];
  return [8, 4, 2].find(fits) ?? 1;
}

/** A file's bytes, without reading more than allowed. */
async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const stat = await file.stat();
    if (!stat.isFile()) throw new FormatError(`${path}: this is no file`);
    checkBytes(path, stat.size, maxBytes);
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new FormatError(`${path}: ${reason}`, { cause });
  }
}

import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
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
import { imageFormat, jpegHeader } from '../format.ts';
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
  const { channels, background, maxPixels, maxBytes, enough, part } = {
    ...DECODE_DEFAULTS,
    ...options,
  };
  const bytes = typeof source === 'string' ? await readBounded(source, maxBytes) : source;
  checkFile(name, bytes, maxBytes);
  const { format, width, height, upright, cmyk } = await readHeader(bytes, name);
  checkPixels(name, width, height, maxPixels);
  const original = { width, height };
  const factor = shrinkFactor(format, [height, width], enough);
  const size: Size = [Math.floor(height / factor), Math.floor(width / factor)];
  // A file that is cut off must be found out whatever part of it is wanted.
  const region = part && upright && isWholeJpeg(bytes) ? part(size) : undefined;
  try {
    let pipeline = sharp(bytes, {
      failOn: 'error',
      limitInputPixels: maxPixels,
      autoOrient: true,
      ignoreIcc: !cmyk,
    });
    if (factor > 1) pipeline = pipeline.resize(size[1], size[0], { fit: 'fill', kernel: 'linear' });
    if (region) {
      const bottom = region.top + region.height;
      pipeline = pipeline.extract({ left: 0, top: 0, width: size[1], height: bottom });
    }
    const [r, g, b] = background;
    const { data, info } = await pipeline
      .flatten({ background: { r, g, b } })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { image: fromSamples(data, info.width, info.height, channels), original };
  } catch (cause) {
    throw decodeError(name, cause);
  }
}

interface Header {
  readonly format: string;
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  /** Whether the picture is upright as it is stored. */
  readonly upright: boolean;
  readonly cmyk: boolean;
}

/** Most JPEG files say it in their first bytes; libvips is asked about others. */
async function readHeader(bytes: Uint8Array, name: string): Promise<Header> {
  const jpeg = imageFormat(bytes) === 'jpeg' ? jpegHeader(bytes) : undefined;
  if (jpeg?.orientation === 1 && (jpeg.components === 1 || jpeg.components === 3)) {
    const { width, height } = jpeg;
    return { format: 'jpeg', width, height, upright: true, cmyk: false };
  }
  const metadata = await sharp(bytes, {
    failOn: 'error',
    autoOrient: true,
    limitInputPixels: false,
  })
    .metadata()
    .catch((cause: unknown) => {
      throw decodeError(name, cause);
    });
  return {
    format: metadata.format,
    ...metadata.autoOrient,
    upright: (metadata.orientation ?? 1) === 1,
    cmyk: metadata.space === 'cmyk',
  };
}

/** Whether a JPEG file ends as it should, give or take a few bytes. */
function isWholeJpeg(bytes: Uint8Array): boolean {
  if (imageFormat(bytes) !== 'jpeg') return false;
  const end = bytes.subarray(-16);
  return end.some((byte, i) => byte === 0xff && end[i + 1] === 0xd9);
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
    // A worker thread serves nobody else, and every asynchronous call is a trip to another thread.
    if (!isMainThread) return readBoundedSync(path, maxBytes);
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

function readBoundedSync(path: string, maxBytes: number): Uint8Array {
  const stat = statSync(path);
  if (!stat.isFile()) throw new FormatError(`${path}: this is no file`);
  checkBytes(path, stat.size, maxBytes);
  return readFileSync(path);
}

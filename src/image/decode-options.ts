import { FormatError } from '../graph/errors.ts';
import { DECODED_FORMATS, imageFormat } from './format.ts';
import type { Image, Size } from './image.ts';
import type { Region } from './kernels/resample.ts';

export interface DecodeOptions {
  /** 3: RGB; 1: grey. Default 3. */
  readonly channels?: 1 | 3;
  /**
   * [height, width] that is enough: a decoder that can make a smaller picture cheaply may do so, as
   * long as neither side falls below. Default: full size.
   */
  readonly enough?: Size;
  /**
   * Told the size of the picture, [height, width], says which part of it is wanted: the picture may
   * end below that part, and pixels beside it may have any value. Called once or not at all.
   */
  readonly part?: (size: Size) => Region;
  /** What shows through transparent parts, [r, g, b]. Default black. */
  readonly background?: readonly [number, number, number];
  /** Largest image, in pixels. Default 100 million. Memory stays below about 8 bytes per pixel. */
  readonly maxPixels?: number;
  /** Largest file. Default 256 MiB. */
  readonly maxBytes?: number;
}

export interface DecodedImage {
  /** Upright. */
  readonly image: Image;
  /** Of the file, upright, at full size. */
  readonly original: { readonly width: number; readonly height: number };
}

export const DECODE_DEFAULTS = {
  channels: 3,
  background: [0, 0, 0],
  maxPixels: 100e6,
  maxBytes: 256 * 2 ** 20,
} as const satisfies DecodeOptions;

/**
 * @throws FormatError when bytes are no image of a kind that is decoded, or too many
 */
export function checkFile(name: string, bytes: Uint8Array, maxBytes: number): void {
  checkBytes(name, bytes.length, maxBytes);
  if (bytes.length === 0) throw new FormatError(`${name}: the file is empty`);
  const format = imageFormat(bytes);
  if (format === undefined || !DECODED_FORMATS.includes(format)) {
    const what = format ? `${format.toUpperCase()} images are not supported` : 'this is no image';
    throw new FormatError(`${name}: ${what}; give JPEG, PNG, WebP, AVIF, GIF or TIFF`);
  }
}

export function checkBytes(name: string, bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) {
    throw new FormatError(
      `${name}: the file has ${bytes} bytes, more than maxBytes ${maxBytes}; raise maxBytes if it is to be trusted`,
    );
  }
}

export function checkPixels(name: string, width: number, height: number, maxPixels: number): void {
  if (!(width > 0 && height > 0)) {
    throw new FormatError(`${name}: the image is empty (${width} × ${height} pixels)`);
  }
  if (width * height > maxPixels) {
    throw new FormatError(
      `${name}: the image has ${width} × ${height} pixels, more than maxPixels ${maxPixels}; raise maxPixels if it is to be trusted`,
    );
  }
}

/** One line for whatever a decoder complains about. */
export function decodeError(name: string, cause: unknown): FormatError {
  const reason = (cause as Error).message.split('\n')[0]!.trim();
  return new FormatError(
    `${name}: cannot be decoded (${reason}); the file is damaged or unusual, save it again`,
    { cause },
  );
}

/** Pillow's weights for grey, ITU-R BT.601 in 16 bits, rounded. */
const grey = (r: number, g: number, b: number) => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

/** Samples [h, w, n], n from 1 to 4, as an image; a fourth or second channel is dropped. */
export function fromSamples(
  samples: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3,
): Image {
  const size = width * height;
  const step = samples.length / size;
  if (step === channels) return { data: samples, width, height, channels };
  const data = new Uint8Array(size * channels);
  const colour = step >= 3;
  for (let i = 0, from = 0, to = 0; i < size; i++, from += step) {
    const r = samples[from]!;
    const g = colour ? samples[from + 1]! : r;
    const b = colour ? samples[from + 2]! : r;
    if (channels === 1) {
      data[to++] = colour ? grey(r, g, b) : r;
    } else {
      data[to] = r;
      data[to + 1] = g;
      data[to + 2] = b;
      to += 3;
    }
  }
  return { data, width, height, channels };
}

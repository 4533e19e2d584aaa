// What kind of file some bytes are, and how large their image says it is, without decoding it.

/** Kinds of image file that can be told apart. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff' | 'bmp' | 'svg' | 'jxl';

/** Those that are decoded. */
export const DECODED_FORMATS: readonly ImageFormat[] = [
  'jpeg',
  'png',
  'webp',
  'avif',
  'gif',
  'tiff',
];

/** Usual endings of file names, without the dot. */
export const EXTENSIONS: Readonly<Record<string, ImageFormat>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
  tif: 'tiff',
  tiff: 'tiff',
};

const text = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((value, i) => bytes[i] === value);

/** The kind of file by its first bytes, whatever its name says. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return 'webp';
  if (text(bytes, 4, 8) === 'ftyp' && /avi[fs]|mif1/.test(text(bytes, 8, 32))) return 'avif';
  if (/^GIF8[79]a/.test(text(bytes, 0, 6))) return 'gif';
  if (startsWith(bytes, 0x49, 0x49, 0x2a, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 0x2a)) {
    return 'tiff';
  }
  if (text(bytes, 0, 2) === 'BM') return 'bmp';
  if (startsWith(bytes, 0xff, 0x0a) || text(bytes, 4, 8) === 'JXL ') return 'jxl';
  if (/^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<svg/i.test(text(bytes, 0, 256))) return 'svg';
  return undefined;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** The size that a file's header claims, where the format has a simple one. */
export function claimedSize(bytes: Uint8Array): PixelSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (end: number) => bytes.length >= end;
  switch (imageFormat(bytes)) {
    case 'png':
      return has(24) ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined;
    case 'gif':
      return has(10)
        ? { width: view.getUint16(6, true), height: view.getUint16(8, true) }
        : undefined;
    case 'jpeg':
      return jpegHeader(bytes);
    case 'webp':
      return has(30) ? webpSize(bytes, view) : undefined;
    case 'avif':
      return avifSize(bytes, view);
    default:
      return undefined;
  }
}

export interface JpegHeader extends PixelSize {
  /** 1: grey; 3: YCbCr or RGB; 4: CMYK. */
  readonly components: number;
  /** Exif's: 1 for upright; undefined when there are Exif data that cannot be read. */
  readonly orientation: number | undefined;
}

/** What stands before the picture of a JPEG file, up to the first start-of-frame marker. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: number | undefined = 1;
  for (let at = 2; at + 10 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) {
      const [width, height] = [view.getUint16(at + 7), view.getUint16(at + 5)];
      return { width, height, components: view.getUint8(at + 9), orientation };
    }
    // APP1: Exif, or XMP, which says nothing of it.
    if (marker === 0xe1 && text(bytes, at + 4, at + 8) === 'Exif') {
      orientation = exifOrientation(bytes.subarray(at + 10, at + 2 + view.getUint16(at + 2)));
    }
    // A fill byte, or a marker without content.
    at += marker === 0xff ? 1 : 2 + (marker === 0x01 ? 0 : view.getUint16(at + 2));
  }
  return undefined;
}

/** From the first directory of a TIFF structure, where entries have twelve bytes. */
function exifOrientation(tiff: Uint8Array): number | undefined {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = text(tiff, 0, 2);
  if ((order !== 'II' && order !== 'MM') || tiff.length < 8) return undefined;
  const little = order === 'II';
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const entries = view.getUint16(start, little);
  for (let i = 0, at = start + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
  }
  return 1;
}

function webpSize(bytes: Uint8Array, view: DataView): PixelSize | undefined {
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (text(bytes, 12, 16)) {
    case 'VP8X':
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return {
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    default:
      return undefined;
  }
}

/** The largest image spatial extent among the properties at the start of the file. */
function avifSize(bytes: Uint8Array, view: DataView): PixelSize | undefined {
  let found: PixelSize | undefined;
  const end = Math.min(bytes.length, 4096) - 16;
  for (let at = 0; at < end; at++) {
    if (bytes[at] !== 0x69 || text(bytes, at, at + 4) !== 'ispe') continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (!found || size.width * size.height > found.width * found.height) found = size;
  }
  return found;
}

// Files that a folder of "images" may hold: damaged, mislabelled, enormous, odd. Made when the tests
// run, so that nothing of the kind lies in the repository.

import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The size of the picture, [width, height], or what the one-line error must say. */
  readonly expect: readonly [number, number] | RegExp;
}

const [WIDTH, HEIGHT] = [48, 32];
const DAMAGED = /cannot be decoded/;
const TOO_LARGE = /more than maxPixels/;
const NO_IMAGE = /this is no image/;

/** A smooth picture with a red upper left quarter, so that turning it shows. */
function picture(channels: 3 | 4, width = WIDTH, height = HEIGHT): Sharp {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const corner = x < width / 2 && y < height / 2;
    data.set(corner ? [230, 20, 20] : [(x * 5) % 256, (y * 7) % 256, 90], i * channels);
    if (channels === 4) data[i * 4 + 3] = corner ? 255 : 64;
  }
  return sharp(data, { raw: { width, height, channels } });
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32OfType(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}

const crc32OfType = (bytes: Uint8Array): number => (crc32 as (data: Uint8Array) => number)(bytes);

/** A PNG by hand: any claimed size, depth and colour type, with `rows` of content. */
function png(width: number, height: number, depth: number, colour: number, rows: Uint8Array) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** The JPEG's frame header with another size. */
function resizedJpeg(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const copy = Buffer.from(bytes);
  const frame = copy.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(copy[i + 1]!));
  copy.writeUInt16BE(height, frame + 5);
  copy.writeUInt16BE(width, frame + 7);
  return copy;
}

/** Where a GIF's blocks begin: after the header and the colours. */
const gifPictureFrom = (bytes: Uint8Array) => 13 + 3 * 2 ** ((bytes[10]! & 7) + 1);

function patched(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
}

const part = (bytes: Uint8Array, share: number) => bytes.slice(0, Math.floor(bytes.length * share));

/** About sixty files. */
export async function hostileFiles(): Promise<HostileFile[]> {
  const whole = [WIDTH, HEIGHT] as const;
  const formats = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;
  const made = new Map<string, Uint8Array>();
  for (const format of formats) made.set(format, await picture(3).toFormat(format).toBuffer());
  const of = (format: (typeof formats)[number]) => made.get(format)!;
  const files: HostileFile[] = [];
  const add = (name: string, bytes: Uint8Array, expect: HostileFile['expect']) =>
    files.push({ name, bytes, expect });

  for (const format of formats) {
    add(`plain.${format}`, of(format), whole);
    add(`half.${format}`, part(of(format), 0.5), DAMAGED);
    add(`header-only.${format}`, of(format).slice(0, 16), DAMAGED);
  }
  add('last-bytes-missing.jpg', part(of('jpeg'), 0.95), DAMAGED);
  add('empty.jpg', new Uint8Array(0), /the file is empty/);
  add('one-byte.png', Uint8Array.of(0x89), NO_IMAGE);
  add('zeros.jpg', new Uint8Array(4096), NO_IMAGE);
  add('text.png', Buffer.from('no picture, only words\n'), NO_IMAGE);
  add('page.jpg', Buffer.from('<!doctype html><title>404</title>'), NO_IMAGE);
  add(
    'vector.svg',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    /SVG .*not supported/,
  );
  add('vector.png', Buffer.from('<?xml version="1.0"?><svg/>'), /SVG .*not supported/);
  add('bitmap.bmp', Buffer.from('BM                          '), /BMP .*not supported/);
  add('document.jpg', Buffer.from('%PDF-1.4\n'), NO_IMAGE);

  add('png-named.jpg', of('png'), whole);
  add('jpeg-named.png', of('jpeg'), whole);
  add('webp-named.gif', of('webp'), whole);

  const row = new Uint8Array(64);
  add('bomb-50000.png', png(50_000, 50_000, 8, 2, row), TOO_LARGE);
  add('bomb-largest.png', png(2 ** 31 - 1, 2 ** 31 - 1, 8, 2, row), /maxPixels|cannot be decoded/);
  add('bomb-bilevel.png', png(50_000, 50_000, 1, 0, row), TOO_LARGE);
  add('bomb-50000.jpg', resizedJpeg(of('jpeg'), 50_000, 50_000), TOO_LARGE);
  // The screen alone is only a canvas; with the picture's own size it is a bomb.
  const huge = [0x50, 0xc3, 0x50, 0xc3];
  const screen = patched(of('gif'), 6, huge);
  add('large-screen.gif', screen, whole);
  add(
    'bomb-50000.gif',
    patched(screen, screen.indexOf(0x2c, gifPictureFrom(screen)) + 5, huge),
    TOO_LARGE,
  );
  add('bomb-inflated.png', png(9000, 9000, 8, 0, new Uint8Array(9000 * 9001)), TOO_LARGE);
  add('no-content.png', png(WIDTH, HEIGHT, 8, 2, row), DAMAGED);
  add('no-width.png', png(0, HEIGHT, 8, 2, row), /cannot be decoded|is empty/);
  add('no-height.jpg', resizedJpeg(of('jpeg'), WIDTH, 0), /cannot be decoded|is empty/);
  add('wrong-checksum.png', patched(of('png'), of('png').length - 20, [1, 2, 3]), DAMAGED);
  add('wrong-depth.png', png(8, 8, 7, 2, row), DAMAGED);
  add('noise-inside.jpg', patched(of('jpeg'), 40, Array(60).fill(0xab)), DAMAGED);
  add('longer-than-claimed.png', Buffer.concat([of('png'), new Uint8Array(100)]), whole);

  add('grey.jpg', await picture(3).greyscale().jpeg().toBuffer(), whole);
  add('grey.png', await picture(3).toColourspace('b-w').png().toBuffer(), whole);
  add('palette.png', await picture(3).png({ palette: true, colours: 8 }).toBuffer(), whole);
  add('alpha.png', await picture(4).png().toBuffer(), whole);
  add('grey-alpha.png', await picture(4).toColourspace('b-w').png().toBuffer(), whole);
  add('alpha.webp', await picture(4).webp({ lossless: true }).toBuffer(), whole);
  add('alpha.avif', await picture(4).avif().toBuffer(), whole);
  add('16-bit.png', await picture(3).toColourspace('rgb16').png().toBuffer(), whole);
  add('16-bit-grey.png', png(2, 1, 16, 0, Uint8Array.of(0, 0xff, 0xff, 0x80, 0)), [2, 1]);
  add('16-bit.tiff', await picture(3).toColourspace('rgb16').tiff().toBuffer(), whole);
  add('bilevel.png', png(9, 1, 1, 0, Uint8Array.of(0, 0b10101010, 0x80)), [9, 1]);
  add('cmyk.jpg', await picture(3).toColourspace('cmyk').jpeg().toBuffer(), whole);
  add('cmyk.tiff', await picture(3).toColourspace('cmyk').tiff().toBuffer(), whole);
  add('progressive.jpg', await picture(3).jpeg({ progressive: true }).toBuffer(), whole);
  add('interlaced.png', await picture(3).png({ progressive: true }).toBuffer(), whole);
  add('full-chroma.jpg', await picture(3).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(), whole);
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    add(`dot.${format}`, await picture(3, 1, 1).toFormat(format).toBuffer(), [1, 1]);
  }
  add('needle.png', await picture(3, 1, 3000).png().toBuffer(), [1, 3000]);

  const frames = await sharp(
    await Promise.all(
      [picture(3), picture(3).negate(), picture(3).flip()].map((x) => x.png().toBuffer()),
    ),
    { join: { animated: true } },
  );
  add(
    'animated.gif',
    await frames
      .clone()
      .gif({ delay: [100, 100, 100] })
      .toBuffer(),
    whole,
  );
  add('animated.webp', await frames.clone().webp().toBuffer(), whole);

  for (let orientation = 1; orientation <= 8; orientation++) {
    const turned = (await stored(orientation)).withMetadata({ orientation });
    add(`orientation-${orientation}.jpg`, await turned.jpeg({ quality: 100 }).toBuffer(), whole);
  }
  return files;
}

/** The picture as a camera held in one of eight ways stores it (EXIF 2.3, tag 0x0112). */
async function stored(orientation: number): Promise<Sharp> {
  const upright = await picture(3).raw().toBuffer();
  const [right, bottom] = [WIDTH - 1, HEIGHT - 1];
  const source = [
    (x: number, y: number) => [x, y],
    (x: number, y: number) => [right - x, y],
    (x: number, y: number) => [right - x, bottom - y],
    (x: number, y: number) => [x, bottom - y],
    (x: number, y: number) => [y, x],
    (x: number, y: number) => [right - y, x],
    (x: number, y: number) => [right - y, bottom - x],
    (x: number, y: number) => [y, bottom - x],
  ][orientation - 1]!;
  const [width, height] = orientation <= 4 ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH];
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = source(i % width, Math.floor(i / width)) as [number, number];
    const from = 3 * (y * WIDTH + x);
    data.set(upright.subarray(from, from + 3), 3 * i);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

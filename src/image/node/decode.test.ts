import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { claimedSize, type ImageFormat, imageFormat } from '../format.ts';
import type { Image } from '../image.ts';
import { decodeImage } from './decode.ts';
import { type EncodedFormat, encodeImage } from './encode.ts';

function picture(width: number, height: number, channels: 1 | 3): Image {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    data[i] = ((pixel % width) * 3 + Math.floor(pixel / width) * 2 + 40 * (i % channels)) % 256;
  }
  return { data, width, height, channels };
}

const FORMATS: EncodedFormat[] = ['png', 'jpeg', 'webp', 'avif', 'gif', 'tiff'];

describe('decodeImage', () => {
  it.each(FORMATS)('reads %s as it was written', async (format) => {
    const image = picture(40, 30, 3);
    const bytes = await encodeImage(image, { format, quality: 100 });
    expect(imageFormat(bytes)).toBe<ImageFormat>(format);
    if (format !== 'tiff') expect(claimedSize(bytes)).toMatchObject({ width: 40, height: 30 });
    const { image: got, original } = await decodeImage(bytes);
    expect(original).toEqual({ width: 40, height: 30 });
    const errors = Array.from(got.data, (value, i) => Math.abs(value - image.data[i]!));
    const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
    // Chroma at half size, or 256 colours, cost some levels at the edges where values wrap.
    expect(mean).toBeLessThan(format === 'png' ? 1e-9 : 8);
  });

  it('gives grey by Pillow’s weights, and three channels from grey', async () => {
    const colour = await encodeImage({
      data: Uint8Array.of(200, 100, 50, 10, 20, 30),
      width: 2,
      height: 1,
      channels: 3,
    });
    const { image } = await decodeImage(colour, { channels: 1 });
    expect([...image.data]).toEqual([124, 18]);
    const grey = await encodeImage({
      data: Uint8Array.of(7, 250),
      width: 2,
      height: 1,
      channels: 1,
    });
    expect([...(await decodeImage(grey)).image.data]).toEqual([7, 7, 7, 250, 250, 250]);
    expect([...(await decodeImage(grey, { channels: 1 })).image.data]).toEqual([7, 250]);
  });

  it('shows the background through transparent parts', async () => {
    const samples = Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 128);
    const bytes = await sharp(samples, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const black = (await decodeImage(bytes)).image.data;
    expect([...black.subarray(0, 6)]).toEqual([200, 100, 0, 0, 0, 0]);
    expect(Math.abs(black[6]! - 100)).toBeLessThanOrEqual(1);
    const red = (await decodeImage(bytes, { background: [255, 0, 0] })).image.data;
    expect([...red.subarray(3, 6)]).toEqual([255, 0, 0]);
  });

  it('cuts 16 bits to 8', async () => {
    const deep = Uint16Array.of(0, 0x7fff, 0xffff, 0x1234, 0x80ff, 0xfe00);
    const bytes = await sharp(deep, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    const { data } = (await decodeImage(bytes)).image;
    const expected = [0, 0x7f, 0xff, 0x12, 0x80, 0xfe];
    expect(
      Math.max(...Array.from(data, (value, i) => Math.abs(value - expected[i]!))),
    ).toBeLessThanOrEqual(1);
  });

  it('shrinks while it decodes, never below what is enough', async () => {
    const bytes = await encodeImage(picture(403, 301, 3), { format: 'jpeg' });
    for (const [enough, width, height] of [
      [[150, 200], 201, 150],
      [[151, 200], 403, 301],
      [[30, 30], 50, 37],
    ] as const) {
      const { image, original } = await decodeImage(bytes, { enough });
      expect([image.width, image.height]).toEqual([width, height]);
      expect(original).toEqual({ width: 403, height: 301 });
    }
  });

  it('leaves out what is not wanted, and finds damage in them all the same', async () => {
    const image = picture(40, 30, 3);
    const noise = { ...image, data: image.data.map((_, i) => (i * 7919) % 251) };
    const bytes = await encodeImage(noise, { format: 'jpeg', quality: 95 });
    const whole = (await decodeImage(bytes)).image;
    const asked: number[][] = [];
    const top = (height: number) => ({ top: 0, left: 3, height, width: 9 });
    const wanted = (size: readonly number[]) => {
      asked.push([...size]);
      return top(12);
    };
    const part = await decodeImage(bytes, { part: wanted });
    expect(part.original).toEqual({ width: 40, height: 30 });
    expect(part.image).toMatchObject({ width: 40, height: 12 });
    expect(Buffer.from(part.image.data)).toEqual(Buffer.from(whole.data.subarray(0, 40 * 12 * 3)));
    const shrunk = await decodeImage(bytes, { part: () => top(4), enough: [15, 20] });
    expect(shrunk.image).toMatchObject({ width: 20, height: 4 });
    expect(asked).toEqual([[30, 40]]);
    const cut = bytes.subarray(0, bytes.length - 300);
    await expect(decodeImage(cut, { part: () => top(4) })).rejects.toThrow(/cannot be decoded/);
  });
});

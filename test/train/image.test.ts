import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fittedImage } from '../../src/train/node/image.ts';
import type { Preprocessing } from '../../src/train/types.ts';

const raw = (data: number[], width: number, height: number, channels: 1 | 3 | 4) =>
  sharp(Uint8Array.from(data), { raw: { width, height, channels } });

const pixelsOf = async (source: string | Uint8Array, preprocessing: Preprocessing) => [
  ...(await fittedImage(source, preprocessing)).image.data,
];

describe('fittedImage', () => {
  it('keeps grey images of the right size as they are', async () => {
    const values = Array.from({ length: 9 }, (_, i) => i * 31);
    const png = await raw(values, 3, 3, 1).png().toBuffer();
    const { image, original } = await fittedImage(png, { shape: [1, 3, 3] });
    expect([...image.data]).toEqual(values);
    expect(original).toEqual({ width: 3, height: 3 });
  });

  it("turns colours into grey by Pillow's weights", async () => {
    const png = await raw([255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 30], 2, 2, 3).png().toBuffer();
    // (19595 r + 38470 g + 7471 b + 32768) / 65536, rounded down.
    expect(await pixelsOf(png, { shape: [1, 2, 2] })).toEqual([76, 150, 29, 124]);
  });

  it('makes transparent parts black', async () => {
    const png = await raw([255, 255, 255, 0, 255, 255, 255, 255], 2, 1, 4).png().toBuffer();
    expect(await pixelsOf(png, { shape: [1, 1, 2] })).toEqual([0, 255]);
  });

  it('turns photographs upright, and says how large they were', async () => {
    const jpeg = await raw(Array(8 * 4).fill(90), 8, 4, 1)
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { original } = await fittedImage(jpeg, { shape: [1, 2, 2] });
    expect(original).toEqual({ width: 4, height: 8 });
  });

  it('stretches to the size of the network, unless the run has cut or padded', async () => {
    const columns = Array.from({ length: 6 * 2 }, (_, i) => (i % 6) * 50);
    const png = await raw(columns, 6, 2, 1).png().toBuffer();
    const shape = [1, 2, 2] as const;
    const squashed = await pixelsOf(png, { shape });
    expect(squashed.slice(0, 2)).toEqual(squashed.slice(2));
    expect(Math.abs(squashed[0]! + squashed[1]! - 250)).toBeLessThanOrEqual(1);
    expect(await pixelsOf(png, { shape, fit: { mode: 'crop' } })).toEqual([100, 150, 100, 150]);
    const grey = await raw(Array(12).fill(50), 6, 2, 1).png().toBuffer();
    const padded = await pixelsOf(grey, { shape: [1, 3, 3], fit: { mode: 'pad' } });
    expect(padded).toEqual([0, 0, 0, 50, 50, 50, 0, 0, 0]);
  });

  it('refuses what is no image, or damaged, or not there', async () => {
    const shape = [1, 2, 2] as const;
    const text = Buffer.from('hello');
    await expect(fittedImage(text, { shape })).rejects.toMatchObject({
      name: 'FormatError',
      message: 'image: this is no image; give JPEG, PNG, WebP, AVIF, GIF or TIFF',
    });
    const noise = Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251);
    const png = await raw(noise, 100, 100, 3).png().toBuffer();
    await expect(fittedImage(png.subarray(0, png.length / 2), { shape })).rejects.toThrow(
      /^image: cannot be decoded \([^\n]+\); /,
    );
    await expect(fittedImage('no/such.png', { shape })).rejects.toThrow(
      'no/such.png: there is no such file',
    );
    await expect(fittedImage(png, { shape: [2, 2, 2] })).rejects.toThrow('takes 2 channels');
  });
});

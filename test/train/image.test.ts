import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/train/node/image.ts';

const raw = (data: number[], width: number, height: number, channels: 1 | 3 | 4) =>
  sharp(Uint8Array.from(data), { raw: { width, height, channels } });

describe('decodeImage', () => {
  it('keeps grey images of the right size as they are', async () => {
    const values = Array.from({ length: 9 }, (_, i) => i * 31);
    const png = await raw(values, 3, 3, 1).png().toBuffer();
    const { pixels, original } = await decodeImage(png, [1, 3, 3]);
    expect([...pixels]).toEqual(values);
    expect(original).toEqual({ width: 3, height: 3 });
  });

  it("turns colours into grey by Pillow's weights", async () => {
    const png = await raw([255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 30], 2, 2, 3).png().toBuffer();
    // (19595 r + 38470 g + 7471 b + 32768) / 65536, rounded down.
    expect([...(await decodeImage(png, [1, 2, 2])).pixels]).toEqual([76, 150, 29, 124]);
  });

  it('separates the channels of colour images', async () => {
    const png = await raw([1, 2, 3, 4, 5, 6], 2, 1, 3).png().toBuffer();
    expect([...(await decodeImage(png, [3, 1, 2])).pixels]).toEqual([1, 4, 2, 5, 3, 6]);
    const grey = await raw([7, 8], 2, 1, 1).png().toBuffer();
    expect([...(await decodeImage(grey, [3, 1, 2])).pixels]).toEqual([7, 8, 7, 8, 7, 8]);
  });

  it('makes transparent parts black', async () => {
    const png = await raw([255, 255, 255, 0, 255, 255, 255, 255], 2, 1, 4).png().toBuffer();
    expect([...(await decodeImage(png, [1, 1, 2])).pixels]).toEqual([0, 255]);
  });

  it('turns photographs upright, and says how large they were', async () => {
    const jpeg = await raw(Array(8 * 4).fill(90), 8, 4, 1)
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect((await decodeImage(jpeg, [1, 2, 2])).original).toEqual({ width: 4, height: 8 });
  });

  it('stretches to the size of the network', async () => {
    const png = await raw(Array(6 * 4 * 3).fill(50), 6, 4, 3)
      .png()
      .toBuffer();
    expect([...(await decodeImage(png, [1, 2, 2])).pixels]).toEqual([50, 50, 50, 50]);
  });

  it('refuses what is no image, or damaged, or not there', async () => {
    const text = Buffer.from('hello');
    await expect(decodeImage(text, [1, 2, 2])).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringMatching(/^image: cannot be read as an image \([^\n]+\); give a PNG/),
    });
    const noise = Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251);
    const png = await raw(noise, 100, 100, 3).png().toBuffer();
    await expect(decodeImage(png.subarray(0, png.length / 2), [1, 2, 2])).rejects.toThrow(
      'cannot be read',
    );
    await expect(decodeImage('no/such.png', [1, 2, 2])).rejects.toThrow(
      'no/such.png: cannot be read: it is not there; check the path',
    );
    await expect(decodeImage(png, [2, 2, 2])).rejects.toThrow('takes 2 channels');
  });
});

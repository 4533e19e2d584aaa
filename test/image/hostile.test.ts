import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/graph/errors.ts';
import { decodeImage } from '../../src/image/node/decode.ts';
import { type HostileFile, hostileFiles } from './hostile.ts';

/** Small enough that a bomb must be refused, large enough for everything else. */
const MAX_PIXELS = 16e6;
/** What decoding the whole corpus may add to the memory in use. */
const MEMORY_CAP = 160 * 2 ** 20;

describe('hostile files', () => {
  let files: HostileFile[];
  beforeAll(async () => {
    files = await hostileFiles();
  });

  it('are about sixty', () => {
    expect(files.length).toBeGreaterThanOrEqual(60);
  });

  it('give a picture, or an error of one line with the name, and little memory', async () => {
    sharp.cache(false);
    const before = process.memoryUsage.rss();
    let most = before;
    for (const { name, bytes, expect: expected } of files) {
      const outcome = await decodeImage(bytes, { maxPixels: MAX_PIXELS }, name).catch(
        (error: unknown) => error,
      );
      most = Math.max(most, process.memoryUsage.rss());
      if (expected instanceof RegExp) {
        expect(outcome, name).toBeInstanceOf(FormatError);
        const { message } = outcome as FormatError;
        expect(message, name).toMatch(expected);
        expect(message, name).toMatch(new RegExp(`^${name}: `));
        expect(message, name).not.toContain('\n');
      } else {
        expect(outcome, name).toHaveProperty('image');
        const { image } = outcome as Awaited<ReturnType<typeof decodeImage>>;
        expect([image.width, image.height, image.channels], name).toEqual([...expected, 3]);
        expect(image.data.length, name).toBe(3 * image.width * image.height);
      }
    }
    expect(most - before).toBeLessThan(MEMORY_CAP);
  });

  it('show the same picture for every orientation', async () => {
    const upright = files.filter(({ name }) => name.startsWith('orientation-'));
    expect(upright).toHaveLength(8);
    for (const { name, bytes } of upright) {
      const { image } = await decodeImage(bytes, {}, name);
      const at = (x: number, y: number) => [
        ...image.data.subarray(3 * (y * image.width + x)).slice(0, 3),
      ];
      const [r, g] = at(5, 5);
      expect(r, name).toBeGreaterThan(200);
      expect(g, name).toBeLessThan(60);
      for (const [x, y] of [
        [40, 5],
        [5, 28],
        [40, 28],
      ] as const) {
        expect(at(x, y)[2], name).toBeGreaterThan(60);
      }
    }
  });

  it('are limited on disk too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fovea-hostile-'));
    try {
      const path = join(folder, 'large.png');
      await writeFile(path, new Uint8Array(5000));
      await expect(decodeImage(path, { maxBytes: 4999 })).rejects.toThrow(
        /large\.png: .*5000 bytes/,
      );
      await expect(decodeImage(folder)).rejects.toThrow(/this is no file/);
      await expect(decodeImage(join(folder, 'none.png'))).rejects.toThrow(/there is no such file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

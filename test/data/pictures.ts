import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A folder that exists as long as the test that asked for it. */
export const temporaryFolder = () => mkdtemp(join(tmpdir(), 'fovea-data-'));

/** The bytes of a picture with a pattern that `seed` decides. */
export function pictureBytes(
  seed: number,
  format: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' = 'jpeg',
  [height, width]: readonly [number, number] = [40, 60],
): Promise<Buffer> {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 100 * Math.sin((x * (1 + (seed % 5))) / 9 + (i % 3)) * Math.cos((y + seed) / 7);
  });
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  return image.toFormat(format).toBuffer();
}

/** Writes files below a folder, and the folders that they need. */
export async function writeTree(
  root: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

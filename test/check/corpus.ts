// A dataset with every fault that `fovea check` looks for, made when the tests run.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A picture with structure that depends on the seed. */
export function photo(seed: number, width = 96, height = 72) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const wave = Math.sin((x * (seed + 2)) / 17 + c) * Math.cos((y * (seed + 3)) / 23 + seed);
        data[(y * width + x) * 3 + c] = 128 + 100 * wave;
      }
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const jpeg = (seed: number) => photo(seed).jpeg().toBuffer();

/** The files of the corpus by path. */
export async function corpus(): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < 4; i++) files.set(`train/cat/${i}.jpg`, await jpeg(i));
  for (let i = 4; i < 8; i++) files.set(`train/dog/${i}.jpg`, await jpeg(i));
  files.set('test/cat/8.jpg', await jpeg(8));
  files.set('test/dog/9.jpg', await jpeg(9));

  files.set('train/cat/copy.jpg', files.get('train/cat/0.jpg')!);
  files.set('test/cat/leak.jpg', files.get('train/cat/1.jpg')!);
  files.set('train/dog/conflict.jpg', files.get('train/cat/2.jpg')!);
  files.set('test/dog/near.png', await photo(4).resize(64, 48).png().toBuffer());
  files.set('train/cat/empty.jpg', new Uint8Array(0));
  files.set('train/cat/half.jpg', files.get('train/cat/3.jpg')!.slice(0, 1200));
  files.set('train/dog/words.jpg', Buffer.from('not a picture'));
  files.set('train/dog/png.jpg', await photo(12).png().toBuffer());
  files.set('train/dog/hidden.dat', await jpeg(13));
  files.set('train/dog/\u001b[31m<b>&.jpg', await jpeg(14));
  files.set('train/labels.txt', Buffer.from('cat dog'));
  return files;
}

/** Writes the corpus, and a class without images. */
export async function writeCorpus(folder: string): Promise<void> {
  for (const [path, bytes] of await corpus()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  await mkdir(join(folder, 'train', 'fish'));
}

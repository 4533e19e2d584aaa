import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { balancedSampler, type FilePreparation, loader } from '../../src/data/index.ts';
import { type FilePool, filePool, type ImageFiles, openData } from '../../src/data/node.ts';
import { FormatError, UsageError } from '../../src/graph/errors.ts';
import { parsePolicy } from '../../src/image/policy.ts';
import { pictureBytes, temporaryFolder, writeTree } from './pictures.ts';

const COUNT = 23;
const shape = [3, 24, 24] as const;
const policy = 'crop, flip, color, randaugment, noise, erase';
const normalize = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
const preparation: FilePreparation = {
  shape,
  steps: parsePolicy(policy),
  enough: [24, 24],
};

let root: string;
let files: ImageFiles;
beforeAll(async () => {
  root = await temporaryFolder();
  for (let i = 0; i < COUNT; i++) {
    const size = [200 + 7 * i, 150 + 3 * i] as const;
    const bytes = await pictureBytes(i, i % 2 === 0 ? 'jpeg' : 'png', size);
    await writeTree(root, { [`${i % 3 === 0 ? 'a' : 'b'}/${i}.jpg`]: bytes });
  }
  const data = await openData(root);
  files = (await data.load('train')) as ImageFiles;
});
afterAll(() => rm(root, { recursive: true }));

/** Every batch of two epochs. */
async function batchesOf(pool: FilePool, batchSize = 8, epochs = [0, 1]) {
  const dataset = pool.dataset(files, preparation);
  const sampler = balancedSampler(files.labels, 2, 5);
  const batches = loader(dataset, { batchSize, sampler, seed: 5, normalize, prefetch: 2 });
  const found: { images: Float32Array; labels: number[]; indices: number[] }[] = [];
  for (const epoch of epochs) {
    for await (const { images, labels, indices } of batches.epoch(epoch)) {
      found.push({ images: images.slice(), labels: [...labels], indices: [...indices] });
    }
  }
  return found;
}

describe('filePool', () => {
  it('gives the same batches with any number of threads, with and without a cache', async () => {
    await using alone = filePool({ workers: 0 });
    const wanted = await batchesOf(alone);
    expect(wanted.length).toBe(6);
    expect(wanted.every(({ images }) => images.every(Number.isFinite))).toBe(true);
    // A sample that comes again is drawn anew.
    const indices = wanted.slice(0, 3).flatMap((batch) => batch.indices);
    const images = wanted
      .slice(0, 3)
      .flatMap((batch) =>
        batch.indices.map((_, i) => batch.images.slice(i * 1728, (i + 1) * 1728).join()),
      );
    const again = indices.findIndex((sample, i) => indices.indexOf(sample) < i);
    expect(again).toBeGreaterThan(0);
    expect(images[again]).not.toBe(images[indices.indexOf(indices[again]!)]);

    for (const [workers, cacheBytes] of [
      [1, 0],
      [2, 1e9],
      [3, 300_000],
    ] as const) {
      await using pool = filePool({ workers, cacheBytes });
      expect(await batchesOf(pool)).toEqual(wanted);
    }
  });

  it('gives bytes when asked', async () => {
    await using pool = filePool({ workers: 1 });
    await using local = filePool({ workers: 0 });
    const [a, b] = await Promise.all(
      [pool, local].map(async (one) => {
        const batches = loader(one.dataset(files, preparation), { batchSize: 5, pixels: 'uint8' });
        const { value } = await batches.epoch(0).next();
        return value!.images.slice();
      }),
    );
    expect(a).toEqual(b);
  });

  it.each([0, 2])('names a damaged file, and goes on, with %d threads', async (workers) => {
    const broken = (await pictureBytes(3)).subarray(0, 500);
    await writeTree(root, { 'a/broken.jpg': broken });
    try {
      const paths = [...files.paths.slice(0, 5), 'a/broken.jpg'];
      const some = { ...files, paths, length: 6, labels: files.labels.slice(0, 6) };
      await using pool = filePool({ workers });
      const dataset = pool.dataset(some, preparation);
      const drain = async (from: number) => {
        const batches = loader(dataset, { batchSize: 3 });
        let count = 0;
        for await (const batch of batches.epoch(0, from)) count += batch.count;
        return count;
      };
      const failure = drain(0);
      await expect(failure).rejects.toThrow(FormatError);
      await expect(failure).rejects.toThrow(
        /a[/\\]broken\.jpg: cannot be decoded \([^\n]+\); [^\n]*fovea-exclude\.tsv/,
      );
      const first = loader(dataset, { batchSize: 3 }).epoch(0);
      expect((await first.next()).value!.count).toBe(3);
      await first.return();
    } finally {
      await rm(join(root, 'a/broken.jpg'));
    }
  });

  it('says to rename a damaged file that no list can name', async () => {
    await writeTree(root, { 'a/two\nlines.jpg': (await pictureBytes(3)).subarray(0, 500) });
    try {
      const some = { ...files, paths: ['a/two\nlines.jpg'], length: 1, labels: new Int32Array(1) };
      await using pool = filePool({ workers: 0 });
      const next = loader(pool.dataset(some, preparation), { batchSize: 1 }).epoch(0).next();
      await expect(next).rejects.toThrow(/rename it first, for fovea-exclude\.tsv cannot/);
    } finally {
      await rm(join(root, 'a/two\nlines.jpg'));
    }
  });

  it('refuses images of another size, with and without threads', async () => {
    const steps = parsePolicy('crop(30)');
    for (const workers of [0, 1]) {
      await using pool = filePool({ workers });
      const dataset = pool.dataset(files, { shape, steps });
      const next = loader(dataset, { batchSize: 2 }).epoch(0).next();
      await expect(next).rejects.toThrow(UsageError);
      await expect(next).rejects.toThrow(
        /3 channels of 30 × 30, and the network takes 3 of 24 × 24/,
      );
    }
  });

  it('ends while batches are on their way', async () => {
    const pool = filePool({ workers: 2 });
    const batches = loader(pool.dataset(files, preparation), { batchSize: 8, prefetch: 2 });
    const epoch = batches.epoch(0);
    await epoch.next();
    const rest = expect(epoch.next()).rejects.toThrow('the pool has ended');
    await pool[Symbol.asyncDispose]();
    await rest;
    await epoch.return();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { buildPolicy, parsePolicy } from '../image/policy.ts';
import { lambda } from '../image/transforms/compose.ts';
import { type ImageDataset, inMemoryDataset } from './dataset.ts';
import { type Batch, type LoaderOptions, loader, type Pixels } from './loader.ts';
import { shuffledOrder } from './sampler.ts';

/** Image i is filled with i, 1 + i, … and labelled i mod 3. */
function countingDataset(length: number, shape: readonly [number, number, number] = [1, 2, 3]) {
  const size = shape[0] * shape[1] * shape[2];
  return inMemoryDataset({
    name: 'counting',
    classes: ['a', 'b', 'c'],
    shape,
    images: Uint8Array.from({ length: length * size }, (_, i) => Math.floor(i / size) + (i % size)),
    labels: Uint8Array.from({ length }, (_, i) => i % 3),
  });
}

/** The same dataset, answering later. */
const slow = (dataset: ImageDataset): ImageDataset => ({
  ...dataset,
  async gather(...args) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await dataset.gather(...args);
  },
});

/** Its result is 4 × 4. */
const policy = (text: string) => buildPolicy(parsePolicy(text), { size: [4, 4] });

const copy = <P extends Pixels>(batch: Batch<P>) => ({
  ...batch,
  images: [...batch.images],
  labels: [...batch.labels],
  indices: [...batch.indices],
});

async function collect<P extends Pixels = 'float32'>(
  dataset: ImageDataset,
  options: LoaderOptions<P>,
  epoch = 0,
  from = 0,
) {
  const batches: ReturnType<typeof copy<P>>[] = [];
  for await (const batch of loader(dataset, options).epoch(epoch, from)) batches.push(copy(batch));
  return batches;
}

describe('loader', () => {
  it('delivers each sample exactly once per epoch, whatever the settings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 25 }),
        fc.nat(3),
        fc.boolean(),
        fc.nat(5),
        async (length, batchSize, prefetch, shuffle, epoch) => {
          const dataset = countingDataset(length);
          const batches = await collect(dataset, { batchSize, prefetch, shuffle, seed: 1 }, epoch);
          const seen = batches.flatMap((batch) => batch.indices);
          const order = shuffle
            ? [...shuffledOrder(length, 1, epoch)]
            : Array.from({ length }, (_, i) => i);
          expect(seen).toEqual(order);
          expect(batches.flatMap((batch) => batch.labels)).toEqual(order.map((i) => i % 3));
          expect(batches.map((batch) => batch.index)).toEqual(batches.map((_, i) => i));
          expect(batches.at(-1)!.count).toBe(length % batchSize || batchSize);
          expect(batches.at(-1)!.images.length).toBe(batches.at(-1)!.count * 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('drops or pads the last batch when asked', async () => {
    const dataset = countingDataset(7);
    const dropped = await collect(dataset, { batchSize: 3, lastBatch: 'drop' });
    expect(dropped.map((batch) => batch.count)).toEqual([3, 3]);
    const padded = await collect(dataset, { batchSize: 3, lastBatch: 'pad', pixels: 'uint8' });
    const last = padded.at(-1)!;
    expect(last).toMatchObject({ count: 1, shape: [3, 1, 2, 3], labels: [0, 0, 0], indices: [6] });
    expect(last.images).toEqual([6, 7, 8, 9, 10, 11, ...new Array(12).fill(0)]);
  });

  it('scales to 0 … 1, then normalises each channel', async () => {
    const dataset = countingDataset(2, [2, 1, 2]);
    const [plain] = await collect(dataset, { batchSize: 2 });
    expect(plain!.images).toEqual([0, 1, 2, 3, 1, 2, 3, 4].map((v) => Math.fround(v / 255)));
    const normalize = { mean: [0.5, 0.25], std: [0.5, 2] };
    const [normal] = await collect(dataset, { batchSize: 2, normalize });
    const expected = [0, 1, 2, 3, 1, 2, 3, 4].map((v, i) =>
      i % 4 < 2 ? (v / 255 - 0.5) / 0.5 : (v / 255 - 0.25) / 2,
    );
    expect(normal!.images.map((v, i) => Math.abs(v - expected[i]!)).every((d) => d < 1e-6)).toBe(
      true,
    );
  });

  it('augments a sample the same in any batch, order and prefetch setting', async () => {
    const dataset = countingDataset(23, [1, 4, 4]);
    const transform = policy('padCrop(padding=2), flip').sample;
    const bySample = async (source: ImageDataset, options: Partial<LoaderOptions>) => {
      const batches = await collect(source, { batchSize: 5, transform, seed: 3, ...options }, 2);
      const found = new Map<number, number[]>();
      for (const { indices, images } of batches) {
        indices.forEach((sample, i) => {
          found.set(sample, images.slice(16 * i, 16 * i + 16));
        });
      }
      return found;
    };
    const reference = await bySample(dataset, {});
    expect(await bySample(dataset, { batchSize: 23, prefetch: 0 })).toEqual(reference);
    expect(await bySample(slow(dataset), { batchSize: 4, prefetch: 4 })).toEqual(reference);
    expect(await bySample(dataset, { shuffle: true })).toEqual(reference);
    expect(await bySample(dataset, { seed: 4 })).not.toEqual(reference);
    expect(await bySample(dataset, { transform: undefined })).not.toEqual(reference);
  });

  it('leaves the dataset as it was', async () => {
    const dataset = countingDataset(9, [1, 4, 4]);
    const before = Uint8Array.from(dataset.images);
    await collect(dataset, {
      batchSize: 4,
      transform: policy('padCrop(padding=1)').sample,
      pixels: 'uint8',
    });
    expect(dataset.images).toEqual(before);
  });

  it('resumes in the middle of an epoch', async () => {
    const { sample: transform } = policy('padCrop(padding=1)');
    const options = { batchSize: 4, shuffle: true, seed: 9, transform };
    const dataset = countingDataset(30, [1, 4, 4]);
    const whole = await collect(dataset, options, 3);
    expect(await collect(dataset, options, 3, 5)).toEqual(whole.slice(5));
    expect(await collect(dataset, options, 3, whole.length)).toEqual([]);
  });

  it('prepares the next batch while the caller waits for something else', async () => {
    const asked: number[] = [];
    const dataset = countingDataset(12);
    const watched: ImageDataset = {
      ...dataset,
      gather(indices, ...rest) {
        asked.push(indices[0]!);
        return dataset.gather(indices, ...rest);
      },
    };
    const batches = loader(watched, { batchSize: 3, prefetch: 2 }).epoch(0);
    await batches.next();
    expect(asked).toEqual([0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual([0, 3, 6]);
    await batches.return();
  });

  it('reuses its buffers', async () => {
    const used = new Set<ArrayBufferLike>();
    const batches = loader(countingDataset(100), { batchSize: 10 });
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const { images } of batches.epoch(epoch)) {
        used.add(images.buffer);
        await new Promise(setImmediate);
      }
    }
    expect(used.size).toBe(2);
  });

  it('keeps a batch untouched until the next one is asked for', async () => {
    const batches = loader(countingDataset(40), { batchSize: 4, prefetch: 3 });
    for await (const batch of batches.epoch(0)) {
      const before = copy(batch);
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(copy(batch)).toEqual(before);
    }
  });

  it('serves two epochs at once', async () => {
    const both = loader(countingDataset(20), { batchSize: 3, shuffle: true });
    const seen: [number[], number[]] = [[], []];
    const [a, b] = [both.epoch(0), both.epoch(1)];
    for (let i = 0; i < both.batches; i++) {
      const [x, y] = await Promise.all([a.next(), b.next()]);
      seen[0].push(...x.value!.indices);
      seen[1].push(...y.value!.indices);
    }
    expect(seen).toEqual([[...shuffledOrder(20, 0, 0)], [...shuffledOrder(20, 0, 1)]]);
  });

  it('passes on the failure of a dataset, and is usable afterwards', async () => {
    const dataset = countingDataset(9);
    let broken = true;
    const failing: ImageDataset = {
      ...dataset,
      async gather(indices, ...rest) {
        if (broken && indices[0]! >= 3) throw new Error('disk gone');
        await dataset.gather(indices, ...rest);
      },
    };
    const batches = loader(failing, { batchSize: 3 });
    const drain = async () => {
      let count = 0;
      for await (const batch of batches.epoch(0)) count += batch.count;
      return count;
    };
    await expect(drain()).rejects.toThrow('disk gone');
    broken = false;
    expect(await drain()).toBe(9);
  });

  it('refuses options that make no sense', () => {
    const dataset = countingDataset(5);
    const bad: LoaderOptions<Pixels>[] = [
      { batchSize: 0 },
      { batchSize: 2.5 },
      { batchSize: 1, prefetch: -1 },
      { batchSize: 1, seed: -1 },
      { batchSize: 6, lastBatch: 'drop' },
      { batchSize: 1, normalize: { mean: [0], std: [0] } },
      { batchSize: 1, normalize: { mean: [0, 0], std: [1, 1] } },
      { batchSize: 1, pixels: 'uint8', normalize: { mean: [0], std: [1] } },
    ];
    for (const options of bad) expect(() => loader(dataset, options)).toThrow(UsageError);
    const good = loader(dataset, { batchSize: 2 });
    for (const from of [4, -1, 0.5]) expect(() => good.epoch(0, from)).toThrow(UsageError);
    expect(() => good.epoch(-1)).toThrow(UsageError);
  });

  it('hands transforms one image at a time', async () => {
    const invert = lambda('invert', ({ image }) => ({
      image: { ...image, data: image.data.map((value) => 255 - value) },
    }));
    const options = { batchSize: 2, transform: invert, pixels: 'uint8' } as const;
    const [first] = await collect(countingDataset(3, [1, 1, 2]), options);
    expect(first!.images).toEqual([255, 254, 254, 253]);
    // Planes, whatever a transform works on.
    const [colour] = await collect(countingDataset(1, [3, 1, 2]), { ...options, batchSize: 1 });
    expect(colour!.images).toEqual([255, 254, 253, 252, 251, 250]);
  });
});

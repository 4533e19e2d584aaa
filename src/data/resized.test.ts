import { describe, expect, it } from 'vitest';
import { inMemoryDataset } from './dataset.ts';
import { resizedDataset } from './resized.ts';

const dataset = inMemoryDataset({
  name: 'two',
  classes: ['a', 'b'],
  shape: [2, 2, 2],
  images: Uint8Array.from([0, 100, 100, 200, 9, 9, 9, 9, 255, 255, 255, 255, 0, 0, 80, 80]),
  labels: Uint8Array.of(0, 1),
});

describe('resizedDataset', () => {
  it('resizes each channel of the asked samples as torchvision does', async () => {
    const resized = resizedDataset(dataset, 4);
    expect(resized.shape).toEqual([2, 4, 4]);
    const images = new Uint8Array(2 * 2 * 16);
    const labels = new Int32Array(2);
    await resized.gather(Uint32Array.of(1, 0), images, labels);
    expect([...labels]).toEqual([1, 0]);
    expect([...images.subarray(0, 16)]).toEqual(new Array(16).fill(255));
    // Weights 1, ¾, ¼, 0 of the upper row, from the centres of the pixels.
    expect([0, 4, 8, 12].map((at) => images[16 + at])).toEqual([0, 20, 60, 80]);
    expect([...images.subarray(32, 36)]).toEqual([0, 25, 75, 100]);
  });

  it('leaves a dataset of that size alone', () => {
    expect(resizedDataset(dataset, 2)).toBe(dataset);
  });

  it('refuses a size that is no size', () => {
    expect(() => resizedDataset(dataset, 0)).toThrow('size must be a whole number >= 1 (it is 0)');
  });
});

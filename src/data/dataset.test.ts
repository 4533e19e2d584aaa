import { describe, expect, it } from 'vitest';
import { FormatError } from '../graph/errors.ts';
import { datasetFromIdx, inMemoryDataset } from './dataset.ts';

const content = {
  name: 'dots',
  classes: ['off', 'on'],
  shape: [1, 1, 2],
  images: Uint8Array.of(0, 1, 2, 3, 4, 5),
  labels: Uint8Array.of(0, 1, 1),
} as const;

describe('inMemoryDataset', () => {
  it('gathers samples in the order asked for', () => {
    const dataset = inMemoryDataset(content);
    const images = new Uint8Array(6);
    const labels = new Int32Array(3);
    dataset.gather(Uint32Array.of(2, 0, 2), images, labels);
    expect([...images]).toEqual([4, 5, 0, 1, 4, 5]);
    expect([...labels]).toEqual([1, 0, 1]);
    expect(dataset.length).toBe(3);
  });

  it.each([
    ['no samples', { images: new Uint8Array(0), labels: new Uint8Array(0) }, /at least one sample/],
    ['images of no pixels', { shape: [1, 0, 2] as const }, /at least one sample/],
    ['fewer labels than images', { labels: Uint8Array.of(0, 1) }, /3 images, 2 labels/],
    ['a label past the classes', { labels: Uint8Array.of(0, 2, 1) }, /0 … 1, label 1 is 2/],
    ['a negative label', { labels: Int32Array.of(0, 1, -1) }, /label 2 is -1/],
  ])('refuses %s', (_, change, rule) => {
    expect(() => inMemoryDataset({ ...content, ...change })).toThrow(FormatError);
    expect(() => inMemoryDataset({ ...content, ...change })).toThrow(rule);
  });
});

describe('datasetFromIdx', () => {
  const labels = { shape: [2], data: Uint8Array.of(0, 1) };

  it('takes grey and colour images', () => {
    const grey = { shape: [2, 3, 4], data: new Uint8Array(24) };
    const colour = { shape: [2, 3, 2, 2], data: new Uint8Array(24) };
    expect(datasetFromIdx('x', ['a', 'b'], grey, labels).shape).toEqual([1, 3, 4]);
    expect(datasetFromIdx('x', ['a', 'b'], colour, labels).shape).toEqual([3, 2, 2]);
  });

  it('refuses swapped files', () => {
    const images = { shape: [2, 3, 4], data: new Uint8Array(24) };
    expect(() => datasetFromIdx('x', ['a', 'b'], labels, images)).toThrow(/not swapped/);
    expect(() => datasetFromIdx('x', ['a', 'b'], images, images)).toThrow(/labels must have shape/);
  });
});

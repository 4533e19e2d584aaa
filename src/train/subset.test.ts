import { expect, it } from 'vitest';
import { inMemoryDataset } from '../data/index.ts';
import { firstOfEachClass } from './subset.ts';

it('takes the first samples of each class, in order', () => {
  const dataset = inMemoryDataset({
    name: 'numbers',
    classes: ['even', 'odd'],
    shape: [1, 1, 2],
    images: Uint8Array.from({ length: 12 }, (_, i) => i),
    labels: Uint8Array.of(0, 0, 0, 1, 0, 1),
  });
  const few = firstOfEachClass(dataset, 2);
  const images = new Uint8Array(8);
  const labels = new Int32Array(4);
  few.gather(Uint32Array.of(0, 1, 2, 3), images, labels);
  expect(few.length).toBe(4);
  expect([...labels]).toEqual([0, 0, 1, 1]);
  expect([...images]).toEqual([0, 1, 2, 3, 6, 7, 10, 11]);
  expect(firstOfEachClass(dataset, 9).length).toBe(6);
});

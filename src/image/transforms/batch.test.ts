import { describe, expect, it } from 'vitest';
import { augmentationStream } from '../random.ts';
import { type Batch, cutMix, mixUp, oneHot } from './batch.ts';

const batch = (): Batch => ({
  images: Float32Array.from({ length: 3 * 2 * 4 * 5 }, (_, i) => Math.floor(i / 40)),
  shape: [3, 2, 4, 5],
  labels: oneHot([0, 1, 2], 3),
});

describe('mixUp', () => {
  it('mixes each image and label with the one before', () => {
    const mixed = mixUp().apply(batch(), { share: 0.75 });
    expect([...mixed.labels]).toEqual([0.75, 0, 0.25, 0.25, 0.75, 0, 0, 0.25, 0.75]);
    expect([mixed.images[0], mixed.images[40], mixed.images[80]]).toEqual([0.5, 0.75, 1.75]);
  });
});

describe('cutMix', () => {
  it('pastes a box of the image before, and mixes labels by area', () => {
    const mixed = cutMix().apply(batch(), { box: [1, 1, 3, 4], share: 0.7 });
    const at = (n: number, c: number, y: number, x: number) =>
      mixed.images[((n * 2 + c) * 4 + y) * 5 + x];
    expect([at(0, 0, 1, 1), at(0, 1, 3, 2), at(0, 0, 0, 1), at(0, 0, 1, 3)]).toEqual([2, 2, 0, 0]);
    expect([at(2, 1, 2, 2), at(2, 1, 2, 0)]).toEqual([1, 2]);
    expect(mixed.labels[0]).toBeCloseTo(0.7);
    expect(mixed.labels[2]).toBeCloseTo(0.3);
  });

  it('draws a share that is the area left', () => {
    for (let sample = 0; sample < 100; sample++) {
      const { box, share } = cutMix().draw(augmentationStream(1, 0, sample), batch())!;
      const [x1, y1, x2, y2] = box;
      expect(share).toBeCloseTo(1 - ((x2 - x1) * (y2 - y1)) / 20);
    }
  });
});

describe('oneHot', () => {
  it('refuses labels that are no class', () => {
    expect(() => oneHot([3], 3)).toThrow(/below 3 \(one is 3\)/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { randomFlip, randomShift } from './augment.ts';
import type { RandomStream } from './random.ts';
import { sampleStream } from './random.ts';

/** A stream whose `below` answers are given. */
const fixed = (...answers: number[]): RandomStream => ({
  uint32: () => 0,
  uniform: () => 0,
  below: () => answers.shift()!,
});

describe('randomShift', () => {
  it('moves down and to the right, and fills with zeros', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    randomShift(2)({ data, shape: [1, 3, 3] }, fixed(3, 4));
    expect([...data]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 4]);
  });

  it('agrees with the definition for every size and offset', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, size, size, fc.nat(6), fc.nat(1e6), (c, h, w, k, pick) => {
        const dy = (pick % (2 * k + 1)) - k;
        const dx = (Math.floor(pick / 100) % (2 * k + 1)) - k;
        const before = Uint8Array.from({ length: c * h * w }, (_, i) => i + 1);
        const after = before.map((_, i) => {
          const [y, x] = [(Math.floor(i / w) % h) - dy, (i % w) - dx];
          const inside = y >= 0 && y < h && x >= 0 && x < w;
          return inside ? before[Math.floor(i / (h * w)) * h * w + y * w + x]! : 0;
        });
        randomShift(k)({ data: before, shape: [c, h, w] }, fixed(dy + k, dx + k));
        expect(before).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  it.each([-1, 1.5])('refuses %d pixels', (pixels) => {
    expect(() => randomShift(pixels)).toThrow(UsageError);
  });
});

describe('randomFlip', () => {
  it('mirrors each row of each channel', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    randomFlip()({ data, shape: [2, 2, 3] }, fixed());
    expect([...data]).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
  });

  it('flips as often as asked', () => {
    const random = sampleStream(3, 'augmentation');
    const flip = randomFlip(0.25);
    let flipped = 0;
    for (let sample = 0; sample < 4000; sample++) {
      random.moveTo(0, sample);
      const data = Uint8Array.of(0, 1);
      flip({ data, shape: [1, 1, 2] }, random);
      flipped += data[0]!;
    }
    expect(flipped / 4000).toBeCloseTo(0.25, 1);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses the probability %d', (probability) => {
    expect(() => randomFlip(probability)).toThrow(UsageError);
  });
});

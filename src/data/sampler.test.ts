import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { sampleStream } from './random.ts';
import { naturalOrder, shuffledOrder } from './sampler.ts';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const epochs = fc.nat(1000);

describe('shuffledOrder', () => {
  it('is a permutation', () => {
    fc.assert(
      fc.property(fc.nat(500), seeds, epochs, (length, seed, epoch) => {
        expect(shuffledOrder(length, seed, epoch).toSorted()).toEqual(naturalOrder(length));
      }),
    );
  });

  it('depends on seed and epoch, and on nothing that happened before', () => {
    fc.assert(
      fc.property(seeds, epochs, (seed, epoch) => {
        const order = shuffledOrder(100, seed, epoch);
        shuffledOrder(37, seed, epoch + 1);
        expect(shuffledOrder(100, seed, epoch)).toEqual(order);
        expect(shuffledOrder(100, seed, epoch + 1)).not.toEqual(order);
        expect(shuffledOrder(100, seed === 0 ? 1 : seed - 1, epoch)).not.toEqual(order);
      }),
    );
  });

  it('uses both halves of a seed above 2^32', () => {
    expect(shuffledOrder(50, 7, 0)).not.toEqual(shuffledOrder(50, 7 + 2 ** 32, 0));
  });

  it('never changes between releases', () => {
    expect([...shuffledOrder(10, 0, 0)]).toEqual([4, 0, 9, 7, 3, 6, 8, 1, 2, 5]);
    expect([...shuffledOrder(10, 42, 3)]).toEqual([6, 1, 4, 5, 2, 7, 9, 8, 3, 0]);
  });

  it('puts every sample in every place equally often', () => {
    const counts = new Float64Array(25);
    const runs = 5000;
    for (let epoch = 0; epoch < runs; epoch++) {
      shuffledOrder(5, 1, epoch).forEach((sample, place) => {
        counts[5 * place + sample]!++;
      });
    }
    const expected = runs / 5;
    const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 16 degrees of freedom: 39.3 is exceeded by chance once in a thousand seeds.
    expect(chiSquare).toBeLessThan(39.3);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => shuffledOrder(3, seed, 0)).toThrow(UsageError);
  });
});

describe('sampleStream', () => {
  it('gives each sample its own numbers, wherever it was before', () => {
    const stream = sampleStream(5, 'augmentation');
    stream.moveTo(2, 9);
    const numbers = Array.from({ length: 6 }, stream.uint32);
    stream.moveTo(2, 10);
    expect(stream.uint32()).not.toBe(numbers[0]);
    stream.moveTo(2, 9);
    expect(Array.from({ length: 6 }, stream.uint32)).toEqual(numbers);
  });

  it('keeps purposes apart', () => {
    expect(sampleStream(5, 'order').uint32()).not.toBe(sampleStream(5, 'augmentation').uint32());
  });
});

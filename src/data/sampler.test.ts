import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import {
  balancedSampler,
  naturalOrder,
  repeatsIn,
  shuffledOrder,
  weightedSampler,
} from './sampler.ts';

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

describe('balancedSampler', () => {
  it('gives every class its share, and every sample of a class its turn', () => {
    // 12 of class 0, 3 of class 1, none of class 2, 1 of class 3.
    const labels = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 1];
    const order = balancedSampler(labels, 4, 5)(2);
    expect(order.length).toBe(labels.length);
    const counts = [0, 0, 0, 0];
    for (const sample of order) counts[labels[sample]!]!++;
    expect(counts.toSorted()).toEqual([0, 5, 5, 6]);
    expect(counts[2]).toBe(0);
    const times = labels.map((_, i) => order.filter((sample) => sample === i).length);
    const ofOne = [4, 9, 15].map((i) => times[i]!);
    expect(Math.max(...ofOne) - Math.min(...ofOne)).toBeLessThanOrEqual(1);
    expect(Math.max(...times.filter((_, i) => labels[i] === 0))).toBe(1);
    expect(balancedSampler(labels, 4, 5)(2)).toEqual(order);
    expect(balancedSampler(labels, 4, 5)(3)).not.toEqual(order);
  });
});

describe('weightedSampler', () => {
  it('draws in proportion to the weights', () => {
    const weights = [1, 0, 3, 0.5, 5.5];
    const counts = new Float64Array(5);
    const sampler = weightedSampler(weights, 3);
    for (let epoch = 0; epoch < 2000; epoch++) {
      for (const sample of sampler(epoch)) counts[sample]!++;
    }
    expect(counts[1]).toBe(0);
    const chiSquare = weights.reduce((sum, weight, i) => {
      const expected = weight * 1000;
      return weight === 0 ? sum : sum + (counts[i]! - expected) ** 2 / expected;
    }, 0);
    // 3 degrees of freedom: 16.3 is exceeded by chance once in a thousand seeds.
    expect(chiSquare).toBeLessThan(16.3);
  });

  it('refuses weights that are none', () => {
    expect(() => weightedSampler([1, -1], 0)).toThrow(UsageError);
    expect(() => weightedSampler([0, 0], 0)).toThrow(/must exceed 0/);
  });
});

describe('repeatsIn', () => {
  it('counts how often a sample has come before', () => {
    expect(repeatsIn(Uint32Array.of(2, 0, 2, 2, 1), 3)).toEqual(Uint32Array.of(0, 0, 1, 2, 0));
    expect(repeatsIn(Uint32Array.of(2, 0, 1), 3)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { foldOf, holdOut } from './split.ts';

const labels = Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 1 : i % 25 === 1 ? 2 : 0));
const counts = (samples: readonly number[]) =>
  [0, 1, 2].map((label) => samples.filter((i) => labels[i] === label).length);

describe('holdOut', () => {
  it('takes the same share of every class, and nothing twice', () => {
    const { train, test } = holdOut(labels, 3, 0.2, 5);
    expect(counts([...train, ...test])).toEqual([86, 10, 4]);
    expect(counts(test)).toEqual([17, 2, 1]);
    expect(new Set([...train, ...test]).size).toBe(100);
    expect([...train].sort((a, b) => a - b)).toEqual(train);
  });

  it('depends on the seed alone', () => {
    expect(holdOut(labels, 3, 0.2, 5)).toEqual(holdOut(labels, 3, 0.2, 5));
    expect(holdOut(labels, 3, 0.2, 6)).not.toEqual(holdOut(labels, 3, 0.2, 5));
  });

  it('leaves both sides something of a class of two', () => {
    expect(holdOut([0, 0, 1, 1], 2, 0.01, 0).test.length).toBe(2);
    expect(holdOut([0, 0, 1, 1], 2, 0.99, 0).train.length).toBe(2);
    expect(() => holdOut([0, 1], 2, 0.5, 0)).toThrow(/2 samples are too few/);
  });

  it.each([0, 1, -1, Number.NaN])('refuses the share %d', (share) => {
    expect(() => holdOut(labels, 3, share, 0)).toThrow(UsageError);
  });
});

describe('foldOf', () => {
  it('tests every sample once, and divides every class evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(100), (folds, seed) => {
        const all = Array.from({ length: folds }, (_, fold) =>
          foldOf(labels, 3, { folds, fold, seed }),
        );
        const tested = all.flatMap(({ test }) => test).sort((a, b) => a - b);
        expect(tested).toEqual(labels.map((_, i) => i));
        for (const { train, test } of all) expect(train.length + test.length).toBe(100);
        for (const label of [0, 1, 2]) {
          const shares = all.map(({ test }) => counts(test)[label]!);
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        }
        const sizes = all.map(({ test }) => test.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses folds that are none', () => {
    expect(() => foldOf(labels, 3, { folds: 1, fold: 0, seed: 0 })).toThrow(/2 or more/);
    expect(() => foldOf(labels, 3, { folds: 3, fold: 3, seed: 0 })).toThrow(/0 … 2 \(it is 3\)/);
  });

  it('refuses more folds than samples', () => {
    expect(foldOf([0, 0, 1], 2, { folds: 3, fold: 2, seed: 0 }).test).toHaveLength(1);
    expect(() => foldOf([0, 0, 1], 2, { folds: 4, fold: 0, seed: 0 })).toThrow(
      /3 images cannot be divided into 4 folds/,
    );
  });
});

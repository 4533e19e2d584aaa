import { describe, expect, it } from 'vitest';
import { augmentationStream } from '../image/random.ts';
import { connected, nearPairs } from './near.ts';
import { emptyHashes, hashDistance, hashInto } from './perceptual-hash.ts';

const SIZE = 40;

/** Blobs at places that depend on the seed, in `gain` and `offset` of brightness. */
function picture(seed: number, gain = 1, offset = 0) {
  const random = augmentationStream(seed);
  const blobs = Array.from({ length: 12 }, () => [
    random.uniform() * SIZE,
    random.uniform() * SIZE,
    3 + random.uniform() * 8,
    random.uniform() * 40,
  ]);
  const data = Uint8Array.from({ length: SIZE * SIZE }, (_, p) => {
    const [x, y] = [p % SIZE, Math.floor(p / SIZE)];
    const value = blobs.reduce((sum, [bx, by, r, height]) => {
      const d = ((x - bx!) ** 2 + (y - by!) ** 2) / r! ** 2;
      return sum + height! * Math.exp(-d);
    }, 20);
    return Math.min(255, value * gain + offset);
  });
  return { data, width: SIZE, height: SIZE, channels: 1 as const };
}

const all = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('hashes', () => {
  it('stay when brightness changes, and tell pictures apart', () => {
    const hashes = emptyHashes(3);
    hashInto(hashes, 0, picture(1));
    hashInto(hashes, 1, picture(1, 0.8, 30));
    hashInto(hashes, 2, picture(2));
    expect(hashDistance(hashes.coarse, 2, 0, 1)).toBeLessThanOrEqual(6);
    expect(hashDistance(hashes.fine, 8, 0, 1)).toBeLessThanOrEqual(24);
    expect(hashDistance(hashes.coarse, 2, 0, 2)).toBeGreaterThan(12);
  });

  it('count bits', () => {
    const words = Uint32Array.of(0, 0xffffffff, 0b1011, 0x80000000);
    expect(hashDistance(words, 2, 0, 1)).toBe(3 + 31);
    expect(hashDistance(words, 1, 0, 1)).toBe(32);
  });
});

describe('nearPairs', () => {
  it('finds what comparing all with all finds, for every threshold', async () => {
    const n = 120;
    const hashes = emptyHashes(n);
    const random = augmentationStream(7);
    // Twelve families, whose members differ in a few bits.
    for (let i = 0; i < n; i++) {
      const family = augmentationStream(i % 12);
      for (const words of [hashes.coarse, hashes.fine]) {
        const size = words.length / n;
        for (let w = 0; w < size; w++) words[i * size + w] = family.uint32();
      }
      const flips = random.below(7);
      for (let k = 0; k < flips; k++) {
        const bit = random.below(64);
        hashes.coarse[2 * i + (bit >> 5)]! ^= 1 << (bit & 31);
      }
      for (let p = 0; p < 256; p++)
        hashes.thumbnails[i * 256 + p] = (p * 7 + (i % 12) * p * p) % 256;
    }
    for (const threshold of [0, 1, 3, 6, 8, 12]) {
      const expected: string[] = [];
      for (let b = 0; b < n; b++) {
        for (let a = 0; a < b; a++) {
          const near = hashDistance(hashes.coarse, 2, a, b) <= threshold;
          if (near && hashDistance(hashes.fine, 8, a, b) <= 4 * threshold)
            expected.push(`${a} ${b}`);
        }
      }
      const found = await nearPairs(hashes, all(n), threshold);
      expect(found.map(({ a, b }) => `${a} ${b}`).sort(), `${threshold}`).toEqual(expected.sort());
    }
  });

  it('takes no pictures without structure', async () => {
    const hashes = emptyHashes(2);
    const flat = { ...picture(1), data: new Uint8Array(SIZE * SIZE).fill(90) };
    hashInto(hashes, 0, flat);
    hashInto(hashes, 1, flat);
    expect(await nearPairs(hashes, [0, 1], 6)).toEqual([]);
  });

  it('asks for more where hashes cannot tell pictures apart', async () => {
    // The same hash for all; only two thumbnails are alike.
    const n = 20;
    const hashes = emptyHashes(n);
    hashes.coarse.fill(0x12345678);
    hashes.fine.fill(0x12345678);
    const random = augmentationStream(3);
    for (let i = 0; i < n * 256; i++) hashes.thumbnails[i] = random.below(256);
    hashes.thumbnails.copyWithin(5 * 256, 11 * 256, 12 * 256);
    expect(await nearPairs(hashes, all(n), 6)).toEqual([{ a: 5, b: 11, distance: 0 }]);
  });
});

it('connected joins pairs that meet', () => {
  const pairs = [
    { a: 5, b: 6 },
    { a: 1, b: 9 },
    { a: 6, b: 2 },
  ];
  expect(connected(pairs)).toEqual([
    [1, 9],
    [2, 5, 6],
  ]);
});

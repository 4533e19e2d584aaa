import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegions, type Region } from './regions.ts';

describe('createRegions', () => {
  it('never hands out the same memory twice, and gets all of it back', () => {
    const actions = fc.array(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.constant('free')));
    fc.assert(
      fc.property(actions, fc.infiniteStream(fc.nat()), (list, picks) => {
        const regions = createRegions(64, 1 << 16, () => {});
        const taken: Region[] = [];
        for (const action of list) {
          if (action === 'free') {
            const [region] = taken.splice(picks.next().value % Math.max(1, taken.length), 1);
            if (region) regions.free(region);
            continue;
          }
          let region: Region;
          try {
            region = regions.allocate(action as number);
          } catch {
            continue;
          }
          expect(region.address % 64).toBe(0);
          expect(region.bytes).toBeGreaterThanOrEqual(action as number);
          for (const { address, bytes } of taken) {
            const apart =
              address + bytes <= region.address || region.address + region.bytes <= address;
            expect(apart).toBe(true);
          }
          taken.push(region);
        }
        for (const region of taken) regions.free(region);
        expect(regions.used).toBe(0);
        expect(regions.allocate((1 << 16) - 64).address).toBe(64);
      }),
    );
  });

  it('asks for memory only up to what it hands out', () => {
    const ends: number[] = [];
    const regions = createRegions(0, 1 << 20, (end) => ends.push(end));
    const first = regions.allocate(100);
    regions.allocate(64);
    regions.free(first);
    regions.allocate(1);
    expect(ends).toEqual([128, 192, 64]);
  });

  it('says what is missing when the system has no more', () => {
    const regions = createRegions(0, 2 ** 32, (end) => {
      if (end > 2 ** 30) throw new RangeError('no');
    });
    regions.allocate(2 ** 29);
    expect(() => regions.allocate(2 ** 30)).toThrow(
      'wasm: not enough memory: this program needs 1.00 GiB beside 0.50 GiB in use',
    );
    expect(regions.used).toBe(2 ** 29);
  });
});

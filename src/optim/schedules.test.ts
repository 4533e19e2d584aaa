import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScheduleConfig, schedule } from './schedules.ts';

const configs: ScheduleConfig[] = [
  { type: 'constant' },
  { type: 'step', every: 3 },
  { type: 'multiStep', milestones: [2, 5] },
  { type: 'exponential', gamma: 0.9 },
  { type: 'cosine', updates: 50, floor: 0.1 },
  { type: 'oneCycle', updates: 50 },
  { type: 'warmup', updates: 4, next: { type: 'cosine', updates: 46 } },
];

describe('schedule', () => {
  it.each(configs)('$type is pure, and survives JSON', (config) => {
    const rate = schedule(config);
    const again = schedule(JSON.parse(JSON.stringify(config)));
    fc.assert(
      fc.property(fc.nat(49), fc.nat(49), (k, other) => {
        const first = rate(k);
        again(other);
        expect(again(k)).toBe(first);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('warms up at a constant rate, or not at all', () => {
    const next: ScheduleConfig = { type: 'step', every: 2, gamma: 0.5 };
    const flat = schedule({ type: 'warmup', updates: 2, from: 0.25, shape: 'constant', next });
    expect([0, 1, 2, 3, 4].map(flat)).toEqual([0.25, 0.25, 1, 1, 0.5]);
    const none = schedule({ type: 'warmup', updates: 0, next });
    expect([0, 2].map(none)).toEqual([1, 0.5]);
  });

  it('stays at the end of a one-cycle', () => {
    const rate = schedule({ type: 'oneCycle', updates: 10, divide: 10, finalDivide: 100 });
    for (const k of [9, 10, 99]) expect(rate(k)).toBeCloseTo(0.001, 15);
  });

  it.each<[ScheduleConfig, string]>([
    [{ type: 'step', every: 0 }, 'schedule step: every must be 1 or more (it is 0)'],
    [{ type: 'cosine', updates: Number.NaN }, 'schedule cosine: updates must be 1 or more'],
    [{ type: 'oneCycle', updates: 9, rise: 1 }, 'schedule oneCycle: rise must lie in (0, 1)'],
    [
      { type: 'warmup', updates: -1, next: { type: 'constant' } },
      'schedule warmup: updates must be 0 or more (it is -1)',
    ],
  ])('refuses %o', (config, message) => {
    expect(() => schedule(config)).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import { divergenceWatch } from './divergence.ts';

const stuck = { trainLoss: 2.31, trainAccuracy: 0.1012 };
/** The epochs at whose end the watch calls a run stuck. */
const alarms = (epochs: readonly (typeof stuck)[], steps: number) => {
  const watch = divergenceWatch(10, 60_000, 3);
  return epochs.flatMap((metrics, i) => (watch.epoch(metrics, steps) ? [i + 1] : []));
};

describe('divergenceWatch', () => {
  it('knows a loss that is no number', () => {
    const watch = divergenceWatch(10, 100, 3);
    expect([2.3, Number.NaN, Number.POSITIVE_INFINITY].map(watch.step)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('waits for the epochs stated', () => {
    expect(alarms(Array(5).fill(stuck), 235)).toEqual([3, 4, 5]);
  });

  it('lets the plateau of a sigmoid network pass', () => {
    const learning = { trainLoss: 1.2, trainAccuracy: 0.52 };
    expect(alarms([stuck, learning, stuck, stuck], 235)).toEqual([]);
    // Epochs of a small dataset are short; the plateau is as long in steps.
    expect(alarms(Array(10).fill(stuck), 24)).toEqual([]);
  });

  it('does not mistake slow learning for none', () => {
    expect(alarms(Array(5).fill({ trainLoss: 2.29, trainAccuracy: 0.14 }), 235)).toEqual([]);
    expect(alarms(Array(5).fill({ trainLoss: 2.2, trainAccuracy: 0.1 }), 235)).toEqual([]);
  });
});

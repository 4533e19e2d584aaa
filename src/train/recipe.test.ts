import { describe, expect, it } from 'vitest';
import { schedule } from '../optim/index.ts';
import { resolveConfig, type TrainOptions } from './config.ts';
import { clipConfig, optimizerConfig, scheduleConfig } from './recipe.ts';

/** Learning rates of the first update of each epoch, and of the last update. */
function rates(options: TrainOptions, perEpoch = 10): number[] {
  const config = resolveConfig({ lr: 2, epochs: 6, ...options });
  const factor = schedule(scheduleConfig(config, perEpoch));
  const firsts = Array.from({ length: config.epochs }, (_, epoch) => epoch * perEpoch);
  return [...firsts, config.epochs * perEpoch - 1].map((k) => config.lr * factor(Math.round(k)));
}
const expectClose = (actual: number[], expected: number[]) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
};

describe('scheduleConfig', () => {
  it('counts epochs, whatever their length', () => {
    for (const perEpoch of [10, 117.5]) {
      expectClose(
        rates({ schedule: 'step', stepSize: 2 }, perEpoch),
        [2, 2, 0.2, 0.2, 0.02, 0.02, 0.02],
      );
      expectClose(
        rates({ schedule: 'multiStep', milestones: [1, 4], gamma: 0.5 }, perEpoch),
        [2, 1, 1, 1, 0.5, 0.5, 0.5],
      );
    }
    const halves = [2, 1, 0.5, 0.25, 0.125, 0.0625].map((value) => value);
    expectClose(rates({ schedule: 'exponential', gamma: 0.5 }).slice(0, 6), halves);
  });

  it('ends cosine and one-cycle where they should', () => {
    const cosine = rates({ schedule: 'cosine', minLr: 0.2 }, 1000);
    expect(cosine[3]).toBeCloseTo(1.1, 6);
    expect(cosine.at(-1)).toBeCloseTo(0.2, 4);
    const cycle = rates({ schedule: 'oneCycle' });
    expect(cycle[0]).toBeCloseTo(2 / 25, 6);
    expect(cycle.at(-1)).toBeCloseTo(2 / 25 / 1e4, 6);
  });

  it('warms up within the epochs that there are', () => {
    expectClose(
      rates({ warmup: 2, schedule: 'multiStep', milestones: [4] }),
      [0.2, 1.1, 2, 2, 0.2, 0.2, 0.2],
    );
    const cosine = rates({ warmup: 2, schedule: 'cosine' }, 1000);
    expect(cosine[4]).toBeCloseTo(1, 6);
    expect(cosine.at(-1)).toBeCloseTo(0, 4);
  });
});

it('hands on only what the optimiser knows', () => {
  expect(optimizerConfig(resolveConfig({ optimizer: 'adamw', beta1: 0.8 }))).toEqual({
    type: 'adamw',
    beta1: 0.8,
  });
  expect(optimizerConfig(resolveConfig({ momentum: 0.9 }))).toEqual({ type: 'sgd', momentum: 0.9 });
  expect(clipConfig(resolveConfig({ clipNorm: 2 }))).toEqual({ norm: 2 });
  expect(clipConfig(resolveConfig({ clipValue: 2 }))).toEqual({ value: 2 });
  expect(clipConfig(resolveConfig())).toBeUndefined();
});

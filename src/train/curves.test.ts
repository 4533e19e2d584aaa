import { describe, expect, it } from 'vitest';
import { curvesSvg } from './curves.ts';
import type { MetricsRow } from './types.ts';

const step = (epoch: number, trainLoss = 2 / epoch): MetricsRow => ({
  kind: 'step',
  epoch,
  step: 10 * epoch,
  trainLoss,
  trainAccuracy: 0.5,
  lr: 0.1,
});
const epoch = (number: number): MetricsRow => ({
  ...step(number),
  kind: 'epoch',
  testLoss: 1,
  testAccuracy: 0.4,
  examplesPerSecond: 1,
  waitShare: 0,
  seconds: 1,
});

describe('curvesSvg', () => {
  it('draws the three curves of the book', async () => {
    const svg = await curvesSvg([step(0.5), epoch(1), step(1.5), epoch(2)]);
    for (const name of ['train loss', 'train accuracy', 'test accuracy', 'epoch']) {
      expect(svg).toContain(`>${name}<`);
    }
    for (const color of ['#1f77b4', '#bf00bf', '#008000']) expect(svg).toContain(color);
    expect(svg).toMatch(/^<svg/);
  });

  it('leaves out what is not there, or no number', async () => {
    const svg = await curvesSvg([step(0.5), step(1, Number.NaN)]);
    expect(svg).toContain('train accuracy');
    expect(svg).not.toContain('test accuracy');
    expect(svg).not.toContain('NaN');
  });
});

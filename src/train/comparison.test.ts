import { describe, expect, it } from 'vitest';
import { type ComparisonRow, comparisonSvg } from './comparison.ts';
import { besideCircles } from './label-places.ts';
import type { Measurement } from './measure.ts';

const row = (model: string, parameters: number, multiplyAdds: number): ComparisonRow => ({
  ...{ model, parameters, multiplyAdds, input: [1, 3, 224, 224] },
  ...{ parameterBytes: 4 * parameters, activationBytes: 1e6 },
  ...{ trainingBytes: 20 * parameters, inferenceBytes: 5 * parameters },
});
const speed = (imagesPerSecond: number): Measurement => ({
  ...{ steps: 3, median: 1, best: 1, spread: 0, gflopsPerSecond: 1 },
  imagesPerSecond,
});

describe('comparison', () => {
  const rows = [row('small', 1e6, 7e8), row('large', 1.3e8, 8e9)];

  it('draws memory where nothing was measured', async () => {
    const svg = await comparisonSvg(rows);
    expect(svg).toMatch(/^<svg.*<\/svg>$/s);
    expect(svg).toContain('bytes to train');
    for (const { model } of rows) expect(svg).toContain(`>${model}</text>`);
  });

  it('draws what was measured, each network once in a panel', async () => {
    const measured = [
      { ...rows[0]!, training: speed(20), inference: speed(80) },
      { ...rows[1]!, inference: speed(3) },
    ];
    const svg = await comparisonSvg(measured);
    expect(svg.match(/>small<\/text>/g)).toHaveLength(2);
    expect(svg.match(/>large<\/text>/g)).toHaveLength(1);
    expect(svg).toContain('images/s');
  });

  it('draws a single network', async () => {
    expect(await comparisonSvg(rows.slice(0, 1))).toContain('>small</text>');
  });
});

describe('labels', () => {
  const picture = { width: 200, height: 100 };
  const circle = (x: number, y: number) => ({ x, y, r: 5, width: 40 });

  it('stand at the right, and at the left near the edge', () => {
    const places = besideCircles([circle(50, 50), circle(190, 50)], picture, 12);
    expect(places).toEqual([
      { x: 75, y: 50 },
      { x: 165, y: 50 },
    ]);
  });

  it('do not cover each other', () => {
    const places = besideCircles([circle(50, 50), circle(52, 58)], picture, 12);
    const [a, b] = places as [(typeof places)[0], (typeof places)[0]];
    expect(Math.abs(a.x - b.x) >= 40 || Math.abs(a.y - b.y) >= 12).toBe(true);
  });
});

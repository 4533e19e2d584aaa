// What is drawn has torchvision's distribution: Kolmogorov and Smirnov's statistic over 10,000 draws
// against quantiles of 40,000 of torchvision's.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { transformByName } from '../../src/image/catalogue.ts';
import type { SimpleTransform } from '../../src/image/define-transform.ts';
import { augmentationStream } from '../../src/image/random.ts';
import type { Target } from '../../src/image/target.ts';
import { type Batch, cutMix, mixUp } from '../../src/image/transforms/batch.ts';

interface Case {
  transform: string;
  options: Record<string, unknown>;
  parameter: string;
  quantiles: number[];
}

const file = new URL('../golden/image-draws/image-draws.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const [WIDTH, HEIGHT] = [300, 200];
const target: Target = {
  image: { data: new Uint8Array(3 * WIDTH * HEIGHT), width: WIDTH, height: HEIGHT, channels: 3 },
  boxes: { format: 'xyxy', data: Float64Array.of(20, 30, 160, 150, 200, 100, 280, 190) },
};
const batch: Batch = {
  images: new Float32Array(0),
  shape: [2, 3, HEIGHT, WIDTH],
  labels: new Float32Array(4),
};

/** Where our parameters differ in shape from plain numbers by name. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of many transforms
const READ: Record<string, (drawn: any, name: string) => number> = {
  randomErasing: ({ region }, name) =>
    region?.[name] ?? (name === 'height' ? HEIGHT : name === 'width' ? WIDTH : 0),
  randomAffine: (drawn, name) =>
    /X$|Y$/.test(name) ? drawn[name.slice(0, -1)][name.endsWith('X') ? 0 : 1] : drawn[name],
  randomShortestSize: ({ size }) => size[1],
  scaleJitter: ({ size }) => size[0],
  randomIoUCrop: ({ region }, name) =>
    region?.[name] ?? (name === 'left' ? 0 : name === 'width' ? WIDTH : HEIGHT),
  cutMix: (drawn, name) => (name === 'x1' ? drawn.box[0] : drawn.share),
};

function draw({ transform, options, parameter }: Case, count: number): number[] {
  const random = augmentationStream(7, 0, parameter.length);
  const read = READ[transform] ?? ((drawn, name) => drawn[name]);
  const from = (() => {
    if (transform === 'mixUp') return () => mixUp(options).draw(random, batch);
    if (transform === 'cutMix') return () => cutMix(options).draw(random, batch);
    const made = transformByName(transform, options) as SimpleTransform<unknown>;
    return () => made.draw(random, target);
  })();
  return Array.from({ length: count }, () => read(from(), parameter));
}

/** The largest difference between the shares below (and up to) each known quantile. */
function distance(drawn: readonly number[], quantiles: readonly number[]): number {
  const sorted = Float64Array.from(drawn).sort();
  const share = (test: (x: number) => boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(sorted[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low / sorted.length;
  };
  const last = quantiles.length - 1;
  // Numbers were rounded to five digits when they were written.
  const rounding = 2e-5;
  let worst = 0;
  for (let k = 1; k < last; k++) {
    const q = quantiles[k]!;
    const below = share((x) => x < q - rounding);
    const upTo = share((x) => x <= q + rounding);
    const [first, end] = [quantiles.indexOf(q) / last, quantiles.lastIndexOf(q) / last];
    // Values that occur often fill several quantiles: their share must cover those.
    worst = Math.max(worst, below - first, end - upTo);
  }
  return worst;
}

describe('draws', () => {
  for (const given of cases) {
    it(`${given.transform} ${given.parameter} is distributed as in torchvision`, () => {
      const count = given.transform === 'randomIoUCrop' ? 4000 : 10_000;
      const reference = given.transform === 'randomIoUCrop' ? 4000 : 40_000;
      // Passes by chance in all but one of 10,000 cases.
      const critical = 2.23 * Math.sqrt(1 / count + 1 / reference);
      expect(distance(draw(given, count), given.quantiles)).toBeLessThan(critical);
    });
  }
});

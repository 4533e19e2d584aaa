import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import { referenceEngine } from '../engines/reference/engine.ts';
import { wasmEngine } from '../engines/wasm/index.ts';
import { conv } from '../nn/index.ts';
import { compareSums, compute, densePerPixel, randomCase } from './one-by-one.ts';

const [CIN, COUT] = [5, 3];
const given = randomCase([2, CIN, 4, 6], COUT, 0);
const absolute = {
  ...given,
  x: given.x.map(Math.abs),
  weight: given.weight.map(Math.abs),
  bias: given.bias.map(Math.abs),
  dy: given.dy.map(Math.abs),
};

describe.each([
  ['reference', async () => referenceEngine()],
  ['wasm', () => wasmEngine({ threads: 1 })],
])('a 1×1 convolution on %s', (_name, start) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it('is a dense layer at every pixel', async () => {
    const convolved = await compute(conv(CIN, COUT, 1), given, engine);
    const dense = await compute(densePerPixel(CIN, COUT), given, engine);
    const magnitudes = await compute(densePerPixel(CIN, COUT), absolute, engine);
    const terms = { y: CIN + 1, dx: COUT, dweight: 2 * 4 * 6, dbias: 2 * 4 * 6 };
    for (const key of ['y', 'dx', 'dweight', 'dbias'] as const) {
      const { part } = compareSums(convolved[key], dense[key], magnitudes[key], terms[key]);
      expect(part).toBeLessThanOrEqual(1);
    }
    // By hand: the first output of the second image.
    const pixel = (c: number) => given.x[(CIN + c) * 24]!;
    let y = given.bias[0]!;
    for (let c = 0; c < CIN; c++) y += given.weight[c]! * pixel(c);
    expect(convolved.y[COUT * 24]).toBeCloseTo(y, 4);
  });

  it('is not another dense layer', async () => {
    const weight = given.weight.slice();
    weight[0]! += 1e-5;
    const convolved = await compute(conv(CIN, COUT, 1), given, engine);
    const dense = await compute(densePerPixel(CIN, COUT), { ...given, weight }, engine);
    const magnitudes = await compute(densePerPixel(CIN, COUT), absolute, engine);
    const { part } = compareSums(convolved.y, dense.y, magnitudes.y, CIN + 1);
    expect(part).toBeGreaterThan(1);
  });
});

describe('compareSums', () => {
  const one = Float32Array.of(1);

  it('lets rounding pass and nothing else', () => {
    const next = Float32Array.of(1 + 2 ** -23);
    expect(compareSums(one, next, one, 2).part).toBeLessThanOrEqual(1);
    expect(compareSums(one, Float32Array.of(1 + 2 ** -19), one, 2).part).toBeGreaterThan(1);
    expect(compareSums(one, one, one, 2)).toEqual({ difference: 0, part: 0 });
  });

  it('lets no NaN pass', () => {
    const { part } = compareSums(one, Float32Array.of(Number.NaN), one, 2);
    expect(part <= 1).toBe(false);
  });
});

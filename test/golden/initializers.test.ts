import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/graph/index.ts';
import {
  defaultBias,
  defaultWeight,
  fans,
  type Initializer,
  initialize,
  kaimingNormal,
  kaimingUniform,
  layer,
  leakyGain,
  parameter,
  truncatedNormal,
  xavierNormal,
  xavierUniform,
} from '../../src/nn/index.ts';
import { readGolden } from './read.ts';

interface InitializerCase {
  readonly name: string;
  readonly shape: Shape;
  readonly options: Record<string, number> & { readonly mode: 'fanIn' | 'fanOut' };
  readonly fanIn: number;
  readonly fanOut: number;
  readonly distribution: string;
  readonly mean: number;
  readonly std: number;
  readonly low: number | null;
  readonly high: number | null;
}

const build: Record<string, (options: InitializerCase['options'], shape: Shape) => Initializer> = {
  default: () => defaultWeight,
  defaultBias: (_options, shape) => defaultBias(shape),
  xavierUniform: ({ gain }) => xavierUniform(gain),
  xavierNormal: ({ gain }) => xavierNormal(gain),
  kaimingUniform: ({ mode, slope }) => kaimingUniform({ mode, gain: leakyGain(slope!) }),
  kaimingNormal: ({ mode, slope }) => kaimingNormal({ mode, gain: leakyGain(slope!) }),
  truncatedNormal: ({ mean, std, low, high }) => truncatedNormal(mean, std, low, high),
};

/** Numbers of an initialiser for one weight, from as many seeds as it takes. */
function draw(initial: Initializer, shape: Shape, count: number): number[] {
  const model = layer('one', { weight: parameter(shape, initial) }, (_l, x) => x);
  const drawn: number[] = [];
  for (let seed = 0; drawn.length < count; seed++) {
    for (const value of initialize(model, { seed }).get('weight')!) drawn.push(value);
  }
  return drawn;
}

const { cases, tolerance } = readGolden<InitializerCase, { readonly tolerance: number }>(
  'initializers',
);
const DRAWS = 60_000;

describe('initialisers draw from the distributions of PyTorch', () => {
  it.each(cases)('$name of [$shape] with $options', (entry) => {
    const { name, options, shape, std, low, high } = entry;
    expect(fans(shape)).toEqual({ fanIn: entry.fanIn, fanOut: entry.fanOut });
    const drawn = draw(build[name]!(options, shape), shape, DRAWS);
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    const variance = drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean - entry.mean)).toBeLessThan(tolerance * std);
    expect(Math.abs(Math.sqrt(variance) - std)).toBeLessThan(tolerance * std);
    if (low === null || high === null) return;
    const [least, most] = drawn.reduce(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)] as const,
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
    );
    // The numbers are stored as float32.
    expect(least).toBeGreaterThanOrEqual(Math.fround(low));
    expect(most).toBeLessThanOrEqual(Math.fround(high));
    if (entry.distribution !== 'uniform') return;
    expect(least - low).toBeLessThan(tolerance * std);
    expect(high - most).toBeLessThan(tolerance * std);
  });
});

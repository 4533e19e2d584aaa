import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NumberArray, variable } from '../graph/index.ts';
import { mul } from '../ops/index.ts';
import { conv, linear } from './convolution.ts';
import { initialize } from './initialize.ts';
import {
  constant,
  kaimingNormal,
  normal,
  ones,
  truncatedNormal,
  uniform,
  xavierUniform,
} from './initializers.ts';
import { layer, pipe, sequential } from './layer.ts';
import { batchNorm } from './normalization.ts';
import { parameter } from './parameters.ts';
import { flatten } from './pooling.ts';

const net = (width = 4) =>
  layer(
    'net',
    { conv1: conv(1, width, 3), bn1: batchNorm(width), fc: linear(width * 4, 3) },
    (l, x) => pipe(x, l.conv1, l.bn1, flatten, l.fc),
  );

const largest = (values: NumberArray) =>
  Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

describe('initialize', () => {
  it('starts norms and their statistics as PyTorch does', () => {
    const values = initialize(net(), { seed: 1 });
    expect(values.get('bn1.weight')).toEqual(new Float32Array(4).fill(1));
    expect(values.get('bn1.bias')).toEqual(new Float32Array(4));
    expect(values.get('bn1.running_mean')).toEqual(new Float32Array(4));
    expect(values.get('bn1.running_var')).toEqual(new Float32Array(4).fill(1));
    expect(values.get('bn1.num_batches_tracked')).toEqual(new Int32Array(1));
  });

  it('keeps weights and biases within 1/√fanIn', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const values = initialize(net(), { seed });
        expect(largest(values.get('conv1.weight')!)).toBeLessThanOrEqual(1 / 3);
        expect(largest(values.get('conv1.bias')!)).toBeLessThanOrEqual(1 / 3);
        expect(largest(values.get('fc.bias')!)).toBeLessThanOrEqual(1 / 4);
      }),
      { numRuns: 30 },
    );
  });

  it('depends on the seed and on the name of the array only', () => {
    const small = initialize(net(), { seed: 7 });
    expect(initialize(net(), { seed: 7 })).toEqual(small);
    const more = layer('more', { ...net().parts, extra: linear(9, 9) }, (_l, x) => x);
    const grown = initialize(more, { seed: 7 });
    for (const [name, value] of small) expect(grown.get(name), name).toEqual(value);
    const other = initialize(net(), { seed: 8 });
    expect(other.get('fc.weight')).not.toEqual(small.get('fc.weight'));
    expect(initialize(net(), { seed: 7 + 2 ** 32 })).not.toEqual(small);
  });

  it('gives arrays of like shape unrelated numbers', () => {
    const twins = layer('twins', { a: linear(40, 50), b: linear(40, 50) }, (_l, x) => x);
    const values = initialize(twins, { seed: 0 });
    const [a, b] = ['a.weight', 'b.weight'].map((name) => Array.from(values.get(name)!));
    const product = (u: number[], v: number[]) => u.reduce((s, x, i) => s + x * v[i]!, 0);
    const correlation = product(a!, b!) / Math.sqrt(product(a!, a!) * product(b!, b!));
    // Four standard deviations of 2000 independent pairs.
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(2000));
  });

  it('applies a scheme to weights with two axes or more, and leaves the rest', () => {
    const plain = initialize(net(), { seed: 3 });
    const values = initialize(net(), { seed: 3, scheme: constant(0.5) });
    expect(values.get('conv1.weight')).toEqual(new Float32Array(36).fill(0.5));
    expect(values.get('fc.weight')).toEqual(new Float32Array(48).fill(0.5));
    for (const name of ['conv1.bias', 'bn1.weight', 'bn1.bias', 'fc.bias']) {
      expect(values.get(name), name).toEqual(plain.get(name));
    }
    const xavier = initialize(net(), { seed: 3, scheme: xavierUniform() });
    expect(largest(xavier.get('fc.weight')!)).toBeGreaterThan(1 / 4);
  });

  it('takes overrides before the scheme, the first that matches', () => {
    const values = initialize(net(), {
      seed: 3,
      scheme: kaimingNormal(),
      overrides: [
        { match: /^fc\.weight$/, initial: constant(2) },
        { match: /^fc/, initial: ones },
      ],
    });
    expect(values.get('fc.weight')![0]).toBe(2);
    expect(values.get('fc.bias')![0]).toBe(1);
  });

  it('takes a plain number as the start of a variable', () => {
    const scale = variable([2], { trainable: true, initial: 0.25 });
    const scaled = layer('scaled', { scale }, (l, x) => mul(x, l.scale));
    expect(initialize(scaled, { seed: 0 }).get('scale')).toEqual(Float32Array.of(0.25, 0.25));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses seed %s', (seed) => {
    expect(() => initialize(net(), { seed })).toThrow(
      `seed must be a whole number from 0 to 2^53 - 1 (it is ${seed})`,
    );
  });

  it('refuses an initialiser that does not fit', () => {
    const odd = layer('odd', { scale: parameter([3], xavierUniform()) }, (_l, x) => x);
    expect(() => initialize(odd, { seed: 0 })).toThrow(
      'initialiser xavierUniform: needs two axes or more (shape is [3])',
    );
    expect(() => uniform(1, 0)).toThrow('low must not exceed high (low is 1, high is 0)');
    expect(() => normal(0, -1)).toThrow('std must be 0 or more (std is -1)');
    expect(() => truncatedNormal(0, 1, 5, 6)).toThrow('must come within 3 std of the mean');
    expect(() => sequential(linear(0, 3))).toThrow('cin must be a whole number, 1 or more');
  });
});

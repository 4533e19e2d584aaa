import { describe, expect, it } from 'vitest';
import type { Tensor } from '../graph/index.ts';
import { conv, linear } from './convolution.ts';
import { identity, layer, pipe, sequential } from './layer.ts';
import { batchNorm } from './normalization.ts';
import {
  isWeight,
  matches,
  namedParameters,
  namedStates,
  namedVariables,
  parameterCount,
} from './parameters.ts';

const net = sequential(conv(3, 4, 3, { bias: false }), batchNorm(4));

describe('namedVariables', () => {
  it('uses the keys of PyTorch', () => {
    expect([...namedVariables(net).keys()]).toEqual([
      '0.weight',
      '1.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '1.num_batches_tracked',
    ]);
  });

  it('lists what is shared once, under its first name', () => {
    const shared = linear(2, 2);
    const twice = layer('twice', { a: shared, b: shared }, (l, x) => pipe(x, l.a, l.b));
    expect([...namedVariables(twice).keys()]).toEqual(['a.weight', 'a.bias']);
    const tied = layer('tied', { a: shared, weight: shared.parts.weight }, (l, x) => l.a(x));
    expect([...namedVariables(tied).keys()]).toEqual(['a.weight', 'a.bias']);
  });

  it('finds nothing in a plain function', () => {
    expect(namedVariables(identity).size).toBe(0);
  });
});

describe('parameters and states', () => {
  it('are told apart', () => {
    expect([...namedParameters(net).keys()]).toEqual(['0.weight', '1.weight', '1.bias']);
    expect([...namedStates(net).keys()]).toEqual([
      '1.running_mean',
      '1.running_var',
      '1.num_batches_tracked',
    ]);
    expect(namedStates(net).get('1.num_batches_tracked')).toMatchObject({
      shape: [],
      dtype: 'int32',
    });
  });

  it('counts what is trained', () => {
    expect(parameterCount(net)).toBe(4 * 3 * 9 + 4 + 4);
  });

  it('match by pattern, also a global one, and by rule', () => {
    const weight = namedVariables(net).get('0.weight') as Tensor;
    const global = /^0\./g;
    expect([1, 2].map(() => matches(global, '0.weight', weight))).toEqual([true, true]);
    expect(matches(isWeight, '0.weight', weight)).toBe(true);
    expect(matches(/bias/, '0.weight', weight)).toBe(false);
  });
});

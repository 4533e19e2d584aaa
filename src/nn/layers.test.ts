import { describe, expect, it } from 'vitest';
import { interpret } from '../engines/reference/interpret.ts';
import {
  buildProgram,
  input,
  lower,
  type NumberArray,
  type Shape,
  type Tensor,
} from '../graph/index.ts';
import { relu } from '../ops/index.ts';
import { conv, convTranspose, linear } from './convolution.ts';
import { dropout } from './dropout.ts';
import { initialize } from './initialize.ts';
import type { Layer } from './layer.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm } from './normalization.ts';
import { namedVariables } from './parameters.ts';
import {
  adaptiveAvgPool,
  adaptiveMaxPool,
  avgPool,
  flatten,
  globalAvgPool,
  maxPool,
} from './pooling.ts';

const shapes = (model: Layer) =>
  Object.fromEntries([...namedVariables(model)].map(([name, { shape }]) => [name, shape]));

/** The layer's output for `x`, in use, with weights from seed 0 except those given. */
function run(
  model: Layer,
  shape: Shape,
  x: readonly number[],
  given: Record<string, readonly number[]> = {},
): Float64Array {
  const weights = initialize(model, { seed: 0 });
  const names = new Map([...namedVariables(model)].map(([name, tensor]) => [tensor, name]));
  const program = buildProgram(lower({ y: model(input('x', shape)) }, 'infer'), names);
  const variables = { ...Object.fromEntries(weights), ...given } as Record<string, NumberArray>;
  return interpret(program, { x }, variables).outputs.y!;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('state-dict keys and shapes', () => {
  it.each<[string, Layer, Record<string, Shape>]>([
    ['conv', conv(4, 6, [3, 5], { groups: 2 }), { weight: [6, 2, 3, 5], bias: [6] }],
    ['conv without bias', conv(4, 6, 1, { bias: false }), { weight: [6, 4, 1, 1] }],
    ['convTranspose', convTranspose(4, 6, 2, { groups: 2 }), { weight: [4, 3, 2, 2], bias: [6] }],
    ['linear', linear(3, 5), { weight: [5, 3], bias: [5] }],
    [
      'batchNorm',
      batchNorm(3),
      { weight: [3], bias: [3], running_mean: [3], running_var: [3], num_batches_tracked: [] },
    ],
    ['layerNorm', layerNorm([2, 3]), { weight: [2, 3], bias: [2, 3] }],
    ['groupNorm', groupNorm(2, 4), { weight: [4], bias: [4] }],
    ['instanceNorm', instanceNorm(3), {}],
    ['affine instanceNorm', instanceNorm(3, { affine: true }), { weight: [3], bias: [3] }],
    ['dropout', dropout(), {}],
    ['maxPool', maxPool(2), {}],
  ])('%s', (_name, model, expected) => {
    expect(shapes(model)).toEqual(expected);
  });
});

describe('shapes of outputs', () => {
  const image = [2, 4, 7, 9];
  it.each<[string, (x: Tensor) => Tensor, Shape, Shape]>([
    ['conv', conv(4, 6, 3, { stride: 2, padding: 1 }), image, [2, 6, 4, 5]],
    ['dilated conv', conv(4, 6, 3, { dilation: 2, padding: [2, 0] }), image, [2, 6, 7, 5]],
    ['convTranspose', convTranspose(4, 6, 3, { stride: 2, padding: 1 }), image, [2, 6, 13, 17]],
    [
      'convTranspose with outputPadding',
      convTranspose(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      image,
      [2, 6, 14, 18],
    ],
    ['linear on rows', linear(9, 5), image, [2, 4, 7, 5]],
    ['batchNorm on images', batchNorm(4), image, image],
    ['batchNorm on vectors', batchNorm(4), [2, 4], [2, 4]],
    ['layerNorm', layerNorm(9), image, image],
    ['groupNorm', groupNorm(2, 4), image, image],
    ['instanceNorm', instanceNorm(4, { affine: true }), image, image],
    ['dropout', dropout(0.3), image, image],
    ['maxPool', maxPool(3, { stride: 2, ceilMode: true }), image, [2, 4, 3, 4]],
    ['avgPool', avgPool([2, 3]), image, [2, 4, 3, 3]],
    ['adaptiveAvgPool', adaptiveAvgPool(3), image, [2, 4, 3, 3]],
    ['adaptiveMaxPool', adaptiveMaxPool([1, 2]), image, [2, 4, 1, 2]],
    ['globalAvgPool', globalAvgPool, image, [2, 4]],
    ['flatten', flatten, image, [2, 252]],
    ['relu', relu, image, image],
  ])('%s', (_name, model, from, to) => {
    expect(model(input('x', from)).shape).toEqual(to);
  });
});

describe('numbers', () => {
  it('linear multiplies by the transposed weight', () => {
    const y = run(linear(2, 3), [1, 2], [1, 10], { weight: [1, 2, 3, 4, 5, 6], bias: [0, 0, 100] });
    expect([...y]).toEqual([21, 43, 165]);
  });

  it('conv adds its bias to every pixel of a channel', () => {
    const model = conv(1, 2, 1);
    const y = run(model, [1, 1, 1, 2], [1, 2], { weight: [10, 20], bias: [1, 2] });
    expect([...y]).toEqual([11, 21, 22, 42]);
  });

  it('convTranspose spreads each pixel', () => {
    const model = convTranspose(1, 1, 2, { stride: 2 });
    const y = run(model, [1, 1, 1, 2], [1, 10], { weight: [1, 2, 3, 4], bias: [0] });
    expect([...y]).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
  });

  it('batchNorm in use takes the running statistics', () => {
    const y = run(batchNorm(1, { epsilon: 0 }), [3, 1], [1, 3, 5], {
      running_mean: [3],
      running_var: [4],
      weight: [2],
      bias: [1],
    });
    expect([...y]).toEqual([-1, 1, 3]);
  });

  it('instanceNorm normalises each channel of each image', () => {
    const y = run(instanceNorm(2, { epsilon: 0 }), [1, 2, 1, 2], [0, 2, 10, 30]);
    expect([...y]).toEqual([-1, 1, -1, 1]);
  });

  it('dropout in use changes nothing', () => {
    expect([...run(dropout(0.9), [6], range(6))]).toEqual(range(6));
  });
});

describe('settings that make no sense', () => {
  it.each<[() => unknown, string]>([
    [() => conv(0, 6, 3), 'conv: cin must be a whole number, 1 or more (cin is 0)'],
    [() => conv(3, 6.5, 3), 'conv: cout must be a whole number, 1 or more (cout is 6.5)'],
    [() => conv(3, 6, [3, -1]), 'conv: kernel width must be a whole number, 1 or more'],
    [
      () => conv(3, 6, 3, { groups: 2 }),
      'conv: cin and cout must be multiples of groups (cin is 3, cout is 6, groups is 2)',
    ],
    [() => convTranspose(4, 6, 0), 'convTranspose: kernel height must be a whole number'],
    [() => linear(3, Number.NaN), 'linear: cout must be a whole number, 1 or more (cout is NaN)'],
    [() => batchNorm(0), 'batchNorm: channels must be a whole number, 1 or more'],
    [() => layerNorm([3, 0]), 'layerNorm: size 1 must be a whole number, 1 or more'],
    [() => groupNorm(3, 4), 'groupNorm: channels must be a multiple of groups'],
    [() => dropout(1), 'dropout: rate must lie in [0, 1) (rate is 1)'],
    [() => linear(3, 2)(input('x', [1, 4])), 'linear: the last axis of x must be 3 (x is [1, 4])'],
    [() => instanceNorm(3)(input('x', [1, 4, 2, 2])), 'instanceNorm: axis 1 of x must be 3'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});

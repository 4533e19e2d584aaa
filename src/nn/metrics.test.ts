import { describe, expect, it } from 'vitest';
import { interpret } from '../engines/reference/interpret.ts';
import { buildProgram, constant, input, type Tensor } from '../graph/index.ts';
import { crossEntropy, meanSquaredError, smoothL1 } from './losses.ts';
import { correct, topKCorrect } from './metrics.ts';

const evaluate = (y: Tensor): number[] =>
  Array.from(interpret(buildProgram({ outputs: { y }, updates: [] }), {}).outputs.y!);

const logits = constant(Float32Array.of(1, 3, 2, 9, 0, 8, 5, 5, 1), [3, 3]);

describe('correct', () => {
  it('compares the largest logit, the first of equal ones, with classes', () => {
    expect(evaluate(correct(logits, constant(Int32Array.of(1, 2, 0), [3], 'int32')))).toEqual([
      1, 0, 1,
    ]);
    expect(evaluate(correct(logits, constant(Uint8Array.of(1, 0, 1), [3], 'uint8')))).toEqual([
      1, 1, 0,
    ]);
  });

  it('compares with the likeliest class of probabilities', () => {
    const soft = constant(Float32Array.of(0.1, 0.6, 0.3, 0, 0.2, 0.8, 0.9, 0.1, 0), [3, 3]);
    expect(evaluate(correct(logits, soft))).toEqual([1, 0, 1]);
  });

  it('refuses targets of another shape', () => {
    expect(() => correct(logits, input('y', [4], 'int32'))).toThrow(
      'correct: the target must hold one class for each row (logits is [3, 3], target is [4])',
    );
  });
});

describe('topKCorrect', () => {
  it('looks among the k largest', () => {
    const classes = constant(Int32Array.of(2, 2, 2), [3], 'int32');
    expect(evaluate(topKCorrect(logits, classes, 1))).toEqual([0, 0, 0]);
    expect(evaluate(topKCorrect(logits, classes, 2))).toEqual([1, 1, 0]);
    expect(evaluate(topKCorrect(logits, classes, 3))).toEqual([1, 1, 1]);
  });
});

describe('losses refuse', () => {
  const x = input('x', [4, 3]);
  it.each<[() => unknown, string]>([
    [
      () => crossEntropy(input('x', [4]), input('y', [4], 'int32')),
      'logits need classes on axis 1',
    ],
    [() => crossEntropy(x, input('y', [3], 'int32')), 'classes must have the shape of logits'],
    [() => crossEntropy(x, input('y', [4])), 'probabilities must have the shape of logits'],
    [
      () => crossEntropy(x, input('y', [4], 'int32'), { labelSmoothing: 2 }),
      'labelSmoothing must lie in 0 … 1 (labelSmoothing is 2)',
    ],
    [
      () => crossEntropy(x, input('y', [4], 'int32'), { weights: input('w', [4]) }),
      'weights must hold one number per class',
    ],
    [() => meanSquaredError(x, input('y', [3])), 'x and target must have one shape'],
    [() => smoothL1(x, x, { beta: 0 }), 'beta must be above 0'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import { stridesOf } from '../../../graph/index.ts';
import { broadcastStrides, collapse, padRank } from './collapse.ts';

/** Levels left of operands that broadcast to a shape. */
function nestOf(to: readonly number[], ...shapes: (readonly number[])[]) {
  const strides = shapes.map((shape) => broadcastStrides(shape, to));
  return collapse({ sizes: to, strides: [...strides, stridesOf(to)] });
}

describe('collapse', () => {
  it('makes one level of equal shapes', () => {
    expect(nestOf([2, 3, 4], [2, 3, 4])).toEqual({ sizes: [24], strides: [[1], [1]] });
  });

  it('makes one level of a scalar operand', () => {
    expect(nestOf([2, 3, 4], [])).toEqual({ sizes: [24], strides: [[0], [1]] });
  });

  it('makes three levels of a channel operand', () => {
    const { sizes, strides } = nestOf([2, 3, 4, 5], [3, 1, 1]);
    expect(sizes).toEqual([2, 3, 20]);
    expect(strides[0]).toEqual([0, 1, 0]);
  });

  it('drops axes of size 1', () => {
    expect(nestOf([1, 7, 1], [7, 1]).sizes).toEqual([7]);
    expect(nestOf([1, 1], [1, 1]).sizes).toEqual([]);
  });

  it('keeps what cannot be joined', () => {
    expect(nestOf([2, 3, 4, 5], [2, 1, 4, 1], [3, 1, 5]).sizes).toEqual([2, 3, 4, 5]);
  });

  it('fills up with levels of size 1', () => {
    expect(padRank({ sizes: [5], strides: [[1]] }, 3)).toEqual({
      sizes: [1, 1, 5],
      strides: [[0, 0, 1]],
    });
  });
});

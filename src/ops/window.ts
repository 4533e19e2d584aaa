import { shapeError } from '../graph/index.ts';

/** [vertical, horizontal]; a single number stands for both. */
export type Pair = readonly [number, number];
/** [top, left, bottom, right]. */
export type Quad = readonly [number, number, number, number];

export const pair = (op: string, name: string, value: number | Pair, least: number): Pair => {
  const both: Pair = typeof value === 'number' ? [value, value] : value;
  const valid = both.length === 2 && both.every((size) => Number.isInteger(size) && size >= least);
  if (!valid) throw shapeError(op, `${name} must be whole, ${least} or more`, { [name]: value });
  return both;
};

/** Padding as one number, [vertical, horizontal], or all four sides. */
export const quad = (op: string, value: number | Pair | Quad): Quad => {
  const sides =
    typeof value === 'number'
      ? [value, value, value, value]
      : value.length === 2
        ? [value[0], value[1], value[0], value[1]]
        : value;
  if (sides.length !== 4 || !sides.every((size) => Number.isInteger(size) && size >= 0)) {
    throw shapeError(op, 'padding must be whole, 0 or more, on 1, 2 or 4 sides', {
      padding: value,
    });
  }
  return sides as readonly number[] as Quad;
};

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Quad;
  readonly dilation: Pair;
}

/** Output size along one axis (0 vertical, 1 horizontal) of a window that slides over `size`. */
export function slidingSize(size: number, window: Window, axis: 0 | 1, ceil = false): number {
  const { kernel, stride, padding, dilation } = window;
  const padded = size + padding[axis] + padding[axis + 2]!;
  const free = padded - dilation[axis] * (kernel[axis] - 1) - 1;
  const steps = ceil ? Math.ceil(free / stride[axis]) : Math.floor(free / stride[axis]);
  // As in PyTorch, the last window of ceil mode must start inside the input or its leading padding.
  const past = ceil && steps * stride[axis] >= size + padding[axis];
  return steps + (past ? 0 : 1);
}

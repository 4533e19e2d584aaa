import {
  broadcastShapes,
  constant,
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  normalizeAxes,
  required,
  type Shape,
  sameShape,
  shapeError,
  sizeOf,
  splat,
  type Tensor,
} from '../graph/index.ts';
import { reshape } from './shape.ts';

export interface ReduceCall {
  readonly axes: readonly number[] | undefined;
  readonly keepDims: boolean;
}
export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
export const reduceDefaults: ReduceCall = { axes: undefined, keepDims: false };

export const canonicalAxes =
  (op: string) =>
  ({ axes, keepDims }: ReduceCall, { x }: Inputs<['x']>): ReduceAttrs => ({
    axes: normalizeAxes(op, axes, x.shape.length),
    keepDims,
  });

export const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((size, i) => (axes.includes(i) ? 1 : size));

const reducedShape = (shape: Shape, { axes, keepDims }: ReduceAttrs): number[] =>
  keepDims ? keptShape(shape, axes) : shape.filter((_, i) => !axes.includes(i));

export const reducedType = ({ x }: Inputs<['x']>, attrs: ReduceAttrs) => ({
  dtype: x.dtype,
  shape: reducedShape(x.shape, attrs),
});

export const reduceFlops = (_y: unknown, { x }: Inputs<['x']>) => sizeOf(x.shape);

export const reduceSamples = [
  { inputs: [[2, 3, 4]] },
  { inputs: [[2, 3, 4, 5]], attrs: { axes: [0, 2, 3] } },
  { inputs: [[3, 40]], attrs: { axes: [-1], keepDims: true } },
  { inputs: [[3, 4, 5]], attrs: { axes: [0] } },
  { inputs: [[2, 3, 4]], attrs: { axes: [1] } },
] as const;

export const sum = defineOp({
  name: 'sum',
  doc: 'Adds up x over the given axes, all of them by default.',
  inputs: ['x'],
  defaults: reduceDefaults,
  canonical: canonicalAxes('sum'),
  infer(inputs, attrs) {
    const { x } = inputs;
    if (x.dtype === 'bool' || x.dtype === 'uint8') {
      throw dtypeError('sum', 'one byte cannot hold a sum; use cast', { x });
    }
    return reducedType(inputs, attrs);
  },
  vjp: ({ x }: Inputs<['x']>, { axes }, _y, dy): Grads<'x'> => ({
    x: stretch(reshape(dy, { shape: keptShape(x.shape, axes) }), x.shape),
  }),
  simplify: ({ x }, { axes, keepDims }) =>
    axes.length === 0 || (keepDims && axes.every((axis) => x.shape[axis] === 1)) ? x : undefined,
  flops: reduceFlops,
  samples: reduceSamples,
});

export const broadcastTo = defineOp({
  name: 'broadcastTo',
  doc: 'Repeats x along axes of size 1, and along new leading axes, to fill the shape.',
  inputs: ['x'],
  defaults: { shape: required<Shape>() },
  infer({ x }, { shape }) {
    if (!sameShape(broadcastShapes('broadcastTo', { x: x.shape, shape }), shape)) {
      throw shapeError('broadcastTo', 'x must fit the shape on every axis', { x, shape });
    }
    return { dtype: x.dtype, shape };
  },
  vjp({ x }: Inputs<['x']>, { shape }, _y, dy): Grads<'x'> {
    const extra = shape.length - x.shape.length;
    const axes = shape
      .map((_, i) => i)
      .filter((i) => i < extra || (x.shape[i - extra] === 1 && shape[i] !== 1));
    return { x: reshape(sum(dy, { axes }), { shape: x.shape }) };
  },
  simplify({ x }, { shape }) {
    const value = splat(x);
    if (value !== undefined) return constant(value, shape, x.dtype);
    return sameShape(x.shape, shape) ? x : undefined;
  },
  flops: () => 0,
  samples: [
    { inputs: [[3, 1]], attrs: { shape: [2, 3, 4] } },
    { inputs: [[]], attrs: { shape: [5] } },
  ],
});

/** x stretched to `shape` only if it isn't that already. */
export const stretch = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : broadcastTo(x, { shape });

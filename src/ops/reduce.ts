import {
  defineOp,
  type Grads,
  type Inputs,
  normalizeAxes,
  normalizeAxis,
  type Tensor,
} from '../graph/index.ts';
import { cast, div, equal, mul } from './elementwise.ts';
import { reshape } from './shape.ts';
import {
  canonicalAxes,
  keptShape,
  type ReduceAttrs,
  type ReduceCall,
  reduceDefaults,
  reducedType,
  reduceFlops,
  reduceSamples,
  sum,
} from './sum.ts';

/** The mean of x over the given axes, all of them by default. */
export function mean(x: Tensor, attrs: Partial<ReduceCall> = {}): Tensor {
  const axes = normalizeAxes('mean', attrs.axes, x.shape.length);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return mul(sum(x, attrs), 1 / count);
}

/** Ties share the gradient evenly, as in PyTorch's amax. */
const extremeGrad = (x: Tensor, { axes }: ReduceAttrs, y: Tensor, dy: Tensor): Grads<'x'> => {
  const shape = keptShape(x.shape, axes);
  const hits = cast(equal(x, reshape(y, { shape })), { dtype: x.dtype });
  return { x: mul(hits, div(reshape(dy, { shape }), sum(hits, { axes, keepDims: true }))) };
};

export const max = defineOp({
  name: 'max',
  doc: 'The largest element of x over the given axes, all of them by default.',
  inputs: ['x'],
  defaults: reduceDefaults,
  canonical: canonicalAxes('max'),
  infer: reducedType,
  vjp: ({ x }: Inputs<['x']>, attrs, y, dy): Grads<'x'> => extremeGrad(x, attrs, y, dy),
  flops: reduceFlops,
  samples: reduceSamples,
});

export const min = defineOp({
  name: 'min',
  doc: 'The smallest element of x over the given axes, all of them by default.',
  inputs: ['x'],
  defaults: reduceDefaults,
  canonical: canonicalAxes('min'),
  infer: reducedType,
  vjp: ({ x }: Inputs<['x']>, attrs, y, dy): Grads<'x'> => extremeGrad(x, attrs, y, dy),
  flops: reduceFlops,
  samples: reduceSamples,
});

export const argmax = defineOp({
  name: 'argmax',
  doc: 'Index (int32) of the first largest element of x along one axis, the last by default.',
  inputs: ['x'],
  defaults: { axis: -1 },
  canonical: ({ axis }, { x }) => ({ axis: normalizeAxis('argmax', axis, x.shape.length) }),
  infer: ({ x }, { axis }) => ({
    dtype: 'int32',
    shape: x.shape.filter((_, i) => i !== axis),
  }),
  vjp: 'zero',
  flops: reduceFlops,
  samples: [
    { inputs: [[4, 10]] },
    { inputs: [[2, 3, 4]], attrs: { axis: 1 } },
    { inputs: [{ shape: [5, 6], dtype: 'int32', low: 0, high: 3 }] },
  ],
});

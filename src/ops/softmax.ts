import {
  defineOp,
  type Grads,
  type Inputs,
  normalizeAxis,
  sizeOf,
  type TensorType,
} from '../graph/index.ts';

interface Attrs {
  readonly axis: number;
}
const defaults: Attrs = { axis: -1 };
const canonical = (op: string, { axis }: Attrs, x: TensorType): Attrs => ({
  axis: normalizeAxis(op, axis, x.shape.length),
});
const typeOf = ({ shape, dtype }: TensorType): TensorType => ({ shape, dtype });
const flops = ([y]: readonly TensorType[]) => 5 * sizeOf(y!.shape);

const samples = [
  { inputs: [{ shape: [5, 10], low: -5, high: 5 }] },
  { inputs: [{ shape: [2, 7, 3], low: -5, high: 5 }], attrs: { axis: 1 } },
  { inputs: [{ shape: [3, 4], low: 80, high: 120 }] },
] as const;
const gradSamples = [
  { inputs: [{ shape: [5, 10], low: 0, high: 0.2 }, [5, 10]] },
  { inputs: [{ shape: [2, 7, 3], low: 0, high: 0.2 }, [2, 7, 3]], attrs: { axis: 1 } },
] as const;

export const softmax = defineOp({
  name: 'softmax',
  doc: 'exp(x) / Σ exp(x) along one axis, the last by default.',
  inputs: ['x'],
  defaults,
  canonical: (attrs, { x }) => canonical('softmax', attrs, x),
  infer: ({ x }) => typeOf(x),
  vjp: (_x, attrs, y, dy): Grads<'x'> => ({ x: softmaxGrad(y, dy, attrs) }),
  flops,
  samples,
});

export const softmaxGrad = defineOp({
  name: 'softmaxGrad',
  doc: 'The adjoint of softmax: y·(dy − Σ y·dy) along the axis.',
  inputs: ['y', 'dy'],
  defaults,
  canonical: (attrs, { y }: Inputs<['y', 'dy']>) => canonical('softmaxGrad', attrs, y),
  infer: ({ y }) => typeOf(y),
  vjp: 'none',
  flops,
  samples: gradSamples,
});

export const logSoftmax = defineOp({
  name: 'logSoftmax',
  doc: 'x − log Σ exp(x) along one axis, the last by default.',
  inputs: ['x'],
  defaults,
  canonical: (attrs, { x }) => canonical('logSoftmax', attrs, x),
  infer: ({ x }) => typeOf(x),
  vjp: (_x, attrs, y, dy): Grads<'x'> => ({ x: logSoftmaxGrad(y, dy, attrs) }),
  flops,
  samples,
});

export const logSoftmaxGrad = defineOp({
  name: 'logSoftmaxGrad',
  doc: 'The adjoint of logSoftmax: dy − exp(y)·Σ dy along the axis.',
  inputs: ['y', 'dy'],
  defaults,
  canonical: (attrs, { y }: Inputs<['y', 'dy']>) => canonical('logSoftmaxGrad', attrs, y),
  infer: ({ y }) => typeOf(y),
  vjp: 'none',
  flops,
  samples: [
    { inputs: [{ shape: [5, 10], low: -4, high: -1 }, [5, 10]] },
    { inputs: [{ shape: [2, 7, 3], low: -4, high: -1 }, [2, 7, 3]], attrs: { axis: 1 } },
  ],
});

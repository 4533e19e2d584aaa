import {
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  normalizeAxis,
  required,
  sameShape,
  shapeError,
  sizeOf,
  type TensorType,
} from '../graph/index.ts';

function checkIndices(op: string, indices: TensorType): void {
  if (indices.dtype !== 'int32' && indices.dtype !== 'uint8') {
    throw dtypeError(op, 'indices must be int32 or uint8', { indices });
  }
}

export const gather = defineOp({
  name: 'gather',
  doc: 'Takes whole slices of x along one axis: [..., s, ...] and indices [k] give [..., k, ...]; an index out of range gives zeros.',
  inputs: ['x', 'indices'],
  defaults: { axis: 0 },
  canonical: ({ axis }, { x }) => ({ axis: normalizeAxis('gather', axis, x.shape.length) }),
  infer({ x, indices }, { axis }) {
    checkIndices('gather', indices);
    if (indices.shape.length !== 1)
      throw shapeError('gather', 'indices need one axis', { indices });
    const shape = x.shape.map((size, i) => (i === axis ? indices.shape[0]! : size));
    return { shape, dtype: x.dtype };
  },
  vjp: ({ x, indices }: Inputs<['x', 'indices']>, { axis }, _y, dy): Grads<'x'> => ({
    x: scatterAdd(dy, indices, { axis, size: x.shape[axis]! }),
  }),
  flops: () => 0,
  samples: [
    { inputs: [[5, 3], { shape: [4], dtype: 'int32', low: 0, high: 5 }] },
    { inputs: [[2, 5, 3], { shape: [7], dtype: 'int32', low: 0, high: 5 }], attrs: { axis: 1 } },
  ],
});

export const scatterAdd = defineOp({
  name: 'scatterAdd',
  doc: 'The adjoint of gather: adds slices of x into zeros of the given size along one axis.',
  inputs: ['x', 'indices'],
  defaults: { axis: 0, size: required<number>() },
  canonical: ({ axis, size }, { x }) => ({
    axis: normalizeAxis('scatterAdd', axis, x.shape.length),
    size,
  }),
  infer({ x, indices }, { axis, size }) {
    checkIndices('scatterAdd', indices);
    if (!sameShape(indices.shape, [x.shape[axis]!])) {
      throw shapeError('scatterAdd', 'needs one index per slice', { x, indices, axis });
    }
    return { shape: x.shape.map((own, i) => (i === axis ? size : own)), dtype: x.dtype };
  },
  vjp: ({ indices }: Inputs<['x', 'indices']>, { axis }, _y, dy): Grads<'x'> => ({
    x: gather(dy, indices, { axis }),
  }),
  flops: (_y, { x }) => sizeOf(x.shape),
  samples: [
    { inputs: [[4, 3], { shape: [4], dtype: 'int32', low: 0, high: 5 }], attrs: { size: 5 } },
    {
      inputs: [[2, 7, 3], { shape: [7], dtype: 'int32', low: 0, high: 5 }],
      attrs: { axis: 1, size: 5 },
    },
  ],
});

export const oneHot = defineOp({
  name: 'oneHot',
  doc: 'Indices [...] to float32 [..., classes]: 1 at the index, 0 elsewhere, all 0 when it is out of range.',
  inputs: ['indices'],
  defaults: { classes: required<number>() },
  infer({ indices }, { classes }) {
    checkIndices('oneHot', indices);
    return { shape: [...indices.shape, classes], dtype: 'float32' };
  },
  vjp: 'zero',
  flops: () => 0,
  samples: [
    { inputs: [{ shape: [6], dtype: 'int32', low: 0, high: 5 }], attrs: { classes: 5 } },
    { inputs: [{ shape: [2, 3], dtype: 'int32', low: -1, high: 6 }], attrs: { classes: 5 } },
    { inputs: [{ shape: [6], dtype: 'uint8', low: 0, high: 4 }], attrs: { classes: 4 } },
  ],
});

export const topK = defineOp({
  name: 'topK',
  doc: 'The k largest elements along the last axis, largest first, and their indices; ties by index.',
  inputs: ['x'],
  outputs: ['values', 'indices'],
  defaults: { k: required<number>() },
  infer({ x }, { k }) {
    const size = x.shape.at(-1);
    if (size === undefined || k < 1 || k > size) {
      throw shapeError('topK', 'k must be from 1 to the size of the last axis', { x, k });
    }
    const shape = [...x.shape.slice(0, -1), k];
    return { values: { shape, dtype: x.dtype }, indices: { shape, dtype: 'int32' } };
  },
  vjp: 'none',
  flops: (_y, { x }) => sizeOf(x.shape),
  samples: [
    { inputs: [[3, 10]], attrs: { k: 4 } },
    { inputs: [[2, 2, 5]], attrs: { k: 1 } },
  ],
});

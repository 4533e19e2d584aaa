import {
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  required,
  shapeError,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { type Pair, pair, type Quad, quad, slidingSize } from './window.ts';

interface ConvCall {
  readonly stride: number | Pair;
  readonly padding: number | Pair | Quad;
  readonly dilation: number | Pair;
  readonly groups: number;
}
export interface ConvAttrs {
  readonly stride: Pair;
  readonly padding: Quad;
  readonly dilation: Pair;
  readonly groups: number;
}
const defaults: ConvCall = { stride: 1, padding: 0, dilation: 1, groups: 1 };

function canonical(op: string, { stride, padding, dilation, groups }: ConvCall): ConvAttrs {
  if (!Number.isInteger(groups) || groups < 1) {
    throw shapeError(op, 'groups must be whole, 1 or more', { groups });
  }
  return {
    stride: pair(op, 'stride', stride, 1),
    padding: quad(op, padding),
    dilation: pair(op, 'dilation', dilation, 1),
    groups,
  };
}

/** A multiply-add for every weight, output position and image, in each of the three directions. */
const convFlops = (w: readonly number[], y: readonly number[]) =>
  2 * y[0]! * y[2]! * y[3]! * sizeOf(w);

function outputShape(x: readonly number[], w: readonly number[], attrs: ConvAttrs): number[] {
  const window = { ...attrs, kernel: [w[2]!, w[3]!] as const };
  return [x[0]!, w[0]!, slidingSize(x[2]!, window, 0), slidingSize(x[3]!, window, 1)];
}

export const conv2d = defineOp({
  name: 'conv2d',
  doc: 'Cross-correlates x [n, c, h, w] with w [o, c/groups, kh, kw], padding with zeros.',
  inputs: ['x', 'w'],
  defaults,
  canonical: (attrs) => canonical('conv2d', attrs),
  infer({ x, w }, attrs) {
    const { groups } = attrs;
    if (x.shape.length !== 4 || w.shape.length !== 4) {
      throw shapeError('conv2d', 'x and w need four axes', { x, w });
    }
    if (x.dtype !== w.dtype) throw dtypeError('conv2d', 'operands must have one dtype', { x, w });
    if (x.shape[1] !== w.shape[1]! * groups) {
      const rule = groups === 1 ? 'w[1]' : `w[1] × groups (${groups})`;
      throw shapeError('conv2d', `x channels must equal ${rule}`, { x, w });
    }
    if (w.shape[0]! % groups !== 0) {
      throw shapeError('conv2d', 'output channels must be a multiple of groups', { w, groups });
    }
    const shape = outputShape(x.shape, w.shape, attrs);
    if (shape[2]! < 1 || shape[3]! < 1) {
      throw shapeError('conv2d', 'the kernel must fit into the padded image', { x, w });
    }
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x, w }: Inputs<['x', 'w']>, attrs, _y, dy): Grads<'x' | 'w'> => ({
    x: conv2dInputGrad(dy, w, { ...attrs, size: [x.shape[2]!, x.shape[3]!] }),
    w: conv2dWeightGrad(x, dy, { ...attrs, kernel: [w.shape[2]!, w.shape[3]!] }),
  }),
  flops: ([y], { w }) => convFlops(w.shape, y!.shape),
  samples: [
    {
      inputs: [
        [1, 2, 5, 5],
        [3, 2, 3, 3],
      ],
      attrs: { padding: 1 },
    },
    {
      inputs: [
        [2, 3, 9, 8],
        [7, 3, 3, 3],
      ],
      attrs: { stride: 2, padding: 1 },
    },
    {
      inputs: [
        [2, 4, 6, 6],
        [8, 2, 3, 3],
      ],
      attrs: { groups: 2, padding: 1 },
    },
    {
      inputs: [
        [1, 4, 7, 7],
        [4, 1, 3, 3],
      ],
      attrs: { groups: 4, padding: 1 },
    },
    {
      inputs: [
        [2, 5, 4, 6],
        [9, 5, 1, 1],
      ],
    },
    {
      inputs: [
        [2, 5, 5, 5],
        [4, 5, 1, 1],
      ],
      attrs: { stride: 2 },
    },
    {
      inputs: [
        [1, 2, 9, 9],
        [3, 2, 3, 3],
      ],
      attrs: { dilation: 2, padding: [2, 2] },
    },
    {
      inputs: [
        [1, 2, 6, 7],
        [3, 2, 2, 3],
      ],
      attrs: { padding: [0, 1, 2, 1], stride: [2, 1] },
    },
    {
      inputs: [
        [2, 1, 12, 12],
        [6, 1, 5, 5],
      ],
      attrs: { padding: 2 },
    },
    {
      inputs: [
        [1, 3, 15, 15],
        [8, 3, 7, 7],
      ],
      attrs: { stride: 2, padding: 3 },
    },
    {
      inputs: [
        [1, 3, 23, 23],
        [6, 3, 11, 11],
      ],
      attrs: { stride: 4, padding: 2 },
    },
    {
      inputs: [
        [4, 16, 10, 10],
        [20, 16, 3, 3],
      ],
      attrs: { padding: 1 },
    },
    {
      inputs: [
        [2, 17, 14, 13],
        [19, 17, 3, 3],
      ],
      attrs: { padding: [0, 1, 2, 1] },
    },
  ],
});

export const conv2dInputGrad = defineOp({
  name: 'conv2dInputGrad',
  doc: 'The adjoint of conv2d in x: from dy [n, o, h′, w′] and w to dx [n, c, h, w], of the given size.',
  inputs: ['dy', 'w'],
  defaults: { ...defaults, size: required<Pair>() },
  canonical: (attrs) => ({ ...canonical('conv2dInputGrad', attrs), size: attrs.size }),
  infer({ dy, w }, attrs) {
    const channels = w.shape[1]! * attrs.groups;
    const shape = [dy.shape[0]!, channels, ...attrs.size];
    const expected = outputShape(shape, w.shape, attrs);
    if (!expected.every((size, i) => size === dy.shape[i])) {
      throw shapeError('conv2dInputGrad', `dy must be [${expected.join(', ')}]`, { dy, w });
    }
    return { dtype: dy.dtype, shape };
  },
  vjp: ({ dy, w }: Inputs<['dy', 'w']>, { size: _, ...attrs }, _y, dx): Grads<'dy' | 'w'> => ({
    dy: conv2d(dx, w, attrs),
    w: conv2dWeightGrad(dx, dy, { ...attrs, kernel: [w.shape[2]!, w.shape[3]!] }),
  }),
  flops: (_y, { dy, w }) => convFlops(w.shape, dy.shape),
  samples: [
    {
      inputs: [
        [1, 3, 5, 5],
        [3, 2, 3, 3],
      ],
      attrs: { padding: 1, size: [5, 5] },
    },
    {
      inputs: [
        [2, 7, 5, 4],
        [7, 3, 3, 3],
      ],
      attrs: { stride: 2, padding: 1, size: [9, 8] },
    },
    {
      inputs: [
        [1, 8, 6, 6],
        [8, 2, 3, 3],
      ],
      attrs: { groups: 2, padding: 1, size: [6, 6] },
    },
    {
      inputs: [
        [1, 4, 3, 3],
        [4, 5, 1, 1],
      ],
      attrs: { stride: 2, size: [6, 5] },
    },
    {
      inputs: [
        [2, 19, 14, 13],
        [19, 17, 3, 3],
      ],
      attrs: { padding: [0, 1, 2, 1], size: [14, 13] },
    },
  ],
});

export const conv2dWeightGrad = defineOp({
  name: 'conv2dWeightGrad',
  doc: 'The adjoint of conv2d in w: from x and dy to dw [o, c/groups, kh, kw], of the given kernel size.',
  inputs: ['x', 'dy'],
  defaults: { ...defaults, kernel: required<Pair>() },
  canonical: (attrs) => ({ ...canonical('conv2dWeightGrad', attrs), kernel: attrs.kernel }),
  infer({ x, dy }, attrs) {
    const shape = [dy.shape[1]!, x.shape[1]! / attrs.groups, ...attrs.kernel];
    const expected = outputShape(x.shape, shape, attrs);
    if (!expected.every((size, i) => size === dy.shape[i])) {
      throw shapeError('conv2dWeightGrad', `dy must be [${expected.join(', ')}]`, { x, dy });
    }
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x, dy }: Inputs<['x', 'dy']>, { kernel: _, ...attrs }, _y, dw): Grads<'x' | 'dy'> => ({
    x: conv2dInputGrad(dy, dw, { ...attrs, size: [x.shape[2]!, x.shape[3]!] }),
    dy: conv2d(x, dw, attrs),
  }),
  flops: ([y], { dy }) => convFlops(y!.shape, dy.shape),
  samples: [
    {
      inputs: [
        [1, 2, 5, 5],
        [1, 3, 5, 5],
      ],
      attrs: { padding: 1, kernel: [3, 3] },
    },
    {
      inputs: [
        [2, 3, 9, 8],
        [2, 7, 5, 4],
      ],
      attrs: { stride: 2, padding: 1, kernel: [3, 3] },
    },
    {
      inputs: [
        [2, 4, 6, 6],
        [2, 8, 6, 6],
      ],
      attrs: { groups: 2, padding: 1, kernel: [3, 3] },
    },
    {
      inputs: [
        [3, 1, 12, 12],
        [3, 6, 12, 12],
      ],
      attrs: { padding: 2, kernel: [5, 5] },
    },
  ],
});

/**
 * Transposed convolution: x [n, c, h, w] and w [c, o/groups, kh, kw] to
 * [n, o, (h − 1)·stride − padding + dilation·(kh − 1) + 1 + outputPadding, …].
 */
export function convTranspose2d(
  x: Tensor,
  w: Tensor,
  {
    outputPadding = 0,
    ...call
  }: Partial<ConvCall> & { readonly outputPadding?: number | Pair } = {},
): Tensor {
  const attrs = canonical('convTranspose2d', { ...defaults, ...call });
  const extra = pair('convTranspose2d', 'outputPadding', outputPadding, 0);
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0]) {
    throw shapeError('convTranspose2d', 'x channels must equal w[0]', { x, w });
  }
  const { stride, padding, dilation, groups } = attrs;
  if (x.shape[1]! % groups !== 0) {
    throw shapeError('convTranspose2d', 'x channels must be a multiple of groups', { x, groups });
  }
  if (extra.some((size, axis) => size >= stride[axis]!)) {
    const rule = 'outputPadding must be less than stride';
    throw shapeError('convTranspose2d', rule, { outputPadding: extra, stride });
  }
  const size = (axis: 0 | 1) =>
    (x.shape[axis + 2]! - 1) * stride[axis] -
    padding[axis] -
    padding[axis + 2]! +
    dilation[axis] * (w.shape[axis + 2]! - 1) +
    1 +
    extra[axis];
  if (size(0) < 1 || size(1) < 1) {
    throw shapeError('convTranspose2d', 'padding leaves nothing of the output', { x, w, padding });
  }
  return conv2dInputGrad(x, w, { ...attrs, size: [size(0), size(1)] });
}

import {
  constant,
  defineOp,
  type Grads,
  type Inputs,
  normalizeAxis,
  required,
  type Shape,
  sameShape,
  shapeError,
  sizeOf,
  splat,
  type Tensor,
} from '../graph/index.ts';

type X = Inputs<['x']>;
type XGrad = Grads<'x'>;

export const reshape = defineOp({
  name: 'reshape',
  doc: 'Gives x another shape with as many elements; one size may be -1 and is worked out.',
  inputs: ['x'],
  defaults: { shape: required<Shape>() },
  canonical({ shape }, { x }) {
    const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
    const unknown = shape.filter((size) => size === -1).length;
    const total = sizeOf(x.shape);
    const valid = shape.every((size) => Number.isInteger(size) && size >= -1);
    const fits = unknown === 0 ? known === total : unknown === 1 && total % known === 0;
    if (!valid || !fits)
      throw shapeError('reshape', 'both shapes must hold as many elements', { x, shape });
    return { shape: shape.map((size) => (size === -1 ? total / known : size)) };
  },
  infer: ({ x }, { shape }) => ({ dtype: x.dtype, shape }),
  vjp: ({ x }: X, _a, _y, dy): XGrad => ({ x: reshape(dy, { shape: x.shape }) }),
  simplify({ x }, { shape }): Tensor | undefined {
    if (sameShape(x.shape, shape)) return x;
    const value = splat(x);
    if (value !== undefined) return constant(value, shape, x.dtype);
    return x.node.op.name === 'reshape' ? reshape(x.node.inputs[0]!, { shape }) : undefined;
  },
  flops: () => 0,
  samples: [
    { inputs: [[2, 6]], attrs: { shape: [3, 4] } },
    { inputs: [[4, 3]], attrs: { shape: [-1] } },
  ],
});

/** Flattens all axes from `start` on into one: [n, c, h, w] to [n, c·h·w] by default. */
export const flatten = (x: Tensor, start = 1): Tensor =>
  reshape(x, { shape: [...x.shape.slice(0, start), sizeOf(x.shape.slice(start))] });

export const transpose = defineOp({
  name: 'transpose',
  doc: 'Permutes the axes: axis i of the result is axis axes[i] of x; reverses them by default.',
  inputs: ['x'],
  defaults: { axes: undefined as readonly number[] | undefined },
  canonical({ axes }, { x }) {
    const rank = x.shape.length;
    const order = (axes ?? x.shape.map((_, i) => rank - 1 - i)).map((axis) =>
      normalizeAxis('transpose', axis, rank),
    );
    if (order.length !== rank || new Set(order).size !== rank) {
      throw shapeError('transpose', 'axes must name every axis once', { x, axes: order });
    }
    return { axes: order };
  },
  infer: ({ x }, { axes }) => ({ dtype: x.dtype, shape: axes.map((axis) => x.shape[axis]!) }),
  vjp: (_x, { axes }, _y, dy): XGrad => ({
    x: transpose(dy, { axes: axes.map((_, i) => axes.indexOf(i)) }),
  }),
  simplify: ({ x }, { axes }) => (axes.every((axis, i) => axis === i) ? x : undefined),
  flops: () => 0,
  samples: [
    { inputs: [[3, 4]] },
    { inputs: [[2, 3, 4, 5]], attrs: { axes: [0, 2, 3, 1] } },
    { inputs: [[2, 3, 4]], attrs: { axes: [1, 0, 2] } },
  ],
});

export const slice = defineOp({
  name: 'slice',
  doc: 'Takes elements start, start + step, … below end on every axis; negative ends count back.',
  inputs: ['x'],
  defaults: {
    start: required<readonly number[]>(),
    end: required<readonly number[]>(),
    step: undefined as readonly number[] | undefined,
  },
  canonical({ start, end, step }, { x }) {
    const steps = step ?? x.shape.map(() => 1);
    const rank = x.shape.length;
    if (start.length !== rank || end.length !== rank || steps.length !== rank) {
      throw shapeError('slice', 'start, end and step need one number per axis', { x, start, end });
    }
    const clamp = (i: number, size: number) => Math.min(Math.max(i < 0 ? i + size : i, 0), size);
    const from = start.map((i, axis) => clamp(i, x.shape[axis]!));
    const to = end.map((i, axis) => Math.max(clamp(i, x.shape[axis]!), from[axis]!));
    if (!steps.every((s) => Number.isInteger(s) && s >= 1)) {
      throw shapeError('slice', 'steps must be whole numbers, 1 or more', { step: steps });
    }
    return { start: from, end: to, step: steps };
  },
  infer: ({ x }, { start, end, step }) => ({
    dtype: x.dtype,
    shape: start.map((from, i) => Math.ceil((end[i]! - from) / step[i]!)),
  }),
  vjp({ x }: X, { start, step }, y, dy): XGrad {
    const reach = y.shape.map((size, i) => start[i]! + Math.max((size - 1) * step[i]! + 1, 0));
    return {
      x: pad(dy, {
        before: start,
        after: x.shape.map((size, i) => size - reach[i]!),
        interior: step.map((s) => s - 1),
      }),
    };
  },
  simplify: ({ x }, { start, end, step }) =>
    start.every((from, i) => from === 0 && end[i] === x.shape[i] && step[i] === 1) ? x : undefined,
  flops: () => 0,
  samples: [
    { inputs: [[4, 5]], attrs: { start: [1, 0], end: [3, 5] } },
    {
      inputs: [[2, 3, 7, 6]],
      attrs: { start: [0, 1, 0, 1], end: [2, 3, 7, -1], step: [1, 1, 2, 2] },
    },
  ],
});

export const pad = defineOp({
  name: 'pad',
  doc: 'Surrounds x with a value, and puts `interior` of it between neighbouring elements.',
  inputs: ['x'],
  defaults: {
    before: required<readonly number[]>(),
    after: required<readonly number[]>(),
    interior: undefined as readonly number[] | undefined,
    value: 0,
  },
  canonical({ before, after, interior, value }, { x }) {
    const between = interior ?? x.shape.map(() => 0);
    const lists = [before, after, between];
    if (lists.some((list) => list.length !== x.shape.length || list.some((n) => n < 0))) {
      throw shapeError('pad', 'needs one number per axis, 0 or more', { x, before, after });
    }
    return { before, after, interior: between, value };
  },
  infer: ({ x }, { before, after, interior }) => ({
    dtype: x.dtype,
    shape: x.shape.map(
      (size, i) => before[i]! + after[i]! + size + Math.max(size - 1, 0) * interior[i]!,
    ),
  }),
  vjp: (_x, { before, after, interior }, y, dy): XGrad => ({
    x: slice(dy, {
      start: before,
      end: y.shape.map((size, i) => size - after[i]!),
      step: interior.map((n) => n + 1),
    }),
  }),
  flops: () => 0,
  samples: [
    { inputs: [[2, 3]], attrs: { before: [1, 0], after: [0, 2], value: 0.5 } },
    {
      inputs: [[2, 1, 3, 3]],
      attrs: { before: [0, 0, 1, 1], after: [0, 0, 1, 0], interior: [0, 0, 1, 2] },
    },
  ],
});

export const concat = defineOp({
  name: 'concat',
  doc: 'Joins tensors along one axis, channels (1) by default; all other sizes must agree.',
  inputs: ['xs...'],
  defaults: { axis: 1 },
  canonical: ({ axis }, { xs }) => ({ axis: normalizeAxis('concat', axis, xs[0]!.shape.length) }),
  infer({ xs }, { axis }) {
    const [first] = xs;
    const fits = xs.every(
      (x) =>
        x.dtype === first!.dtype &&
        x.shape.length === first!.shape.length &&
        x.shape.every((size, i) => i === axis || size === first!.shape[i]),
    );
    if (!fits) throw shapeError('concat', `all but axis ${axis} must agree`, { ...xs });
    const total = xs.reduce((count, x) => count + x.shape[axis]!, 0);
    return { dtype: first!.dtype, shape: first!.shape.map((s, i) => (i === axis ? total : s)) };
  },
  vjp({ xs }: Inputs<['xs...']>, { axis }, _y, dy): Grads<'xs'> {
    let at = 0;
    return {
      xs: xs.map((x) => {
        const start = dy.shape.map((_, i) => (i === axis ? at : 0));
        at += x.shape[axis]!;
        return slice(dy, { start, end: dy.shape.map((size, i) => (i === axis ? at : size)) });
      }),
    };
  },
  simplify: ({ xs }) => (xs.length === 1 ? xs[0] : undefined),
  flops: () => 0,
  samples: [
    {
      inputs: [
        [2, 3, 4, 4],
        [2, 1, 4, 4],
        [2, 5, 4, 4],
      ],
    },
    {
      inputs: [
        [2, 3],
        [1, 3],
      ],
      attrs: { axis: 0 },
    },
    {
      inputs: [
        [2, 3],
        [2, 4],
      ],
      attrs: { axis: -1 },
    },
  ],
});

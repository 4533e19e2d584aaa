import {
  constant,
  defineOp,
  type Grads,
  type Inputs,
  required,
  shapeError,
  sizeOf,
  type Tensor,
  type TensorType,
} from '../graph/index.ts';
import { matmul } from './matmul.ts';
import { mean } from './reduce.ts';
import { concat, slice } from './shape.ts';
import { type Pair, pair, type Quad, quad, slidingSize, type Window } from './window.ts';

interface PoolCall {
  readonly kernel: number | Pair;
  /** Defaults to the kernel. */
  readonly stride?: number | Pair | undefined;
  readonly padding?: number | Pair | Quad | undefined;
  /** Whether a last window that hangs over the edge counts. */
  readonly ceilMode?: boolean | undefined;
}

const callDefaults = {
  kernel: required<number | Pair>(),
  stride: undefined as number | Pair | undefined,
  padding: 0 as number | Pair | Quad,
  ceilMode: false,
};

const canonical = (op: string, call: PoolCall) => {
  const kernel = pair(op, 'kernel', call.kernel, 1);
  return {
    kernel,
    stride: pair(op, 'stride', call.stride ?? kernel, 1),
    padding: quad(op, call.padding ?? 0),
    ceilMode: call.ceilMode ?? false,
  };
};
export type PoolAttrs = ReturnType<typeof canonical>;

const windowOf = (attrs: PoolAttrs): Window => ({ ...attrs, dilation: [1, 1] });

function pooledShape(op: string, x: TensorType, attrs: PoolAttrs): number[] {
  const { kernel, padding, ceilMode } = attrs;
  if (x.shape.length !== 4) throw shapeError(op, 'x needs four axes', { x });
  const tooWide = padding.some((side, i) => 2 * side > kernel[i % 2]!);
  if (tooWide) throw shapeError(op, 'padding must be at most half the kernel', { padding, kernel });
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const window = windowOf(attrs);
  const shape = [n, c, slidingSize(h, window, 0, ceilMode), slidingSize(w, window, 1, ceilMode)];
  if (shape[2]! < 1 || shape[3]! < 1) {
    throw shapeError(op, 'the kernel must fit into the padded image', { x, kernel });
  }
  return shape;
}

const samples = [
  { inputs: [[2, 3, 6, 6]], attrs: { kernel: 2 } },
  { inputs: [[1, 2, 7, 8]], attrs: { kernel: 3, stride: 2 } },
  { inputs: [[1, 2, 7, 8]], attrs: { kernel: 3, stride: 2, padding: 1 } },
  { inputs: [[1, 2, 7, 6]], attrs: { kernel: 3, stride: 2, ceilMode: true } },
  { inputs: [[1, 2, 6, 5]], attrs: { kernel: [2, 3], stride: [1, 2], padding: [1, 0, 0, 1] } },
  { inputs: [[2, 2, 5, 5]], attrs: { kernel: 5 } },
] as const;

export const maxPool2dWithIndex = defineOp({
  name: 'maxPool2dWithIndex',
  doc: 'The largest element of each window of x [n, c, h, w], and its place in the window, row by row.',
  inputs: ['x'],
  outputs: ['y', 'index'],
  defaults: callDefaults,
  canonical: (call) => canonical('maxPool2d', call),
  infer({ x }, attrs) {
    const shape = pooledShape('maxPool2d', x, attrs);
    const small = attrs.kernel[0] * attrs.kernel[1] <= 256;
    return { y: { shape, dtype: x.dtype }, index: { shape, dtype: small ? 'uint8' : 'int32' } };
  },
  vjp: ({ x }: Inputs<['x']>, attrs, { index }, { y }): Grads<'x'> => ({
    x: y && maxPool2dGrad(y, index, { ...attrs, size: [x.shape[2]!, x.shape[3]!] }),
  }),
  flops: ([y], _x, { kernel }) => sizeOf(y!.shape) * kernel[0] * kernel[1],
  samples,
});

export const maxPool2dGrad = defineOp({
  name: 'maxPool2dGrad',
  doc: 'The adjoint of maxPool2d: adds dy where each window had its maximum, into [n, c, h, w].',
  inputs: ['dy', 'index'],
  defaults: { ...callDefaults, size: required<Pair>() },
  canonical: (call) => ({ ...canonical('maxPool2dGrad', call), size: call.size }),
  infer: ({ dy }, { size }) => ({ dtype: dy.dtype, shape: [...dy.shape.slice(0, 2), ...size] }),
  vjp: 'none',
  flops: (_y, { dy }) => sizeOf(dy.shape),
  samples: [
    {
      inputs: [[2, 3, 3, 3], { shape: [2, 3, 3, 3], dtype: 'uint8', low: 0, high: 4 }],
      attrs: { kernel: 2, size: [6, 6] },
    },
    {
      inputs: [[1, 2, 4, 4], { shape: [1, 2, 4, 4], dtype: 'uint8', low: 4, high: 5 }],
      attrs: { kernel: 3, stride: 2, padding: 1, size: [7, 8] },
    },
  ],
});

/** The largest element of each window of x [n, c, h, w]; padding never wins. */
export const maxPool2d = (x: Tensor, attrs: PoolCall): Tensor => maxPool2dWithIndex(x, attrs).y;

const avgDefaults = { ...callDefaults, countIncludePad: true };

export const avgPool2d = defineOp({
  name: 'avgPool2d',
  doc: 'The mean of each window of x [n, c, h, w]; whether padding counts is countIncludePad.',
  inputs: ['x'],
  defaults: avgDefaults,
  canonical: (call) => ({
    ...canonical('avgPool2d', call),
    countIncludePad: call.countIncludePad,
  }),
  infer: ({ x }, attrs) => ({ dtype: x.dtype, shape: pooledShape('avgPool2d', x, attrs) }),
  vjp: ({ x }: Inputs<['x']>, attrs, _y, dy): Grads<'x'> => ({
    x: avgPool2dGrad(dy, { ...attrs, size: [x.shape[2]!, x.shape[3]!] }),
  }),
  flops: ([y], _x, { kernel }) => sizeOf(y!.shape) * kernel[0] * kernel[1],
  samples: [
    ...samples,
    { inputs: [[1, 2, 7, 8]], attrs: { kernel: 3, stride: 2, padding: 1, countIncludePad: false } },
    { inputs: [[1, 1, 6, 6]], attrs: { kernel: 3, stride: 2, padding: 1, ceilMode: true } },
  ],
});

export const avgPool2dGrad = defineOp({
  name: 'avgPool2dGrad',
  doc: 'The adjoint of avgPool2d: spreads dy evenly over each window, into [n, c, h, w].',
  inputs: ['dy'],
  defaults: { ...avgDefaults, size: required<Pair>() },
  canonical: (call) => ({
    ...canonical('avgPool2dGrad', call),
    countIncludePad: call.countIncludePad,
    size: call.size,
  }),
  infer: ({ dy }, { size }) => ({ dtype: dy.dtype, shape: [...dy.shape.slice(0, 2), ...size] }),
  vjp: (_i, { size: _, ...attrs }, _y, dx): Grads<'dy'> => ({ dy: avgPool2d(dx, attrs) }),
  flops: (_y, { dy }, { kernel }) => sizeOf(dy.shape) * kernel[0] * kernel[1],
  samples: [
    { inputs: [[2, 3, 3, 3]], attrs: { kernel: 2, size: [6, 6] } },
    { inputs: [[1, 2, 4, 4]], attrs: { kernel: 3, stride: 2, padding: 1, size: [7, 8] } },
  ],
});

/** First and one past the last element of window i when `size` is cut into `count` windows. */
const adaptiveWindow = (i: number, size: number, count: number): Pair => [
  Math.floor((i * size) / count),
  Math.ceil(((i + 1) * size) / count),
];

/** [count, size] matrix whose rows average the adaptive windows. */
function averagingMatrix(size: number, count: number): Tensor {
  const data = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const [from, to] = adaptiveWindow(i, size, count);
    data.fill(1 / (to - from), i * size + from, i * size + to);
  }
  return constant(data, [count, size]);
}

/** Averages x [n, c, h, w] over windows that cover the image evenly, to [n, c, ...size]. */
export function adaptiveAvgPool2d(x: Tensor, size: number | Pair): Tensor {
  const [rows, columns] = pair('adaptiveAvgPool2d', 'size', size, 1);
  const [, , h, w] = x.shape as readonly [number, number, number, number];
  if (h % rows === 0 && w % columns === 0) {
    return avgPool2d(x, { kernel: [h / rows, w / columns] });
  }
  // Windows of unequal size: averaging is linear and separates into a matrix for each axis.
  const across = matmul(x, averagingMatrix(w, columns), { transposeB: true });
  return matmul(averagingMatrix(h, rows), across);
}

/** The largest elements of windows that cover x [n, c, h, w] evenly, to [n, c, ...size]. */
export function adaptiveMaxPool2d(x: Tensor, size: number | Pair): Tensor {
  const [rows, columns] = pair('adaptiveMaxPool2d', 'size', size, 1);
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  if (h % rows === 0 && w % columns === 0) {
    return maxPool2d(x, { kernel: [h / rows, w / columns] });
  }
  const row = (i: number) => {
    const [top, bottom] = adaptiveWindow(i, h, rows);
    const cells = Array.from({ length: columns }, (_, j) => {
      const [left, right] = adaptiveWindow(j, w, columns);
      const window = slice(x, { start: [0, 0, top, left], end: [n, c, bottom, right] });
      return maxPool2d(window, { kernel: [bottom - top, right - left] });
    });
    return concat(cells, { axis: 3 });
  };
  return concat(
    Array.from({ length: rows }, (_, i) => row(i)),
    { axis: 2 },
  );
}

/** Mean over the image: [n, c, h, w] to [n, c]. */
export const globalAvgPool2d = (x: Tensor): Tensor => mean(x, { axes: [2, 3] });

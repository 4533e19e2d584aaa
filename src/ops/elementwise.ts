import {
  broadcastShapes,
  type DType,
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  sameShape,
  sizeOf,
  splat,
  type Tensor,
  type TensorType,
} from '../graph/index.ts';
import { reshape } from './shape.ts';
import { sum } from './sum.ts';

/** Sums a gradient over the axes that broadcasting stretched, giving `like`'s shape back. */
export function unbroadcast(grad: Tensor, like: TensorType): Tensor {
  if (sameShape(grad.shape, like.shape)) return grad;
  const extra = grad.shape.length - like.shape.length;
  const axes = grad.shape
    .map((_, i) => i)
    .filter((i) => i < extra || (like.shape[i - extra] === 1 && grad.shape[i] !== 1));
  return reshape(sum(grad, { axes }), { shape: like.shape });
}

/** Type of an element-wise result: broadcast shape, and the one dtype that all operands share. */
export function elementwiseType(op: string, inputs: Record<string, TensorType>): TensorType {
  const types = Object.values(inputs);
  const dtype = types[0]!.dtype;
  if (types.some((type) => type.dtype !== dtype)) {
    throw dtypeError(op, 'operands must have one dtype; use cast', inputs);
  }
  return { dtype, shape: resultShape(op, inputs) };
}

const resultShape = (op: string, inputs: Record<string, TensorType>) =>
  broadcastShapes(
    op,
    Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, type.shape])),
  );

export const countFlops = ([y]: readonly TensorType[]): number => sizeOf(y!.shape);

const binarySamples = [
  {
    inputs: [
      [2, 3, 4],
      [2, 3, 4],
    ],
  },
  {
    inputs: [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
  },
  {
    inputs: [
      [3, 1],
      [1, 5],
    ],
  },
  { inputs: [[], [7]] },
] as const;

type Pair = Inputs<['a', 'b']>;
type PairGrads = Grads<'a' | 'b'>;

/** y = a + b. */
export const add = defineOp({
  name: 'add',
  doc: 'Adds a and b, element by element, with broadcasting.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => a! + b!,
  inPlace: true,
  infer: (inputs) => elementwiseType('add', inputs),
  vjp: ({ a, b }: Pair, _a, _y, dy): PairGrads => ({
    a: unbroadcast(dy, a),
    b: unbroadcast(dy, b),
  }),
  simplify: ({ a, b }) => (splat(b) === 0 ? same(a, b) : splat(a) === 0 ? same(b, a) : undefined),
  flops: countFlops,
  samples: binarySamples,
});

/** `kept`, if it already has the shape that broadcasting it with `other` would give. */
const same = (kept: Tensor, other: Tensor): Tensor | undefined =>
  sameShape(kept.shape, resultShape('same', { kept, other })) ? kept : undefined;

export const sub = defineOp({
  name: 'sub',
  doc: 'Subtracts b from a, element by element, with broadcasting.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => a! - b!,
  inPlace: true,
  infer: (inputs) => elementwiseType('sub', inputs),
  vjp: ({ a, b }: Pair, _a, _y, dy): PairGrads => ({
    a: unbroadcast(dy, a),
    b: unbroadcast(neg(dy), b),
  }),
  simplify: ({ a, b }) => (splat(b) === 0 ? same(a, b) : undefined),
  flops: countFlops,
  samples: binarySamples,
});

export const mul = defineOp({
  name: 'mul',
  doc: 'Multiplies a and b, element by element, with broadcasting.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => a! * b!,
  inPlace: true,
  infer: (inputs) => elementwiseType('mul', inputs),
  vjp: ({ a, b }: Pair, _a, _y, dy): PairGrads => ({
    a: unbroadcast(mul(dy, b), a),
    b: unbroadcast(mul(dy, a), b),
  }),
  simplify: ({ a, b }) => (splat(b) === 1 ? same(a, b) : splat(a) === 1 ? same(b, a) : undefined),
  flops: countFlops,
  samples: binarySamples,
});

const awayFromZero = (shape: readonly number[]) => ({ shape, low: 0.5, high: 2 });

export const div = defineOp({
  name: 'div',
  doc: 'Divides a by b, element by element, with broadcasting.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => a! / b!,
  inPlace: true,
  infer: (inputs) => elementwiseType('div', inputs),
  vjp: ({ a, b }: Pair, _a, y, dy): PairGrads => ({
    a: unbroadcast(div(dy, b), a),
    b: unbroadcast(neg(mul(dy, div(y, b))), b),
  }),
  simplify: ({ a, b }) => (splat(b) === 1 ? same(a, b) : undefined),
  flops: countFlops,
  samples: [
    { inputs: [[2, 3, 4], awayFromZero([2, 3, 4])] },
    { inputs: [[2, 3, 4, 5], awayFromZero([3, 1, 1])] },
    { inputs: [[5], awayFromZero([])] },
  ],
});

export const pow = defineOp({
  name: 'pow',
  doc: 'Raises x to a constant power, element by element.',
  inputs: ['x'],
  defaults: { exponent: 2 },
  scalar:
    ({ exponent }) =>
    (x) =>
      x! ** exponent,
  inPlace: true,
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: ({ x }: Inputs<['x']>, { exponent }, _y, dy): Grads<'x'> => ({
    x: exponent === 0 ? undefined : mul(dy, mul(pow(x, { exponent: exponent - 1 }), exponent)),
  }),
  flops: countFlops,
  samples: [
    { inputs: [[3, 4]] },
    { inputs: [awayFromZero([3, 4])], attrs: { exponent: -0.75 } },
    { inputs: [[5]], attrs: { exponent: 3 } },
  ],
});

export const maximum = defineOp({
  name: 'maximum',
  doc: 'The larger of a and b, element by element, with broadcasting; the gradient of a tie goes to a.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => Math.max(a!, b!),
  inPlace: true,
  infer: (inputs) => elementwiseType('maximum', inputs),
  vjp: ({ a, b }: Pair, _a, _y, dy): PairGrads => routed(greaterEqual(a, b), a, b, dy),
  flops: countFlops,
  samples: binarySamples,
});

export const minimum = defineOp({
  name: 'minimum',
  doc: 'The smaller of a and b, element by element, with broadcasting; the gradient of a tie goes to a.',
  inputs: ['a', 'b'],
  defaults: {},
  scalar: () => (a, b) => Math.min(a!, b!),
  inPlace: true,
  infer: (inputs) => elementwiseType('minimum', inputs),
  vjp: ({ a, b }: Pair, _a, _y, dy): PairGrads => routed(lessEqual(a, b), a, b, dy),
  flops: countFlops,
  samples: binarySamples,
});

const routed = (toA: Tensor, a: Tensor, b: Tensor, dy: Tensor): PairGrads => ({
  a: unbroadcast(select(toA, dy, 0), a),
  b: unbroadcast(select(toA, 0, dy), b),
});

const comparisonType = (op: string, inputs: Record<string, TensorType>): TensorType => ({
  ...elementwiseType(op, inputs),
  dtype: 'bool',
});

const comparison = <const N extends string>(
  name: N,
  sign: string,
  compare: (a: number, b: number) => boolean,
) =>
  defineOp({
    name,
    doc: `Whether a ${sign} b, element by element, with broadcasting; gives bool.`,
    inputs: ['a', 'b'],
    defaults: {},
    scalar: () => (a, b) => Number(compare(a!, b!)),
    infer: (inputs) => comparisonType(name, inputs),
    vjp: 'zero',
    flops: countFlops,
    samples: [
      ...binarySamples,
      {
        inputs: [
          { shape: [4, 5], dtype: 'int32', low: 0, high: 3 },
          { shape: [5], dtype: 'int32', low: 0, high: 3 },
        ],
      },
    ],
  });

export const equal = comparison('equal', '=', (a, b) => a === b);
export const less = comparison('less', '<', (a, b) => a < b);
export const lessEqual = comparison('lessEqual', '≤', (a, b) => a <= b);
export const greater = comparison('greater', '>', (a, b) => a > b);
export const greaterEqual = comparison('greaterEqual', '≥', (a, b) => a >= b);

export const select = defineOp({
  name: 'select',
  doc: 'Takes a where the condition holds and b elsewhere, with broadcasting.',
  inputs: ['condition', 'a', 'b'],
  defaults: {},
  scalar: () => (condition, a, b) => (condition ? a! : b!),
  infer({ condition, a, b }) {
    if (condition.dtype !== 'bool') {
      throw dtypeError('select', 'the condition must be bool', { condition });
    }
    const { dtype } = elementwiseType('select', { a, b });
    return { dtype, shape: resultShape('select', { condition, a, b }) };
  },
  vjp: ({ condition, a, b }: Inputs<['condition', 'a', 'b']>, _a, _y, dy): Grads<'a' | 'b'> => ({
    a: unbroadcast(select(condition, dy, 0), a),
    b: unbroadcast(select(condition, 0, dy), b),
  }),
  flops: countFlops,
  samples: [
    { inputs: [{ shape: [2, 3], dtype: 'bool', low: 0, high: 2 }, [2, 3], [2, 3]] },
    { inputs: [{ shape: [2, 3], dtype: 'bool', low: 0, high: 2 }, [3], []] },
  ],
});

/** a + t·(b − a): moving averages in one pass. */
export const lerp = defineOp({
  name: 'lerp',
  doc: 'Moves from a towards b by the fraction t, element by element, with broadcasting.',
  inputs: ['a', 'b', 't'],
  defaults: {},
  scalar: () => (a, b, t) => a! + t! * (b! - a!),
  inPlace: true,
  infer: (inputs) => elementwiseType('lerp', inputs),
  vjp: ({ a, b, t }: Inputs<['a', 'b', 't']>, _a, _y, dy): Grads<'a' | 'b' | 't'> => ({
    a: unbroadcast(mul(dy, sub(1, t)), a),
    b: unbroadcast(mul(dy, t), b),
    t: unbroadcast(mul(dy, sub(b, a)), t),
  }),
  flops: ([y]) => 3 * sizeOf(y!.shape),
  samples: [{ inputs: [[3, 4], [3, 4], []] }, { inputs: [[5], [5], [5]] }],
});

const floating = (op: string, x: TensorType): TensorType => {
  if (x.dtype !== 'float32' && x.dtype !== 'bfloat16') {
    throw dtypeError(op, 'needs a floating-point tensor; use cast', { x });
  }
  return { shape: x.shape, dtype: x.dtype };
};

export const neg = defineOp({
  name: 'neg',
  doc: 'Negates each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => -x!,
  inPlace: true,
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: (_x, _a, _y, dy): Grads<'x'> => ({ x: neg(dy) }),
  flops: countFlops,
  samples: [{ inputs: [[3, 5]] }],
});

export const abs = defineOp({
  name: 'abs',
  doc: 'The absolute value of each element; its derivative at 0 is 0.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.abs(x!),
  inPlace: true,
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({
    x: select(greater(x, 0), dy, select(less(x, 0), neg(dy), 0)),
  }),
  flops: countFlops,
  samples: [{ inputs: [[3, 5]] }],
});

export const exp = defineOp({
  name: 'exp',
  doc: 'e to the power of each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.exp(x!),
  inPlace: true,
  infer: ({ x }) => floating('exp', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: mul(dy, y) }),
  flops: countFlops,
  samples: [{ inputs: [[3, 5]] }, { inputs: [{ shape: [64], low: -30, high: 10 }] }],
});

export const log = defineOp({
  name: 'log',
  doc: 'The natural logarithm of each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.log(x!),
  inPlace: true,
  infer: ({ x }) => floating('log', x),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({ x: div(dy, x) }),
  flops: countFlops,
  samples: [{ inputs: [{ shape: [3, 5], low: 0.1, high: 4 }] }],
});

export const sqrt = defineOp({
  name: 'sqrt',
  doc: 'The square root of each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.sqrt(x!),
  inPlace: true,
  infer: ({ x }) => floating('sqrt', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: div(mul(dy, 0.5), y) }),
  flops: countFlops,
  samples: [{ inputs: [{ shape: [3, 5], low: 0.1, high: 4 }] }],
});

export const rsqrt = defineOp({
  name: 'rsqrt',
  doc: 'One over the square root of each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => 1 / Math.sqrt(x!),
  inPlace: true,
  infer: ({ x }) => floating('rsqrt', x),
  vjp: ({ x }: Inputs<['x']>, _a, y, dy): Grads<'x'> => ({ x: mul(dy, mul(-0.5, div(y, x))) }),
  flops: countFlops,
  samples: [{ inputs: [{ shape: [3, 5], low: 0.1, high: 4 }] }],
});

export const cast = defineOp({
  name: 'cast',
  doc: 'Converts to another dtype; floats go to integers by truncation, to bool by x ≠ 0.',
  inputs: ['x'],
  defaults: { dtype: 'float32' as DType },
  infer: ({ x }, { dtype }) => ({ shape: x.shape, dtype }),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({ x: cast(dy, { dtype: x.dtype }) }),
  simplify: ({ x }, { dtype }) => (x.dtype === dtype ? x : undefined),
  flops: () => 0,
  samples: [
    { inputs: [{ shape: [3, 5], dtype: 'int32', low: -4, high: 5 }] },
    { inputs: [{ shape: [7], dtype: 'bool', low: 0, high: 2 }] },
    { inputs: [{ shape: [7], dtype: 'uint8', low: 0, high: 256 }] },
    { inputs: [{ shape: [3, 5], low: -4, high: 5 }], attrs: { dtype: 'int32' } },
  ],
});

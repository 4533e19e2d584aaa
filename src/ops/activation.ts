import {
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  sameShape,
  shapeError,
  sizeOf,
  type TensorType,
} from '../graph/index.ts';
import { erf } from './erf.ts';

// Every activation comes with its adjoint op, so that engines have one pass for each direction.
// The adjoint of relu, relu6, sigmoid and tanh reads the output y, which lets the input go; that of
// the others reads the input x.

const samples = [{ inputs: [{ shape: [3, 7], low: -4, high: 4 }] }, { inputs: [[2, 3, 4, 5]] }];
const gradSamples = [
  { inputs: [{ shape: [3, 7], low: -4, high: 4 }, [3, 7]] },
  {
    inputs: [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
  },
];
/** Outputs of sigmoid, which is what its adjoint reads. */
const outputSamples = [{ inputs: [{ shape: [3, 7], low: 0, high: 1 }, [3, 7]] }];

const flops = ([y]: readonly TensorType[]) => sizeOf(y!.shape);

function typeOf(op: string, x: TensorType): TensorType {
  if (x.dtype !== 'float32' && x.dtype !== 'bfloat16') {
    throw dtypeError(op, 'needs a floating-point tensor; use cast', { x });
  }
  return { shape: x.shape, dtype: x.dtype };
}

function gradType(op: string, x: TensorType, dy: TensorType): TensorType {
  if (!sameShape(x.shape, dy.shape)) throw shapeError(op, 'both must have one shape', { x, dy });
  return { shape: x.shape, dtype: x.dtype };
}

/** An adjoint without parameters: dx = slope(saved) · dy, where saved is x or y. */
const adjoint = <const N extends string>(
  name: N,
  doc: string,
  slope: (saved: number) => number,
  cases: typeof gradSamples = gradSamples,
) =>
  defineOp({
    name,
    doc,
    inputs: ['saved', 'dy'],
    defaults: {},
    scalar: () => (saved, dy) => slope(saved!) * dy!,
    inPlace: true,
    infer: ({ saved, dy }) => gradType(name, saved, dy),
    vjp: 'none',
    flops,
    samples: cases,
  });

export const relu = defineOp({
  name: 'relu',
  doc: 'max(x, 0); its derivative at 0 is 0.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => (x! > 0 || Number.isNaN(x) ? x! : 0),
  inPlace: true,
  infer: ({ x }) => typeOf('relu', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: reluGrad(y, dy) }),
  flops,
  samples,
});
export const reluGrad = adjoint('reluGrad', 'dy where y > 0, else 0.', (y) => Number(y > 0));

export const relu6 = defineOp({
  name: 'relu6',
  doc: 'min(max(x, 0), 6).',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.min(Math.max(x!, 0), 6),
  inPlace: true,
  infer: ({ x }) => typeOf('relu6', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: relu6Grad(y, dy) }),
  flops,
  samples: [...samples, { inputs: [{ shape: [5, 5], low: -3, high: 9 }] }],
});
export const relu6Grad = adjoint('relu6Grad', 'dy where 0 < y < 6, else 0.', (y) =>
  Number(y > 0 && y < 6),
);

const sigmoidOf = (x: number): number =>
  x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));

export const sigmoid = defineOp({
  name: 'sigmoid',
  doc: '1 / (1 + exp(-x)).',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => sigmoidOf(x!),
  inPlace: true,
  infer: ({ x }) => typeOf('sigmoid', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: sigmoidGrad(y, dy) }),
  flops,
  samples: [...samples, { inputs: [{ shape: [64], low: -90, high: 90 }] }],
});
export const sigmoidGrad = adjoint(
  'sigmoidGrad',
  'y·(1 − y)·dy.',
  (y) => y * (1 - y),
  outputSamples,
);

export const tanh = defineOp({
  name: 'tanh',
  doc: 'The hyperbolic tangent of each element.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => Math.tanh(x!),
  inPlace: true,
  infer: ({ x }) => typeOf('tanh', x),
  vjp: (_x, _a, y, dy): Grads<'x'> => ({ x: tanhGrad(y, dy) }),
  flops,
  samples: [...samples, { inputs: [{ shape: [64], low: -40, high: 40 }] }],
});
export const tanhGrad = adjoint('tanhGrad', '(1 − y²)·dy.', (y) => 1 - y * y, outputSamples);

export const leakyRelu = defineOp({
  name: 'leakyRelu',
  doc: 'x where x > 0, slope·x elsewhere (Maas et al. 2013).',
  inputs: ['x'],
  defaults: { slope: 0.01 },
  scalar:
    ({ slope }) =>
    (x) =>
      x! > 0 ? x! : slope * x!,
  inPlace: true,
  infer: ({ x }) => typeOf('leakyRelu', x),
  vjp: ({ x }: Inputs<['x']>, attrs, _y, dy): Grads<'x'> => ({ x: leakyReluGrad(x, dy, attrs) }),
  flops,
  samples: [...samples, { inputs: [[4, 4]], attrs: { slope: 0.2 } }],
});
export const leakyReluGrad = defineOp({
  name: 'leakyReluGrad',
  doc: 'dy where x > 0, slope·dy elsewhere.',
  inputs: ['saved', 'dy'],
  defaults: { slope: 0.01 },
  scalar:
    ({ slope }) =>
    (x, dy) =>
      x! > 0 ? dy! : slope * dy!,
  inPlace: true,
  infer: ({ saved, dy }) => gradType('leakyReluGrad', saved, dy),
  vjp: 'none',
  flops,
  samples: gradSamples,
});

export const elu = defineOp({
  name: 'elu',
  doc: 'x where x > 0, alpha·(exp(x) − 1) elsewhere (Clevert et al. 2016, eq. 15).',
  inputs: ['x'],
  defaults: { alpha: 1 },
  scalar:
    ({ alpha }) =>
    (x) =>
      x! > 0 ? x! : alpha * Math.expm1(x!),
  inPlace: true,
  infer: ({ x }) => typeOf('elu', x),
  vjp: ({ x }: Inputs<['x']>, attrs, _y, dy): Grads<'x'> => ({ x: eluGrad(x, dy, attrs) }),
  flops,
  samples: [...samples, { inputs: [[4, 4]], attrs: { alpha: 0.5 } }],
});
export const eluGrad = defineOp({
  name: 'eluGrad',
  doc: 'dy where x > 0, alpha·exp(x)·dy elsewhere.',
  inputs: ['saved', 'dy'],
  defaults: { alpha: 1 },
  scalar:
    ({ alpha }) =>
    (x, dy) =>
      x! > 0 ? dy! : alpha * Math.exp(x!) * dy!,
  inPlace: true,
  infer: ({ saved, dy }) => gradType('eluGrad', saved, dy),
  vjp: 'none',
  flops,
  samples: gradSamples,
});

export const gelu = defineOp({
  name: 'gelu',
  doc: 'x·Φ(x), with Φ the normal distribution function (Hendrycks and Gimpel 2016).',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => 0.5 * x! * (1 + erf(x! / Math.SQRT2)),
  inPlace: true,
  infer: ({ x }) => typeOf('gelu', x),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({ x: geluGrad(x, dy) }),
  flops,
  samples,
});
export const geluGrad = adjoint(
  'geluGrad',
  '(Φ(x) + x·φ(x))·dy, with φ the normal density.',
  (x) => 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
);

export const silu = defineOp({
  name: 'silu',
  doc: 'x·sigmoid(x), also called swish.',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => x! * sigmoidOf(x!),
  inPlace: true,
  infer: ({ x }) => typeOf('silu', x),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({ x: siluGrad(x, dy) }),
  flops,
  samples,
});
export const siluGrad = adjoint('siluGrad', 's·(1 + x·(1 − s))·dy, with s = sigmoid(x).', (x) => {
  const s = sigmoidOf(x);
  return s * (1 + x * (1 - s));
});

export const hardswish = defineOp({
  name: 'hardswish',
  doc: 'x·relu6(x + 3)/6 (Howard et al. 2019, section 5.2).',
  inputs: ['x'],
  defaults: {},
  scalar: () => (x) => (x! * Math.min(Math.max(x! + 3, 0), 6)) / 6,
  inPlace: true,
  infer: ({ x }) => typeOf('hardswish', x),
  vjp: ({ x }: Inputs<['x']>, _a, _y, dy): Grads<'x'> => ({ x: hardswishGrad(x, dy) }),
  flops,
  samples,
});
export const hardswishGrad = adjoint(
  'hardswishGrad',
  '0 below −3, dy above 3, (2x + 3)/6·dy between.',
  (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
);

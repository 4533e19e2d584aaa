import {
  defineOp,
  required,
  sameShape,
  shapeError,
  sizeOf,
  type TensorType,
} from '../graph/index.ts';

// Optimiser steps, each one pass over a parameter. `lr` and `step` are scalars; `step` is the
// number of updates done before this one. All in PyTorch's order of operations.

function checkAlike(op: string, tensors: Record<string, TensorType>): TensorType {
  const { param } = tensors as { param: TensorType };
  if (Object.values(tensors).some(({ shape }) => !sameShape(shape, param.shape))) {
    throw shapeError(op, 'param, grad and state must have one shape', tensors);
  }
  return { shape: param.shape, dtype: param.dtype };
}

const scalar = { shape: [], low: 0.01, high: 0.1 };
const stepZero = { shape: [], dtype: 'int32' as const, low: 0, high: 1 };
const stepThree = { shape: [], dtype: 'int32' as const, low: 3, high: 4 };
const positive = { shape: [5, 3], low: 0, high: 1 };

export const sgdUpdate = defineOp({
  name: 'sgdUpdate',
  doc: 'param − lr·(grad + weightDecay·param).',
  inputs: ['param', 'grad', 'lr'],
  defaults: { weightDecay: 0 },
  inPlace: true,
  infer: ({ param, grad }) => checkAlike('sgdUpdate', { param, grad }),
  vjp: 'none',
  flops: ([y]) => 4 * sizeOf(y!.shape),
  samples: [
    { inputs: [[5, 3], [5, 3], scalar] },
    { inputs: [[40], [40], scalar], attrs: { weightDecay: 0.1 } },
  ],
});

export const momentumUpdate = defineOp({
  name: 'momentumUpdate',
  doc: 'Stochastic gradient descent with a velocity: v = momentum·v + (1 − dampening)·g, the first step taking v = g; moves by v, or by g + momentum·v with nesterov (Sutskever et al. 2013).',
  inputs: ['param', 'grad', 'velocity', 'lr', 'step'],
  outputs: ['param', 'velocity'],
  defaults: { momentum: required<number>(), dampening: 0, nesterov: false, weightDecay: 0 },
  inPlace: true,
  infer({ param, grad, velocity }) {
    const type = checkAlike('momentumUpdate', { param, grad, velocity });
    return { param: type, velocity: type };
  },
  vjp: 'none',
  flops: ([y]) => 7 * sizeOf(y!.shape),
  samples: [
    { inputs: [[5, 3], [5, 3], [5, 3], scalar, stepThree], attrs: { momentum: 0.9 } },
    {
      inputs: [[5, 3], [5, 3], [5, 3], scalar, stepThree],
      attrs: { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    },
    { inputs: [[7], [7], [7], scalar, stepZero], attrs: { momentum: 0.9, dampening: 0.5 } },
  ],
});

export const adamUpdate = defineOp({
  name: 'adamUpdate',
  doc: 'Adam (Kingma and Ba 2015, algorithm 1); decoupled: weight decay acts on param itself (AdamW, Loshchilov and Hutter 2019) and not on grad.',
  inputs: ['param', 'grad', 'mean', 'variance', 'lr', 'step'],
  outputs: ['param', 'mean', 'variance'],
  defaults: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false },
  inPlace: true,
  infer({ param, grad, mean, variance }) {
    const type = checkAlike('adamUpdate', { param, grad, mean, variance });
    return { param: type, mean: type, variance: type };
  },
  vjp: 'none',
  flops: ([y]) => 14 * sizeOf(y!.shape),
  samples: [
    { inputs: [[5, 3], [5, 3], [5, 3], positive, scalar, stepZero] },
    {
      inputs: [[5, 3], [5, 3], [5, 3], positive, scalar, stepThree],
      attrs: { weightDecay: 0.05, decoupled: true },
    },
    { inputs: [[5, 3], [5, 3], [5, 3], positive, scalar, stepThree], attrs: { weightDecay: 0.05 } },
  ],
});

export const rmspropUpdate = defineOp({
  name: 'rmspropUpdate',
  doc: 'RMSprop with momentum, centred on the mean gradient if asked, which keeps mean as it is otherwise (Graves 2013, eqs. 38–45).',
  inputs: ['param', 'grad', 'square', 'mean', 'velocity', 'lr'],
  outputs: ['param', 'square', 'mean', 'velocity'],
  defaults: { alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false, weightDecay: 0 },
  inPlace: true,
  infer({ param, grad, square, mean, velocity }) {
    const type = checkAlike('rmspropUpdate', { param, grad, square, mean, velocity });
    return { param: type, square: type, mean: type, velocity: type };
  },
  vjp: 'none',
  flops: ([y]) => 14 * sizeOf(y!.shape),
  samples: [
    { inputs: [[5, 3], [5, 3], positive, [5, 3], [5, 3], scalar] },
    {
      inputs: [
        [5, 3],
        [5, 3],
        { shape: [5, 3], low: 1, high: 2 },
        { shape: [5, 3], low: -0.5, high: 0.5 },
        [5, 3],
        scalar,
      ],
      attrs: { momentum: 0.9, centered: true, weightDecay: 0.01 },
    },
  ],
});

import {
  defineComposite,
  defineOp,
  FoveaError,
  type Grads,
  type Inputs,
  sameShape,
  shapeError,
  sizeOf,
  type Tensor,
  type TensorType,
} from '../graph/index.ts';
import { conv2d } from './conv2d.ts';
import { add, lerp, mul, pow, rsqrt, sub } from './elementwise.ts';
import { avgPool2d } from './pool.ts';
import { pad, reshape } from './shape.ts';
import { sum } from './sum.ts';

const perChannel = (values: Tensor, x: Tensor): Tensor =>
  reshape(values, { shape: [values.shape[0]!, ...x.shape.slice(2).map(() => 1)] });

const allButChannels = (x: Tensor): number[] =>
  x.shape.map((_, i) => i).filter((axis) => axis !== 1);

function checkChannels(op: string, x: TensorType, vectors: Record<string, TensorType>): void {
  if (x.shape.length < 2) throw shapeError(op, 'x needs channels on axis 1', { x });
  for (const [name, vector] of Object.entries(vectors)) {
    if (!sameShape(vector.shape, [x.shape[1]!])) {
      throw shapeError(op, `${name} must hold one number per channel`, { x, [name]: vector });
    }
  }
}

/** y and the bias of y + bias, if the bias has one number for each channel. */
function splitBias(sum: Tensor): { readonly y: Tensor; readonly bias: Tensor } | undefined {
  const [y, bias] = sum.node.inputs as readonly [Tensor, Tensor];
  const shape = [sum.shape[1]!, ...sum.shape.slice(2).map(() => 1)];
  return sameShape(y.shape, sum.shape) && sameShape(bias.shape, shape) ? { y, bias } : undefined;
}

export const channelAffine = defineOp({
  name: 'channelAffine',
  doc: 'x·scale + shift with one scale and one shift per channel, x being [n, c, ...].',
  inputs: ['x', 'scale', 'shift'],
  defaults: {},
  inPlace: true,
  infer({ x, scale, shift }) {
    checkChannels('channelAffine', x, { scale, shift });
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp({ x, scale }: Inputs<['x', 'scale', 'shift']>, _a, _y, dy): Grads<'x' | 'scale' | 'shift'> {
    const axes = allButChannels(x);
    return {
      x: mul(dy, perChannel(scale, x)),
      scale: sum(mul(dy, x), { axes }),
      shift: sum(dy, { axes }),
    };
  },
  /** Folds into a convolution that nobody else reads: scales its kernels instead of its output. */
  simplify({ x, scale, shift }, _a, uses): Tensor | undefined {
    const biased = x.node.op.name === 'add' ? splitBias(x) : undefined;
    const y = biased?.y ?? x;
    const { op, inputs, attrs } = y.node;
    if (op.name !== 'conv2d' || uses(x) !== 1 || uses(y) !== 1) return undefined;
    const [source, w] = inputs as readonly [Tensor, Tensor];
    const scaled = mul(w, reshape(scale, { shape: [w.shape[0]!, 1, 1, 1] }));
    const bias = perChannel(shift, x);
    return add(
      conv2d(source, scaled, attrs),
      biased ? add(mul(biased.bias, perChannel(scale, x)), bias) : bias,
    );
  },
  flops: ([y]) => 2 * sizeOf(y!.shape),
  samples: [{ inputs: [[2, 3, 4, 5], [3], [3]] }, { inputs: [[4, 6], [6], [6]] }],
});

const statisticsType = (x: TensorType): TensorType => ({ shape: [x.shape[1]!], dtype: 'float32' });

export const batchNormTrain = defineOp({
  name: 'batchNormTrain',
  doc: 'Normalises x [n, c, ...] per channel by the mean and biased variance of the batch, then scales and shifts.',
  inputs: ['x', 'weight', 'bias'],
  outputs: ['y', 'mean', 'variance'],
  defaults: { epsilon: 1e-5 },
  infer({ x, weight, bias }) {
    checkChannels('batchNorm', x, { weight, bias });
    return {
      y: { shape: x.shape, dtype: x.dtype },
      mean: statisticsType(x),
      variance: statisticsType(x),
    };
  },
  vjp(
    { x, weight }: Inputs<['x', 'weight', 'bias']>,
    attrs,
    { mean, variance },
    dy,
  ): Grads<'x' | 'weight' | 'bias'> {
    if (dy.y === undefined || dy.mean !== undefined || dy.variance !== undefined) {
      throw new FoveaError(
        'batchNorm: its statistics have no derivative; keep them out of the loss',
      );
    }
    const { dx, dweight, dbias } = batchNormGrad(dy.y, x, mean, variance, weight, attrs);
    return { x: dx, weight: dweight, bias: dbias };
  },
  flops: (_y, { x }) => 7 * sizeOf(x.shape),
  samples: [
    { inputs: [[4, 3, 5, 5], [3], [3]] },
    { inputs: [[8, 5], [5], [5]] },
    { inputs: [[2, 8, 3, 3], [8], [8]], attrs: { epsilon: 1e-3 } },
  ],
});

export const batchNormGrad = defineOp({
  name: 'batchNormGrad',
  doc: 'The adjoint of batchNormTrain in x, weight and bias (Ioffe and Szegedy 2015, section 3).',
  inputs: ['dy', 'x', 'mean', 'variance', 'weight'],
  outputs: ['dx', 'dweight', 'dbias'],
  defaults: { epsilon: 1e-5 },
  infer: ({ dy, weight }) => ({
    dx: { shape: dy.shape, dtype: dy.dtype },
    dweight: { shape: weight.shape, dtype: weight.dtype },
    dbias: { shape: weight.shape, dtype: weight.dtype },
  }),
  vjp: 'none',
  flops: (_y, { x }) => 11 * sizeOf(x.shape),
  samples: [
    { inputs: [[4, 3, 5, 5], [4, 3, 5, 5], [3], { shape: [3], low: 0.5, high: 2 }, [3]] },
    { inputs: [[8, 5], [8, 5], [5], { shape: [5], low: 0.5, high: 2 }, [5]] },
  ],
});

export const batchNorm = defineComposite({
  name: 'batchNorm',
  doc: 'Batch normalisation of x [n, c, ...]: by batch statistics, updating the running ones, when training; by the running ones otherwise.',
  inputs: ['x', 'weight', 'bias', 'runningMean', 'runningVariance', 'batches'],
  defaults: { epsilon: 1e-5, momentum: 0.1 },
  infer({ x, weight, bias, runningMean, runningVariance }) {
    checkChannels('batchNorm', x, { weight, bias, runningMean, runningVariance });
    return { shape: x.shape, dtype: x.dtype };
  },
  expand(inputs, { epsilon, momentum }, context) {
    const { x, weight, bias, runningMean, runningVariance, batches } = inputs;
    if (context.mode === 'infer') {
      const scale = mul(weight, rsqrt(add(runningVariance, epsilon)));
      return channelAffine(x, scale, sub(bias, mul(runningMean, scale)));
    }
    const count = sizeOf(x.shape) / x.shape[1]!;
    if (count < 2) {
      throw shapeError('batchNorm', 'training needs more than one value per channel', { x });
    }
    const { y, mean, variance } = batchNormTrain(x, weight, bias, { epsilon });
    // Statistics kept for inference use the unbiased variance, as PyTorch's do.
    const unbiased = mul(variance, count / (count - 1));
    context.update(runningMean, lerp(runningMean, mean, momentum));
    context.update(runningVariance, lerp(runningVariance, unbiased, momentum));
    context.update(batches, add(batches, 1));
    return y;
  },
  samples: [],
});

export const standardize = defineOp({
  name: 'standardize',
  doc: 'Gives each row of x [rows, columns] mean 0 and (biased) variance 1; also returns 1/√(variance + ε).',
  inputs: ['x'],
  outputs: ['y', 'rstd'],
  defaults: { epsilon: 1e-5 },
  infer({ x }) {
    if (x.shape.length !== 2) throw shapeError('standardize', 'x needs two axes', { x });
    return {
      y: { shape: x.shape, dtype: x.dtype },
      rstd: { shape: [x.shape[0]!, 1], dtype: x.dtype },
    };
  },
  vjp(_x, _a, { y, rstd }, dy): Grads<'x'> {
    if (dy.y === undefined || dy.rstd !== undefined) {
      throw new FoveaError('standardize: rstd has no derivative; keep it out of the loss');
    }
    return { x: standardizeGrad(dy.y, y, rstd) };
  },
  flops: (_y, { x }) => 5 * sizeOf(x.shape),
  samples: [{ inputs: [[4, 12]] }, { inputs: [[3, 50]], attrs: { epsilon: 1e-3 } }],
});

export const standardizeGrad = defineOp({
  name: 'standardizeGrad',
  doc: 'The adjoint of standardize: rstd·(dy − mean(dy) − y·mean(dy·y)), row by row.',
  inputs: ['dy', 'y', 'rstd'],
  defaults: {},
  infer: ({ y }) => ({ shape: y.shape, dtype: y.dtype }),
  vjp: 'none',
  flops: (_y, { y }) => 6 * sizeOf(y.shape),
  samples: [{ inputs: [[4, 12], [4, 12], { shape: [4, 1], low: 0.5, high: 2 }] }],
});

export interface NormAttrs {
  readonly epsilon?: number;
}

/** Normalises groups of channels of x [n, c, ...] in each image (Wu and He 2018); weight, bias [c]. */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight?: Tensor,
  bias?: Tensor,
  attrs: NormAttrs = {},
): Tensor {
  const [n, c] = x.shape as readonly [number, number];
  if (c % groups !== 0) {
    throw shapeError('groupNorm', 'channels must be a multiple of groups', { x, groups });
  }
  if ((weight === undefined) !== (bias === undefined)) {
    throw shapeError('groupNorm', 'takes both weight and bias, or neither');
  }
  const y = reshape(standardize(reshape(x, { shape: [n * groups, -1] }), attrs).y, {
    shape: x.shape,
  });
  return weight && bias ? channelAffine(y, weight, bias) : y;
}

/** Normalises each channel of each image of x [n, c, ...] (Ulyanov et al. 2016). */
export const instanceNorm = (x: Tensor, weight?: Tensor, bias?: Tensor, attrs: NormAttrs = {}) =>
  groupNorm(x, x.shape[1]!, weight, bias, attrs);

/** Normalises over the trailing axes that `weight` and `bias` span (Ba et al. 2016). */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, attrs: NormAttrs = {}): Tensor {
  const leading = x.shape.length - weight.shape.length;
  if (!sameShape(x.shape.slice(leading), weight.shape)) {
    throw shapeError('layerNorm', 'weight must span the trailing axes of x', { x, weight });
  }
  const rows = reshape(x, { shape: [-1, sizeOf(weight.shape)] });
  const y = reshape(standardize(rows, attrs).y, { shape: x.shape });
  return add(mul(y, weight), bias);
}

/**
 * x / (k + alpha·mean of x² over `size` neighbouring channels)^beta, for x [n, c, h, w]
 * (Krizhevsky et al. 2012, section 3.3; PyTorch's form, which divides alpha by size).
 */
export function localResponseNorm(
  x: Tensor,
  {
    size,
    alpha = 1e-4,
    beta = 0.75,
    k = 1,
  }: {
    readonly size: number;
    readonly alpha?: number;
    readonly beta?: number;
    readonly k?: number;
  },
): Tensor {
  if (x.shape.length !== 4) throw shapeError('localResponseNorm', 'x needs four axes', { x });
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  const before = Math.floor(size / 2);
  const columns = reshape(mul(x, x), { shape: [n, 1, c, h * w] });
  const padded = pad(columns, { before: [0, 0, before, 0], after: [0, 0, size - 1 - before, 0] });
  const means = reshape(avgPool2d(padded, { kernel: [size, 1], stride: 1 }), { shape: x.shape });
  return mul(x, pow(add(mul(means, alpha), k), { exponent: -beta }));
}

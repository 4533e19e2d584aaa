import { shapeError } from '../graph/index.ts';
import {
  batchNorm as batchNormOp,
  groupNorm as groupNormOp,
  instanceNorm as instanceNormOp,
  layerNorm as layerNormOp,
} from '../ops/index.ts';
import { checkSizes } from './check.ts';
import { constant, ones, zeros } from './initializers.ts';
import { layer } from './layer.ts';
import { parameter, state } from './parameters.ts';

export interface NormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
}

export interface ScaledNormOptions extends NormOptions {
  /** What every weight starts at; 1 by default. */
  readonly scale?: number;
}

/**
 * Batch normalisation of [n, channels, ...] (Ioffe and Szegedy 2015). Keys: weight, bias,
 * running_mean, running_var, num_batches_tracked.
 *
 * @param options.momentum share of the new batch in the running statistics; 0.1 by default
 */
export function batchNorm(
  channels: number,
  { scale = 1, ...options }: ScaledNormOptions & { readonly momentum?: number } = {},
) {
  checkSizes('batchNorm', { channels });
  return layer(
    'batchNorm',
    {
      weight: parameter([channels], constant(scale)),
      bias: parameter([channels], zeros),
      running_mean: state([channels], zeros),
      running_var: state([channels], ones),
      num_batches_tracked: state([], zeros, 'int32'),
    },
    (l, x) =>
      batchNormOp(
        x,
        l.weight,
        l.bias,
        l.running_mean,
        l.running_var,
        l.num_batches_tracked,
        options,
      ),
  );
}

/** Normalises over the trailing axes of the given sizes (Ba et al. 2016). Keys: weight, bias. */
export function layerNorm(sizes: number | readonly number[], options: NormOptions = {}) {
  const shape = typeof sizes === 'number' ? [sizes] : sizes;
  checkSizes('layerNorm', Object.fromEntries(shape.map((size, i) => [`size ${i}`, size])));
  return layer(
    'layerNorm',
    { weight: parameter(shape, ones), bias: parameter(shape, zeros) },
    (l, x) => layerNormOp(x, l.weight, l.bias, options),
  );
}

/** Normalises groups of channels of [n, channels, ...] (Wu and He 2018). Keys: weight, bias. */
export function groupNorm(
  groups: number,
  channels: number,
  { scale = 1, ...options }: ScaledNormOptions = {},
) {
  checkSizes('groupNorm', { groups, channels });
  if (channels % groups !== 0) {
    throw shapeError('groupNorm', 'channels must be a multiple of groups', { channels, groups });
  }
  return layer(
    'groupNorm',
    { weight: parameter([channels], constant(scale)), bias: parameter([channels], zeros) },
    (l, x) => groupNormOp(x, groups, l.weight, l.bias, options),
  );
}

/**
 * Normalises each channel of each image of [n, channels, ...] (Ulyanov et al. 2016). Keys, when
 * affine: weight, bias.
 *
 * @param options.affine whether it learns a scale and a shift per channel; false by default
 */
export function instanceNorm(
  channels: number,
  { affine = false, ...options }: NormOptions & { readonly affine?: boolean } = {},
) {
  checkSizes('instanceNorm', { channels });
  return layer(
    'instanceNorm',
    {
      weight: affine ? parameter([channels], ones) : undefined,
      bias: affine ? parameter([channels], zeros) : undefined,
    },
    (l, x) => {
      if (x.shape[1] !== channels) {
        throw shapeError('instanceNorm', `axis 1 of x must be ${channels}`, { x });
      }
      return instanceNormOp(x, l.weight, l.bias, options);
    },
  );
}

import { type Shape, sizeOf, UsageError } from '../graph/index.ts';

/** How an array starts. Plain data: it can be compared, stored and sent. */
export type Initializer =
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'uniform'; readonly low: number; readonly high: number }
  | { readonly type: 'normal'; readonly mean: number; readonly std: number }
  | {
      readonly type: 'truncatedNormal';
      readonly mean: number;
      readonly std: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly type: 'xavierUniform' | 'xavierNormal'; readonly gain: number }
  | {
      readonly type: 'kaimingUniform' | 'kaimingNormal';
      readonly mode: 'fanIn' | 'fanOut';
      readonly gain: number;
    };

/** A distribution with its numbers worked out for one shape. */
export type Distribution = Extract<
  Initializer,
  { readonly type: 'constant' | 'uniform' | 'normal' | 'truncatedNormal' }
>;

export const constant = (value: number): Initializer => ({ type: 'constant', value });
export const zeros: Initializer = constant(0);
export const ones: Initializer = constant(1);

/** Uniform on [low, high). */
export function uniform(low: number, high: number): Initializer {
  if (!(low <= high)) throw invalid('uniform', 'low must not exceed high', { low, high });
  return { type: 'uniform', low, high };
}

export function normal(mean = 0, std = 1): Initializer {
  if (!(std >= 0)) throw invalid('normal', 'std must be 0 or more', { std });
  return { type: 'normal', mean, std };
}

/**
 * A normal distribution redrawn until it falls within [low, high]. The limits are absolute, not in
 * standard deviations, as in PyTorch's trunc_normal_.
 */
export function truncatedNormal(mean = 0, std = 1, low = -2, high = 2): Initializer {
  if (!(std > 0)) throw invalid('truncatedNormal', 'std must be above 0', { std });
  // Further out than this, redrawing would take long and the result would be of little use.
  const reached = low < high && low < mean + 3 * std && high > mean - 3 * std;
  if (!reached) {
    throw invalid('truncatedNormal', '[low, high] must come within 3 std of the mean', {
      mean,
      std,
      low,
      high,
    });
  }
  return { type: 'truncatedNormal', mean, std, low, high };
}

/** Gains that keep the variance of activations, as PyTorch tabulates them. */
export const gains = {
  linear: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  selu: 3 / 4,
} as const;

/** The gain of a leaky ReLU, √(2 / (1 + slope²)). */
export const leakyGain = (slope: number): number => Math.sqrt(2 / (1 + slope * slope));

/** Variance 2·gain² / (fanIn + fanOut) (Glorot and Bengio 2010, eq. 16). */
export const xavierUniform = (gain = 1): Initializer => ({ type: 'xavierUniform', gain });
export const xavierNormal = (gain = 1): Initializer => ({ type: 'xavierNormal', gain });

export interface KaimingOptions {
  /** Keep the variance of activations ('fanIn', the default) or of gradients ('fanOut'). */
  readonly mode?: 'fanIn' | 'fanOut';
  /** The gain of the activation that follows; ReLU's by default. See `gains`, `leakyGain`. */
  readonly gain?: number;
}
/** Variance gain² / fan (He et al. 2015, eqs. 10 and 14). */
export const kaimingUniform = (options: KaimingOptions = {}): Initializer => ({
  type: 'kaimingUniform',
  mode: 'fanIn',
  gain: gains.relu,
  ...options,
});
export const kaimingNormal = (options: KaimingOptions = {}): Initializer =>
  ({
    ...kaimingUniform(options),
    type: 'kaimingNormal',
  }) as Initializer;

/** How PyTorch starts the weights of convolutions and linear layers: U(±1/√fanIn). */
export const defaultWeight: Initializer = kaimingUniform({ gain: leakyGain(Math.sqrt(5)) });
/** How PyTorch starts their biases: U(±1/√fanIn), with the fan of the weight. */
export function defaultBias(weight: Shape): Initializer {
  const bound = 1 / Math.sqrt(fans(weight).fanIn);
  return uniform(-bound, bound);
}

/** Connections into and out of one unit, for weights [out, in, ...field]. */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const field = sizeOf(shape.slice(2));
  return { fanIn: shape[1]! * field, fanOut: shape[0]! * field };
}

/**
 * The distribution that an initialiser means for a shape.
 *
 * @throws UsageError when it needs fans and the shape has fewer than two axes
 */
export function distributionFor(initializer: Initializer, shape: Shape): Distribution {
  switch (initializer.type) {
    case 'xavierUniform':
    case 'xavierNormal':
    case 'kaimingUniform':
    case 'kaimingNormal':
      return scaled(initializer, shape);
    default:
      return initializer;
  }
}

function scaled(initializer: Exclude<Initializer, Distribution>, shape: Shape): Distribution {
  if (shape.length < 2) {
    throw invalid(initializer.type, 'needs two axes or more', { shape: `[${shape.join(', ')}]` });
  }
  const { fanIn, fanOut } = fans(shape);
  const fan = 'mode' in initializer ? { fanIn, fanOut }[initializer.mode] : (fanIn + fanOut) / 2;
  const std = initializer.gain / Math.sqrt(fan);
  if (initializer.type.endsWith('Normal')) return { type: 'normal', mean: 0, std };
  return { type: 'uniform', low: -std * Math.sqrt(3), high: std * Math.sqrt(3) };
}

function invalid(name: string, rule: string, values: Record<string, unknown>): UsageError {
  const shown = Object.entries(values).map(([key, value]) => `${key} is ${value}`);
  return new UsageError(`initialiser ${name}: ${rule} (${shown.join(', ')})`);
}

import { balancedSampler, type Labelled, type Sampler } from '../data/index.ts';
import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import {
  defaultWeight,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  xavierNormal,
  xavierUniform,
} from '../nn/index.ts';
import type { Clip, OptimizerConfig, ScheduleConfig } from '../optim/index.ts';
import type { TrainConfig } from './config.ts';

// From the options of a run to the terms of optim, nn and data.

export function optimizerConfig(config: TrainConfig): OptimizerConfig {
  const { momentum, dampening, nesterov, weightDecay } = config;
  const { beta1, beta2, alpha, epsilon, centered } = config;
  switch (config.optimizer) {
    case 'sgd':
      return { type: 'sgd', momentum, dampening, nesterov, weightDecay };
    case 'rmsprop':
      return { type: 'rmsprop', alpha, epsilon, momentum, centered, weightDecay };
    default:
      return { type: config.optimizer, beta1, beta2, epsilon, weightDecay };
  }
}

/** The schedule in updates, of which an epoch has `perEpoch` (not always a whole number). */
export function scheduleConfig(config: TrainConfig, perEpoch: number): ScheduleConfig {
  const { epochs, warmup, gamma } = config;
  const updates = (n: number) => Math.max(1, Math.round(n * perEpoch));
  const rest = epochs - warmup;
  const main = (): ScheduleConfig => {
    switch (config.schedule) {
      case 'constant':
        return { type: 'constant' };
      case 'step':
        return { type: 'step', every: updates(config.stepSize!), gamma };
      case 'multiStep':
        // A schedule after a warm-up starts from its own beginning.
        return {
          type: 'multiStep',
          milestones: config.milestones!.map((epoch) => updates(Math.max(0, epoch - warmup))),
          gamma,
        };
      case 'exponential':
        return { type: 'exponential', gamma: (gamma ?? 0.9) ** (1 / perEpoch) };
      case 'cosine':
        return {
          type: 'cosine',
          updates: updates(rest),
          floor: (config.minLr ?? 0) / config.lr,
        };
      case 'oneCycle':
        return { type: 'oneCycle', updates: updates(rest) };
    }
  };
  return warmup > 0 ? { type: 'warmup', updates: updates(warmup), next: main() } : main();
}

export function clipConfig({ clipNorm, clipValue }: TrainConfig): Clip | undefined {
  if (clipNorm !== undefined) return { norm: clipNorm };
  return clipValue === undefined ? undefined : { value: clipValue };
}

const schemes: Readonly<Record<NonNullable<TrainConfig['init']>, Initializer>> = {
  default: defaultWeight,
  xavierUniform: xavierUniform(),
  xavierNormal: xavierNormal(),
  kaimingUniform: kaimingUniform(),
  kaimingNormal: kaimingNormal(),
};

/** Instead of the network's own. */
export const initScheme = ({ init }: TrainConfig): Initializer | undefined =>
  init === undefined ? undefined : schemes[init];

/** The labels of a dataset, for what depends on how many samples each class has. */
function labelsOf({ name, labels }: Labelled, option: string): ArrayLike<number> {
  if (labels) return labels;
  throw new UsageError(
    `option ${option}: dataset ${name} does not tell its labels; give it labels, or leave the option out`,
  );
}

/** Instead of a shuffled order. */
export function samplerOf({ sampler, seed }: TrainConfig, train: Labelled): Sampler | undefined {
  if (sampler === 'shuffle') return undefined;
  return balancedSampler(labelsOf(train, 'sampler'), train.classes.length, seed);
}

/**
 * The weight of each class in the loss. 'balanced' is n / (k · samples of the class), so that every
 * class counts as much and an average sample has weight 1.
 *
 * @throws UsageError for a class that is not there
 */
export function classWeights(
  { classWeights: given }: TrainConfig,
  train: Labelled,
): Float32Array | undefined {
  if (given === undefined) return undefined;
  const { classes, length } = train;
  if (given === 'balanced') {
    const counts = new Float64Array(classes.length);
    const labels = labelsOf(train, 'classWeights');
    for (let i = 0; i < length; i++) counts[labels[i]!]!++;
    return Float32Array.from(counts, (n) => (n === 0 ? 0 : length / (classes.length * n)));
  }
  const weights = new Float32Array(classes.length).fill(1);
  for (const [name, weight] of typeof given === 'string' ? pairs(given) : Object.entries(given)) {
    const label = classes.indexOf(name);
    if (label < 0) {
      throw new UsageError(
        `option classWeights: there is no class "${name}"${didYouMean(name, classes)}`,
      );
    }
    weights[label] = weight;
  }
  if (weights.every((weight) => weight === 0)) {
    throw new UsageError('option classWeights: one class at least must count for something');
  }
  return weights;
}

function pairs(text: string): [string, number][] {
  return text.split(',').map((pair) => {
    const at = pair.lastIndexOf('=');
    const weight = pair.slice(at + 1).trim() === '' ? Number.NaN : Number(pair.slice(at + 1));
    if (at < 1 || !(weight >= 0 && weight < Infinity)) {
      throw new UsageError(
        `option classWeights must be balanced, or a number >= 0 for each class by name, such as cat=2,dog=1 (it has "${pair}")`,
      );
    }
    return [pair.slice(0, at).trim(), weight];
  });
}

const UNITS: Readonly<Record<string, number>> = { '': 0, k: 10, m: 20, g: 30, t: 40 };

/**
 * Bytes for decoded photographs.
 *
 * @throws UsageError when the text is no number of bytes
 */
export function cacheBytes({ cache }: TrainConfig): number {
  if (typeof cache === 'number') return Math.floor(cache);
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$/i.exec(cache);
  if (match) return Math.floor(Number(match[1]) * 2 ** UNITS[match[2]!.toLowerCase()]!);
  throw new UsageError(
    `option cache must be a number of bytes, such as 512MB or 2GB (it is "${cache}")`,
  );
}

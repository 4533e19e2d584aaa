import { randomFlip, randomShift, type Transform } from '../data/index.ts';
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

export function augmentation({ shift, flip }: TrainConfig): Transform[] {
  return [...(shift > 0 ? [randomShift(shift)] : []), ...(flip > 0 ? [randomFlip(flip)] : [])];
}

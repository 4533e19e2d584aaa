import type { ImageShape } from '../data/index.ts';
import { type Tensor, UsageError } from '../graph/index.ts';
import { model, modelEntry } from '../models/index.ts';
import type { InitialOptions } from '../nn/index.ts';
import { type EvaluationStep, evaluationStep } from '../optim/index.ts';
import type { TrainConfig } from './config.ts';

export interface Network {
  readonly model: (x: Tensor) => Tensor;
  /** How its weights start. */
  readonly initial: InitialOptions;
}

/**
 * The network of a run: that of `config`, made for images of `shape`.
 *
 * @throws UsageError for an unknown model or option, or one that contradicts the data
 */
export function buildNetwork(config: TrainConfig, classes: number, shape: ImageShape): Network {
  const { model: name, modelOptions } = config;
  const [channels, size, width] = shape;
  if (size !== width) {
    throw new UsageError(`model ${name} takes square images (these are ${size} × ${width})`);
  }
  const data = { classes, channels, size };
  for (const [key, value] of Object.entries(data)) {
    const given = modelOptions[key];
    if (given !== undefined && given !== value) {
      throw new UsageError(
        `model option ${key} is ${given}, and the data have ${value}; leave it out, it follows the data`,
      );
    }
  }
  const initial = modelEntry(name).initial ?? {};
  return { model: model(name, { ...data, ...modelOptions }), initial };
}

/**
 * The program that gives `logits` [n, k] for images `x` [n, c, h, w].
 *
 * @param averaged names of the variables whose running averages are used instead
 */
export const logitsStep = (
  network: Network,
  n: number,
  shape: ImageShape,
  averaged: readonly string[],
): EvaluationStep =>
  evaluationStep({
    model: network.model,
    inputs: { x: { shape: [n, ...shape], dtype: 'float32' } },
    outputs: (logits) => ({ logits }),
    averaged,
  });

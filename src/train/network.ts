import type { ImageShape } from '../data/index.ts';
import { type Tensor, UsageError } from '../graph/index.ts';
import { model, modelEntry, modelTraining, type Training } from '../models/index.ts';
import { classification, type InitialOptions } from '../nn/index.ts';
import { type EvaluationStep, evaluationStep } from '../optim/index.ts';
import type { TrainConfig } from './config.ts';

export interface Network {
  readonly model: (x: Tensor) => Tensor;
  /** How its weights start. */
  readonly initial: InitialOptions;
  /** How it is trained, unless by the loss of its logits. */
  readonly training?: Training | undefined;
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
  if (classes < 2) {
    throw new UsageError(
      'the data hold one class, and a network learns to tell two or more apart; add images of others',
    );
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
  const options = { ...data, ...modelOptions };
  return { model: model(name, options), initial, training: modelTraining(name, options) };
}

/** What `trainStep` is to make small, and to count. */
export interface Objective {
  readonly model: (x: Tensor) => unknown;
  loss(outputs: unknown, inputs: { readonly y: Tensor }): Tensor;
  metrics(outputs: unknown, inputs: { readonly y: Tensor }): Record<string, Tensor>;
}

/** The network's own objective, or else the loss of its logits. Answers are judged by the logits. */
export function objective(
  { model, training }: Pick<Network, 'model' | 'training'>,
  options: Parameters<typeof classification>[0] = {},
): Objective {
  const { loss, metrics } = classification(options);
  if (training === undefined) return { model, loss, metrics } as Objective;
  const own: { readonly [K in keyof Objective]: unknown } = {
    model: training.model,
    loss: (outputs: { logits: Tensor }, inputs: { y: Tensor }) =>
      training.loss(outputs, (logits) => loss(logits, inputs)),
    metrics: ({ logits }: { logits: Tensor }, inputs: { y: Tensor }) => metrics(logits, inputs),
  };
  return own as Objective;
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

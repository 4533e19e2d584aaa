import type { Divergence, EpochMetrics } from './types.ts';

/** Steps that a network may always spend at chance level: sigmoid networks need hundreds. */
const PLATEAU_STEPS = 500;

/** Times the loss of guessing. */
const EXPLODED = 100;

export interface DivergenceWatch {
  /** Looks at the loss of a step; true when it is not a number. */
  step(loss: number): boolean;
  /** Looks at an epoch of `steps` steps; true when nothing has been learnt for too long. */
  epoch(metrics: Pick<EpochMetrics, 'trainLoss' | 'trainAccuracy'>, steps: number): boolean;
}

/**
 * Watches a classifier of `classes` classes for signs that training has failed. It is stuck when
 * for `epochs` epochs in a row, and 500 steps at least, the mean loss is that of guessing, ln k, or
 * worse, and accuracy is about 1 / k: within three standard deviations of chance over `samples`. A
 * loss of a hundred times ln k at that accuracy counts at once.
 */
export function divergenceWatch(classes: number, samples: number, epochs: number): DivergenceWatch {
  const chance = 1 / classes;
  const noise = Math.max(3 * Math.sqrt((chance * (1 - chance)) / samples), 0.1 * chance);
  let [stuckEpochs, stuckSteps] = [0, 0];
  return {
    step: (loss) => !Number.isFinite(loss),
    epoch({ trainLoss: loss, trainAccuracy: accuracy }, steps) {
      const guess = Math.log(classes);
      const atChance = Math.abs(accuracy - chance) < noise;
      // No plateau looks like this: the weights have exploded, though they still are numbers.
      if (atChance && loss > EXPLODED * guess) return true;
      const guessing = loss > 0.98 * guess && atChance;
      stuckEpochs = guessing ? stuckEpochs + 1 : 0;
      stuckSteps = guessing ? stuckSteps + steps : 0;
      return stuckEpochs >= epochs && stuckSteps >= PLATEAU_STEPS;
    },
  };
}

/** What has happened and what to try. */
export function divergenceAdvice(kind: Divergence, lr: number, classes: number): string {
  const smaller = `a smaller learning rate (it is ${lr})`;
  return kind === 'not-finite'
    ? `the loss is no longer a number: training has diverged; try ${smaller}, --warmup 1, --clip-norm 1, or a network with batch norm`
    : `the network has not learnt anything: its loss is no better than that of guessing, ln ${classes} = ${Math.log(classes).toFixed(2)}, and accuracy is about 1/${classes}; try ${smaller}, --warmup 1, --clip-norm 1, another --init, or a network with batch norm`;
}

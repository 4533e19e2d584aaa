import { type ImageDataset, loader, type PreparedDataset } from '../data/index.ts';
import type { Executable } from '../engines/engine.ts';
import type { Preprocessing } from './types.ts';

export interface Evaluation {
  /** Share of samples whose likeliest class is the right one, 0 … 1. */
  readonly accuracy: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Samples. */
  readonly count: number;
  readonly classes: readonly string[];
  /** How often: [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[];
}

export interface EvaluationJob {
  /** Takes `x` [batch, c, h, w], gives `logits` [batch, k]. */
  readonly executable: Executable;
  readonly batch: number;
  readonly dataset: ImageDataset | PreparedDataset;
  readonly normalization: Preprocessing['normalization'];
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Tests a network on every sample of a dataset, once each: what pads the last batch does not count.
 * Losses are summed in double precision, so that the batch size hardly matters.
 */
export async function evaluateDataset(job: EvaluationJob): Promise<Evaluation> {
  const { executable, batch, dataset, normalization, onProgress } = job;
  const k = dataset.classes.length;
  const confusion = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  const batches = loader(dataset, {
    batchSize: batch,
    lastBatch: 'pad',
    normalize: normalization,
  });
  let [loss, correct, done] = [0, 0, 0];
  for await (const { images, labels, count } of batches.epoch(0)) {
    const { logits } = await executable.run({ x: images });
    for (let i = 0; i < count; i++) {
      const row = logits!.subarray(i * k, (i + 1) * k);
      const label = labels[i]!;
      const guess = indexOfLargest(row);
      loss += logSumExp(row) - row[label]!;
      correct += Number(guess === label);
      confusion[label]![guess]!++;
    }
    done += count;
    onProgress?.(done, dataset.length);
  }
  return {
    accuracy: correct / done,
    loss: loss / done,
    count: done,
    classes: dataset.classes,
    confusion,
  };
}

/** The first of the largest; a NaN is never larger. */
function indexOfLargest(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  return best;
}

function logSumExp(row: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let i = 0; i < row.length; i++) largest = Math.max(largest, row[i]!);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp(row[i]! - largest);
  return largest + Math.log(sum);
}

/** Probabilities from logits. */
export function softmax(row: ArrayLike<number>): number[] {
  const total = logSumExp(row);
  return Array.from(row, (value) => Math.exp(value - total));
}

import type { BookRecipe } from '../book.ts';
import type { TrainOptions } from '../config.ts';
import type { TrainHooks, TrainResult } from '../types.ts';
import { train } from './train.ts';

export interface ReproduceOptions {
  readonly recipe: BookRecipe;
  /** A subset and fewer epochs, as the recipe says. */
  readonly quick?: boolean;
  /** Replace the recipe's settings. */
  readonly overrides?: TrainOptions;
  /** Seeds to try after a failed one. Default 2. */
  readonly restarts?: number;
  readonly hooks?: TrainHooks;
  /** A training has failed and begins again with another seed. */
  onRestart?(failed: TrainResult, seed: number, next: number): void;
}

export interface Reproduction {
  /** The last training: the one that counts. */
  readonly result: TrainResult;
  readonly seed: number;
  /** Seeds whose training failed before, and how. */
  readonly failed: readonly { readonly seed: number; readonly why: string }[];
}

/** Seeds after a failed one keep clear of those that a reader would choose. */
const NEXT_SEED = 1000;

/**
 * Trains as the book does. A training that diverges or stays at chance level ends early and begins
 * again with another seed: some builds of the book itself die in this way.
 *
 * @throws as `train`
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduction> {
  const { recipe, quick = false, overrides = {}, restarts = 2, hooks = {}, onRestart } = options;
  const settings: TrainOptions = {
    // A network that is going to learn has left chance level after one epoch of the book's.
    stuckEpochs: 2,
    ...recipe.options,
    ...(quick ? recipe.quick : {}),
    ...overrides,
    stopOnDivergence: true,
  };
  const failed: { seed: number; why: string }[] = [];
  for (let seed = overrides.seed ?? 0; ; ) {
    const first = failed.length === 0;
    // Whoever named a folder finds the training that counts in it.
    const result = await train(
      { ...settings, seed, overwrite: settings.overwrite || !first },
      hooks,
    );
    const { diverged } = result;
    if (diverged === undefined || result.interrupted || failed.length === restarts) {
      return { result, seed, failed };
    }
    failed.push({ seed, why: diverged });
    const next = seed + NEXT_SEED;
    onRestart?.(result, seed, next);
    seed = next;
  }
}

import { UsageError } from '../graph/errors.ts';
import { permutation, randomStream } from '../image/random.ts';
import { samplesByClass } from './sampler.ts';

/** Which samples train and which test, both in the dataset's order. */
export interface HeldOut {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** The samples of each class, shuffled by the seed. */
function shuffledByClass(labels: ArrayLike<number>, classes: number, seed: number): number[][] {
  return samplesByClass(labels, classes).map((samples, label) => {
    const random = randomStream(seed, 'split', { sample: label });
    return permutation(random, samples.length).map((i) => samples[i]!);
  });
}

const inOrder = (samples: readonly number[]) => samples.toSorted((a, b) => a - b);

/**
 * Holds out a share of every class: at least one sample, and never all, of a class that has two.
 *
 * @throws UsageError unless the share lies between 0 and 1, both excluded, and leaves both something
 */
export function holdOut(
  labels: ArrayLike<number>,
  classes: number,
  share: number,
  seed: number,
): HeldOut {
  if (!(share > 0 && share < 1)) {
    throw new UsageError(`the share to hold out must lie between 0 and 1 (it is ${share})`);
  }
  const train: number[] = [];
  const test: number[] = [];
  for (const samples of shuffledByClass(labels, classes, seed)) {
    const { length } = samples;
    const held = length < 2 ? 0 : Math.min(length - 1, Math.max(1, Math.round(length * share)));
    test.push(...samples.slice(0, held));
    train.push(...samples.slice(held));
  }
  return checked({ train: inOrder(train), test: inOrder(test) }, labels.length);
}

/**
 * Fold number `fold` of `folds` tests, the others train. Every sample is in one fold, and the folds
 * have the same number of each class, one more or less.
 *
 * @throws UsageError unless there are at least 2 folds, no more than samples, and one of that number
 */
export function foldOf(
  labels: ArrayLike<number>,
  classes: number,
  { folds, fold, seed }: { readonly folds: number; readonly fold: number; readonly seed: number },
): HeldOut {
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new UsageError(`folds must be a whole number, 2 or more (it is ${folds})`);
  }
  if (!(Number.isInteger(fold) && fold >= 0 && fold < folds)) {
    throw new UsageError(`fold must be a whole number, 0 … ${folds - 1} (it is ${fold})`);
  }
  if (folds > labels.length) {
    throw new UsageError(
      `${labels.length} images cannot be divided into ${folds} folds; ask for fewer folds`,
    );
  }
  const train: number[] = [];
  const test: number[] = [];
  // Goes on where the class before ended, so that small classes do not all fill the first folds.
  let dealt = 0;
  for (const samples of shuffledByClass(labels, classes, seed)) {
    for (const sample of samples) (dealt++ % folds === fold ? test : train).push(sample);
  }
  return { train: inOrder(train), test: inOrder(test) };
}

function checked(parts: HeldOut, length: number): HeldOut {
  if (parts.train.length > 0 && parts.test.length > 0) return parts;
  throw new UsageError(
    `${length} samples are too few to hold some of them out for testing; add images, or give test data of their own`,
  );
}

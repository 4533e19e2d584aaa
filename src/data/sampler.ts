import { UsageError } from '../graph/errors.ts';
import { permutation, type RandomStream, randomStream } from '../image/random.ts';

/** The samples of an epoch in order; the same epoch always gives the same. */
export type Sampler = (epoch: number) => Uint32Array;

const orderStream = (seed: number, epoch: number, part = 0): RandomStream =>
  randomStream(seed, 'order', { epoch, sample: part });

/**
 * The order of an epoch: a permutation of 0 … length − 1 that depends on (length, seed, epoch) only.
 *
 * @throws UsageError unless the seed is a whole number in 0 … 2⁵³ − 1
 */
export function shuffledOrder(length: number, seed: number, epoch: number): Uint32Array {
  const order = naturalOrder(length);
  shuffle(order, orderStream(seed, epoch));
  return order;
}

/** Fisher and Yates, in Durstenfeld's form. */
function shuffle(order: Uint32Array, random: RandomStream): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
}

/** 0 … length − 1 as they come. */
export const naturalOrder = (length: number): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => i);

/** The samples of each class, by label. */
export function samplesByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const samples: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) samples[labels[i]!]!.push(i);
  return samples;
}

/**
 * As many samples as there are, of which every class that has any gives as many (one more or less)
 * as the others, in random order. Those of a small class come several times, each as often as the
 * others of its class (once more or less); of a large class another choice comes in each epoch.
 */
export function balancedSampler(labels: ArrayLike<number>, classes: number, seed: number): Sampler {
  const groups = samplesByClass(labels, classes).filter((group) => group.length > 0);
  return (epoch) => {
    const order = new Uint32Array(labels.length);
    const random = orderStream(seed, epoch, 1);
    const turn = permutation(random, groups.length);
    const rounds = groups.map((group) => {
      let left: number[] = [];
      return () => {
        if (left.length === 0) left = permutation(random, group.length);
        return group[left.pop()!]!;
      };
    });
    for (let i = 0; i < order.length; i++) order[i] = rounds[turn[i % turn.length]!]!();
    shuffle(order, random);
    return order;
  };
}

/**
 * As many samples as there are weights, each drawn with a probability in proportion to its weight,
 * whatever was drawn before. PyTorch's WeightedRandomSampler, with replacement.
 *
 * @throws UsageError unless the weights are at least 0, finite, and not all 0
 */
export function weightedSampler(weights: ArrayLike<number>, seed: number): Sampler {
  const upTo = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new UsageError(
        `weightedSampler: weights must be finite and >= 0 (weight ${i} is ${weight})`,
      );
    }
    total += weight;
    upTo[i] = total;
  }
  if (!(total > 0)) throw new UsageError('weightedSampler: one weight at least must exceed 0');
  return (epoch) => {
    const random = orderStream(seed, epoch, 2);
    return Uint32Array.from(upTo, () => firstAbove(upTo, random.uniform() * total));
  };
}

/** The first position whose value exceeds `value`, in a rising list. */
function firstAbove(values: Float64Array, value: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** For each place of an order, how often its sample has come before; undefined when none has. */
export function repeatsIn(order: Uint32Array, length: number): Uint32Array | undefined {
  const seen = new Uint32Array(length);
  const repeats = order.map((sample) => seen[sample]!++);
  return repeats.some((count) => count > 0) ? repeats : undefined;
}

import { philox4x32, seedKey } from '../graph/philox.ts';

/** Endless random numbers. */
export interface RandomStream {
  /** A uniform integer in 0 … 2³² − 1. */
  uint32(): number;
  /** A uniform integer in 0 … n − 1, without bias; n from 1 to 2³². */
  below(n: number): number;
  /** A uniform number in [0, 1) with 32 bits of resolution. */
  uniform(): number;
}

/** What a random number decides; kept apart so that streams of one seed never meet. */
export type Purpose = 'order' | 'augmentation' | 'mixing' | 'split';

const PURPOSE_WORD: Readonly<Record<Purpose, number>> = {
  order: 0x6f726472,
  augmentation: 0x6175676d,
  mixing: 0x6d697869,
  split: 0x73706c69,
};

/** Where in an epoch a stream begins. */
export interface StreamPlace {
  readonly epoch?: number;
  /** Of a sample, or whatever else there are many of in an epoch. */
  readonly sample?: number;
  /** How often the sample has come before in this epoch; below 2¹⁶. */
  readonly repeat?: number;
}

/** Blocks of four numbers between the repeats of a sample. */
const REPEAT = 2 ** 16;

/**
 * The random numbers of a purpose under `seed`. The key is the seed, the counter is
 * [block, sample, epoch, purpose]: a number depends on what it is for and on nothing else, neither
 * on the size of batches nor on the number of workers, and a picture can be made again alone.
 *
 * @throws UsageError unless the seed is a whole number in 0 … 2⁵³ − 1
 */
export function randomStream(
  seed: number,
  purpose: Purpose,
  { epoch = 0, sample = 0, repeat = 0 }: StreamPlace = {},
): RandomStream {
  const key = seedKey(seed);
  const word = PURPOSE_WORD[purpose];
  let block = repeat * REPEAT;
  let words = [0, 0, 0, 0];
  let left = 0;
  const uint32 = () => {
    if (left === 0) {
      words = philox4x32([block++, sample, epoch, word], key);
      left = 4;
    }
    return words[4 - left--]!;
  };
  return {
    uint32,
    below(n) {
      const fair = 2 ** 32 - (2 ** 32 % n);
      let value = uint32();
      while (value >= fair) value = uint32();
      return value % n;
    },
    uniform: () => uint32() / 2 ** 32,
  };
}

/** The random numbers that augment sample `sample` in `epoch` under `seed`. */
export const augmentationStream = (seed: number, epoch = 0, sample = 0): RandomStream =>
  randomStream(seed, 'augmentation', { epoch, sample });

/** A uniform number in [low, high). */
export const uniformIn = (random: RandomStream, low: number, high: number): number =>
  low + random.uniform() * (high - low);

/** A uniform integer in low … high, both included. */
export const integerIn = (random: RandomStream, low: number, high: number): number =>
  low + random.below(high - low + 1);

export const chance = (random: RandomStream, p: number): boolean => random.uniform() < p;

/** 0 … n − 1 in random order (Fisher and Yates). */
export function permutation(random: RandomStream, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** A standard normal number (Box and Muller 1958). */
export function normal(random: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}

/** Gamma(shape, 1): Marsaglia and Tsang, "A simple method for generating gamma variables" (2000). */
export function gamma(random: RandomStream, shape: number): number {
  if (shape < 1) {
    const u = 1 - random.uniform();
    return gamma(random, shape + 1) * u ** (1 / shape);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

export function beta(random: RandomStream, a: number, b: number): number {
  const x = gamma(random, a);
  const y = gamma(random, b);
  // Both underflow to 0 for a tiny a and b, where nearly all of the mass lies at the two ends.
  return x + y === 0 ? random.below(2) : x / (x + y);
}

/** Symmetric Dirichlet(alpha, …) with n parts. */
export function dirichlet(random: RandomStream, alpha: number, n: number): number[] {
  const parts = Array.from({ length: n }, () => gamma(random, alpha));
  const sum = parts.reduce((a, b) => a + b, 0);
  return sum === 0 ? parts.map(() => 1 / n) : parts.map((part) => part / sum);
}

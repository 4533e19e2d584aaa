import { sampleStream } from './random.ts';

/**
 * The order of an epoch: a permutation of 0 … length − 1 that depends on (length, seed, epoch) only.
 *
 * @throws UsageError unless the seed is a whole number in 0 … 2⁵³ − 1
 */
export function shuffledOrder(length: number, seed: number, epoch: number): Uint32Array {
  const order = naturalOrder(length);
  const random = sampleStream(seed, 'order');
  random.moveTo(epoch, 0);
  // Fisher and Yates, in Durstenfeld's form.
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

/** 0 … length − 1 as they come. */
export const naturalOrder = (length: number): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => i);

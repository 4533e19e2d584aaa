// Where the numbers come from: the key is the seed, the counter is [block, sample, epoch, purpose].
// So every number depends on what it is for and on nothing else: not on batch size, prefetching or
// the number of workers.

import { philox4x32, seedKey } from '../graph/philox.ts';

/** What a random number decides; kept apart so that streams of one seed never meet. */
export type Purpose = 'order' | 'augmentation';

const PURPOSE_WORD: Record<Purpose, number> = { order: 0x6f726472, augmentation: 0x6175676d };

/** Endless random numbers. */
export interface RandomStream {
  /** A uniform integer in 0 … 2³² − 1. */
  uint32(): number;
  /** A uniform integer in 0 … n − 1, without bias; n from 1 to 2³². */
  below(n: number): number;
  /** A uniform number in [0, 1) with 32 bits of resolution. */
  uniform(): number;
}

/** A stream that can be moved to the start of any sample's numbers, so that one object serves all. */
export interface SampleStream extends RandomStream {
  moveTo(epoch: number, sample: number): void;
}

/** The random numbers of `purpose` under `seed`, at sample 0 of epoch 0 until moved. */
export function sampleStream(seed: number, purpose: Purpose): SampleStream {
  const key = seedKey(seed);
  const word = PURPOSE_WORD[purpose];
  let [epoch, sample, block, left] = [0, 0, 0, 0];
  let words = [0, 0, 0, 0];

  const uint32 = () => {
    if (left === 0) {
      words = philox4x32([block++, sample, epoch, word], key);
      left = 4;
    }
    return words[4 - left--]!;
  };

  return {
    moveTo(toEpoch, toSample) {
      epoch = toEpoch;
      sample = toSample;
      block = 0;
      left = 0;
    },
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

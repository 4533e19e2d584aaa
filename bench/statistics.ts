import { median, quantile, spread } from '../src/train/statistics.ts';

export { median, quantile };

/** Steps of one side, round by round, in seconds. */
export type Rounds = readonly (readonly number[])[];

export interface Summary {
  /** Seconds of a step: the median of all. */
  readonly median: number;
  /** Seconds of the fastest step. */
  readonly least: number;
  /** Spread of the rounds' medians. */
  readonly spread: number;
}

export function summarize(rounds: Rounds): Summary {
  const steps = rounds.flat();
  return {
    median: median(steps),
    least: Math.min(...steps),
    spread: spread(rounds.map(median)),
  };
}

/**
 * How many times longer `theirs` takes than `ours`: the median over rounds, in each of which both
 * ran one right after the other, so that what disturbs the machine for longer disturbs both.
 */
export const ratioOf = (ours: Rounds, theirs: Rounds): number =>
  median(ours.map((round, i) => median(theirs[i]!) / median(round)));

/** Steps of one side, round by round, in seconds. */
export type Rounds = readonly (readonly number[])[];

/** The value that a share of the others do not exceed, in between by linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (b - a) * (at - low);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Width of the middle half, as a share of the median. */
export const spread = (values: readonly number[]): number =>
  (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);

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

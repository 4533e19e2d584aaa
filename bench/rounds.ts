import { setTimeout as sleep } from 'node:timers/promises';
import type { Rounds } from './statistics.ts';

/** Something to be timed. It must use no processor time between its runs. */
export interface Side {
  /** Runs some steps and gives the seconds that each took. */
  run(steps: number): Promise<readonly number[]>;
}

export interface Budget {
  /** Rounds at most. */
  readonly rounds: number;
  /** Seconds for all sides together, about. At least two rounds are run. */
  readonly seconds: number;
}

/** Whether steps take so long that an untimed one ahead of the others makes no difference. */
export const isSlow = (stepSeconds: number): boolean => stepSeconds > 0.5;

const LEAST_ROUNDS = 2;
const MOST_STEPS = 50;
/** Thread teams spin for some milliseconds after their work before they sleep. */
const PAUSE_MS = 10;

/** How many steps of a side fit into its share of a round. */
export function stepsPerRound(stepSeconds: number, roundSeconds: number): number {
  return Math.min(MOST_STEPS, Math.max(1, Math.round(roundSeconds / stepSeconds)));
}

/**
 * Times sides in turn: A B A B …, a short batch of steps each. Every round starts with another
 * side, so that none is always the one after a pause.
 */
export async function alternate(
  sides: readonly Side[],
  { rounds, seconds }: Budget,
  onRound: (done: number) => void = () => {},
): Promise<readonly Rounds[]> {
  const run = async (side: Side, steps: number) => {
    const times = await side.run(steps);
    await sleep(PAUSE_MS);
    return times;
  };
  const steps: number[] = [];
  for (const side of sides) {
    await run(side, 1);
    const [pilot] = await run(side, 1);
    steps.push(stepsPerRound(pilot!, seconds / rounds / sides.length));
  }
  const results: number[][][] = sides.map(() => []);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - start > 1000 * seconds) break;
    for (let turn = 0; turn < sides.length; turn++) {
      const i = (round + turn) % sides.length;
      results[i]!.push([...(await run(sides[i]!, steps[i]!))]);
    }
    onRound((round + 1) / rounds);
  }
  return results;
}

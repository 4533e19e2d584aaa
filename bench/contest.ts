import type { Bench } from './bench.ts';
import { alternate, type Side } from './rounds.ts';
import { type Measure, type Row, type Subject, timedRow } from './rows.ts';
import type { Rounds } from './statistics.ts';

/** One of ours, with what its rows are called, and the peers that its rows compare it with. */
export interface Entrant {
  readonly subject: Subject;
  readonly side: Side;
  /** Names of opponents and labels of entrants. */
  readonly against: readonly string[];
  /** Share of the machine's peak that a value is. */
  readonly peak?: number;
}

export interface Opponent {
  readonly name: string;
  readonly side: Side;
}

/**
 * Lets all take turns. A row for each entrant and each opponent that it is compared with; one for
 * each entrant without any.
 */
export async function contest(
  { options }: Bench,
  measure: Measure,
  entrants: readonly Entrant[],
  opponents: readonly Opponent[],
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const sides = [...entrants, ...opponents].map(({ side }) => side);
  const { rounds, seconds } = options;
  const budget = { rounds, seconds: (seconds * Math.max(2, sides.length)) / 2 };
  const times = await alternate(sides, budget, onProgress);
  const named = new Map<string, Rounds>(
    opponents.map(({ name }, i) => [name, times[entrants.length + i]!]),
  );
  for (const [i, { subject }] of entrants.entries()) named.set(labelOf(subject), times[i]!);
  return entrants.flatMap(({ subject, against, peak }, i) => {
    const present = against.filter((name) => named.has(name));
    const peers = present.map((name) => ({ name, rounds: named.get(name)! }));
    const rows = (peers.length === 0 ? [undefined] : peers).map((peer) =>
      timedRow(subject, measure, times[i]!, peer),
    );
    return rows.map((row) => (peak === undefined ? row : { ...row, share: row.value / peak }));
  });
}

/** Prepares a side; where that fails the others go on without it, and the reader is told. */
export async function tryPrepare<T>(
  { warn }: Pick<Bench, 'warn'>,
  name: string,
  prepare: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await prepare();
  } catch (error) {
    warn(`${name} does not take part: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** How an entrant is called where another one is compared with it. */
export const labelOf = ({ engine, threads }: Pick<Subject, 'engine' | 'threads'>): string =>
  `${engine}, ${threads} thread${threads === 1 ? '' : 's'}`;

import { type Rounds, ratioOf, summarize } from './statistics.ts';

export const suiteNames = ['conv', 'train', 'infer', 'augment', 'data', 'start', 'memory'] as const;
export type SuiteName = (typeof suiteNames)[number];

/** One line of the result. */
export interface Row {
  readonly suite: SuiteName;
  readonly case: string;
  readonly engine: string;
  readonly precision: string;
  readonly threads: number;
  /** From the median step. */
  readonly value: number;
  readonly unit: string;
  /** From the best step. */
  readonly best: number;
  readonly peer: string | null;
  readonly peerValue: number | null;
  readonly peerBest: number | null;
  /** How far ahead of the peer Fovea is, above 1: the median over rounds. */
  readonly ratio: number | null;
  /** The same of the best steps. */
  readonly ratioOfBest: number | null;
  /** How unsteady the measurement was: width of the middle half of the rounds, as a share. */
  readonly spread: number;
  /** Share of the peak that was measured on this machine, of all threads together. */
  readonly share?: number;
}

/** What was run, as rows name it. */
export type Subject = Pick<Row, 'suite' | 'case' | 'engine' | 'precision' | 'threads'>;

/** How seconds become the value of a row. */
export interface Measure {
  readonly unit: string;
  from(seconds: number): number;
}

export const perSecond = (amount: number, unit: string): Measure => ({
  unit,
  from: (seconds) => amount / seconds,
});

export const seconds: Measure = { unit: 's', from: (value) => value };

const alone = { peer: null, peerValue: null, peerBest: null, ratio: null, ratioOfBest: null };

/** A row from the times of Fovea and, if there is one, of a peer. */
export function timedRow(
  subject: Subject,
  measure: Measure,
  ours: Rounds,
  peer?: { readonly name: string; readonly rounds: Rounds },
): Row {
  const own = summarize(ours);
  const row = {
    ...subject,
    value: measure.from(own.median),
    unit: measure.unit,
    best: measure.from(own.least),
  };
  if (peer === undefined) return { ...row, ...alone, spread: own.spread };
  const theirs = summarize(peer.rounds);
  return {
    ...row,
    peer: peer.name,
    peerValue: measure.from(theirs.median),
    peerBest: measure.from(theirs.least),
    ratio: ratioOf(ours, peer.rounds),
    ratioOfBest: theirs.least / own.least,
    spread: Math.max(own.spread, theirs.spread),
  };
}

/** A row from single numbers of which less is better. */
export function plainRow(
  subject: Subject,
  unit: string,
  value: number,
  peer?: { readonly name: string; readonly value: number },
): Row {
  const row = { ...subject, value, unit, best: value, spread: 0 };
  if (peer === undefined) return { ...row, ...alone };
  const ratio = peer.value / value;
  return {
    ...row,
    peer: peer.name,
    peerValue: peer.value,
    peerBest: peer.value,
    ratio,
    ratioOfBest: ratio,
  };
}

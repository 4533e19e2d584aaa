/** What training has cost. */
export interface Meter {
  samples: number;
  seconds: number;
  /** Of the seconds, those spent waiting for data. */
  waiting: number;
}

export const meter = (): Meter => ({ samples: 0, seconds: 0, waiting: 0 });

/** Samples per second. */
export const rate = ({ samples, seconds }: Meter): number => (seconds > 0 ? samples / seconds : 0);

/** Share of the time spent waiting for data, 0 … 1. */
export const waitShare = ({ waiting, seconds }: Meter): number =>
  seconds > 0 ? waiting / seconds : 0;

/** The time in seconds, for differences. */
export const clock = (): number => performance.now() / 1000;

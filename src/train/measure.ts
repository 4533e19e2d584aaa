import type { Engine } from '../engines/engine.ts';
import { programCost } from '../graph/index.ts';
import { median, spread } from './statistics.ts';
import { openWorkload, type WorkloadOptions } from './workload.ts';

export interface MeasureOptions extends WorkloadOptions {
  /** How long steps are timed, about; at least two are. */
  readonly seconds: number;
  /** Called after each step with the share of the time that is over, 0 … 1. */
  onProgress?(share: number): void;
}

export interface Measurement {
  /** How many steps were timed, after one or more that were not. */
  readonly steps: number;
  /** Milliseconds of a step. */
  readonly median: number;
  readonly best: number;
  /** Width of the middle half of the steps' times, as a share of the median. */
  readonly spread: number;
  /** By the median, as the next. */
  readonly imagesPerSecond: number;
  /** Floating-point operations of the program over its time; a multiply-add counts as two. */
  readonly gflopsPerSecond: number;
}

const LEAST_STEPS = 2;
/** Steps before the timed ones: the first touches all memory, some more fill caches. */
const WARM_UP = 3;
/** Milliseconds after which warming up is enough. */
const WARM_UP_TIME = 500;

/** How fast an engine trains or runs a network, on made-up images that lie ready. */
export async function measure(engine: Engine, options: MeasureOptions): Promise<Measurement> {
  const { seconds, onProgress } = options;
  await using workload = await openWorkload(engine, options);
  const { executable, feeds, program } = workload;
  const time = async (): Promise<number> => {
    const before = performance.now();
    await executable.run(feeds);
    return performance.now() - before;
  };
  let warm = 0;
  for (let i = 0; i < WARM_UP && (i === 0 || warm < WARM_UP_TIME); i++) warm += await time();
  const times: number[] = [];
  const start = performance.now();
  for (let over = 0; times.length < LEAST_STEPS || over < 1; ) {
    times.push(await time());
    over = (performance.now() - start) / (1000 * seconds);
    onProgress?.(Math.min(1, over));
  }
  const milliseconds = median(times);
  return {
    steps: times.length,
    median: milliseconds,
    best: Math.min(...times),
    spread: spread(times),
    imagesPerSecond: (1000 * options.batch) / milliseconds,
    gflopsPerSecond: programCost(program).flops / milliseconds / 1e6,
  };
}

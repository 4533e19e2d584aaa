import type { Engine, PlanStep } from '../engines/engine.ts';
import { median } from './statistics.ts';
import { openWorkload, type WorkloadOptions } from './workload.ts';

export interface ProfileOptions extends WorkloadOptions {
  readonly engine: Engine;
  /** Profiled runs, after two that are not; each step counts with its median. */
  readonly runs: number;
  onProgress?(done: number): void;
}

export interface ProfiledStep extends PlanStep {
  readonly milliseconds: number;
}

export interface Profile {
  /** In the order of execution. */
  readonly steps: readonly ProfiledStep[];
  /** Sum over the steps, with the barriers that profiling puts between them. */
  readonly milliseconds: number;
  /** Median of whole runs without such barriers. */
  readonly wholeMilliseconds: number;
  readonly flops: number;
  readonly arenaBytes: number;
}

/** Where the time of a network goes, step by step, on made-up images. */
export async function profile(options: ProfileOptions): Promise<Profile> {
  const { engine, runs, onProgress } = options;
  await using workload = await openWorkload(engine, options);
  const { executable, feeds } = workload;
  for (let i = 0; i < 2; i++) await executable.run(feeds);
  const whole: number[] = [];
  const perStep = executable.explain.steps.map((): number[] => []);
  for (let i = 0; i < runs; i++) {
    onProgress?.(i);
    const before = performance.now();
    await executable.run(feeds);
    whole.push(performance.now() - before);
    (await executable.profile(feeds)).forEach((time, step) => {
      perStep[step]!.push(time);
    });
  }
  const steps = executable.explain.steps.map((step, i) => ({
    ...step,
    milliseconds: median(perStep[i]!),
  }));
  const total = (pick: (step: ProfiledStep) => number) =>
    steps.reduce((sum, step) => sum + pick(step), 0);
  return {
    steps,
    milliseconds: total((step) => step.milliseconds),
    wholeMilliseconds: median(whole),
    flops: total((step) => step.flops),
    arenaBytes: executable.explain.arenaBytes,
  };
}

/** The profile as a Chrome trace (chrome://tracing, Perfetto): times in microseconds. */
export function chromeTrace({ steps }: Profile): object {
  let at = 0;
  const traceEvents = steps.map(({ ops, kernel, path, flops, bytes, milliseconds }) => {
    const start = at;
    at += 1000 * milliseconds;
    const name = path.length === 0 ? ops.join(' + ') : `${ops.join(' + ')} (${path.join(' › ')})`;
    const args = { kernel, flops, bytes };
    return { name, ph: 'X', pid: 0, tid: 0, ts: start, dur: 1000 * milliseconds, args };
  });
  return { traceEvents, displayTimeUnit: 'ms' };
}

import type { Engine, PlanStep } from '../engines/engine.ts';
import { mixedPrecision, type Precision, type Program, sizeOf } from '../graph/index.ts';
import { type ModelOptions, model, modelEntry } from '../models/index.ts';
import { classification, initialize } from '../nn/index.ts';
import {
  evaluationStep,
  type ProgramVariable,
  sgd,
  startingValues,
  trainStep,
} from '../optim/index.ts';

export interface ProfileOptions {
  readonly model: string;
  readonly modelOptions?: ModelOptions;
  readonly batch: number;
  /** A whole step of SGD, or a forward pass. */
  readonly mode: 'train' | 'infer';
  readonly precision: Precision;
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

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

function programOf({ model: name, modelOptions, batch, mode, precision }: ProfileOptions): {
  readonly program: Program;
  readonly variables: readonly ProgramVariable[];
  readonly weights: ReturnType<typeof initialize>;
} {
  const { channels, size } = { ...modelEntry(name).options, ...modelOptions };
  const network = model(name, modelOptions);
  const x = { shape: [batch, channels, size, size], dtype: 'float32' } as const;
  const { loss, metrics } = classification();
  const { program, variables } =
    mode === 'infer'
      ? evaluationStep({ model: network, inputs: { x }, outputs: (logits) => ({ logits }) })
      : trainStep({
          model: network,
          inputs: { x, y: { shape: [batch], dtype: 'int32' } },
          loss,
          metrics,
          optimizer: sgd(),
        });
  const precise = precision === 'bfloat16' ? mixedPrecision(program) : program;
  return { program: precise, variables, weights: initialize(network, { seed: 0 }) };
}

/** Where the time of a network goes, step by step, on made-up images. */
export async function profile(options: ProfileOptions): Promise<Profile> {
  const { engine, runs, onProgress } = options;
  const { program, variables: types, weights } = programOf(options);
  const feeds = Object.fromEntries(
    program.inputs.map(({ name, id }) => {
      const { shape, dtype } = program.types[id]!;
      const size = sizeOf(shape);
      if (dtype === 'int32') return [name, new Int32Array(size)];
      const pixels = new Float32Array(size);
      for (let i = 0; i < size; i++) pixels[i] = name === 'lr' ? 0.01 : ((i * 37) % 256) / 255;
      return [name, pixels];
    }),
  );
  await using variables = await engine.createVariables(types, startingValues(types, weights, 0));
  await using executable = await engine.compile(program, variables);
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

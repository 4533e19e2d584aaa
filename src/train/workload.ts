import type { Arrays, Engine, Executable } from '../engines/engine.ts';
import { mixedPrecision, type Precision, type Program, sizeOf } from '../graph/index.ts';
import { type ModelOptions, model, modelEntry, modelTraining } from '../models/index.ts';
import { initialize } from '../nn/index.ts';
import {
  evaluationStep,
  type ProgramVariable,
  sgd,
  startingValues,
  trainStep,
} from '../optim/index.ts';
import { objective } from './network.ts';

/** What is run to be timed. */
export interface WorkloadOptions {
  readonly model: string;
  readonly modelOptions?: ModelOptions;
  readonly batch: number;
  /** A whole step of SGD, or a forward pass. */
  readonly mode: 'train' | 'infer';
  readonly precision: Precision;
}

/** A network on an engine, with made-up images to feed it. */
export interface Workload extends AsyncDisposable {
  readonly executable: Executable;
  readonly feeds: Arrays;
  /** Before the engine fuses anything. */
  readonly program: Program;
}

/** @throws UsageError for an unknown model, ShapeError when images are too small for it */
export async function openWorkload(engine: Engine, options: WorkloadOptions): Promise<Workload> {
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
  const variables = await engine.createVariables(types, startingValues(types, weights, 0));
  const executable = await engine.compile(program, variables).catch(async (error: unknown) => {
    await variables[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...{ executable, feeds, program },
    async [Symbol.asyncDispose]() {
      await executable[Symbol.asyncDispose]();
      await variables[Symbol.asyncDispose]();
    },
  };
}

function programOf({ model: name, modelOptions, batch, mode, precision }: WorkloadOptions): {
  readonly program: Program;
  readonly variables: readonly ProgramVariable[];
  readonly weights: ReturnType<typeof initialize>;
} {
  const { channels, size } = { ...modelEntry(name).options, ...modelOptions };
  const network = model(name, modelOptions);
  const x = { shape: [batch, channels, size, size], dtype: 'float32' } as const;
  const training = modelTraining(name, modelOptions);
  const { program, variables } =
    mode === 'infer'
      ? evaluationStep({ model: network, inputs: { x }, outputs: (logits) => ({ logits }) })
      : trainStep({
          ...objective({ model: network, training }),
          inputs: { x, y: { shape: [batch], dtype: 'int32' } },
          optimizer: sgd(),
        });
  const precise = precision === 'bfloat16' ? mixedPrecision(program) : program;
  return { program: precise, variables, weights: initialize(network, { seed: 0 }) };
}

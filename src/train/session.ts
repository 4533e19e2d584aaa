import type { Batch, ImageDataset, PreparedDataset } from '../data/index.ts';
import type { Arrays, Engine, Executable } from '../engines/engine.ts';
import { constant, mixedPrecision, type Program } from '../graph/index.ts';
import type { ArrayMap } from '../interchange/safetensors.ts';
import { type InitialOptions, initialize, parameterCount } from '../nn/index.ts';
import { optimizer, startingValues, trainStep } from '../optim/index.ts';
import { checkArrays } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { type Evaluation, evaluateDataset } from './evaluation.ts';
import { logitsStep, type Network, objective } from './network.ts';
import { clipConfig, initScheme, optimizerConfig } from './recipe.ts';
import type { Preprocessing } from './types.ts';

/** What was asked for, or else the network's own way. */
function initialOptions(config: TrainConfig, { initial }: Network): InitialOptions {
  const scheme = initScheme(config);
  return scheme === undefined ? initial : { scheme };
}

/** A network in an engine, ready to be trained and tested. */
export interface Session extends AsyncDisposable {
  /** Trainable numbers. */
  readonly parameters: number;
  /**
   * Trains on one batch.
   *
   * @param lr learning rate; without it gradients are only added up
   * @returns mean loss, and how many samples were classified rightly
   */
  train(batch: Batch, lr: number | undefined): Promise<{ loss: number; correct: number }>;
  evaluate(dataset: ImageDataset | PreparedDataset): Promise<Evaluation>;
  /** Copies of everything that lives between steps. */
  read(): Promise<ArrayMap>;
}

export interface SessionOptions {
  readonly config: TrainConfig;
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** Samples per epoch. */
  readonly samples: number;
  /** Number of classes. */
  readonly classes: number;
  /** Weights of the classes in the loss of training. */
  readonly classWeights?: Float32Array | undefined;
  /** Whether batches are mixed, so that their `targets` are learnt. */
  readonly mixed?: boolean | undefined;
  readonly engine: Engine;
  /** Where to go on, and what to call it in messages. */
  readonly from?: { readonly arrays: ArrayMap; readonly source: string } | undefined;
}

/**
 * Builds and compiles everything that a run needs, so that whatever is missing is missed now.
 *
 * @throws FormatError when the arrays to start from are those of another network or optimiser
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { config, network, preprocessing, samples, engine, from } = options;
  const { seed, ema, accumulate, labelSmoothing } = config;
  const { classWeights, classes, mixed = false } = options;
  const batch = Math.min(config.batch, samples);
  const weights = classWeights && constant(classWeights);
  const goal = objective(network, { labelSmoothing, weights });
  const inputs = (n: number) => ({
    x: { shape: [n, ...preprocessing.shape], dtype: 'float32' as const },
    y: mixed
      ? { shape: [n, classes], dtype: 'float32' as const }
      : { shape: [n], dtype: 'int32' as const },
  });
  const stepFor = (n: number) =>
    trainStep({
      ...goal,
      inputs: inputs(n),
      optimizer: optimizer(optimizerConfig(config)),
      clip: clipConfig(config),
      ema: ema === undefined ? undefined : { decay: ema },
      accumulate,
    });

  // The last batch of an epoch is shorter, and has programs of its own size over the same variables.
  const sizes = [batch, samples % batch].filter((n) => n > 0);
  const steps = sizes.map((n) => ({ n, step: stepFor(n) }));
  const { variables: types, averaged } = steps[0]!.step;
  if (from) checkArrays(from.arrays, types, from.source);
  const values: Arrays = from
    ? Object.fromEntries(Object.entries(from.arrays).map(([name, { data }]) => [name, data]))
    : startingValues(
        types,
        initialize(network.model, { seed, ...initialOptions(config, network) }),
        seed,
      );

  const variables = await engine.createVariables(types, values);
  const open: AsyncDisposable[] = [variables];
  const dispose = async () => {
    for (const resource of open.reverse()) await resource[Symbol.asyncDispose]();
  };
  const compile = async (program: Program): Promise<Executable> => {
    const precise = config.precision === 'float32' ? program : mixedPrecision(program);
    const executable = await engine.compile(precise, variables);
    open.push(executable);
    return executable;
  };

  try {
    const updating = new Map<number, Executable>();
    const accumulating = new Map<number, Executable>();
    for (const { n, step } of steps) {
      updating.set(n, await compile(step.program));
      if (step.accumulation) accumulating.set(n, await compile(step.accumulation));
    }
    const testing = await compile(
      logitsStep(network, batch, preprocessing.shape, averaged).program,
    );

    return {
      parameters: parameterCount(network.model),
      async train({ images, labels, targets, count }, lr) {
        const executable = (lr === undefined ? accumulating : updating).get(count)!;
        const feeds = { x: images, y: targets ?? labels };
        const outputs = await executable.run(
          lr === undefined ? feeds : { ...feeds, lr: Float32Array.of(lr) },
        );
        return { loss: outputs.loss![0]!, correct: outputs.correct![0]! };
      },
      evaluate: (dataset) =>
        evaluateDataset({
          executable: testing,
          batch,
          dataset,
          normalization: preprocessing.normalization,
        }),
      async read() {
        const arrays = await variables.read();
        return Object.fromEntries(
          types.map(({ name, shape, dtype }) => [name, { shape, dtype, data: arrays[name]! }]),
        );
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

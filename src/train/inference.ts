import type { Engine, Executable } from '../engines/engine.ts';
import { UsageError } from '../graph/errors.ts';
import { averageName } from '../optim/index.ts';
import { checkArrays } from './checkpoint.ts';
import { buildNetwork, logitsStep } from './network.ts';
import type { Checkpoint } from './types.ts';

/** A trained network that gives `logits` [n, k] for images `x` [n, c, h, w]. */
export interface Inference extends AsyncDisposable {
  readonly executable: Executable;
}

/**
 * Compiles the network of a checkpoint for batches of `n`. Where the run kept running averages of
 * its weights, they are used.
 *
 * @param source path or URL for messages
 * @throws FormatError when the arrays are those of another network
 */
export async function openInference(
  { info, arrays }: Checkpoint,
  source: string,
  engine: Engine,
  n: number,
): Promise<Inference> {
  const { shape } = info.preprocessing;
  const network = buildNetwork(info.config, info.classes.length, shape);
  const prefix = averageName('');
  const averaged = Object.keys(arrays)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  const { program, variables: types } = logitsStep(network, n, shape, averaged);
  checkArrays(withoutTraining(arrays, prefix), types, source);
  const values = Object.fromEntries(types.map(({ name }) => [name, arrays[name]!.data]));

  const variables = await engine.createVariables(types, values);
  try {
    const executable = await engine.compile(program, variables);
    return {
      executable,
      async [Symbol.asyncDispose]() {
        await executable[Symbol.asyncDispose]();
        await variables[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await variables[Symbol.asyncDispose]();
    throw error;
  }
}

/** Without counters and what optimisers remember: theirs are the names with a slash. */
function withoutTraining(arrays: Checkpoint['arrays'], prefix: string): Checkpoint['arrays'] {
  const counters = ['step', 'updates', 'seed'];
  return Object.fromEntries(
    Object.entries(arrays).filter(
      ([name]) => name.startsWith(prefix) || !(name.includes('/') || counters.includes(name)),
    ),
  );
}

/** @throws UsageError when data of this kind cannot be put into the network */
export function checkFits(
  { info }: Checkpoint,
  data: {
    readonly name: string;
    readonly classes: readonly string[];
    readonly shape: readonly number[];
  },
): void {
  const { shape } = info.preprocessing;
  // A run that resizes its images takes those of any size.
  const fits =
    info.config.size === undefined
      ? data.shape.join() === shape.join()
      : data.shape[0] === shape[0];
  if (data.classes.length !== info.classes.length || !fits) {
    throw new UsageError(
      `the network tells ${info.classes.length} classes apart in images [${shape}], and ${data.name} has ${data.classes.length} in images [${data.shape}]; choose the data it was trained on`,
    );
  }
}

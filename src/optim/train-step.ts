import {
  buildProgram,
  constant,
  gradients,
  input,
  lower,
  optimize,
  type Program,
  splat,
  step,
  type Tensor,
  type Update,
  UsageError,
} from '../graph/index.ts';
import { isTrainable, namedVariables } from '../nn/index.ts';
import { add, mul } from '../ops/index.ts';
import { type Clip, clipGradients } from './clip.ts';
import { averagesOf } from './ema.ts';
import { checkGroups, groupOf, type ParameterGroup } from './groups.ts';
import { type InputTensors, type InputTypes, inputTensors } from './inputs.ts';
import type { Optimizer } from './optimizers.ts';
import { auxiliary, collectVariables, type ProgramVariable } from './variables.ts';

export interface TrainStepOptions<I extends InputTypes, Y> {
  readonly model: (x: Tensor) => Y;
  readonly inputs: I;
  /** The scalar to be made small. With gradient accumulation it must be a mean over the samples. */
  readonly loss: (outputs: Y, inputs: InputTensors<I>) => Tensor;
  /** Further outputs of each run, by name. */
  readonly metrics?: ((outputs: Y, inputs: InputTensors<I>) => Record<string, Tensor>) | undefined;
  readonly optimizer: Optimizer;
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly clip?: Clip | undefined;
  /** Keeps running averages of the weights and running statistics. */
  readonly ema?: { readonly decay: number } | undefined;
  /** Batches whose gradients are averaged into one update; 1 by default. */
  readonly accumulate?: number | undefined;
}

export interface TrainStep {
  /**
   * One batch, and the update of the weights. Fed with the inputs and `lr` [] float32; gives `loss`
   * [] and the metrics. Counts runs in the variable `step`.
   */
  readonly program: Program;
  /**
   * With gradient accumulation: one batch whose gradients are only added up. An update is
   * `accumulate − 1` runs of this program, then one of `program`; after fewer, gradients are smaller
   * in proportion. Not fed with `lr`. `step` counts every run, and `updates` the updates.
   */
  readonly accumulation: Program | undefined;
  /** Everything that lives between runs, all of the model included. See `startingValues`. */
  readonly variables: readonly ProgramVariable[];
  /** Names of the parameters that are trained. */
  readonly trained: readonly string[];
  /** Names of the variables that have a running average. */
  readonly averaged: readonly string[];
}

interface Trained {
  readonly name: string;
  readonly param: Tensor;
  readonly grad: Tensor;
}

/**
 * The program of a training step: forward, backward, clipping, and the update of parameters,
 * optimiser state, running statistics and averages. Steps for other batch sizes keep the same
 * variables, so that one set of them serves all.
 *
 * @throws UsageError when nothing is left to train, or a group picks no parameter
 */
export function trainStep<const I extends InputTypes, Y>(
  options: TrainStepOptions<I, Y>,
): TrainStep {
  const { model, optimizer, groups = [], clip, ema, accumulate = 1 } = options;
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new UsageError(`accumulate must be a whole number, 1 or more (it is ${accumulate})`);
  }
  const variables = namedVariables(model);
  const names = new Map([...variables].map(([name, tensor]) => [tensor, name]));
  const inputs = inputTensors(options.inputs);
  const outputs = model(inputs.x);
  const { outputs: results, updates: statistics } = lower(
    { ...options.metrics?.(outputs, inputs), loss: options.loss(outputs, inputs) },
    'train',
  );
  const trained = differentiate(mul(results.loss, 1 / accumulate), variables, groups);

  const sums = trained.map(({ name, param }) => auxiliary(`gradient/${name}`, param));
  const accumulating = accumulate > 1;
  const totals = trained.map(({ grad }, i) => (accumulating ? add(sums[i]!, grad) : grad));
  const steady: Update[] = [...statistics, { variable: step, value: add(step, 1) }];
  const done = accumulating ? auxiliary('updates', step) : step;

  const updates = [...steady, ...optimizerUpdates(trained, totals, done, optimizer, groups, clip)];
  if (accumulating) {
    updates.push({ variable: done, value: add(done, 1) });
    for (const sum of sums) updates.push({ variable: sum, value: constant(0, sum.shape) });
  }
  const averages = ema ? averagesOf(updates, names, ema.decay) : { updates: [], averaged: [] };
  const build = (list: readonly Update[]) =>
    buildProgram(optimize({ outputs: results, updates: list }), names);

  const program = build([...updates, ...averages.updates]);
  const accumulation = accumulating
    ? build([...steady, ...sums.map((variable, i) => ({ variable, value: totals[i]! }))])
    : undefined;
  return {
    program,
    accumulation,
    variables: collectVariables(variables, averages.averaged, [program]),
    trained: trained.map(({ name }) => name),
    averaged: averages.averaged,
  };
}

/** Gradients of what is to be trained. What the loss does not depend on is left out. */
function differentiate(
  loss: Tensor,
  variables: ReadonlyMap<string, Tensor>,
  groups: readonly ParameterGroup[],
): Trained[] {
  const parameters = [...variables].filter(([, tensor]) => isTrainable(tensor));
  if (parameters.length === 0) {
    throw new UsageError('the model has no parameters; make it with layer or sequential');
  }
  checkGroups(groups, new Map(parameters));
  const free = parameters.filter(([name, tensor]) => !groupOf(groups, name, tensor).frozen);
  const grads = gradients(
    loss,
    free.map(([, tensor]) => tensor),
  );
  const trained = free
    .map(([name, param], i) => ({ name, param, grad: grads[i]! }))
    .filter(({ grad }) => splat(grad) !== 0);
  if (trained.length === 0) {
    throw new UsageError(
      'there is nothing to train: every parameter is frozen, or the loss depends on none',
    );
  }
  return trained;
}

function optimizerUpdates(
  trained: readonly Trained[],
  grads: readonly Tensor[],
  done: Tensor,
  optimizer: Optimizer,
  groups: readonly ParameterGroup[],
  clip: Clip | undefined,
): Update[] {
  const lr = input('lr', []);
  const clipped = clip ? clipGradients(grads, clip) : grads;
  return trained.flatMap(({ name, param }, i) => {
    const { lrScale = 1, weightDecay = optimizer.weightDecay } = groupOf(groups, name, param);
    const slots = Object.fromEntries(
      optimizer.slots.map((slot) => [slot, auxiliary(`${slot}/${name}`, param)]),
    );
    const next = optimizer.update({
      param,
      grad: clipped[i]!,
      slots,
      lr: mul(lr, lrScale),
      step: done,
      weightDecay,
    });
    return [
      { variable: param, value: next.param },
      ...optimizer.slots.map((slot) => ({ variable: slots[slot]!, value: next.slots[slot]! })),
    ];
  });
}

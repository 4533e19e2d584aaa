import { planMemory } from '../engines/wasm/plan-memory.ts';
import { ShapeError } from '../graph/errors.ts';
import { byteSize, type Shape, type Tensor, type TensorType } from '../graph/index.ts';
import { classification, isTrainable, namedVariables } from '../nn/index.ts';
import { type EvaluationStep, evaluationStep, type Optimizer, trainStep } from '../optim/index.ts';

/** Bytes that one step of a network needs, in float32. They add up to `total`. */
export interface StepMemory {
  readonly parameters: number;
  /** Running statistics and counters. */
  readonly statistics: number;
  /** What the optimiser remembers between updates. */
  readonly optimizer: number;
  /** Weights that were folded or converted once, for use. */
  readonly prepared: number;
  /** What the forward pass leaves for the backward pass, the images included. */
  readonly activations: number;
  /** The rest of the planned memory: gradients, or in use all values on their way. */
  readonly working: number;
  readonly total: number;
}

export interface NetworkMemory {
  /** Undefined where one image is too little for it, as for batch norm over 1 × 1 pixels. */
  readonly training: StepMemory | undefined;
  readonly inference: StepMemory;
}

/**
 * Memory of a training step and of a forward pass for images of `shape` [n, c, h, w], by the plan of
 * lifetimes that the WASM engine makes of the programs: values share memory where they can, and a
 * gradient lives until its weight is updated. Not counted: the runtime, data that wait, and working
 * memory and layouts of single kernels, in which the engines differ.
 *
 * @throws ShapeError when the images do not fit
 */
export function networkMemory(
  model: (x: Tensor) => Tensor,
  shape: Shape,
  { optimizer }: { readonly optimizer: Optimizer },
): NetworkMemory {
  const x = { shape, dtype: 'float32' } as const;
  const y = { shape: [shape[0]!], dtype: 'int32' } as const;
  const inputs = { x, y };
  const { loss } = classification();
  const outputs = (logits: Tensor) => ({ logits });
  // First: where this works, images of this size fit, and only training can need more of them.
  const inference = evaluationStep({ model, inputs: { x }, outputs });
  const training = orUndefined(shape[0] === 1, () => trainStep({ model, inputs, loss, optimizer }));

  const own = [...namedVariables(model).values()];
  const parameters = bytesOf(own.filter(isTrainable));
  const statistics = bytesOf(own) - parameters;
  const memoryOf = ({ program, variables }: EvaluationStep): StepMemory => {
    const added = variables.filter(({ weight }) => weight === undefined);
    // The optimiser's memory of a weight is called slot/weight; what else was added are counters.
    const slots = bytesOf(added.filter(({ name }) => name.includes('/')));
    const counters = bytesOf(added) - slots;
    const plan = planMemory(program);
    const end = program.outputs.find(({ name }) => name === 'loss');
    const activations = end === undefined ? 0 : plan.heldAcross(end.id);
    const parts = {
      parameters,
      statistics: statistics + counters,
      optimizer: slots,
      prepared: plan.keptBytes,
      activations,
      working: plan.arenaBytes - activations,
    };
    return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, 0) };
  };
  return { training: training && memoryOf(training), inference: memoryOf(inference) };
}

/** What `build` gives; or undefined when shapes do not fit and that is `accepted`. */
function orUndefined<T>(accepted: boolean, build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (accepted && error instanceof ShapeError) return undefined;
    throw error;
  }
}

const bytesOf = (types: readonly TensorType[]): number =>
  types.reduce((sum, type) => sum + byteSize(type), 0);

import type { Instruction, Program, ValueId } from '../program.ts';
import type { DType, TensorType } from '../tensor.ts';

/** Arithmetic of a program: bfloat16 is mixed precision, see `mixedPrecision`. */
export type Precision = 'float32' | 'bfloat16';

/** Matrix work, the point of it all: computed in bfloat16, summed in float32 by the hardware. */
const matrixOps: ReadonlySet<string> = new Set([
  'conv2d',
  'conv2dInputGrad',
  'conv2dWeightGrad',
  'matmul',
]);

/**
 * Ops that stay in bfloat16 when the first of these inputs already is: they move or gate activations,
 * or keep what needs precision apart. The others among these inputs follow.
 */
const flowing: Readonly<Record<string, readonly number[] | 'all'>> = {
  add: 'all',
  addN: 'all',
  avgPool2d: [0],
  avgPool2dGrad: [0],
  batchNormGrad: [0, 1],
  batchNormTrain: [0],
  channelAffine: [0],
  concat: 'all',
  gelu: [0],
  geluGrad: [0, 1],
  hardswish: [0],
  hardswishGrad: [0, 1],
  leakyRelu: [0],
  leakyReluGrad: [0, 1],
  maxPool2dGrad: [0],
  maxPool2dWithIndex: [0],
  randomDrop: [0],
  relu: [0],
  relu6: [0],
  relu6Grad: [0, 1],
  reluGrad: [0, 1],
  reshape: [0],
  sigmoid: [0],
  sigmoidGrad: [0, 1],
  silu: [0],
  siluGrad: [0, 1],
  slice: [0],
  tanh: [0],
  tanhGrad: [0, 1],
};

/** Outputs that are statistics or gradients of parameters, and stay float32. */
const preciseOutputs: Readonly<Record<string, readonly number[]>> = {
  batchNormTrain: [1, 2],
  batchNormGrad: [1, 2],
};

/**
 * Mixed precision: matrix products and convolutions in bfloat16, and the activations between them;
 * master weights, statistics, losses, reductions and updates in float32. Inputs, outputs and
 * variables keep their types, so the program stands in for the one it came from.
 */
export function mixedPrecision(program: Program): Program {
  const types: TensorType[] = [...program.types];
  const instructions: Instruction[] = [];
  /** What stands for a float32 value of the old program, if it has become bfloat16. */
  const half = new Map<ValueId, ValueId>();
  const full = new Map<ValueId, ValueId>();
  const updated = new Set(program.updates.map(({ variable }) => variable));
  const steady = new Set<ValueId>([
    ...program.constants.map(({ id }) => id),
    ...program.variables.map(({ id }) => id).filter((id) => !updated.has(id)),
    ...program.instructions.flatMap(({ hoisted, outputs }) => (hoisted ? outputs : [])),
  ]);

  const convert = (id: ValueId, dtype: DType, path: readonly string[]): ValueId => {
    const result = types.push({ shape: types[id]!.shape, dtype }) - 1;
    const hoisted = steady.has(id);
    if (hoisted) steady.add(result);
    instructions.push({
      op: 'cast',
      inputs: [id],
      outputs: [result],
      attrs: { dtype },
      path,
      after: undefined,
      flops: 0,
      hoisted,
    });
    return result;
  };
  const toHalf = (id: ValueId, path: readonly string[]): ValueId => {
    const known = half.get(id);
    if (known !== undefined) return known;
    const result = convert(id, 'bfloat16', path);
    half.set(id, result);
    full.set(id, id);
    return result;
  };
  const toFull = (id: ValueId, path: readonly string[] = []): ValueId => {
    if (!half.has(id)) return id;
    const known = full.get(id);
    if (known !== undefined) return known;
    const result = convert(half.get(id)!, 'float32', path);
    full.set(id, result);
    return result;
  };
  /** Values that are computed in bfloat16, not merely read so by somebody. */
  const halved = new Set<ValueId | undefined>();

  for (const instruction of program.instructions) {
    const { op, inputs, outputs, path, after } = instruction;
    const rule = matrixOps.has(op) ? 'all' : flowing[op];
    const floats = (id: ValueId | undefined) =>
      id !== undefined && program.types[id]!.dtype === 'float32';
    const flows = (at: number) => rule === 'all' || (rule?.includes(at) ?? false);
    const leads = inputs.some((id, at) => flows(at) && halved.has(id));
    const applies = matrixOps.has(op) ? floats(inputs[0]) : leads;
    const precise = preciseOutputs[op] ?? [];
    instructions.push({
      ...instruction,
      after: after === undefined ? undefined : (half.get(after) ?? after),
      inputs: inputs.map((id, at) => {
        if (id === undefined || !floats(id)) return id;
        return applies && flows(at) ? toHalf(id, path) : toFull(id, path);
      }),
      outputs: outputs.map((id, at) => {
        if (!applies || !floats(id) || precise.includes(at)) return id;
        const result = types.push({ shape: program.types[id]!.shape, dtype: 'bfloat16' }) - 1;
        if (instruction.hoisted) steady.add(result);
        half.set(id, result);
        halved.add(id);
        return result;
      }),
    });
  }
  return {
    ...program,
    types,
    outputs: program.outputs.map(({ name, id }) => ({ name, id: toFull(id) })),
    updates: program.updates.map(({ variable, value }) => ({ variable, value: toFull(value) })),
    instructions,
  };
}

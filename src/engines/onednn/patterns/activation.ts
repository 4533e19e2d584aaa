import type { Instruction } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';

/** Codes of activations that primitives apply to what they write (native/ops/conv.cc). */
const codes: Readonly<Record<string, number>> = { relu: 1, sigmoid: 2, tanh: 3 };

export interface Activation {
  readonly code: number;
  readonly instructions: readonly Instruction[];
}

/** The activation that alone reads the result of `instruction`, if it can be applied on the way. */
export function activationAfter(draft: Draft, instruction: Instruction): Activation {
  const next = draft.onlyConsumer(instruction.outputs[0]!);
  const code = next === undefined || draft.isCovered(next) ? undefined : codes[next.op];
  return code === undefined ? { code: 0, instructions: [] } : { code, instructions: [next!] };
}

const sameType = (draft: Draft, a: number, b: number): boolean =>
  draft.types[a]!.dtype === draft.types[b]!.dtype &&
  String(draft.shape(a)) === String(draft.shape(b));

/** relu(a + b), both of one shape, in one pass. */
export function addRelu(draft: Draft): void {
  for (const add of draft.instructions) {
    if (add.op !== 'add' || draft.isCovered(add)) continue;
    const [a, b] = add.inputs as readonly [number, number];
    const relu = draft.onlyConsumer(add.outputs[0]!);
    if (relu?.op !== 'relu' || draft.isCovered(relu) || !sameType(draft, a, b)) continue;
    draft.fuse([add, relu], { op: 'addRelu', inputs: [a, b], outputs: relu.outputs, attrs: [] });
  }
}

export function affineRelu(draft: Draft): void {
  for (const affine of draft.instructions) {
    if (affine.op !== 'channelAffine' || draft.isCovered(affine)) continue;
    const relu = draft.onlyConsumer(affine.outputs[0]!);
    if (relu?.op !== 'relu' || draft.isCovered(relu)) continue;
    const { inputs } = affine;
    draft.fuse([affine, relu], {
      op: 'channelAffineRelu',
      inputs,
      outputs: relu.outputs,
      attrs: [],
    });
  }
}

/** reluGrad(y, a + b), where two gradients meet at a residual connection. */
export function reluGradOfSum(draft: Draft): void {
  for (const grad of draft.instructions) {
    if (grad.op !== 'reluGrad' || draft.isCovered(grad)) continue;
    const [saved, dy] = grad.inputs as readonly [number, number];
    const sum = draft.producer(dy);
    if (sum?.op !== 'addN' || sum.inputs.length !== 2 || draft.isCovered(sum)) continue;
    if (draft.onlyConsumer(dy) !== grad) continue;
    draft.fuse([sum, grad], {
      op: 'reluGradSum',
      inputs: [saved, ...sum.inputs],
      outputs: grad.outputs,
      attrs: [],
    });
  }
}

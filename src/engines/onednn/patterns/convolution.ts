import type { Instruction, ValueId } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';
import { activationAfter } from './activation.ts';
import { biasGrad, precise, preciseGrad, updatedBy } from './gradients.ts';
import { suitsLanes } from './lanes.ts';
import { prefersWinograd } from './winograd.ts';

interface Bias {
  readonly id: ValueId;
  readonly instructions: readonly Instruction[];
  /** The instruction whose output holds convolution and bias. */
  readonly last: Instruction;
}

const isTraining = (draft: Draft): boolean =>
  draft.instructions.some(({ op }) => op === 'conv2dWeightGrad');

/** Attributes of the window, the code of an activation, whether gradients follow, the algorithm. */
const attributes = (draft: Draft, conv: Instruction, activation: number): number[] => [
  ...draft.encode(conv).slice(0, -3),
  activation,
  Number(isTraining(draft)),
  Number(prefersWinograd(draft, conv, isTraining(draft))),
];

/** The same of a gradient. */
const gradAttributes = (draft: Draft, grad: Instruction): number[] => [
  ...draft.encode(grad).slice(0, -1),
  Number(prefersWinograd(draft, grad, true)),
];

/** One number per output channel, added by the one who reads the convolution. */
function biasAfter(draft: Draft, conv: Instruction): Bias | undefined {
  const [y] = conv.outputs as readonly [number];
  const add = draft.onlyConsumer(y);
  if (add?.op !== 'add' || draft.isCovered(add)) return undefined;
  const other = add.inputs[0] === y ? add.inputs[1]! : add.inputs[0]!;
  const [, channels, h, w] = draft.shape(y) as readonly [number, number, number, number];
  const shape = draft.shape(other);
  const perChannel = [`${channels},1,1`, `1,${channels},1,1`].includes(String(shape));
  const single = h === 1 && w === 1 && shape.length < 3;
  if (!perChannel || single) return undefined;
  const id = precise(draft, other);
  return id === undefined ? undefined : { id, instructions: [add], last: add };
}

const free = (draft: Draft, op: string): Instruction[] =>
  draft.instructions.filter((given) => given.op === op && !draft.isCovered(given));

/** The native op of a convolution in one of its directions. */
const nativeOp = (draft: Draft, conv: Instruction): string =>
  suitsLanes(draft, conv) ? `laneC${conv.op.slice(1)}` : conv.op;

export function convBias(draft: Draft): void {
  for (const conv of free(draft, 'conv2d')) {
    const bias = biasAfter(draft, conv);
    const activation = activationAfter(draft, bias?.last ?? conv);
    const covered = [conv, ...(bias?.instructions ?? []), ...activation.instructions];
    if (covered.length === 1) continue;
    draft.fuse(covered, {
      op: nativeOp(draft, conv),
      inputs: [...conv.inputs, bias?.id],
      outputs: covered.at(-1)!.outputs,
      attrs: attributes(draft, conv, activation.code),
    });
  }
}

/** activation(conv2d(x, w) + bias + residual): the primitive adds to what its output holds already. */
export function convResidual(draft: Draft): void {
  for (const conv of free(draft, 'conv2d')) {
    const bias = biasAfter(draft, conv);
    const [y] = (bias?.last ?? conv).outputs as readonly [number];
    const add = draft.onlyConsumer(y);
    if (add?.op !== 'add' || draft.isCovered(add)) continue;
    const residual = add.inputs[0] === y ? add.inputs[1]! : add.inputs[0]!;
    if (residual === y || String(draft.shape(residual)) !== String(draft.shape(y))) continue;
    if (draft.types[residual]!.dtype !== draft.types[y]!.dtype) continue;
    // Its memory becomes the output's, once all others have read it; else it is copied.
    if (draft.producer(residual) === undefined || draft.isKept(residual)) continue;
    const activation = activationAfter(draft, add);
    const covered = [conv, ...(bias?.instructions ?? []), add, ...activation.instructions];
    draft.fuse(covered, {
      op: 'conv2d',
      inputs: [...conv.inputs, bias?.id, residual],
      outputs: covered.at(-1)!.outputs,
      attrs: attributes(draft, conv, activation.code),
    });
  }
}

/** What is left of convolutions. */
export function convAlone(draft: Draft): void {
  for (const conv of free(draft, 'conv2d')) {
    const { inputs, outputs } = conv;
    const attrs = attributes(draft, conv, 0);
    draft.fuse([conv], { op: nativeOp(draft, conv), inputs, outputs, attrs });
  }
}

export function convInputGrad(draft: Draft): void {
  for (const grad of free(draft, 'conv2dInputGrad')) {
    const { inputs, outputs } = grad;
    const attrs = gradAttributes(draft, grad);
    draft.fuse([grad], { op: nativeOp(draft, grad), inputs, outputs, attrs });
  }
}

/** conv2dWeightGrad(x, dy), in float32, and the bias gradient from the same reading of dy. */
export function convWeightGrad(draft: Draft): void {
  for (const grad of free(draft, 'conv2dWeightGrad')) {
    const [x, dy] = grad.inputs as readonly [number, number];
    const cast = preciseGrad(draft, grad);
    const bias = biasGrad(draft, dy, '0,2,3');
    const [dw] = (cast ?? grad).outputs as readonly [number];
    draft.fuse([grad, ...(cast ? [cast] : []), ...bias], {
      op: nativeOp(draft, grad),
      inputs: [x, dy, updatedBy(draft, dw)],
      outputs: [dw, ...(bias.at(-1)?.outputs ?? [])],
      attrs: gradAttributes(draft, grad),
    });
  }
}

import type { Instruction, ValueId } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';

/** The float32 value of which this one is a copy, or it itself: primitives take biases in float32. */
export function precise(draft: Draft, id: ValueId): ValueId | undefined {
  const producer = draft.producer(id);
  const source = producer?.op === 'cast' ? producer.inputs[0]! : id;
  return draft.types[source]!.dtype === 'float32' ? source : undefined;
}

/** What follows a bfloat16 weight gradient: it is wanted in float32, and the primitive can write that. */
export function preciseGrad(draft: Draft, grad: Instruction): Instruction | undefined {
  const next = draft.onlyConsumer(grad.outputs[0]!);
  return next?.op === 'cast' && next.attrs.dtype === 'float32' ? next : undefined;
}

/** The sum of dy over all but channels, whether of dy itself or of a float32 copy. */
export function biasGrad(draft: Draft, dy: ValueId, axes: string): readonly Instruction[] {
  const sumOf = (id: ValueId) =>
    draft
      .consumers(id)
      .find(
        ({ op, attrs, inputs }) => op === 'sum' && inputs[0] === id && String(attrs.axes) === axes,
      );
  const direct = sumOf(dy);
  if (direct !== undefined) {
    return draft.isCovered(direct) || draft.types[dy]!.dtype !== 'float32' ? [] : [direct];
  }
  const copy = draft.consumers(dy).find(({ op }) => op === 'cast');
  const sum = copy && sumOf(copy.outputs[0]!);
  if (sum === undefined || draft.isCovered(sum)) return [];
  return draft.onlyConsumer(copy!.outputs[0]!) === sum ? [copy!, sum] : [sum];
}

/** The weights that a gradient is for: in their format it is wanted. */
export function updatedBy(draft: Draft, grad: ValueId): ValueId | undefined {
  const next = draft.onlyConsumer(grad);
  return next?.op.endsWith('Update') && next.inputs[1] === grad ? next.inputs[0] : undefined;
}

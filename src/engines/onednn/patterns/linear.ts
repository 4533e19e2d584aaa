import type { Instruction, ValueId } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';
import { activationAfter } from './activation.ts';
import { biasGrad, precise, preciseGrad, updatedBy } from './gradients.ts';

const isMatrix = (draft: Draft, id: ValueId): boolean => draft.shape(id).length === 2;

const matmuls = (draft: Draft, transposeA: boolean, transposeB: boolean): Instruction[] =>
  draft.instructions.filter(
    ({ op, attrs, inputs, outputs }) =>
      op === 'matmul' &&
      attrs.transposeA === transposeA &&
      attrs.transposeB === transposeB &&
      [...inputs, ...outputs].every((id) => isMatrix(draft, id!)),
  );

/** Whether a value is a leaf, or a leaf in another precision: the weights of a layer. */
function isWeight(draft: Draft, id: ValueId): boolean {
  const producer = draft.producer(id);
  return producer === undefined || (producer.op === 'cast' && isWeight(draft, producer.inputs[0]!));
}

/** x·wᵀ + bias with weights w: an inner product, which may keep the weights in blocks. */
export function linear(draft: Draft): void {
  const training = Number(draft.instructions.some(({ op }) => op.endsWith('Update')));
  for (const product of matmuls(draft, false, true)) {
    const [x, w] = product.inputs as readonly [number, number];
    if (!isWeight(draft, w)) continue;
    const [y] = product.outputs as readonly [number];
    const add = draft.onlyConsumer(y);
    const other = add?.inputs[0] === y ? add.inputs[1] : add?.inputs[0];
    const bias =
      add?.op === 'add' &&
      other !== undefined &&
      String(draft.shape(other)) === String([draft.shape(w)[0]])
        ? precise(draft, other)
        : undefined;
    const last = bias === undefined ? product : add!;
    const activation = activationAfter(draft, last);
    const covered = [product, ...(last === product ? [] : [last]), ...activation.instructions];
    draft.fuse(covered, {
      op: 'linear',
      inputs: [x, w, bias],
      outputs: covered.at(-1)!.outputs,
      attrs: [activation.code, training],
    });
  }
}

/** dy·w, and dyᵀ·x with the sum of dy over the batch. */
export function linearGrads(draft: Draft): void {
  for (const product of matmuls(draft, false, false)) {
    const [, w] = product.inputs as readonly [number, number];
    if (draft.isCovered(product) || !isWeight(draft, w)) continue;
    const { inputs, outputs } = product;
    draft.fuse([product], { op: 'linearInputGrad', inputs, outputs, attrs: [] });
  }
  for (const product of matmuls(draft, true, false)) {
    if (draft.isCovered(product)) continue;
    const [dy, x] = product.inputs as readonly [number, number];
    const cast = preciseGrad(draft, product);
    const bias = biasGrad(draft, dy, '0');
    const [dw] = (cast ?? product).outputs as readonly [number];
    draft.fuse([product, ...(cast ? [cast] : []), ...bias], {
      op: 'linearWeightGrad',
      inputs: [x, dy, updatedBy(draft, dw)],
      outputs: [dw, ...(bias.at(-1)?.outputs ?? [])],
      attrs: [],
    });
  }
}

import type { Instruction, ValueId } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';

const sameWindow = (a: Instruction, b: Instruction): boolean =>
  ['kernel', 'stride', 'padding'].every((name) => String(a.attrs[name]) === String(b.attrs[name]));

/** Gradients of float32 activations may have become bfloat16. */
const sameType = (draft: Draft, a: ValueId, b: ValueId): boolean =>
  draft.types[a]!.dtype === draft.types[b]!.dtype &&
  String(draft.shape(a)) === String(draft.shape(b));

/** Max-pooling whose places of maxima nobody reads but its own gradient: oneDNN keeps them its way. */
export function maxPooling(draft: Draft): void {
  for (const pool of draft.instructions) {
    if (pool.op !== 'maxPool2dWithIndex' || draft.isCovered(pool)) continue;
    const [x] = pool.inputs;
    const [y, index] = pool.outputs as readonly [number, number];
    const readers = draft.consumers(index);
    if (draft.isKept(index)) continue;
    const fits = readers.every(
      (grad) =>
        grad.op === 'maxPool2dGrad' &&
        grad.inputs[1] === index &&
        sameWindow(pool, grad) &&
        sameType(draft, grad.outputs[0]!, x!),
    );
    if (!fits) continue;
    const outputs = readers.length === 0 ? [y] : [y, index];
    const attrs = draft.encode(pool);
    draft.fuse([pool], { op: 'maxPool', inputs: [x], outputs, attrs });
    for (const grad of readers) {
      const inputs = [grad.inputs[0], index, x];
      draft.fuse([grad], { op: 'maxPoolGrad', inputs, outputs: grad.outputs, attrs });
    }
  }
}

/**
 * reluGrad(x, maxPool2dGrad(dy)) with x = relu(…) the input of the pooling: a maximum is positive
 * exactly where the pooled value is, so the gate can be applied to the smaller dy, with the same
 * result to the bit.
 */
export function reluGradUnderPooling(draft: Draft): void {
  for (const pool of draft.instructions) {
    if (pool.op !== 'maxPool2dWithIndex') continue;
    const [x] = pool.inputs as readonly [number];
    const [y, index] = pool.outputs as readonly [number, number];
    const [grad] = draft.consumers(index);
    if (draft.isKept(index) || draft.consumers(index).length !== 1) continue;
    if (
      draft.isCovered(pool) ||
      grad?.op !== 'maxPool2dGrad' ||
      grad.inputs[1] !== index ||
      !sameWindow(pool, grad)
    )
      continue;
    if (!sameType(draft, grad.outputs[0]!, x)) continue;
    const gate = draft.onlyConsumer(grad.outputs[0]!);
    if (gate === undefined || draft.isCovered(gate)) continue;
    if (gate.op !== 'reluGrad' || gate.inputs[0] !== x || draft.producer(x)?.op !== 'relu')
      continue;
    const dy = grad.inputs[0]!;
    const gated = draft.addValue(draft.types[dy]!);
    const attrs = draft.encode(pool);
    draft.fuse([pool], { op: 'maxPool', inputs: [x], outputs: [y, index], attrs });
    draft.fuse([gate], { op: 'reluGrad', inputs: [y, dy], outputs: [gated], attrs: [] });
    draft.fuse([grad], {
      op: 'maxPoolGrad',
      inputs: [gated, index, x],
      outputs: gate.outputs,
      attrs,
    });
  }
}

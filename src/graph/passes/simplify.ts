import { namedInputs } from '../define-op.ts';
import { constant, splat } from '../leaves.ts';
import type { DType, Node, Tensor } from '../tensor.ts';
import { rewrite } from '../traverse.ts';
import { countUses } from './uses.ts';

function round(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'bool') return Number(value !== 0);
  return dtype === 'bfloat16' ? value : Math.trunc(value);
}

/** Element-wise ops of constants that are one number throughout become such constants. */
function foldConstant({ op, attrs, outputs }: Node, inputs: readonly (Tensor | undefined)[]) {
  const output = outputs[0]!;
  if (op.scalar === undefined || inputs.length === 0) return undefined;
  const values = inputs.map((tensor) => tensor && splat(tensor));
  if (values.some((value) => value === undefined)) return undefined;
  const value = op.scalar(attrs)(...(values as number[]));
  return constant(round(value, output.dtype), output.shape, output.dtype);
}

/** Constant folding, and the cheaper equivalents that ops declare (batch-norm folding is one). */
export function simplify(roots: readonly Tensor[]): (tensor: Tensor) => Tensor {
  const uses = countUses(roots);
  // Rewritten tensors count as often used as the ones they stand for.
  const original = new Map<Tensor, Tensor>();
  const usesOf = (tensor: Tensor) => Math.max(uses(tensor), uses(original.get(tensor) ?? tensor));
  return rewrite(roots, (node, inputs) => {
    inputs.forEach((tensor, i) => {
      const old = node.inputs[i];
      if (tensor !== undefined && old !== undefined && tensor !== old) original.set(tensor, old);
    });
    const folded =
      foldConstant(node, inputs) ??
      node.op.simplify?.(namedInputs(node.op, inputs), node.attrs, usesOf);
    return folded && [folded];
  });
}

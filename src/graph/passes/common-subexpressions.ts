import { isConstant, splat } from '../leaves.ts';
import { currentScope } from '../scope.ts';
import type { Node, Tensor } from '../tensor.ts';
import { rewrite } from '../traverse.ts';

/** JSON has one word, null, for all numbers that are not finite. */
const spellOut = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** Merges nodes that compute the same from the same. */
export function mergeCommonSubexpressions(roots: readonly Tensor[]): (tensor: Tensor) => Tensor {
  const ids = new Map<Tensor, number>();
  const idOf = (tensor: Tensor | undefined): number => {
    if (tensor === undefined) return -1;
    if (!ids.has(tensor)) ids.set(tensor, ids.size);
    return ids.get(tensor)!;
  };
  const keyOf = (node: Node, inputs: readonly (Tensor | undefined)[]): string | undefined => {
    if (node.op.kind !== 'leaf') {
      const { after } = currentScope();
      return JSON.stringify([node.op.name, inputs.map(idOf), idOf(after), node.attrs], spellOut);
    }
    const output = node.outputs[0]!;
    const value = isConstant(output) ? splat(output) : undefined;
    return value === undefined ? undefined : `${output.dtype}[${output.shape}]=${value}`;
  };
  const known = new Map<string, readonly Tensor[]>();
  return rewrite(roots, (node, inputs) => {
    const key = keyOf(node, inputs);
    if (key === undefined) return undefined;
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    const changed =
      currentScope().after !== node.after || inputs.some((tensor, i) => tensor !== node.inputs[i]);
    const outputs = changed ? node.op.apply(inputs, node.attrs) : node.outputs;
    known.set(key, outputs);
    return outputs;
  });
}

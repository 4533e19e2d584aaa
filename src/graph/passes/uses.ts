import type { Tensor } from '../tensor.ts';
import { topological } from '../traverse.ts';

/** How often each tensor is read, counting the roots themselves. */
export function countUses(roots: readonly Tensor[]): (tensor: Tensor) => number {
  const counts = new Map<Tensor, number>();
  const read = (tensor: Tensor) => counts.set(tensor, (counts.get(tensor) ?? 0) + 1);
  roots.forEach(read);
  for (const node of topological(roots)) {
    for (const tensor of node.inputs) if (tensor !== undefined) read(tensor);
  }
  return (tensor) => counts.get(tensor) ?? 0;
}

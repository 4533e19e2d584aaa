import { within } from './scope.ts';
import type { Node, Tensor } from './tensor.ts';

/**
 * What the way back reads in place of values that are not kept, for a graph in topological order. A
 * segment is computed again once its first gradient has arrived, and not before: its copy comes
 * `after` that, which also tells it from the original.
 */
export function recomputation(
  order: readonly Node[],
  loss: Tensor,
): (node: Node, dy: Tensor) => (tensor: Tensor) => Tensor {
  const segments = new Map<symbol, Node[]>();
  const stays = new Set<Node>([loss.node]);
  for (const node of order) {
    const { inputs, segment } = node;
    for (const source of inputs) {
      if (source !== undefined && source.node.segment?.id !== segment?.id) stays.add(source.node);
    }
    if (segment === undefined) continue;
    if (segment.kept) stays.add(node);
    if (!segments.has(segment.id)) segments.set(segment.id, []);
    segments.get(segment.id)!.push(node);
  }

  const copies = new Map<symbol, ReadonlyMap<Tensor, Tensor>>();
  return ({ segment }, dy) => {
    if (segment === undefined) return (tensor) => tensor;
    if (!copies.has(segment.id)) {
      const nodes = segments.get(segment.id)!.filter((node) => !stays.has(node));
      copies.set(segment.id, copy(nodes, dy));
    }
    const copied = copies.get(segment.id)!;
    return (tensor) => copied.get(tensor) ?? tensor;
  };
}

function copy(nodes: readonly Node[], after: Tensor): ReadonlyMap<Tensor, Tensor> {
  const copied = new Map<Tensor, Tensor>();
  for (const { op, inputs, attrs, outputs, path } of nodes) {
    const renewed = inputs.map((tensor) => tensor && (copied.get(tensor) ?? tensor));
    const again = within({ path, after }, () => op.apply(renewed, attrs));
    for (const [i, output] of outputs.entries()) copied.set(output, again[i]!);
  }
  return copied;
}

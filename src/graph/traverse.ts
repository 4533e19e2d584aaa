import { listOutputs } from './define-op.ts';
import { within } from './scope.ts';
import type { Node, Tensor } from './tensor.ts';

/** Nodes that `roots` depend on, each after its inputs. Iterative: graphs may be very deep. */
export function topological(roots: Iterable<Tensor>): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  const stack: Node[] = [...roots].map((root) => root.node).reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const seen = state.get(node);
    if (seen === undefined) {
      state.set(node, 'open');
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const source = node.inputs[i]?.node;
        if (source !== undefined && !state.has(source)) stack.push(source);
      }
      if (node.after !== undefined && !state.has(node.after.node)) stack.push(node.after.node);
      continue;
    }
    stack.pop();
    if (seen === 'open') {
      state.set(node, 'done');
      order.push(node);
    }
  }
  return order;
}

/**
 * Rebuilds a graph. `replace` gets each node with its inputs already rewritten and returns the new
 * outputs, or undefined to keep the node. Returns the map from old tensors to new ones.
 */
export function rewrite(
  roots: Iterable<Tensor>,
  replace: (node: Node, inputs: readonly (Tensor | undefined)[]) => readonly Tensor[] | undefined,
): (tensor: Tensor) => Tensor {
  const renamed = new Map<Tensor, Tensor>();
  const renew = (tensor: Tensor): Tensor => renamed.get(tensor) ?? tensor;
  for (const node of topological(roots)) {
    const { path, segment } = node;
    const inputs = node.inputs.map((tensor) => tensor && renew(tensor));
    const after = node.after && renew(node.after);
    const outputs = within({ path, segment, after }, () => {
      const replaced = replace(node, inputs);
      if (replaced !== undefined) return replaced;
      const changed = after !== node.after || inputs.some((tensor, i) => tensor !== node.inputs[i]);
      return changed ? node.op.apply(inputs, node.attrs) : node.outputs;
    });
    node.outputs.forEach((tensor, i) => {
      if (outputs[i] !== tensor) renamed.set(tensor, outputs[i]!);
    });
  }
  return renew;
}

/** Outputs that a declaration gave, one tensor or a record by name, as a list. */
export const asList = (node: Node, outputs: unknown): Tensor[] => listOutputs(node.op, outputs);

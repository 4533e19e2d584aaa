import { baseName, defineOp, namedInputs, namedOutputs } from './define-op.ts';
import { FoveaError, invariant } from './errors.ts';
import { constant } from './leaves.ts';
import { recomputation } from './recompute.ts';
import { within } from './scope.ts';
import { sameShape, shapeError } from './shapes.ts';
import type { Node, Tensor } from './tensor.ts';
import { topological } from './traverse.ts';

/** Sums tensors of one shape: where a value is used several times, its gradients meet here. */
export const addN = defineOp({
  name: 'addN',
  doc: 'Adds any number of tensors of one shape.',
  inputs: ['xs...'],
  defaults: {},
  infer: ({ xs }) => {
    const first = xs[0]!;
    if (xs.some((x) => !sameShape(x.shape, first.shape) || x.dtype !== first.dtype)) {
      throw shapeError('addN', 'all inputs must have one shape and dtype', { ...xs });
    }
    return { shape: first.shape, dtype: first.dtype };
  },
  vjp: ({ xs }, _a, _y, dy) => ({ xs: xs.map(() => dy) }),
  flops: ([y], { xs }) => (xs.length - 1) * y!.shape.reduce((a, b) => a * b, 1),
  samples: [
    {
      inputs: [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
    },
    { inputs: [[7]] },
  ],
});

const isDifferentiable = (tensor: Tensor): boolean =>
  tensor.dtype === 'float32' || tensor.dtype === 'bfloat16';

/** Nodes on a path from one of `sources`: only these need gradients. */
function dependents(order: readonly Node[], sources: ReadonlySet<Tensor>): Set<Node> {
  const found = new Set<Node>();
  for (const node of order) {
    const depends =
      node.outputs.some((tensor) => sources.has(tensor)) ||
      node.inputs.some((tensor) => tensor !== undefined && found.has(tensor.node));
    if (depends) found.add(node);
  }
  return found;
}

/**
 * Reverse-mode differentiation as a graph transformation: the gradients of scalar `loss` with
 * respect to each tensor of `wrt`, as new tensors of the same shapes. The graph must be lowered.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) {
    throw shapeError('gradients', 'the loss must be a scalar', { loss });
  }
  const order = topological([loss]);
  const needed = dependents(order, new Set(wrt));
  const again = recomputation(order, loss);
  const parts = new Map<Tensor, Tensor[]>([[loss, [constant(1, [], loss.dtype)]]]);
  const total = (tensor: Tensor): Tensor | undefined => {
    const list = parts.get(tensor);
    if (list === undefined || list.length === 1) return list?.[0];
    const sum = addN(list);
    parts.set(tensor, [sum]);
    return sum;
  };

  for (const node of order.reverse()) {
    if (!needed.has(node) || node.op.kind === 'leaf') continue;
    const dys = node.outputs.map(total);
    const dy = dys.find((tensor) => tensor !== undefined);
    if (dy === undefined || node.op.vjp === 'zero') continue;
    const read = again(node, dy);
    within({ path: node.path }, () => propagate(node, dys, needed, parts, read));
  }
  return wrt.map((tensor) => total(tensor) ?? constant(0, tensor.shape, tensor.dtype));
}

function propagate(
  node: Node,
  dys: readonly (Tensor | undefined)[],
  needed: ReadonlySet<Node>,
  parts: Map<Tensor, Tensor[]>,
  read: (tensor: Tensor) => Tensor,
): void {
  const { op, inputs, attrs } = node;
  if (op.vjp === 'none') {
    throw new FoveaError(`${op.name}: has no derivative; keep it out of the loss`);
  }
  invariant(typeof op.vjp === 'function', `${op.name} reached the gradient without being lowered`);
  const named = namedInputs(
    op,
    inputs.map((tensor) => tensor && read(tensor)),
  );
  const outputs = namedOutputs(op, node.outputs.map(read));
  const grads = op.vjp(named, attrs, outputs, namedOutputs(op, dys as Tensor[]));
  const isList = Object.values(named).some(Array.isArray);
  const list = isList
    ? (Object.values(grads)[0] as readonly Tensor[])
    : op.inputs.map((name) => grads[baseName(name)] as Tensor | undefined);

  inputs.forEach((source, i) => {
    const grad = list[i];
    if (source === undefined || grad === undefined || !needed.has(source.node)) return;
    if (!isDifferentiable(source)) return;
    invariant(
      sameShape(grad.shape, source.shape) && grad.dtype === source.dtype,
      `${op.name}: gradient ${i} is ${grad.dtype} [${grad.shape}] for ${source.dtype} [${source.shape}]`,
    );
    const known = parts.get(source);
    if (known === undefined) parts.set(source, [grad]);
    // Where memory is to be saved, gradients do not wait for each other.
    else if (node.segment !== undefined) parts.set(source, [addN([...known, grad])]);
    else known.push(grad);
  });
}

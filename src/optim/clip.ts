import { type Tensor, UsageError } from '../graph/index.ts';
import { add, addN, div, maximum, minimum, mul, sqrt, sum } from '../ops/index.ts';

/** How gradients are kept from growing too large. */
export type Clip = { readonly norm: number } | { readonly value: number };

/** The joint 2-norm of tensors: []. */
export const globalNorm = (tensors: readonly Tensor[]): Tensor =>
  sqrt(addN(tensors.map((tensor) => sum(mul(tensor, tensor)))));

/**
 * Scales gradients together so that their joint 2-norm is at most `limit`. PyTorch's
 * clip_grad_norm_: all are multiplied by min(1, limit / (norm + 1e-6)).
 */
export function clipGradNorm(grads: readonly Tensor[], limit: number): Tensor[] {
  checkLimit('clipGradNorm', limit);
  const scale = minimum(div(limit, add(globalNorm(grads), 1e-6)), 1);
  return grads.map((grad) => mul(grad, scale));
}

/** Cuts every element of the gradients to −limit … limit. */
export function clipGradValue(grads: readonly Tensor[], limit: number): Tensor[] {
  checkLimit('clipGradValue', limit);
  return grads.map((grad) => maximum(minimum(grad, limit), -limit));
}

export const clipGradients = (grads: readonly Tensor[], clip: Clip): Tensor[] =>
  'norm' in clip ? clipGradNorm(grads, clip.norm) : clipGradValue(grads, clip.value);

function checkLimit(name: string, limit: number): void {
  if (!(limit > 0)) throw new UsageError(`${name}: the limit must be above 0 (it is ${limit})`);
}

import type { Lowered } from '../lower.ts';
import type { Tensor } from '../tensor.ts';
import { mergeCommonSubexpressions } from './common-subexpressions.ts';
import { simplify } from './simplify.ts';

type Pass = (roots: readonly Tensor[]) => (tensor: Tensor) => Tensor;

/** Applies a pass to everything that a program computes. */
export function applyPass<K extends string>(graph: Lowered<K>, pass: Pass): Lowered<K> {
  const outputs = Object.entries<Tensor>(graph.outputs);
  const values = graph.updates.map((update) => update.value);
  const renew = pass([...outputs.map(([, tensor]) => tensor), ...values]);
  return {
    outputs: Object.fromEntries(
      outputs.map(([name, t]) => [name, renew(t)]),
    ) as Lowered<K>['outputs'],
    updates: graph.updates.map(({ variable, value }) => ({ variable, value: renew(value) })),
  };
}

/** The passes that every engine profits from. What nothing reads any more falls away by itself. */
export const optimize = <K extends string>(graph: Lowered<K>): Lowered<K> =>
  [simplify, mergeCommonSubexpressions, simplify].reduce<Lowered<K>>(applyPass, graph);

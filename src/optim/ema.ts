import { type Lowered, rewrite, type Tensor, type Update, UsageError } from '../graph/index.ts';
import { lerp } from '../ops/index.ts';
import { auxiliary, averageName } from './variables.ts';

/** Updates of running averages, and the names of what they average. */
export interface Averages {
  readonly updates: readonly Update[];
  readonly averaged: readonly string[];
}

/**
 * Averages of the model's variables that change: average ← decay·average + (1 − decay)·new value.
 * They start as copies of the weights. What never changes is its own average and is left out.
 */
export function averagesOf(
  updates: readonly Update[],
  names: ReadonlyMap<Tensor, string>,
  decay: number,
): Averages {
  if (!(decay >= 0 && decay < 1)) {
    throw new UsageError(`ema: decay must lie in [0, 1) (it is ${decay})`);
  }
  const changing = updates.filter(
    ({ variable }) => names.has(variable) && variable.dtype === 'float32',
  );
  return {
    averaged: changing.map(({ variable }) => names.get(variable)!),
    updates: changing.map(({ variable, value }) => {
      const average = auxiliary(averageName(names.get(variable)!), variable);
      return { variable: average, value: lerp(average, value, 1 - decay) };
    }),
  };
}

/** Puts their running averages in the place of a model's variables. */
export function useAverages<K extends string>(
  graph: Lowered<K>,
  variables: ReadonlyMap<string, Tensor>,
  averaged: readonly string[],
): Lowered<K> {
  const averages = new Map<Tensor, Tensor>();
  for (const name of averaged) {
    const variable = variables.get(name);
    if (variable === undefined) throw new UsageError(`ema: the model has no variable "${name}"`);
    averages.set(variable, auxiliary(averageName(name), variable));
  }
  const outputs = Object.entries<Tensor>(graph.outputs);
  const renew = rewrite(
    outputs.map(([, tensor]) => tensor),
    (node) => {
      const average = averages.get(node.outputs[0]!);
      return average && [average];
    },
  );
  return {
    outputs: Object.fromEntries(
      outputs.map(([name, tensor]) => [name, renew(tensor)]),
    ) as Lowered<K>['outputs'],
    updates: graph.updates,
  };
}

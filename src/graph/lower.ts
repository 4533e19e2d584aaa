import { namedInputs } from './define-op.ts';
import { invariant } from './errors.ts';
import { isVariable, variable } from './leaves.ts';
import { shapeError } from './shapes.ts';
import type { Tensor } from './tensor.ts';
import { asList, rewrite } from './traverse.ts';

/** Whether batch statistics and dropout are in force. An argument of lowering, never a flag. */
export type Mode = 'train' | 'infer';

/** A new value for a variable, taken over when the run ends. */
export interface Update {
  readonly variable: Tensor;
  readonly value: Tensor;
}

/** What a composite op may ask for while it expands. */
export interface LoweringContext {
  readonly mode: Mode;
  /** States that `variable` becomes `value` when the run ends. */
  update(variable: Tensor, value: Tensor): void;
  /** A number that no other random op of this graph has. */
  randomStream(): number;
}

/** Number of training steps done so far: [] int32. */
export const step = variable([], { name: 'step', trainable: false, initial: 0 }, 'int32');
/** Seed of everything random inside a program: [] int32. */
export const seed = variable([], { name: 'seed', trainable: false, initial: 0 }, 'int32');

export interface Lowered<K extends string = string> {
  readonly outputs: Readonly<Record<K, Tensor>>;
  readonly updates: readonly Update[];
}

/** Replaces composite ops by primitives for a mode, and collects the state updates they ask for. */
export function lower<K extends string>(outputs: Record<K, Tensor>, mode: Mode): Lowered<K> {
  const updates: Update[] = [];
  const updated = new Set<Tensor>();
  let streams = 0;
  const context: LoweringContext = {
    mode,
    update(target, value) {
      invariant(isVariable(target), 'only variables can be updated');
      if (updated.has(target)) {
        throw shapeError(
          'lower',
          'a layer with running statistics is used twice; give each use its own',
        );
      }
      updated.add(target);
      updates.push({ variable: target, value });
    },
    randomStream: () => streams++,
  };
  const expand = (roots: Tensor[]): ((tensor: Tensor) => Tensor) =>
    rewrite(roots, (node, inputs) => {
      const { op, attrs } = node;
      if (op.expand === undefined) return undefined;
      const first = updates.length;
      const expanded = asList(node, op.expand(namedInputs(op, inputs), attrs, context));
      // An expansion may itself use composites.
      const fresh = updates.splice(first);
      const renew = expand([...expanded, ...fresh.map((update) => update.value)]);
      for (const { variable: target, value } of fresh) {
        updates.push({ variable: target, value: renew(value) });
      }
      return expanded.map(renew);
    });
  const renew = expand(Object.values(outputs));
  const lowered = Object.entries<Tensor>(outputs).map(([name, tensor]) => [name, renew(tensor)]);
  return { outputs: Object.fromEntries(lowered), updates };
}

import type { Program, TensorType, ValueId } from '../../graph/index.ts';
import { readsOf, type Step } from './step.ts';

/** A program as steps on values whose memory is shared by views. */
export interface Flow {
  /** The program's, followed by those of copies. */
  readonly types: readonly TensorType[];
  /** In an order that respects what they read. Reshapes are gone. */
  readonly steps: readonly Step[];
  /** The value whose memory this one lies in: itself unless it is a view. */
  rootOf(id: ValueId): ValueId;
  /** Values of steps (never views) by the variable that takes them over. */
  readonly updates: ReadonlyMap<ValueId, ValueId>;
  readonly outputs: readonly { readonly name: string; readonly id: ValueId }[];
}

/**
 * Lets reshapes share the memory of what they read. Where an output or a new value of a variable
 * would then lie in memory that an update changes, it becomes a copy.
 */
export function shareViews(program: Program, all: readonly Step[]): Flow {
  const types = [...program.types];
  const roots = new Map<ValueId, ValueId>();
  const rootOf = (id: ValueId): ValueId => roots.get(id) ?? id;
  const steps: Step[] = [];
  for (const step of all) {
    if (step.op === 'reshape') roots.set(step.outputs[0]!, rootOf(step.inputs[0]!));
    else steps.push(step);
  }

  const copy = (id: ValueId): ValueId => {
    const type = types[id]!;
    const fresh = types.push(type) - 1;
    steps.push({
      op: 'reshape',
      attrs: { shape: type.shape },
      inputs: [id],
      outputs: [fresh],
      tail: undefined,
      ops: ['copy'],
      path: [],
      after: undefined,
      flops: 0,
      hoisted: false,
    });
    return fresh;
  };
  const updated = new Set(program.updates.map(({ variable }) => variable));
  const fresh = new Set(steps.flatMap(({ hoisted, outputs }) => (hoisted ? [] : outputs)));
  const updates = new Map<ValueId, ValueId>();
  for (const { variable, value } of program.updates) {
    const root = rootOf(value);
    // Every value is taken over by one variable at most.
    updates.set(variable, fresh.delete(root) ? root : copy(value));
  }
  const outputs = program.outputs.map(({ name, id }) => ({
    name,
    id: updated.has(rootOf(id)) ? copy(id) : id,
  }));
  return { types, steps, rootOf, updates, outputs };
}

/** Steps that read each root, in order. */
export function readersOf({ steps, rootOf }: Flow): Map<ValueId, Step[]> {
  const readers = new Map<ValueId, Step[]>();
  for (const step of steps) {
    for (const root of new Set(readsOf(step).map(rootOf))) {
      if (!readers.has(root)) readers.set(root, []);
      readers.get(root)!.push(step);
    }
  }
  return readers;
}

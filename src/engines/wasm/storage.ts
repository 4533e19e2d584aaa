import { byteSize, type Program, sameShape, type ValueId } from '../../graph/index.ts';
import { isInPlace, keptRoots, type Schedule } from './schedule.ts';
import { readsOf, type Step } from './step.ts';
import type { Flow } from './views.ts';

/**
 * Where values lie. 'arena': memory that all executables share, for the time of a run. 'kept':
 * memory of the executable, for what is computed once. The others have memory of their own.
 */
export type Home = 'arena' | 'kept' | 'constant' | 'variable';

/** Where a place ended up. */
export interface Location {
  readonly home: Home;
  /** Bytes from the start of the arena, of the executable's own memory, or of the variable. */
  readonly offset: number;
  readonly variable: string | undefined;
}

/** A piece of memory that one value lies in, or several one after the other. */
export interface Storage {
  readonly place: symbol;
  readonly home: Home;
  readonly bytes: number;
  /** Index of the first and of the last step that needs it. */
  readonly first: number;
  last: number;
}

/** Storage of every root. Values take over the memory of what they are computed from if they can. */
export function assignStorage(
  program: Program,
  flow: Flow,
  { steps, direct }: Schedule,
): Map<ValueId, Storage> {
  const { types, rootOf } = flow;
  const storages = new Map<ValueId, Storage>();
  const lastRead = new Map<ValueId, number>();
  steps.forEach((step, i) => {
    for (const id of readsOf(step)) lastRead.set(rootOf(id), i);
  });
  for (const root of keptRoots(flow)) lastRead.set(root, steps.length);
  const outlivesHoisting = (root: ValueId) => !(steps[lastRead.get(root) ?? -1]?.hoisted ?? false);

  const place = (root: ValueId, home: Home, first: number) => {
    const bytes = byteSize(types[root]!);
    const last = lastRead.get(root) ?? first;
    storages.set(root, { place: Symbol(`%${root}`), home, bytes, first, last });
  };
  for (const { id } of program.variables) place(id, 'variable', 0);
  for (const { id } of program.constants) place(id, 'constant', 0);
  for (const { id } of program.inputs) place(id, 'arena', 0);

  steps.forEach((step, i) => {
    const taken = new Set<Storage>();
    for (const id of step.outputs) {
      const variable = direct.get(id);
      const home = step.hoisted && outlivesHoisting(id) ? 'kept' : 'arena';
      const dying =
        variable === undefined && home === 'arena' ? dyingInput(step, id, i) : undefined;
      const storage = variable === undefined ? dying : storages.get(variable)!;
      if (storage === undefined) {
        place(id, home, i);
        continue;
      }
      taken.add(storage);
      storages.set(id, storage);
      storage.last = Math.max(storage.last, lastRead.get(id) ?? i);
    }

    /** Memory of the output's own type that this step is the last to read. */
    function dyingInput(reader: Step, output: ValueId, at: number): Storage | undefined {
      if (!isInPlace(reader)) return undefined;
      const reads = readsOf(reader);
      for (const id of reads) {
        const storage = storages.get(rootOf(id))!;
        if (storage.home !== 'arena' || storage.last !== at || taken.has(storage)) continue;
        const others = reads.filter((other) => storages.get(rootOf(other)) === storage);
        if (others.every((other) => sameType(other, output))) return storage;
      }
      return undefined;
    }
  });

  function sameType(a: ValueId, b: ValueId): boolean {
    const [x, y] = [types[a]!, types[b]!];
    return x.dtype === y.dtype && sameShape(x.shape, y.shape);
  }
  return storages;
}

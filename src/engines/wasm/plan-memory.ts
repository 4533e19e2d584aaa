import { type Program, planArena, type ValueId } from '../../graph/index.ts';
import { fuse } from './fuse.ts';
import { schedule } from './schedule.ts';
import { assignStorage, type Storage } from './storage.ts';
import { shareViews } from './views.ts';

/** Where the values of a program lie, as far as it is the same for every kernel. */
export interface MemoryPlan {
  /** Bytes for what lives within a run: feeds, intermediate values, outputs. */
  readonly arenaBytes: number;
  /** Bytes of what is computed once and kept, such as folded weights. */
  readonly keptBytes: number;
  /** Bytes of the arena that must outlast the step that makes `value`: written before, read after. */
  heldAcross(value: ValueId): number;
}

/** Plans a program without compiling it: without the working memory that single kernels ask for. */
export function planMemory(program: Program): MemoryPlan {
  const flow = shareViews(program, fuse(program));
  const plan = schedule(flow);
  const storages = new Set(assignStorage(program, flow, plan).values());
  const at = (home: Storage['home']) => [...storages].filter((storage) => storage.home === home);
  const arena = at('arena');
  const sum = (list: readonly Storage[]) => list.reduce((total, { bytes }) => total + bytes, 0);
  return {
    arenaBytes: planArena(arena).bytes,
    keptBytes: sum(at('kept')),
    heldAcross(value) {
      const root = flow.rootOf(value);
      const step = plan.steps.findIndex(({ outputs }) => outputs.includes(root));
      return sum(arena.filter(({ first, last }) => first < step && last > step));
    },
  };
}

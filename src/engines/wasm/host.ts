import { type Arena, createArena } from './arena.ts';
import { INITIAL_PAGES, MAXIMUM_PAGES, PAGE } from './protocol.ts';
import { createRegions, type Regions } from './regions.ts';
import type { Team } from './team.ts';

/** What the parts of an engine share. */
export interface Host {
  readonly team: Team;
  readonly regions: Regions;
  readonly arena: Arena;
  /** Index of each export of the kernels. */
  readonly exports: ReadonlyMap<string, number>;
  /** Does jobs one after the other. Whatever touches memory that a run may use is a job. */
  enqueue<T>(job: () => Promise<T>): Promise<T>;
}

/** The kernels' own constants come first, and a spare page last: tensors have neighbours. */
const FIRST = INITIAL_PAGES * PAGE;
const LIMIT = (MAXIMUM_PAGES - 1) * PAGE;

export function createHost(team: Team, module: WebAssembly.Module): Host {
  const regions = createRegions(FIRST, LIMIT, (end) => team.reserve(end + PAGE));
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  let last: Promise<unknown> = Promise.resolve();
  return {
    team,
    regions,
    arena: createArena(regions),
    exports: new Map(names.map((name, i) => [name, i])),
    enqueue(job) {
      const result = last.then(job);
      last = result.catch(() => {});
      return result;
    },
  };
}

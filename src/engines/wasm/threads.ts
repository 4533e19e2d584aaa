import type { Emitted, Extent } from './emit.ts';
import type { Argument } from './kernel.ts';
import type { Location } from './storage.ts';

export interface PlannedCall {
  readonly name: string;
  readonly args: readonly Argument[];
  /** Whether all threads must have done it before any goes on. */
  readonly barrier: boolean;
  /** Whether the first thread makes it alone. */
  readonly solo: boolean;
  /** Index of the step that it belongs to. */
  readonly step: number;
}

interface Range {
  /** Which memory; a variable is one of its own. */
  readonly memory: string;
  readonly from: number;
  readonly to: number;
}

const overlap = (a: readonly Range[], b: readonly Range[]): boolean =>
  a.some((x) => b.some((y) => x.memory === y.memory && x.from < y.to && y.from < x.to));

interface Access {
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

const conflict = (a: Access, b: Access): boolean =>
  overlap(a.writes, b.reads) || overlap(a.writes, b.writes) || overlap(a.reads, b.writes);

/** Up to here a step is done sooner by one thread than threads could meet twice. */
const SOLO_BYTES = 2 ** 15;
const SOLO_FLOPS = 2 ** 16;

function isSmall({ step, reads, writes, scratch }: Emitted): boolean {
  const bytes = (extents: readonly Extent[]) => extents.reduce((sum, each) => sum + each.bytes, 0);
  const moved = bytes(reads) + bytes(writes) - bytes(scratch);
  return moved <= SOLO_BYTES && step.flops <= SOLO_FLOPS;
}

/**
 * The calls of all steps: which the first thread makes alone, and where barriers stand. A step that
 * all threads share must not touch what others since the last barrier wrote, nor write what they
 * read; one that the first thread does alone has to mind the shared ones only.
 */
export function scheduleThreads(
  emitted: readonly Emitted[],
  locate: (place: symbol) => Location,
  shareAll: boolean,
): PlannedCall[] {
  const rangeOf = ({ place, bytes }: Extent): Range => {
    const { home, offset, variable } = locate(place);
    return { memory: variable ?? `(${home})`, from: offset, to: offset + bytes };
  };
  const result: PlannedCall[] = [];
  let alone: Access[] = [];
  let shared: Access[] = [];
  const barrier = () => {
    const last = result.pop();
    if (last !== undefined) result.push({ ...last, barrier: true });
    alone = [];
    shared = [];
  };
  emitted.forEach((each, step) => {
    const access = { reads: each.reads.map(rangeOf), writes: each.writes.map(rangeOf) };
    const solo = !shareAll && isSmall(each);
    const others = solo ? shared : [...shared, ...alone];
    if (each.calls.length > 0 && others.some((other) => conflict(access, other))) barrier();
    each.calls.forEach(({ name, args }, i) => {
      // The calls of a step depend on each other.
      if (i > 0 && !solo) barrier();
      result.push({ name, args, step, barrier: false, solo });
    });
    (solo ? alone : shared).push(access);
  });
  barrier();
  return result;
}

import type { Region, Regions } from './regions.ts';

/** The memory for temporary values that all executables of an engine share, as they run in turn. */
export interface Arena {
  readonly address: number;
  /** Makes it large enough for one more. It may move. */
  join(member: object, bytes: number): void;
  /** It may shrink, and move. */
  leave(member: object): void;
}

export function createArena(regions: Regions): Arena {
  const members = new Map<object, number>();
  let region: Region | undefined;

  function resize(): void {
    const needed = Math.max(0, ...members.values());
    if (region?.bytes === needed) return;
    if (region !== undefined) regions.free(region);
    region = undefined;
    if (needed > 0) region = regions.allocate(needed);
  }

  return {
    get address() {
      return region?.address ?? 0;
    },
    join(member, bytes) {
      members.set(member, bytes);
      try {
        resize();
      } catch (error) {
        // The others go on in what fitted before.
        members.delete(member);
        resize();
        throw error;
      }
    },
    leave(member) {
      members.delete(member);
      resize();
    },
  };
}

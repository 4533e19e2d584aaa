import type { Scope } from './tensor.ts';

// Where the tracing stands. It lives only while a layer's function runs, and names the place in error
// messages and profiles.
let scope: Scope = { path: [] };

export const currentScope = (): Scope => scope;
export const currentPath = (): readonly string[] => scope.path;

/** Runs `body` inside the part called `name`. */
export function scoped<T>(name: string, body: () => T): T {
  return within({ ...scope, path: [...scope.path, name] }, body);
}

/** Runs `body` at a place of its own, as graph rewrites do for the nodes they replace. */
export function within<T>(at: Scope, body: () => T): T {
  const outer = scope;
  scope = at;
  try {
    return body();
  } finally {
    scope = outer;
  }
}

/**
 * Runs `body`, and has gradients compute again what it computes instead of keeping it for the way
 * back (Chen et al. 2016, "Training deep nets with sublinear memory cost"). Kept are what it reads
 * from outside, what others read of it, and what `kept` marks. The numbers stay the same: random
 * draws repeat, and running statistics are updated once. Has no effect inside another such body.
 */
export function recomputed<T>(body: () => T): T {
  if (scope.segment !== undefined) return body();
  return within({ ...scope, segment: { id: Symbol('segment'), kept: false } }, body);
}

/** Runs `body`, whose values are kept inside a `recomputed` one: they cost too much to compute twice. */
export function kept<T>(body: () => T): T {
  if (scope.segment === undefined) return body();
  return within({ ...scope, segment: { ...scope.segment, kept: true } }, body);
}

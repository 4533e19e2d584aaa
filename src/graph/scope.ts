// The path of the layers being traced. It lives only while a layer's function runs, and names the
// place in error messages and profiles.
let path: readonly string[] = [];

export const currentPath = (): readonly string[] => path;

/** Runs `body` inside the part called `name`. */
export function scoped<T>(name: string, body: () => T): T {
  return withPath([...path, name], body);
}

/** Runs `body` at an absolute path, as graph rewrites do for the nodes they replace. */
export function withPath<T>(at: readonly string[], body: () => T): T {
  const outer = path;
  path = at;
  try {
    return body();
  } finally {
    path = outer;
  }
}

/** A call of an exported function with its addresses worked out. */
export interface ResolvedCall {
  /** Index in `WebAssembly.Module.exports`. */
  readonly index: number;
  readonly args: readonly number[];
  /** Whether all threads must have done it before any goes on. */
  readonly barrier: boolean;
  /** Whether the first thread makes it alone. */
  readonly solo: boolean;
}

const BARRIER = 1;
const SOLO = 2;

/**
 * A list of calls as it lies in memory for all threads to read: an id of its own, the count, and
 * for each call its export, its flags, the number of arguments, and these.
 */
export function encodeCalls(id: number, calls: readonly ResolvedCall[]): Float64Array {
  const words = calls.flatMap(({ index, args, barrier, solo }) => [
    index,
    (barrier ? BARRIER : 0) | (solo ? SOLO : 0),
    args.length,
    ...args,
  ]);
  return Float64Array.of(id, calls.length, ...words);
}

export const encodedBytes = (calls: readonly { readonly args: readonly unknown[] }[]): number =>
  8 * calls.reduce((words, { args }) => words + 3 + args.length, 2);

export function decodeCalls(words: Float64Array): ResolvedCall[] {
  const calls: ResolvedCall[] = [];
  let at = 2;
  for (let count = words[1]!; count > 0; count--) {
    const first = at + 3;
    at = first + words[first - 1]!;
    const flags = words[first - 2]!;
    calls.push({
      index: words[first - 3]!,
      args: [...words.subarray(first, at)],
      barrier: (flags & BARRIER) !== 0,
      solo: (flags & SOLO) !== 0,
    });
  }
  return calls;
}

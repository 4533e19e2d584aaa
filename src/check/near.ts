import { groupBy } from './group-by.ts';
import {
  bitCount,
  COARSE_WORDS,
  FINE_WORDS,
  fineBits,
  type Hashes,
  hashDistance,
  sameThumbnail,
} from './perceptual-hash.ts';

export interface NearPair {
  readonly a: number;
  readonly b: number;
  /** Bits of 64 that differ. */
  readonly distance: number;
}

/** Pictures of one colour have hardly a bit set, and all look alike. */
const LEAST_BITS = 8;
/** Comparisons after which others get a turn: some tens of milliseconds. */
const BETWEEN_PAUSES = 4e6;

/**
 * Pairs among the pictures `candidates` whose hashes differ in at most `threshold` of 64 bits, and in
 * no larger share of 256. Where there are more pairs than pictures, as with things of one kind before
 * an empty background, hashes cannot tell them apart: then thumbnails must correlate, too.
 */
export async function nearPairs(
  hashes: Hashes,
  candidates: readonly number[],
  threshold: number,
): Promise<NearPair[]> {
  const { coarse, fine } = hashes;
  const usable = candidates.filter((i) => fineBits(hashes, i) >= LEAST_BITS);
  const { keys, groups } = groupsToCompare(coarse, usable, threshold + 1);
  let pairs: NearPair[] = [];
  let correlated = false;
  let compared = 0;
  for (const { part, group } of groups) {
    const low = Uint32Array.from(group, (i) => coarse[COARSE_WORDS * i]!);
    const high = Uint32Array.from(group, (i) => coarse[COARSE_WORDS * i + 1]!);
    for (let k = 1; k < group.length; k++) {
      compared += k;
      if (compared > BETWEEN_PAUSES) {
        compared = 0;
        await new Promise((resume) => setTimeout(resume));
      }
      const [b, lowB, highB] = [group[k]!, low[k]!, high[k]!];
      for (let i = 0; i < k; i++) {
        const distance = bitCount(low[i]! ^ lowB) + bitCount(high[i]! ^ highB);
        if (distance > threshold) continue;
        const a = group[i]!;
        if (hashDistance(fine, FINE_WORDS, a, b) > 4 * threshold) continue;
        // Pairs that have several parts in common are met several times.
        if (keys.some((earlier, e) => e < part && earlier[a] === earlier[b])) continue;
        if (correlated && !sameThumbnail(hashes, a, b)) continue;
        pairs.push({ a, b, distance });
        if (!correlated && pairs.length > usable.length) {
          correlated = true;
          pairs = pairs.filter((pair) => sameThumbnail(hashes, pair.a, pair.b));
        }
      }
    }
  }
  return pairs;
}

interface Group {
  readonly part: number;
  readonly group: readonly number[];
}

/**
 * Groups within which all pairs are to be compared. Of two hashes that differ in fewer bits than they
 * are cut into parts, at least one part is equal: those with an equal part make a group, unless
 * hashes are so much alike that this would be more work than to compare all with all.
 */
function groupsToCompare(coarse: Uint32Array, candidates: readonly number[], parts: number) {
  const all: Group = { part: 0, group: candidates };
  const work = ({ group }: Group) => group.length * (group.length - 1);
  const keys: Float64Array[] = [];
  const groups: Group[] = [];
  let sum = 0;
  for (let part = 0; part < parts; part++) {
    const key = partOf(coarse, part, parts);
    keys.push(key);
    for (const group of groupBy(candidates, (i) => key[i]!).values()) {
      groups.push({ part, group });
      sum += work({ part, group });
    }
    if (sum > work(all)) return { keys: [], groups: [all] };
  }
  return { keys, groups };
}

/** Of each hash one of so many parts. Its bits come from all over the picture: edges say little. */
function partOf(coarse: Uint32Array, part: number, parts: number): Float64Array {
  const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => bit % parts === part);
  return Float64Array.from({ length: coarse.length / COARSE_WORDS }, (_, i) =>
    bits.reduce((key, bit) => {
      const word = coarse[i * COARSE_WORDS + (bit >> 5)]!;
      return key * 2 + ((word >>> (bit & 31)) & 1);
    }, 0),
  );
}

/** Samples that are connected by pairs, in groups of at least two, each in rising order. */
export function connected(
  pairs: readonly { readonly a: number; readonly b: number }[],
): number[][] {
  const parents = new Map<number, number>();
  const rootOf = (i: number): number => {
    let root = i;
    while (parents.get(root) !== root) root = parents.get(root)!;
    for (let at = i; at !== root; ) {
      const next = parents.get(at)!;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  for (const { a, b } of pairs) {
    for (const i of [a, b]) if (!parents.has(i)) parents.set(i, i);
    parents.set(rootOf(a), rootOf(b));
  }
  const members = [...parents.keys()].sort((a, b) => a - b);
  return [...groupBy(members, rootOf).values()];
}

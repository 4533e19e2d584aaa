import { type Facts, isDecoded } from './facts.ts';
import { groupBy } from './group-by.ts';
import { connected, nearPairs } from './near.ts';
import type { Problem } from './problems.ts';

/** Samples with the same content, in groups of at least two, each in rising order. */
export function sameContent(facts: Facts): number[][] {
  const decoded = facts.samples.map((_, i) => i).filter((i) => isDecoded(facts, i));
  const groups = groupBy(decoded, (i) => facts.digests[i]!);
  return [...groups.values()].filter((group) => group.length > 1);
}

/** How a group of alike pictures spreads over labels and splits. */
function spread({ samples }: Facts, group: readonly number[]) {
  const labels = new Set(group.map((i) => samples[i]!.label));
  const parts = new Set(group.map((i) => samples[i]!.part));
  return { labels: [...labels], parts: [...parts].map((part) => part ?? 'no split') };
}

/** `3 copies`, or `2 copies in train` where there are splits. */
function copies({ samples }: Facts, group: readonly number[]): string {
  const counts = groupBy(group, (i) => samples[i]!.part);
  return [...counts]
    .filter(([, own]) => own.length > 1)
    .map(([part, own]) => `${own.length} copies${part === undefined ? '' : ` in ${part}`}`)
    .join(', ');
}

/**
 * What is wrong with samples of the same content. A group may have several problems: a copy in
 * another split, another label, and a second copy in one split.
 */
export function duplicateProblems(facts: Facts, groups: readonly (readonly number[])[]): Problem[] {
  return groups.flatMap((group) => {
    const { labels, parts } = spread(facts, group);
    const problems: Problem[] = [];
    const say = (kind: Problem['kind'], detail: string) =>
      problems.push({ kind, samples: group, detail });
    if (labels.length > 1) say('conflict', labels.join(', '));
    if (parts.length > 1) say('leak', parts.join(', '));
    if (group.length > parts.length && labels.length === 1) say('duplicate', copies(facts, group));
    return problems;
  });
}

/** Groups of pictures that look alike but are not the same content. */
export async function nearProblems(
  facts: Facts,
  same: readonly (readonly number[])[],
  threshold: number,
): Promise<Problem[]> {
  const copies = new Set(same.flatMap(([, ...others]) => others));
  const candidates = facts.samples
    .map((_, i) => i)
    .filter((i) => isDecoded(facts, i) && !copies.has(i));
  const pairs = await nearPairs(facts.hashes, candidates, threshold);
  const nearest = new Map<number, number>();
  for (const { a, b, distance } of pairs) {
    for (const i of [a, b]) nearest.set(i, Math.min(distance, nearest.get(i) ?? 64));
  }
  return connected(pairs).map((group): Problem => {
    const { labels, parts } = spread(facts, group);
    const distance = Math.max(...group.map((i) => nearest.get(i)!));
    const bits = distance === 1 ? '1 bit' : `${distance} bits`;
    if (labels.length > 1) {
      return { kind: 'near-conflict', samples: group, detail: `${labels.join(', ')}; ${bits}` };
    }
    if (parts.length > 1) {
      return { kind: 'near-leak', samples: group, detail: `${parts.join(', ')}; ${bits}` };
    }
    return { kind: 'near-duplicate', samples: group, detail: bits };
  });
}

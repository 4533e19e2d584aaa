import type { CheckedSample } from './facts.ts';
import { PROBLEMS, type Problem } from './problems.ts';

export interface ExcludedSample {
  readonly sample: number;
  readonly reason: string;
}

/** Whose copy is kept: what a network is tested on must stay what it was. */
const KEPT_FIRST = ['test', 'val', 'train'];

/**
 * The samples to leave out so that no error remains: files that cannot be read; of a picture with
 * several labels all copies, since nothing tells which is right; of other copies all but the one in
 * the test, then validation, then training split, there the first.
 */
export function excludedSamples(
  problems: readonly Problem[],
  samples: readonly CheckedSample[],
): ExcludedSample[] {
  const excluded = new Map<number, string>();
  const rank = (i: number) => KEPT_FIRST.indexOf(samples[i]!.part ?? 'train');
  for (const { kind, samples: group, detail } of problems) {
    const { title, remedy } = PROBLEMS[kind];
    const [kept, ...others] = group.toSorted((a, b) => rank(a) - rank(b) || a - b);
    const out = remedy === 'all' ? group : remedy === 'copies' ? others : [];
    const why = remedy === 'copies' ? samples[kept!]!.path : detail;
    for (const i of out) if (!excluded.has(i)) excluded.set(i, `${title}: ${why}`);
  }
  return [...excluded]
    .map(([sample, reason]) => ({ sample, reason }))
    .sort((a, b) => a.sample - b.sample);
}

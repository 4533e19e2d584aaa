import type { Part } from '../data/list.ts';
import { type Facts, isDecoded } from './facts.ts';
import { groupBy } from './group-by.ts';
import { PROBLEMS, type Problem, type ProblemKind } from './problems.ts';

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a check has found. Plain JSON: this is `report.json`. */
export interface CheckReport {
  readonly data: string;
  /** Folder that paths are relative to; null for data that is no files. */
  readonly root: string | null;
  /** Images by name, those that cannot be decoded included. */
  readonly images: number;
  readonly decoded: number;
  /** Left out by the dataset's list of exclusions, and not looked at. */
  readonly excluded: number;
  /** Files that are no images, neither by name nor by content. */
  readonly otherFiles: number;
  readonly splits: readonly { readonly split: Part; readonly images: number }[];
  /** Images that can be decoded. */
  readonly classes: readonly {
    readonly class: string;
    readonly images: number;
    readonly splits: Readonly<Partial<Record<Part, number>>>;
  }[];
  readonly formats: Readonly<Record<string, number>>;
  /** Pixels, and width by height. */
  readonly sizes: {
    readonly width: Spread;
    readonly height: Spread;
    readonly aspect: Spread;
  } | null;
  readonly errors: number;
  readonly warnings: number;
  /** Largest distance of near duplicates, in bits of 64. */
  readonly nearDuplicates: number;
  /** How many of each kind. */
  readonly counts: Readonly<Partial<Record<ProblemKind, number>>>;
  readonly problems: readonly {
    readonly kind: ProblemKind;
    readonly severity: 'error' | 'warning';
    readonly files: readonly string[];
    readonly detail: string;
  }[];
}

const PARTS: readonly Part[] = ['train', 'val', 'test'];

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  return {
    min: sorted[0]!,
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    max: sorted.at(-1)!,
  };
}

const countBy = <K extends string>(keys: readonly K[]): Partial<Record<K, number>> => {
  const counts = [...groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length] as const);
  return Object.fromEntries(counts.sort((a, b) => b[1] - a[1])) as Partial<Record<K, number>>;
};

export interface ReportInput {
  readonly data: string;
  readonly root: string | undefined;
  readonly facts: Facts;
  /** All of them, those of single files included. */
  readonly problems: readonly Problem[];
  /** In the order of the dataset; those without images too. */
  readonly classes: readonly string[];
  readonly excluded: number;
  readonly otherFiles: number;
  readonly nearDuplicates: number;
}

export function reportOf(input: ReportInput): CheckReport {
  const { facts, problems, classes } = input;
  const { samples, widths, heights, formats } = facts;
  const decoded = samples.map((_, i) => i).filter((i) => isDecoded(facts, i));
  const parts = PARTS.filter((part) => samples.some((sample) => sample.part === part));
  const kinds = Object.keys(PROBLEMS) as ProblemKind[];
  const severities = countBy(problems.map(({ kind }) => PROBLEMS[kind].severity));
  const ofClass = groupBy(decoded, (i) => samples[i]!.label);
  return {
    data: input.data,
    root: input.root ?? null,
    images: samples.length,
    decoded: decoded.length,
    excluded: input.excluded,
    otherFiles: input.otherFiles,
    splits: parts.map((part) => ({
      split: part,
      images: decoded.filter((i) => samples[i]!.part === part).length,
    })),
    classes: classes.map((name) => {
      const own = ofClass.get(name) ?? [];
      const counts = parts.map((part) => [
        part,
        own.filter((i) => samples[i]!.part === part).length,
      ]);
      return { class: name, images: own.length, splits: Object.fromEntries(counts) };
    }),
    formats: countBy(decoded.map((i) => formats[i]!)) as Record<string, number>,
    sizes:
      decoded.length === 0
        ? null
        : {
            width: spreadOf(decoded.map((i) => widths[i]!)),
            height: spreadOf(decoded.map((i) => heights[i]!)),
            aspect: spreadOf(decoded.map((i) => widths[i]! / heights[i]!)),
          },
    errors: severities.error ?? 0,
    warnings: severities.warning ?? 0,
    nearDuplicates: input.nearDuplicates,
    counts: countBy(problems.map(({ kind }) => kind)),
    problems: problems
      .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
      .map(({ kind, samples: group, path, detail }) => ({
        kind,
        severity: PROBLEMS[kind].severity,
        files: path === undefined ? group.map((i) => samples[i]!.path) : [path],
        detail,
      })),
  };
}

/**
 * Classes that have no image in a split in which others have some, or none at all. Images that cannot
 * be decoded do not count.
 */
export function emptyClasses(facts: Facts, classes: readonly string[]): Problem[] {
  const { samples } = facts;
  const parts = new Set(samples.map(({ part }) => part));
  const present = new Set(
    samples
      .filter((_, i) => isDecoded(facts, i))
      .map(({ label, part }) => JSON.stringify([label, part ?? null])),
  );
  return classes.flatMap((label): Problem[] => {
    const without = [...parts].filter(
      (part) => !present.has(JSON.stringify([label, part ?? null])),
    );
    if (without.length === 0) return [];
    const where = without.filter((part) => part !== undefined);
    const detail = where.length === 0 ? label : `${label}: none in ${where.join(', ')}`;
    return [{ kind: 'empty-class', samples: [], detail }];
  });
}

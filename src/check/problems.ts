/** What is done about a problem by `--fix`. */
type Remedy =
  /** All of its files are left out. */
  | 'all'
  /** One copy is kept. */
  | 'copies'
  /** Nothing: it takes a person to decide. */
  | 'none';

interface KindOfProblem {
  readonly title: string;
  /** Errors decide the exit code; warnings do not. */
  readonly severity: 'error' | 'warning';
  readonly remedy: Remedy;
}

/** Every kind of problem, the worst first. */
export const PROBLEMS = {
  empty: { title: 'empty file', severity: 'error', remedy: 'all' },
  'not-image': { title: 'no image', severity: 'error', remedy: 'all' },
  unsupported: { title: 'format that is not read', severity: 'error', remedy: 'all' },
  truncated: { title: 'truncated', severity: 'error', remedy: 'all' },
  corrupt: { title: 'corrupt', severity: 'error', remedy: 'all' },
  'too-large': { title: 'too large', severity: 'error', remedy: 'all' },
  unreadable: { title: 'cannot be read', severity: 'error', remedy: 'all' },
  conflict: { title: 'same picture, different labels', severity: 'error', remedy: 'all' },
  leak: { title: 'same picture in several splits', severity: 'error', remedy: 'copies' },
  duplicate: { title: 'exact duplicate', severity: 'error', remedy: 'copies' },
  'empty-class': { title: 'class without images', severity: 'error', remedy: 'none' },
  'near-conflict': {
    title: 'near duplicates, different labels',
    severity: 'warning',
    remedy: 'none',
  },
  'near-leak': { title: 'near duplicates in several splits', severity: 'warning', remedy: 'none' },
  'near-duplicate': { title: 'near duplicates', severity: 'warning', remedy: 'none' },
  'wrong-extension': { title: 'wrong extension', severity: 'warning', remedy: 'none' },
  'not-read': { title: 'image that is not read', severity: 'warning', remedy: 'none' },
} as const satisfies Record<string, KindOfProblem>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface Problem {
  readonly kind: ProblemKind;
  /** Samples that it is about. */
  readonly samples: readonly number[];
  /** A file or folder that is no sample. */
  readonly path?: string;
  /** What is wrong, in a few words. */
  readonly detail: string;
}

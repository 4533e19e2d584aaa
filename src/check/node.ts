export {
  type CheckOptions,
  type CheckResult,
  checkData,
  NEAR_DUPLICATES,
} from './node/check.ts';
export { classSheet, problemSheet } from './node/sheets.ts';
export { type WrittenExclusions, writeExclusions } from './node/write-exclusions.ts';
export type { Problem, ProblemKind } from './problems.ts';
export type { CheckReport } from './report.ts';

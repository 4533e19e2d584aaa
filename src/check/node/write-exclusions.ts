import { join } from 'node:path';
import {
  canBeExcluded,
  EXCLUSIONS,
  exclusionsText,
  readExclusions,
} from '../../data/node/files.ts';
import { replaceFile } from '../../train/node/files.ts';
import type { CheckResult } from './check.ts';

export interface WrittenExclusions {
  readonly path: string;
  readonly added: number;
  readonly total: number;
  /** Names with line breaks or tabs, which a line cannot hold. */
  readonly skipped: number;
}

/**
 * Adds what a check would leave out to the list of exclusions in the dataset's folder. Images stay as
 * they are.
 *
 * @throws FormatError when the list cannot be written
 */
export async function writeExclusions(result: CheckResult): Promise<WrittenExclusions> {
  const { root, toExclude, facts } = result;
  const path = join(root!, EXCLUSIONS);
  const known = await readExclusions(root!);
  const listed = new Map(known.map((exclusion) => [exclusion.path, exclusion]));
  let skipped = 0;
  for (const { sample, reason } of toExclude) {
    const { path: file } = facts.samples[sample]!;
    if (canBeExcluded(file)) {
      listed.set(file, { path: file, reason: reason.replaceAll(/\s+/g, ' ') });
    } else skipped++;
  }
  const added = listed.size - known.length;
  if (added > 0) await replaceFile(path, [exclusionsText([...listed.values()])]);
  return { path, added, total: listed.size, skipped };
}

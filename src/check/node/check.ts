import { isAbsolute, join } from 'node:path';
import { catalogue } from '../../data/catalogue.ts';
import type { LoadOptions } from '../../data/load.ts';
import { EXCLUSIONS, kindOfPath, readExclusions } from '../../data/node/files.ts';
import { openData } from '../../data/node/open.ts';
import { FormatError } from '../../graph/errors.ts';
import type { Image } from '../../image/image.ts';
import { decodeImage } from '../../image/node/decode.ts';
import { duplicateProblems, nearProblems, sameContent } from '../duplicates.ts';
import { type ExcludedSample, excludedSamples } from '../exclusions.ts';
import type { Facts } from '../facts.ts';
import type { Problem } from '../problems.ts';
import { type CheckReport, emptyClasses, reportOf } from '../report.ts';
import { type ListedFiles, listImageFolder, listImageList } from './list-files.ts';
import { imageAt, type LoadedPart, scanArrays } from './scan-arrays.ts';
import { type ScanOptions, scanFiles } from './scan-files.ts';

export interface CheckOptions extends LoadOptions, ScanOptions {
  /** Bits of 64 in which hashes of near duplicates may differ. Default 6. */
  readonly nearDuplicates?: number;
  /** Reading has ended, and comparing begins. */
  onCompare?(): void;
}

/** What a check has found, and what is needed to show it. */
export interface CheckResult {
  readonly report: CheckReport;
  readonly facts: Facts;
  readonly problems: readonly Problem[];
  /** Folder for the list of exclusions; absent for data that is no files. */
  readonly root?: string;
  /** To leave out so that no error remains that can be mended so. */
  readonly toExclude: readonly ExcludedSample[];
  /** A sample that can be decoded, perhaps smaller: no side below `side` pixels unless it was. */
  image(sample: number, side: number): Promise<Image>;
}

/** As large as differences of compression, size and small edits make it on photographs. */
export const NEAR_DUPLICATES = 6;

/**
 * Reads every image of a dataset once and compares them: an image folder, a list of images, or what
 * else `openData` knows.
 *
 * @throws UsageError and FormatError when the data as a whole cannot be found or read
 */
export async function checkData(data: string, options: CheckOptions = {}): Promise<CheckResult> {
  const known = catalogue.some(({ name }) => name === data);
  const kind = known ? undefined : await kindOfPath(data);
  if (kind === 'file' && /\.(csv|tsv|jsonl?)$/i.test(data)) {
    return checkFiles(data, await listImageList(data), options);
  }
  if (kind === 'folder') {
    const listed = await listImageFolder(data);
    if (listed.images.length > 0 || !(await isArrays(data))) {
      return checkFiles(data, listed, options);
    }
  }
  return checkArrays(data, options);
}

/** Whether training would read the folder as files of another kind. */
const isArrays = (data: string): Promise<boolean> =>
  openData(data).then(
    ({ shape }) => shape !== undefined,
    () => false,
  );

async function checkFiles(
  data: string,
  listed: ListedFiles,
  options: CheckOptions,
): Promise<CheckResult> {
  const { root } = listed;
  const excluded = new Set((await readExclusions(root)).map(({ path }) => path));
  const images = listed.images.filter(({ path }) => !excluded.has(path));
  if (images.length === 0) {
    const left = listed.images.length > 0 ? `; ${EXCLUSIONS} leaves out all of them` : '';
    throw new FormatError(
      `${data}: there are no images to check${left}; give a folder with a sub-folder of images for each class, or a list of them (.csv, .json)`,
    );
  }
  const others = listed.others.filter(({ path }) => path !== EXCLUSIONS);
  const { facts, notImages } = await scanFiles({ ...listed, images, others }, options);
  const classes = [...listed.classes];
  const result = await compare(data, facts, classes, options, {
    root,
    excluded: listed.images.length - images.length,
    otherFiles: notImages,
  });
  return {
    ...result,
    root,
    async image(sample, side) {
      const { path } = facts.samples[sample]!;
      const file = isAbsolute(path) ? path : join(root, path);
      return (await decodeImage(file, { enough: [side, side] })).image;
    },
  };
}

async function checkArrays(data: string, options: CheckOptions): Promise<CheckResult> {
  const opened = await openData(data, options);
  const parts: LoadedPart[] = [];
  for (const part of opened.parts) {
    const samples = await opened.load(part);
    if ('images' in samples) parts.push({ part, data: samples });
  }
  const facts = await scanArrays(parts, options);
  const result = await compare(data, facts, opened.classes, options, {
    root: undefined,
    excluded: 0,
    otherFiles: 0,
  });
  return { ...result, image: async (sample) => imageAt(parts, sample) };
}

async function compare(
  data: string,
  facts: Facts,
  classes: readonly string[],
  { nearDuplicates = NEAR_DUPLICATES, onCompare }: CheckOptions,
  rest: {
    readonly root: string | undefined;
    readonly excluded: number;
    readonly otherFiles: number;
  },
) {
  onCompare?.();
  const same = sameContent(facts);
  const problems = [
    ...facts.problems,
    ...emptyClasses(facts, classes),
    ...duplicateProblems(facts, same),
    ...(await nearProblems(facts, same, nearDuplicates)),
  ];
  const report = reportOf({ data, facts, problems, classes, nearDuplicates, ...rest });
  return { report, facts, problems, toExclude: excludedSamples(problems, facts.samples) };
}

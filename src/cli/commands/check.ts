import { rm } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import type { CheckReport, CheckResult } from '../../check/node.ts';
import { PROBLEMS, type ProblemKind } from '../../check/problems.ts';
import { UsageError } from '../../graph/errors.ts';
import { showDownload } from '../dataset-files.ts';
import { counted, grouped } from '../format.ts';
import { interruption } from '../interrupt.ts';
import { addConfigOptions, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';
import { shownName } from '../shown-name.ts';
import { clip } from '../table.ts';

interface Flags extends OutputOptions {
  readonly dataDir?: string;
  readonly fix?: boolean;
  readonly out?: string;
  readonly threshold: number;
  readonly nearDuplicates?: number;
}

const notes = `
Errors are files that cannot be read, pictures that are there twice, in several splits or with several
labels, and classes without images. Near duplicates and wrong extensions are warnings. The exit code is
1 when there are more errors than --threshold. --fix lists what to leave out in fovea-exclude.tsv, in
the folder of the data, which training obeys; it changes no image. Of a picture with several labels all
copies go; of other copies the one in the test split stays, else that of val, else the first.
`;

export function define(command: Command): void {
  command.argument('<data>', 'folder of images, list of images (.csv, .json), or dataset by name');
  addConfigOptions(command, ['dataDir']);
  command
    .option('--fix', 'list the files to leave out in fovea-exclude.tsv')
    .option('--out <folder>', 'folder for report and pictures (default: runs/check-<data>)')
    .option('--threshold <n>', 'errors that are accepted', wholeNumber('--threshold', 0), 0)
    .option('--near-duplicates <bits>', 'how far hashes may differ, 0 … 64 (default: 6)', bits);
  addOutputOptions(command)
    .addHelpText('after', notes)
    .action(async (data: string, flags: Flags) => {
      const output = await createOutput(flags);
      using stop = interruption(() => {});
      try {
        await check(data, flags, output, stop.signal);
      } catch (error) {
        if (error !== stop.signal.reason) throw error;
        process.exitCode = stop.exitCode ?? 130;
      }
    });
}

function bits(text: string): number {
  const value = wholeNumber('--near-duplicates', 0)(text);
  if (value <= 64) return value;
  throw new UsageError(`--near-duplicates must be a whole number, 0 … 64 (it is ${value})`);
}

async function check(
  data: string,
  flags: Flags,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { dataDir, nearDuplicates, threshold } = flags;
  const out = flags.out ?? join('runs', `check-${basename(resolve(data)).replace(/\.\w+$/, '')}`);
  requireOutside(out, data);
  const { checkData, classSheet, problemSheet, writeExclusions } = await import(
    '../../check/node.ts'
  );
  const { replaceFile } = await import('../../train/node/files.ts');
  const { makeFolder } = await import('../../train/node/run-folder.ts');
  output.live.busy('looking for images');
  const result = await checkData(data, {
    signal,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(nearDuplicates === undefined ? {} : { nearDuplicates }),
    onNotice: output.warn,
    onProgress: (progress) => showDownload(progress, output),
    onImage: (done, total) =>
      output.live.progress(done, total, ['reading', `${grouped(done)}/${counted(total, 'file')}`]),
    onCompare: () => output.live.busy('comparing'),
  });
  signal.throwIfAborted();
  if (flags.fix && result.root === undefined) {
    throw new UsageError(`--fix is for images in files, and ${data} has none; leave it out`);
  }
  output.live.busy('drawing');
  await makeFolder(out);
  const pictures: string[] = [];
  for (const [name, picture] of [
    ['contact-sheet.png', await classSheet(result)],
    ['problems.png', await problemSheet(result)],
  ] as const) {
    const path = join(out, name);
    // A picture of an earlier check would tell of problems that are gone.
    if (picture === undefined) await rm(path, { force: true });
    else {
      await replaceFile(path, [picture]);
      pictures.push(path);
    }
  }
  const path = join(out, 'report.json');
  await replaceFile(path, [`${JSON.stringify(result.report, null, 2)}\n`]);
  const fixed = flags.fix ? await writeExclusions(result) : undefined;
  output.live.clear();

  const { report } = result;
  show(report, output);
  if (fixed) {
    const left = fixed.skipped > 0 ? `; ${fixed.skipped} have names that no list can hold` : '';
    output.say(
      `\nexcluded  ${counted(fixed.added, 'image')} in ${shownName(fixed.path)}, ${grouped(fixed.total)} in all${left}`,
    );
  } else if (result.root !== undefined && result.toExclude.length > 0) {
    output.say(`\n--fix leaves out ${counted(result.toExclude.length, 'image')}`);
  }
  for (const picture of pictures) output.say(`picture   ${picture}`);
  output.say(`report    ${path}`);
  output.json({ ...report, fixed: fixed ?? null, report: path, pictures });
  const errors = fixed ? remaining(result) : report.errors;
  if (errors > threshold) process.exitCode = 1;
}

/** Errors that no exclusion mends. */
const remaining = ({ problems }: CheckResult): number =>
  problems.filter(({ kind, path }) => {
    const { severity, remedy } = PROBLEMS[kind];
    return severity === 'error' && (remedy === 'none' || path !== undefined);
  }).length;

/** Inside of the data, the pictures would be images of it. */
function requireOutside(out: string, data: string): void {
  const inside = relative(resolve(data), resolve(out));
  const outside = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  if (!outside) {
    throw new UsageError(`--out ${out} lies in the data; choose a folder elsewhere`);
  }
}

const BAR = 24;
/** Classes and problems that are told of; all of them are in the report. */
const MOST_CLASSES = 30;
const MOST_FILES = 5;

function show(report: CheckReport, output: Output): void {
  const { images, decoded, splits, formats, sizes, excluded, otherFiles } = report;
  const parts = splits.map(({ split, images }) => `${split} ${grouped(images)}`);
  const unread = images - decoded > 0 ? ` (${grouped(images - decoded)} cannot be read)` : '';
  const facts = [
    `data      ${shownName(report.data)}: ${counted(images, 'image')}${unread}, ${counted(report.classes.length, 'class', 'classes')}${parts.length > 0 ? `; ${parts.join(', ')}` : ''}`,
    `formats   ${Object.entries(formats)
      .map(([format, count]) => `${grouped(count)} ${format === 'array' ? 'in arrays' : format}`)
      .join(', ')}`,
  ];
  if (sizes) {
    const { width, height, aspect } = sizes;
    facts.push(
      `sizes     width ${width.min} … ${width.median} … ${width.max}, height ${height.min} … ${height.median} … ${height.max}, width by height ${[aspect.min, aspect.median, aspect.max].map((x) => x.toFixed(2)).join(' … ')}`,
    );
  }
  if (excluded > 0) facts.push(`excluded  ${counted(excluded, 'image')} by fovea-exclude.tsv`);
  if (otherFiles > 0)
    facts.push(
      `others    ${counted(otherFiles, 'file')} that ${otherFiles === 1 ? 'is no image' : 'are no images'}`,
    );
  output.say(facts.join('\n'));
  output.say('');
  showClasses(report, output);
  showProblems(report, output);
}

function showClasses({ classes, splits }: CheckReport, output: Output): void {
  const most = Math.max(1, ...classes.map(({ images }) => images));
  const bar = (count: number) => '█'.repeat(Math.ceil((count / most) * BAR));
  const several = splits.length > 0;
  output.table(
    [
      { title: 'class', shrink: true },
      ...splits.map(({ split }) => ({ title: split, align: 'right' as const })),
      ...(several ? [] : [{ title: 'images', align: 'right' as const }]),
      { title: '' },
    ],
    classes
      .slice(0, MOST_CLASSES)
      .map(({ class: name, images, splits: own }) => [
        shownName(name),
        ...splits.map(({ split }) => grouped(own[split] ?? 0)),
        ...(several ? [] : [grouped(images)]),
        bar(images),
      ]),
  );
  const left = classes.length - MOST_CLASSES;
  if (left > 0) output.say(`and ${grouped(left)} more ${left === 1 ? 'class' : 'classes'}`);
}

function showProblems({ problems, counts, errors, warnings }: CheckReport, output: Output) {
  for (const kind of Object.keys(PROBLEMS) as ProblemKind[]) {
    const count = counts[kind];
    if (count === undefined) continue;
    const { title, severity } = PROBLEMS[kind];
    const colour = severity === 'error' ? 'red' : 'yellow';
    output.say(`\n${output.style(colour, `${severity}  `)}${title}: ${grouped(count)}`);
    const own = problems.filter((problem) => problem.kind === kind);
    for (const { files, detail } of own.slice(0, MOST_FILES)) {
      const names = files
        .slice(0, 3)
        .map(shownName)
        .join(kind.startsWith('near') ? ' ≈ ' : ' = ');
      const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
      const text = [`${names}${more}`, shownName(detail)].filter((part) => part !== '').join(': ');
      output.say(clip(`  ${text}`, output.width));
    }
    if (own.length > MOST_FILES) output.say(`  and ${grouped(own.length - MOST_FILES)} more`);
  }
  output.say(
    `\n${output.style('bold', `${counted(errors, 'error')}`)}, ${counted(warnings, 'warning')}`,
  );
}

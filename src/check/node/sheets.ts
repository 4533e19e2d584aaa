import type { Image } from '../../image/image.ts';
import { pngFromSvg } from '../../image/node/png.ts';
import { thumbnailHref } from '../../image/node/thumbnail.ts';
import { rowUnits, type SheetSection, sheetSvg, type Tile } from '../../image/sheet.ts';
import { isDecoded } from '../facts.ts';
import { groupBy } from '../group-by.ts';
import { PROBLEMS, type Problem, type ProblemKind } from '../problems.ts';
import type { CheckResult } from './check.ts';

const SCALE = 1.5;
const CELL = 116;
/** Height of a frame that holds words only. */
const WORDS = 62;
const COLUMNS = 8;
/** Room for the frames of pairs, too. */
const WIDTH = rowUnits(COLUMNS, CELL) + 48;
/** More would make a picture that nobody looks through. */
const MOST_CLASSES = 30;
const MOST_PROBLEMS = { groups: 8, files: 16 };
const MOST_COPIES = 4;

/** The last part of a path. */
const nameOf = ({ data }: { readonly data: string }) =>
  data.split(/[/\\]/).findLast((part) => part !== '' && part !== '.') ?? data;

const number = (value: number) => value.toLocaleString('en-US');

/** Some images of each class, as a PNG. */
export async function classSheet(result: CheckResult): Promise<Uint8Array> {
  const { facts, report } = result;
  const decoded = facts.samples.map((_, i) => i).filter((i) => isDecoded(facts, i));
  const ofClass = groupBy(decoded, (i) => facts.samples[i]!.label);
  const shown = report.classes.slice(0, MOST_CLASSES);
  const sections: SheetSection[] = [];
  for (const { class: name, splits, images } of shown) {
    const own = ofClass.get(name) ?? [];
    const parts = Object.entries(splits).map(([part, count]) => `${number(count)} ${part}`);
    const detail = parts.length > 0 ? parts.join(', ') : `${number(images)} images`;
    const tiles = await Promise.all(evenly(own, COLUMNS).map((i) => sampleTile(result, i, [])));
    const groups = tiles.length > 0 ? tiles : [emptyTile('no images', [])];
    sections.push({
      title: name,
      detail,
      groups: groups.map((tile) => [tile]),
      cell: { width: CELL, height: CELL },
    });
  }
  const left = report.classes.length - shown.length;
  const detail = `${number(report.decoded)} images of ${number(report.classes.length)} classes${left > 0 ? `; the first ${shown.length} classes are shown` : ''}`;
  return pngFromSvg(sheetSvg({ title: nameOf(report), detail, width: WIDTH, sections }), SCALE);
}

/** The images that problems are about, the worst first, as a PNG; undefined when there are none. */
export async function problemSheet(result: CheckResult): Promise<Uint8Array | undefined> {
  const { report } = result;
  const shownProblems = result.problems.filter(
    ({ samples, path }) => samples.length > 0 || path !== undefined,
  );
  if (shownProblems.length === 0) return undefined;
  const byKind = groupBy(shownProblems, ({ kind }) => kind);
  const sections: SheetSection[] = [];
  for (const kind of Object.keys(PROBLEMS) as ProblemKind[]) {
    const problems = byKind.get(kind);
    if (!problems) continue;
    const groups: Tile[][] = [];
    const most = problems[0]!.samples.length > 1 ? MOST_PROBLEMS.groups : MOST_PROBLEMS.files;
    for (const problem of problems.slice(0, most)) groups.push(await problemTiles(result, problem));
    const { title, severity } = PROBLEMS[kind];
    const more = problems.length > most ? `, ${most} of them shown` : '';
    sections.push({
      title,
      detail: `${number(problems.length)} ${severity}${problems.length === 1 ? '' : 's'}${more}`,
      groups,
      cell: { width: CELL, height: groups.flat().some(({ href }) => href) ? CELL : WORDS },
    });
  }
  const detail = `${number(report.errors)} errors, ${number(report.warnings)} warnings`;
  const title = `Problems of ${nameOf(report)}`;
  return pngFromSvg(sheetSvg({ title, detail, width: WIDTH, sections }), SCALE);
}

async function problemTiles(result: CheckResult, problem: Problem): Promise<Tile[]> {
  const { samples, path, detail } = problem;
  if (path !== undefined) return [emptyTile(detail, [path])];
  const shown = samples.slice(0, MOST_COPIES);
  const tiles = await Promise.all(
    shown.map((i) => {
      const { path, label, part } = result.facts.samples[i]!;
      const where = part === undefined ? label : `${part}, ${label}`;
      const file = path.slice(path.lastIndexOf('/') + 1);
      if (!isDecoded(result.facts, i)) return emptyTile(detail, [file, where]);
      return sampleTile(result, i, samples.length > 1 ? [file, where] : [file, where, detail]);
    }),
  );
  const more = samples.length - shown.length;
  if (more > 0) tiles[MOST_COPIES - 1] = emptyTile(`and ${more + 1} more`, []);
  return tiles;
}

const emptyTile = (note: string, caption: readonly string[]): Tile => ({
  width: 1,
  height: 1,
  note,
  caption,
});

async function sampleTile(
  { facts, image }: CheckResult,
  i: number,
  caption: readonly string[],
): Promise<Tile> {
  let picture: Image;
  try {
    picture = await image(i, CELL * SCALE);
  } catch {
    // It could be read before; whoever took it away will know.
    return emptyTile('no longer there', caption);
  }
  const href = await thumbnailHref(picture, CELL * SCALE);
  return { href, width: facts.widths[i]!, height: facts.heights[i]!, caption };
}

/** Up to `count` of the items, from all over the list. */
const evenly = (items: readonly number[], count: number): number[] =>
  items.length <= count
    ? [...items]
    : Array.from(
        { length: count },
        (_, k) => items[Math.floor(((k + 0.5) * items.length) / count)]!,
      );

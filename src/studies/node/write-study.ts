import { join } from 'node:path';
import { pngFromSvg } from '../../image/node/png.ts';
import { replaceFile } from '../../train/node/files.ts';
import { makeFolder } from '../../train/node/run-folder.ts';
import { drawSvg } from '../../train/picture.ts';
import type { StudyColumn, StudyResult, StudyRow } from '../study.ts';

/**
 * Writes picture (SVG, PNG) and figures (JSON, CSV) of a study into a folder, which is made.
 *
 * @param about what the JSON says beyond the result
 * @returns the paths
 * @throws FormatError when they cannot be written
 */
export async function writeStudy(
  folder: string,
  name: string,
  { columns, rows, picture, findings, series }: StudyResult,
  about: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  await makeFolder(folder);
  const svg = await drawSvg(picture);
  const json = { study: name, ...about, findings, rows, ...(series ? { series } : {}) };
  const files: readonly (readonly [ending: string, content: string | Uint8Array])[] = [
    ['svg', svg],
    ['png', await pngFromSvg(svg)],
    ['json', `${JSON.stringify(json, null, 2)}\n`],
    ['csv', csv(columns, rows)],
  ];
  const paths: string[] = [];
  for (const [ending, content] of files) {
    const path = join(folder, `${name}.${ending}`);
    await replaceFile(path, [content]);
    paths.push(path);
  }
  return paths;
}

/** RFC 4180, with the keys of the columns as its head. */
function csv(columns: readonly StudyColumn[], rows: readonly StudyRow[]): string {
  const cell = (value: StudyRow[string] | undefined) => {
    const text = String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [
    columns.map(({ key }) => key),
    ...rows.map((row) => columns.map(({ key }) => cell(row[key]))),
  ];
  return lines.map((line) => `${line.join(',')}\n`).join('');
}

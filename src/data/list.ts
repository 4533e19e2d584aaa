// Lists of image files with their classes, as CSV, JSON or JSON lines.

import { FormatError } from '../graph/errors.ts';

/** Which part of a dataset samples belong to. */
export type Part = 'train' | 'val' | 'test';

/** One line of a list. */
export interface ListedImage {
  /** As it is written: relative to the list's folder, or absolute. */
  readonly path: string;
  readonly label: string;
  readonly part: Part | undefined;
  /** Where it stands, for messages: `labels.csv:12`. */
  readonly where: string;
}

const PATH_COLUMNS = ['path', 'file', 'filename', 'file_name', 'filepath', 'image', 'image_path'];
const LABEL_COLUMNS = ['label', 'class', 'class_name', 'category', 'target', 'species'];
const SPLIT_COLUMNS = ['split', 'set', 'subset', 'part'];

/** Names of parts that are in use, as folders and in lists. */
export const PART_NAMES: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
};

/**
 * The lines of a list.
 *
 * @param file name for messages, whose ending says what it is: .csv, .tsv, .json, .jsonl
 * @throws FormatError naming file and line, when it cannot be read as a list of images
 */
export function readList(text: string, file: string): ListedImage[] {
  const rows = /\.jsonl?$/i.test(file) ? jsonRows(text, file) : csvRows(text, file);
  if (rows.length === 0) throw new FormatError(`${file}: lists no images`);
  const columns = Object.keys(rows[0]!.values);
  const find = (names: readonly string[]) => columns.find((name) => names.includes(plain(name)));
  const path = find(PATH_COLUMNS);
  const label = find(LABEL_COLUMNS);
  const split = find(SPLIT_COLUMNS);
  if (path === undefined || label === undefined) {
    const [what, names] = path === undefined ? ['paths', PATH_COLUMNS] : ['classes', LABEL_COLUMNS];
    throw new FormatError(
      `${file}: there is no column of ${what} (columns are ${columns.join(', ')}); call it one of ${names.join(', ')}`,
    );
  }
  return rows.map(({ values, where }) => {
    const text = (column: string, what: string): string => {
      const value = values[column];
      if ((typeof value === 'string' && value !== '') || typeof value === 'number') {
        return String(value);
      }
      throw new FormatError(`${where}: there is no ${what} in column "${column}"`);
    };
    return {
      path: text(path, 'path'),
      label: text(label, 'class'),
      part: split === undefined ? undefined : partOf(text(split, 'split'), where),
      where,
    };
  });
}

const plain = (name: string) => name.trim().toLowerCase().replaceAll(/[\s-]/g, '_');

function partOf(name: string, where: string): Part {
  const part = PART_NAMES[plain(name)];
  if (part) return part;
  throw new FormatError(`${where}: the split must be train, val or test (it is "${name}")`);
}

interface Row {
  readonly values: Readonly<Record<string, unknown>>;
  readonly where: string;
}

function jsonRows(text: string, file: string): Row[] {
  const parse = (json: string, where: string): unknown => {
    try {
      return JSON.parse(json);
    } catch (cause) {
      throw new FormatError(`${where}: is no JSON (${(cause as Error).message})`, { cause });
    }
  };
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const lines = /l$/i.test(file);
  const parsed = lines ? undefined : parse(text, file);
  if (!lines && !Array.isArray(parsed)) {
    throw new FormatError(
      `${file}: must be a list of { "path", "label" }, one for each image (it is ${parsed === null ? 'null' : typeof parsed})`,
    );
  }
  const items = lines
    ? text
        .split('\n')
        .map((line, i) => ({ line, where: `${file}:${i + 1}` }))
        .filter(({ line }) => line.trim() !== '')
        .map(({ line, where }) => ({ value: parse(line, where), where }))
    : (parsed as unknown[]).map((value, i) => ({ value, where: `${file}, item ${i + 1}` }));
  return items.map(({ value, where }) => {
    if (!isRecord(value)) throw new FormatError(`${where}: must be { "path", "label" }`);
    return { values: value, where };
  });
}

function csvRows(text: string, file: string): Row[] {
  const plainText = text.replace(/^\uFEFF/, '');
  const firstLine = plainText.slice(0, plainText.search(/\r?\n|$/));
  const [delimiter] = [',', ';', '\t'].sort(
    (a, b) => firstLine.split(b).length - firstLine.split(a).length,
  );
  const [header, ...records] = csvRecords(plainText, delimiter!, file);
  if (header === undefined) throw new FormatError(`${file}: is empty`);
  return records.map(({ fields, line }) => {
    const where = `${file}:${line}`;
    if (fields.length !== header.fields.length) {
      throw new FormatError(
        `${where}: has ${fields.length} fields, and the first line names ${header.fields.length}`,
      );
    }
    return { values: Object.fromEntries(header.fields.map((name, i) => [name, fields[i]])), where };
  });
}

interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** Records as RFC 4180 has them; empty lines are none. */
function csvRecords(text: string, delimiter: string, file: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  // A quoted field, or anything up to a delimiter or the end of the line.
  const field = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"${delimiter}\\r\\n][^${delimiter}\\r\\n]*)?)`,
    'y',
  );
  let fields: string[] = [];
  let [line, start] = [1, 1];
  for (let at = 0; at < text.length; ) {
    field.lastIndex = at;
    const match = field.exec(text)!;
    const [all, quoted, bare = ''] = match;
    fields.push(quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    at += all.length;
    const end = /\r?\n|$/y;
    end.lastIndex = at;
    if (text[at] === delimiter) {
      at++;
      // A delimiter at the very end has an empty field after it.
      if (at < text.length) continue;
      fields.push('');
    } else {
      const ended = end.exec(text);
      if (!ended) {
        throw new FormatError(
          `${file}:${line}: has a stray quotation mark; write "" for one inside of quotes`,
        );
      }
      at += ended[0].length;
    }
    if (fields.some((value) => value !== '')) records.push({ fields, line: start });
    fields = [];
    line++;
    start = line;
  }
  return records;
}

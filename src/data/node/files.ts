import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { FormatError } from '../../graph/errors.ts';
import type { Size } from '../../image/image.ts';
import { decodeImage } from '../../image/node/decode.ts';
import type { Labelled } from '../dataset.ts';
import { reasonOf } from '../download.ts';
import type { TargetDataset } from '../prepared.ts';

/** Image files and their classes: what image folders and lists are read into. Plain data. */
export interface ImageFiles extends Labelled {
  /** Folder that paths are relative to. */
  readonly root: string;
  /** [length], with `/` between folders. */
  readonly paths: readonly string[];
  readonly labels: Int32Array;
}

/** Some of the files, in the order of `indices`. */
export function selectFiles(files: ImageFiles, indices: readonly number[]): ImageFiles {
  return {
    ...files,
    length: indices.length,
    paths: indices.map((index) => files.paths[index]!),
    labels: Int32Array.from(indices, (index) => files.labels[index]!),
  };
}

export const pathOf = ({ root, paths }: ImageFiles, index: number): string =>
  isAbsolute(paths[index]!) ? paths[index]! : join(root, paths[index]!);

export interface FileDecoding {
  readonly channels: 1 | 3;
  /** [height, width] that is enough: larger JPEG and WebP files may be shrunk while they are decoded. */
  readonly enough?: Size | undefined;
}

/** The decoded files. Errors name the file, and how to leave it out. */
export function decodedFiles(files: ImageFiles, { channels, enough }: FileDecoding): TargetDataset {
  const { name, classes, length, labels } = files;
  return {
    ...{ name, classes, length, labels },
    async load(index, part) {
      const path = pathOf(files, index);
      try {
        const { image } = await decodeImage(path, {
          channels,
          ...(enough ? { enough } : {}),
          ...(part ? { part } : {}),
        });
        return { image, label: labels[index]! };
      } catch (cause) {
        if (!(cause instanceof FormatError)) throw cause;
        throw new FormatError(
          `${cause.message}; or leave it out: ${howToLeaveOut(files.root, files.paths[index]!)}`,
          { cause },
        );
      }
    },
  };
}

const howToLeaveOut = (root: string, path: string): string =>
  canBeExcluded(path)
    ? `list it in ${join(root, EXCLUSIONS)}, as "fovea check --fix" does`
    : `rename it first, for ${EXCLUSIONS} cannot list a name like this`;

/** The file in a dataset's folder that lists images to leave out. */
export const EXCLUSIONS = 'fovea-exclude.tsv';

export interface Exclusion {
  /** Relative to the dataset's folder, with `/` between folders. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Reads the exclusions of a dataset: a line for each image, its path, a tab and the reason. Empty
 * when there is no such file.
 *
 * @throws FormatError when it cannot be read
 */
export async function readExclusions(root: string): Promise<Exclusion[]> {
  const path = join(root, EXCLUSIONS);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FormatError(`${path}: cannot be read (${reasonOf(cause)})`, { cause });
  }
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [file, ...reason] = line.split('\t');
      return { path: file!.trim(), reason: reason.join('\t').trim() };
    });
}

/** Whether a line of the file can name that path. */
export const canBeExcluded = (path: string): boolean => !/[\t\r\n]|^\s|\s$/.test(path);

/** The text of a file of exclusions. */
export const exclusionsText = (exclusions: readonly Exclusion[]): string =>
  exclusions.map(({ path, reason }) => `${path}\t${reason}\n`).join('');

/** @throws FormatError when the folder cannot be read */
export async function listFolder(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new FormatError(`${folder}: cannot be read (${reasonOf(cause)})`, { cause });
  }
}

/** Whether there is a file or folder of that path, and which of them. */
export const kindOfPath = (path: string): Promise<'file' | 'folder' | undefined> =>
  stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );

/**
 * What an entry of a folder is, links followed. A link is a loop when it leads to a folder that holds
 * one of those it was reached through, below `root`: looking into it would never end.
 *
 * @param path of the entry, relative to `root`
 */
export async function kindOfEntry(
  root: string,
  path: string,
  entry: Dirent,
): Promise<'file' | 'folder' | 'loop'> {
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'file';
  if ((await kindOfPath(join(root, path))) !== 'folder') return 'file';
  const target = await realpath(join(root, path));
  for (let above = dirname(path); ; above = dirname(above)) {
    const way = relative(target, await realpath(join(root, above)));
    if (!isAbsolute(way) && way.split(sep)[0] !== '..') return 'loop';
    if (above === '.') return 'folder';
  }
}

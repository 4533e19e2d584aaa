import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { reasonOf } from '../../data/download.ts';
import { PART_NAMES, type Part, readList } from '../../data/list.ts';
import { kindOfEntry, listFolder } from '../../data/node/files.ts';
import { FormatError } from '../../graph/errors.ts';
import { EXTENSIONS } from '../../image/format.ts';
import type { CheckedSample } from '../facts.ts';
import { groupBy } from '../group-by.ts';

/** Everything that lies in a dataset's folder, whatever it is. */
export interface ListedFiles {
  readonly name: string;
  /** Folder that paths are relative to. */
  readonly root: string;
  /** Images by name. */
  readonly images: readonly CheckedSample[];
  /** Files that training does not read: no images by name, or in no folder of a class. */
  readonly others: readonly CheckedSample[];
  /** Every class that has a folder, with images or without. */
  readonly classes: readonly string[];
  /** Folders that could not be looked into, and why. */
  readonly closed: readonly { readonly path: string; readonly reason: string }[];
}

export const isImageName = (name: string): boolean =>
  Object.hasOwn(EXTENSIONS, name.slice(name.lastIndexOf('.') + 1).toLowerCase());

const isPart = (name: string) => Object.hasOwn(PART_NAMES, name.toLowerCase());

/** The name of the class of images that lie in no folder of one. */
const NO_CLASS = '(no class)';

/**
 * Finds all files of a folder with a sub-folder for each class, perhaps below train, val and test: the
 * folders that training reads. A folder of images alone is one class without a name.
 *
 * @throws FormatError when the folder itself cannot be read
 */
export async function listImageFolder(folder: string): Promise<ListedFiles> {
  const entries = await listFolder(folder);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const [only] = folders;
  const outer = folders.length === 1 && !isPart(only!) && !entries.some((e) => isImageName(e.name));
  if (outer) {
    const inner = await listFolder(join(folder, only!));
    if (inner.some((entry) => entry.isDirectory())) return listImageFolder(join(folder, only!));
  }

  const images: CheckedSample[] = [];
  const others: CheckedSample[] = [];
  const closed: { path: string; reason: string }[] = [];
  const add = (path: string, label: string, part: Part | undefined, read = isImageName(path)) =>
    (read ? images : others).push({ path, label, part });
  const inside = (path: string) =>
    listFolder(join(folder, path)).catch((error: Error) => {
      closed.push({ path, reason: error.message });
      return [];
    });
  const walk = async (path: string, label: string, part: Part | undefined): Promise<void> => {
    for (const entry of await inside(path)) {
      const inner = `${path}/${entry.name}`;
      const kind = await kindOfEntry(folder, inner, entry);
      if (kind === 'folder') await walk(inner, label, part);
      else if (kind === 'file') add(inner, label, part);
    }
  };

  const parts = folders.filter(isPart);
  const classes = new Set<string>();
  const collect = async (prefix: string, names: readonly string[], part: Part | undefined) => {
    for (const label of names) {
      classes.add(label);
      await walk(`${prefix}${label}`, label, part);
    }
  };
  if (parts.length === 0) await collect('', folders, undefined);
  for (const name of parts) {
    const inner = await inside(name);
    const names = inner.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const part = PART_NAMES[name.toLowerCase()]!;
    await collect(`${name}/`, names, part);
    for (const entry of inner) {
      if (!entry.isDirectory()) add(`${name}/${entry.name}`, NO_CLASS, part, false);
    }
  }
  const flat = folders.length === 0 && entries.some(({ name }) => isImageName(name));
  if (flat) classes.add(NO_CLASS);
  for (const { name } of entries.filter((entry) => !entry.isDirectory())) {
    add(name, NO_CLASS, undefined, flat && isImageName(name));
  }
  return {
    ...{ name: basename(resolve(folder)), root: folder, images, others, closed },
    classes: [...classes].sort(),
  };
}

/**
 * The images of a list. Those that are not there are listed too.
 *
 * @throws FormatError when the list cannot be read
 */
export async function listImageList(file: string): Promise<ListedFiles> {
  const root = dirname(file);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new FormatError(`${file}: cannot be read (${reasonOf(cause)})`, { cause });
  });
  const listed = readList(new TextDecoder().decode(bytes), file);
  // A line that is there twice says nothing new; one with another class does.
  const lines = groupBy(listed, ({ path, label, part }) => JSON.stringify([path, label, part]));
  const images = [...lines.values()].map(([first]) => {
    const { path, label, part } = first!;
    return { path, label, part };
  });
  const classes = [...new Set(images.map(({ label }) => label))].sort();
  return { name: basename(file), root, images, others: [], classes, closed: [] };
}

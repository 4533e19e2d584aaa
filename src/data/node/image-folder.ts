import { join } from 'node:path';
import { FormatError } from '../../graph/errors.ts';
import { EXTENSIONS } from '../../image/format.ts';
import { PART_NAMES, type Part } from '../list.ts';
import { type ImageFiles, kindOfEntry, listFolder } from './files.ts';

/** Images by class and part, before anybody has decided what the classes are. */
export interface FoundImage {
  /** Relative to the root, with `/` between folders. */
  readonly path: string;
  readonly label: string;
  readonly part: Part | undefined;
}

export interface FoundImages {
  readonly root: string;
  readonly images: readonly FoundImage[];
  /** What should be known, one line each. */
  readonly notices: readonly string[];
}

const isImage = (name: string) => {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(EXTENSIONS, ending);
};

/**
 * Finds the images of a folder: `<class>/…/image.jpg`, perhaps below `train`, `val` and `test`. A
 * folder that holds nothing but one other folder is looked through.
 *
 * @throws FormatError when it holds no sub-folders with images, or cannot be read
 */
export async function findImages(folder: string): Promise<FoundImages> {
  const entries = await listFolder(folder);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.length === 1 && !isPart(folders[0]!) && !entries.some(({ name }) => isImage(name))) {
    const inner = await listFolder(join(folder, folders[0]!));
    if (inner.some((entry) => entry.isDirectory())) return findImages(join(folder, folders[0]!));
  }

  const parts = folders.filter(isPart);
  const images: FoundImage[] = [];
  const notices: string[] = [];
  let others = 0;
  const collect = async (prefix: string, part: Part | undefined, classes: readonly string[]) => {
    for (const label of classes) {
      const before = images.length;
      others += await walk(folder, `${prefix}${label}`, (path) =>
        images.push({ path, label, part }),
      );
      if (images.length === before) {
        notices.push(`${join(folder, prefix, label)} holds no images, and is no class`);
      }
    }
  };
  if (parts.length === 0) {
    await collect('', undefined, folders);
  } else {
    for (const name of parts) {
      const inner = await listFolder(join(folder, name));
      const classes = inner.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      await collect(`${name}/`, PART_NAMES[name.toLowerCase()], classes);
    }
    const left = folders.filter((name) => !isPart(name));
    if (left.length > 0) {
      notices.push(`${folder}: not read beside ${parts.join(' and ')}: ${left.join(', ')}`);
    }
  }
  if (images.length === 0) throw await emptyFolder(folder, entries);
  if (others > 0) notices.push(`${folder}: left out ${others} files that are no images by name`);
  return { root: folder, images, notices };
}

const isPart = (name: string) => Object.hasOwn(PART_NAMES, name.toLowerCase());

/** Finds images at any depth; returns how many files are none, by their names. */
async function walk(root: string, path: string, found: (path: string) => void): Promise<number> {
  let others = 0;
  for (const entry of await listFolder(join(root, path))) {
    const inner = `${path}/${entry.name}`;
    const kind = await kindOfEntry(root, inner, entry);
    if (kind === 'loop') continue;
    if (kind === 'folder') others += await walk(root, inner, found);
    else if (isImage(entry.name)) found(inner);
    else others++;
  }
  return others;
}

async function emptyFolder(
  folder: string,
  entries: Awaited<ReturnType<typeof listFolder>>,
): Promise<FormatError> {
  const list = entries.find(({ name }) => /\.(csv|tsv|jsonl?)$/i.test(name));
  if (list) {
    return new FormatError(
      `${folder}: holds no sub-folders with images; if ${list.name} lists them, give --data ${join(folder, list.name)}`,
    );
  }
  const images = entries.filter(({ name }) => isImage(name)).length;
  const has = images > 0 ? `${images} images, but in no sub-folder of a class` : 'no images';
  return new FormatError(
    `${folder}: holds ${has}; put the images of each class into a sub-folder of its name (${join(folder, 'cat', '1.jpg')}), or list paths and classes in a CSV file`,
  );
}

/**
 * The images as files with numbered classes.
 *
 * @param classes names of the classes; an image of another one is an error
 */
export function numbered(
  name: string,
  root: string,
  images: readonly FoundImage[],
  classes: readonly string[],
): ImageFiles {
  const index = new Map(classes.map((label, i) => [label, i]));
  return {
    name,
    classes,
    root,
    length: images.length,
    paths: images.map(({ path }) => path),
    labels: Int32Array.from(images, ({ label, path }) => {
      const found = index.get(label);
      if (found !== undefined) return found;
      throw new FormatError(
        `${join(root, path)}: is of the class "${label}", which is not one of ${classes.slice(0, 8).join(', ')}${classes.length > 8 ? ', …' : ''}; move it, or add the class to the training images`,
      );
    }),
  };
}

import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { FormatError, UsageError } from '../../graph/errors.ts';
import { didYouMean } from '../../graph/suggest.ts';
import { catalogue, datasetEntry } from '../catalogue.ts';
import { CIFAR_10, CIFAR_100, type CifarKind, cifarKindOf, readCifar } from '../cifar.ts';
import { datasetFromIdx, type ImageShape, type InMemoryDataset, selectImages } from '../dataset.ts';
import { reasonOf } from '../download.ts';
import { type IdxArray, readIdx } from '../idx.ts';
import { type Part, readList } from '../list.ts';
import { type LoadOptions, loadDataset } from '../load.ts';
import type { Normalization } from '../normalize.ts';
import {
  EXCLUSIONS,
  type ImageFiles,
  kindOfPath,
  listFolder,
  readExclusions,
  selectFiles,
} from './files.ts';
import { type FoundImages, findImages, numbered } from './image-folder.ts';

/** Samples: in memory and of one size, or files of any size. */
export type Samples = InMemoryDataset | ImageFiles;

export const isFiles = (samples: Samples): samples is ImageFiles => 'paths' in samples;

/** Some of the samples, in the order of `indices`. */
export const selectSamples = (samples: Samples, indices: readonly number[]): Samples =>
  isFiles(samples) ? selectFiles(samples, indices) : selectImages(samples, indices);

/** A dataset that has been found, and of which parts can be loaded. */
export interface OpenedData {
  readonly name: string;
  readonly classes: readonly string[];
  /** Of every image; absent for files of any size. */
  readonly shape?: ImageShape;
  /** Published statistics of the training images. */
  readonly normalization?: Normalization;
  /** Parts that it is divided into. 'train' alone holds everything that is not. */
  readonly parts: readonly Part[];
  load(part: Part): Promise<Samples>;
}

export interface OpenOptions extends LoadOptions {
  /** Names of the classes that a network knows: labels are taken from them. */
  readonly classes?: readonly string[] | undefined;
}

/**
 * Finds out what `data` is: the name of a dataset of the catalogue, a folder of images (one
 * sub-folder a class, perhaps below train, val and test), a list of images (.csv, .tsv, .json,
 * .jsonl), a folder or file of CIFAR-10 or CIFAR-100 in its binary version, or a folder of IDX files.
 *
 * @throws UsageError when it is none of them; FormatError when it cannot be read
 */
export async function openData(data: string, options: OpenOptions = {}): Promise<OpenedData> {
  if (catalogue.some(({ name }) => name === data)) return openCatalogued(data, options);
  const kind = await kindOfPath(data);
  if (kind === undefined) throw unknownData(data);
  if (kind === 'folder') return openFolder(data, options);
  if (/\.(csv|tsv|jsonl?)$/i.test(data)) return openList(data, options);
  if (/\.bin$/i.test(data)) return openCifarFile(data);
  throw new UsageError(
    `data ${data}: is a file of no kind that is read; give a folder with a sub-folder of images for each class, or a list (.csv, .json, .jsonl) of paths and classes`,
  );
}

function unknownData(data: string): UsageError {
  const names = catalogue.map(({ name }) => name);
  const isPath = /[/\\.]/.test(data);
  const what = isPath ? `${data} is not there` : `unknown dataset "${data}"`;
  const near = isPath ? '' : didYouMean(data, names);
  return new UsageError(
    `${what}${near}; give one of ${names.join(', ')}, a folder with a sub-folder of images for each class, or a list (.csv, .json, .jsonl) of paths and classes`,
  );
}

function openCatalogued(data: string, options: OpenOptions): OpenedData {
  const { name, classes, shape, normalization } = datasetEntry(data);
  return {
    ...{ name, classes, shape },
    ...(normalization ? { normalization } : {}),
    parts: ['train', 'test'],
    load: (part) => loadDataset(data, part === 'train' ? 'train' : 'test', options),
  };
}

async function openFolder(folder: string, options: OpenOptions): Promise<OpenedData> {
  const names = (await listFolder(folder)).map(({ name }) => name);
  const inner = names.find((name) => /^cifar-100?-(batches-)?bin(ary)?$/.test(name));
  if (inner) return openFolder(join(folder, inner), options);
  for (const kind of [CIFAR_10, CIFAR_100]) {
    if ([...kind.trainFiles, kind.testFile].some((name) => names.includes(name))) {
      return openCifarFolder(folder, kind, names);
    }
  }
  if (names.some((name) => IDX_IMAGES.test(name))) return openIdxFolder(folder, names);
  return openFiles(basename(resolve(folder)), await findImages(folder), options);
}

async function openList(file: string, options: OpenOptions): Promise<OpenedData> {
  const root = dirname(file);
  const listed = readList(new TextDecoder().decode(await read(file)), file);
  const seen = new Map<string, (typeof listed)[number]>();
  for (const image of listed) {
    const before = seen.get(image.path);
    if (before && before.label !== image.label) {
      throw new FormatError(
        `${image.where}: ${image.path} is of the class "${image.label}" here and of "${before.label}" in ${before.where}; give each image one class`,
      );
    }
    seen.set(image.path, before ?? image);
  }
  const images = [...seen.values()];
  const there = await Promise.all(
    images.map(({ path }) => kindOfPath(isAbsolute(path) ? path : join(root, path))),
  );
  const missing = images.filter((_, i) => there[i] !== 'file');
  if (missing.length > 0) {
    const { where, path } = missing[0]!;
    const more = missing.length > 1 ? `, and ${missing.length - 1} more are not` : '';
    throw new FormatError(
      `${where}: ${path} is not there${more}; paths are relative to the folder of the list, ${root}`,
    );
  }
  return openFiles(basename(file), { root, images, notices: [] }, options);
}

async function openFiles(
  name: string,
  found: FoundImages,
  { classes: known, onNotice }: OpenOptions,
): Promise<OpenedData> {
  const { root } = found;
  for (const notice of found.notices) onNotice?.(notice);
  const excluded = new Set((await readExclusions(root)).map(({ path }) => path));
  const images = found.images.filter(({ path }) => !excluded.has(path));
  const left = found.images.length - images.length;
  if (left > 0) onNotice?.(`${left} images are left out, as ${join(root, EXCLUSIONS)} says`);
  if (images.length === 0) throw new FormatError(`${root}: no images are left`);

  const hasParts = images.some(({ part }) => part === 'train');
  const training = hasParts ? images.filter(({ part }) => part === 'train') : images;
  const classes = known ?? inOrder(new Set(training.map(({ label }) => label)));
  const parts = (['train', 'val', 'test'] as const).filter(
    (part) => part === 'train' || (hasParts && images.some((image) => image.part === part)),
  );
  return {
    name,
    classes,
    parts,
    async load(part) {
      const chosen = hasParts ? images.filter((image) => image.part === part) : images;
      return numbered(name, root, chosen, classes);
    },
  };
}

/** Numbers by size, words by code, as torchvision sorts folders. */
function inOrder(names: ReadonlySet<string>): string[] {
  const list = [...names];
  if (list.every((name) => /^\d+$/.test(name))) return list.sort((a, b) => Number(a) - Number(b));
  return list.sort();
}

async function openCifarFolder(
  folder: string,
  kind: CifarKind,
  names: readonly string[],
): Promise<OpenedData> {
  const classes = names.includes(kind.namesFile)
    ? new TextDecoder()
        .decode(await read(join(folder, kind.namesFile)))
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '')
    : numbers(kind.classes);
  if (classes.length !== kind.classes) {
    throw new FormatError(
      `${join(folder, kind.namesFile)}: must name ${kind.classes} classes (it has ${classes.length}); get a fresh copy`,
    );
  }
  const trainFiles = kind.trainFiles.filter((name) => names.includes(name));
  const tests = names.includes(kind.testFile);
  const load = async (files: readonly string[]) => {
    const paths = files.map((name) => join(folder, name));
    const contents = await Promise.all(paths.map(read));
    const parts = paths.map((path, i) => ({ path, bytes: contents[i]! }));
    return readCifar(kind.title, kind, parts, classes);
  };
  return {
    name: kind.title,
    classes,
    shape: [3, 32, 32],
    normalization: kind.normalization,
    parts: [
      ...(trainFiles.length > 0 ? ['train' as const] : []),
      ...(tests ? ['test' as const] : []),
    ],
    load: (part) => load(part === 'train' ? trainFiles : [kind.testFile]),
  };
}

async function openCifarFile(path: string): Promise<OpenedData> {
  const bytes = await read(path);
  const kind = cifarKindOf(bytes.length);
  if (!kind) {
    throw new FormatError(
      `${path}: is no binary file of CIFAR-10 or CIFAR-100: its ${bytes.length} bytes are not whole records of 3073 or 3074`,
    );
  }
  const classes = numbers(kind.classes);
  return {
    name: kind.title,
    classes,
    shape: [3, 32, 32],
    normalization: kind.normalization,
    parts: ['train'],
    load: async () => readCifar(basename(path), kind, [{ path, bytes }], classes),
  };
}

/** MNIST and its kin; `t10k` is the part for testing. */
const IDX_IMAGES = /^(train|t10k|test)-images[-.]idx3-ubyte(\.gz)?$/;

async function openIdxFolder(folder: string, names: readonly string[]): Promise<OpenedData> {
  const images = names.filter((name) => IDX_IMAGES.test(name));
  const isTrain = (name: string) => name.startsWith('train');
  const arrays = async (part: Part): Promise<readonly [IdxArray, IdxArray]> => {
    const file = images.find((name) => isTrain(name) === (part === 'train'))!;
    const stem = file.replace('-images', '-labels').replace(/idx3-ubyte(\.gz)?$/, 'idx1-ubyte');
    const labels = [stem, `${stem}.gz`].find((name) => names.includes(name));
    if (labels === undefined) {
      throw new FormatError(`${join(folder, file)}: there is no ${stem} beside it`);
    }
    const paths = [join(folder, file), join(folder, labels)] as const;
    const [x, y] = await Promise.all(paths.map(async (path) => readIdx(await read(path), path)));
    return [x!, y!];
  };
  const parts = (['train', 'test'] as const).filter((part) =>
    images.some((name) => isTrain(name) === (part === 'train')),
  );
  const [x, y] = await arrays(parts[0]!);
  const classes = numbers(Math.max(...y.data) + 1);
  const name = basename(resolve(folder));
  return {
    name,
    classes,
    shape: datasetFromIdx(name, classes, x, y).shape,
    parts,
    load: async (part) => datasetFromIdx(name, classes, ...(await arrays(part))),
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FormatError(`${path}: cannot be read (${reasonOf(cause)})`, { cause });
  }
}

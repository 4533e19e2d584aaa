import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../graph/errors.ts';
import { type DatasetEntry, type DatasetFile, datasetEntry, type Split } from './catalogue.ts';
import { datasetFromIdx, type InMemoryDataset } from './dataset.ts';
import {
  type DownloadOptions,
  downloadFile,
  reasonOf,
  storedName,
  writeWhole,
} from './download.ts';
import { cacheFolder, datasetFolders, findFile, readBounded, shippedFolder } from './folders.ts';
import type { IdxArray } from './idx.ts';
import { verifiedIdx } from './verify.ts';

export interface LoadOptions extends DownloadOptions {
  /**
   * A folder to look in first: it, or its sub-folder named like the dataset (`fashion-mnist`) or
   * like torchvision's (`FashionMNIST/raw`), holds the files, gzipped or not.
   */
  readonly dataDir?: string;
  /** Where downloads are kept. Default `cacheFolder()`. */
  readonly cacheDir?: string;
  /** Do not touch the network. */
  readonly offline?: boolean;
  /** Base URLs, each ending in `/`, instead of the catalogue's. */
  readonly mirrors?: readonly string[];
  /** Told what the user should know but need not act on, one line each. */
  readonly onNotice?: (line: string) => void;
}

interface Verified {
  readonly array: IdxArray;
  readonly confirmed: boolean;
}

async function readVerified(path: string, file: DatasetFile, original: boolean): Promise<Verified> {
  return verifiedIdx(await readBounded(path, file), file, path, original);
}

/** Both files from one folder, or undefined with a line in `tried` for each folder. */
async function fromFolders(
  folders: readonly string[],
  files: readonly DatasetFile[],
  tried: string[],
): Promise<Verified[] | undefined> {
  for (const folder of folders) {
    const paths = await Promise.all(files.map((file) => findFile(folder, file)));
    if (paths.every((path) => path !== undefined)) {
      return Promise.all(files.map((file, i) => readVerified(paths[i]!, file, false)));
    }
    const missing = files.find((_, i) => paths[i] === undefined)!;
    if (paths.some((path) => path !== undefined)) tried.push(`${folder} (no ${missing.name})`);
  }
  return undefined;
}

/** One file from the cache, or undefined when it is not there or damaged. */
async function fromCache(
  folder: string,
  file: DatasetFile,
  tried: string[],
): Promise<Verified | undefined> {
  const path = await findFile(folder, file);
  if (path === undefined) {
    tried.push(`${folder} (not there)`);
    return undefined;
  }
  try {
    return await readVerified(path, file, true);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    tried.push(`${folder} (${reasonOf(error)})`);
    return undefined;
  }
}

async function fromMirrors(
  folder: string,
  file: DatasetFile,
  mirrors: readonly string[],
  tried: string[],
  options: LoadOptions,
): Promise<Verified | undefined> {
  const found = await downloadFile(file, mirrors, tried, options);
  if (!found) return undefined;
  await writeWhole(join(folder, storedName(file, found.bytes)), found.bytes).catch(
    (error: Error) => {
      options.onNotice?.(
        `${error.message}: the download is used but not kept; free some space or set FOVEA_HOME to a folder that can be written`,
      );
    },
  );
  return found;
}

function missing(entry: DatasetEntry, split: Split, file: DatasetFile, tried: string[]) {
  return new FormatError(
    `dataset ${entry.name} (${split}): ${file.name}.gz is not to be had; tried ${tried.join(', ')}; download it from ${entry.homepage} on any machine, put the files into a folder and name it with --data-dir, or use fashion-mnist-sample, which needs no network`,
  );
}

async function files(
  entry: DatasetEntry,
  split: Split,
  options: LoadOptions,
): Promise<readonly Verified[]> {
  const { dataDir, offline = false, mirrors = entry.mirrors } = options;
  const { images, labels } = entry.splits[split];
  const tried: string[] = [];

  if (dataDir !== undefined) {
    const isFolder = await stat(dataDir).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new FormatError(`data folder ${dataDir} is not there; check --data-dir`);
    const found = await fromFolders(datasetFolders(dataDir, entry), [images, labels], tried);
    if (found) return found;
    tried.push(`${dataDir} (not there)`);
  }
  if (entry.mirrors.length === 0) {
    const folder = shippedFolder(entry.name);
    const found = await fromFolders([folder], [images, labels], tried);
    if (found) return found;
    throw new FormatError(
      `dataset ${entry.name}: it ships with Fovea but is not in ${folder}; install the package again`,
    );
  }

  const folder = join(options.cacheDir ?? cacheFolder(), 'datasets', entry.name);
  const found: Verified[] = [];
  for (const file of [images, labels]) {
    const triedFile = [...tried];
    const verified =
      (await fromCache(folder, file, triedFile)) ??
      (offline ? undefined : await fromMirrors(folder, file, mirrors, triedFile, options));
    if (!verified) {
      throw missing(
        entry,
        split,
        file,
        offline ? [...triedFile, 'no mirror (offline)'] : triedFile,
      );
    }
    found.push(verified);
  }
  return found;
}

/**
 * Loads one split of a dataset of the catalogue into memory: from `dataDir`, else from the cache,
 * else from a mirror (and into the cache). Sizes and digests are checked wherever it comes from.
 *
 * @throws UsageError for an unknown name; FormatError when the files are nowhere to be found or damaged
 * @throws FormatError when a file in `dataDir` is damaged or belongs to another dataset
 */
export async function loadDataset(
  name: string,
  split: Split,
  options: LoadOptions = {},
): Promise<InMemoryDataset> {
  const entry = datasetEntry(name);
  const [images, labels] = await files(entry, split, options);
  if (!images!.confirmed || !labels!.confirmed) {
    options.onNotice?.(
      `dataset ${name} (${split}): no published digest known for these files, size and structure checked`,
    );
  }
  const dataset = datasetFromIdx(name, entry.classes, images!.array, labels!.array);
  if (dataset.shape.join() !== entry.shape.join()) {
    throw new FormatError(
      `dataset ${name} (${split}): images must be [${entry.shape.join(', ')}] (they are [${dataset.shape.join(', ')}]); get a fresh copy of ${entry.splits[split].images.name}`,
    );
  }
  return dataset;
}

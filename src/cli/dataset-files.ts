import { join } from 'node:path';
import { catalogue, type DatasetEntry, type Split } from '../data/catalogue.ts';
import type { DownloadProgress } from '../data/download.ts';
import { cacheFolder, datasetFolders, findFile, shippedFolder } from '../data/folders.ts';
import { bytes } from './format.ts';
import type { Output } from './output.ts';

/** The folder in which a split of a dataset lies, if it lies on this disk. */
export async function findSplit(
  entry: DatasetEntry,
  split: Split,
  dataDir?: string,
): Promise<string | undefined> {
  const own =
    entry.mirrors.length === 0
      ? shippedFolder(entry.name)
      : join(cacheFolder(), 'datasets', entry.name);
  const folders = [...(dataDir === undefined ? [] : datasetFolders(dataDir, entry)), own];
  const { images, labels } = entry.splits[split];
  for (const folder of folders) {
    const found = await Promise.all([images, labels].map((file) => findFile(folder, file)));
    if (found.every((path) => path !== undefined)) return folder;
  }
  return undefined;
}

export interface DataFlags {
  readonly data?: string | undefined;
  readonly dataDir?: string | undefined;
}

/**
 * Downloads what is missing of a dataset into the cache, showing how far it is. Says nothing about
 * unknown names and missing folders: whoever loads the data does.
 */
export async function fetchDataset(
  { data = 'fashion-mnist', dataDir }: DataFlags,
  splits: readonly Split[],
  output: Output,
  signal?: AbortSignal,
): Promise<void> {
  const entry = catalogue.find(({ name }) => name === data);
  if (entry === undefined || entry.mirrors.length === 0) return;
  for (const split of splits) {
    if ((await findSplit(entry, split, dataDir)) !== undefined) continue;
    const { loadDataset } = await import('../data/node.ts');
    await loadDataset(data, split, {
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(signal ? { signal } : {}),
      onNotice: output.warn,
      onProgress: (progress) => showDownload(progress, output),
    });
  }
}

/** Shows how far a download is. */
export function showDownload({ file, received, total }: DownloadProgress, output: Output): void {
  const size = total === undefined ? '' : ` of ${bytes(total)}`;
  const fields = [`downloading ${file}`, `${bytes(received)}${size}`];
  if (total === undefined) output.live.busy(fields.join('  '));
  else output.live.progress(received, total, fields);
}

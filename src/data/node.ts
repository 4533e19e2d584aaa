export type { DownloadOptions, DownloadProgress } from './download.ts';
export { cacheFolder } from './folders.ts';
export { type LoadOptions, loadDataset } from './load.ts';

export type { DownloadOptions, DownloadProgress } from './download.ts';
export { cacheFolder } from './folders.ts';
export { type LoadOptions, loadDataset } from './load.ts';
export {
  EXCLUSIONS,
  type Exclusion,
  exclusionsText,
  type ImageFiles,
  pathOf,
  readExclusions,
} from './node/files.ts';
export {
  isFiles,
  type OpenedData,
  type OpenOptions,
  openData,
  type Samples,
  selectSamples,
} from './node/open.ts';
export { type FilePool, filePool, type PoolOptions } from './node/pool.ts';

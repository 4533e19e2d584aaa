export { type ImageView, randomFlip, randomShift, type Transform } from './augment.ts';
export {
  catalogue,
  type DatasetEntry,
  type DatasetFile,
  type DatasetSplit,
  datasetEntry,
  type Split,
} from './catalogue.ts';
export {
  datasetFromIdx,
  type ImageDataset,
  type ImageShape,
  type InMemoryContent,
  type InMemoryDataset,
  inMemoryDataset,
} from './dataset.ts';
export { encodeIdx, type IdxArray, readIdx } from './idx.ts';
export { type Batch, type Loader, type LoaderOptions, loader, type Pixels } from './loader.ts';
export type { Normalization } from './normalize.ts';
export type { RandomStream } from './random.ts';
export { resizedDataset } from './resized.ts';
export { naturalOrder, shuffledOrder } from './sampler.ts';

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
  type Labelled,
  selectImages,
} from './dataset.ts';
export { encodeIdx, type IdxArray, readIdx } from './idx.ts';
export { type Batch, type Loader, type LoaderOptions, loader, type Pixels } from './loader.ts';
export type { Normalization } from './normalize.ts';
export {
  type FilePreparation,
  type FillRequest,
  type Preparation,
  type PreparedDataset,
  preparedDataset,
  type TargetDataset,
} from './prepared.ts';
export { resizedDataset } from './resized.ts';
export {
  balancedSampler,
  naturalOrder,
  type Sampler,
  shuffledOrder,
  weightedSampler,
} from './sampler.ts';
export { foldOf, type HeldOut, holdOut } from './split.ts';

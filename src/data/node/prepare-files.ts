import { UsageError } from '../../graph/errors.ts';
import type { SimpleTransform } from '../../image/define-transform.ts';
import type { Size } from '../../image/image.ts';
import type { Region } from '../../image/kernels/resample.ts';
import { buildPolicy } from '../../image/policy.ts';
import { type CacheMemory, cachedImages } from '../image-cache.ts';
import type { FilePreparation, Preparation, TargetDataset } from '../prepared.ts';
import { decodedFiles, type ImageFiles } from './files.ts';

/** Files and what is to become of them: what a thread needs to know to prepare them. */
export interface FileJob {
  readonly files: ImageFiles;
  readonly preparation: FilePreparation;
  readonly cache?: { readonly memory: CacheMemory; readonly index: SharedArrayBuffer } | undefined;
}

/** @throws UsageError when the network takes other images than grey and RGB ones */
export function openJob({ files, preparation, cache }: FileJob): [TargetDataset, Preparation] {
  const { shape, steps, enough } = preparation;
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(
      `${files.name}: this network takes ${channels} channels, and image files have 1 (grey) or 3 (RGB)`,
    );
  }
  const decoded = decodedFiles(files, { channels, enough });
  const dataset = cache ? cachedImages(decoded, cache.memory, cache.index, channels) : decoded;
  const size: Size = [height, width];
  const [first, ...rest] = steps;
  if (first?.name !== 'randomResizedCrop') {
    return [dataset, { shape, transform: buildPolicy(steps, { size }).sample }];
  }
  const crop = buildPolicy([first], { size }).sample as SimpleTransform<Region>;
  return [dataset, { shape, crop, transform: buildPolicy(rest, { size }).sample }];
}

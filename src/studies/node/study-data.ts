import { type ImageDataset, type ImageShape, inMemoryDataset } from '../../data/index.ts';
import {
  type FilePool,
  filePool,
  type ImageFiles,
  isFiles,
  openData,
  selectSamples,
} from '../../data/node.ts';
import { testPreparation } from '../../train/augmentation.ts';
import type { TrainConfig } from '../../train/config.ts';
import { splitSamples, testData } from '../../train/node/data.ts';
import { firstOfEach } from '../../train/subset.ts';
import type { StudyData } from '../study.ts';

/** Pixels of photographs, when nothing is said: studies are to be quick. */
const PHOTO_SIZE = 32;

/**
 * Loads about so many images of both splits of `config.data`, the first of each class; photographs
 * are decoded and made square.
 *
 * @throws as `train` for data that cannot be used
 */
export async function openStudyData(
  config: TrainConfig,
  sizes: Readonly<Record<keyof StudyData, number>>,
  notify: (text: string) => void,
): Promise<StudyData> {
  const { data: name, dataDir, size, workers } = config;
  const data = await openData(name, {
    onNotice: notify,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const split = await splitSamples(data, config, notify);
  const side = size ?? data.shape?.[1] ?? PHOTO_SIZE;
  const shape: ImageShape = [data.shape?.[0] ?? 3, side, side];
  await using pool = filePool({ workers });
  const load = async (part: keyof StudyData): Promise<ImageDataset> => {
    const all = split[part];
    const classes = all.classes.length;
    const chosen = firstOfEach(all.labels, classes, Math.ceil(sizes[part] / classes));
    const samples = selectSamples(all, chosen);
    if (!isFiles(samples)) return testData(samples, { shape }, pool) as ImageDataset;
    return decoded(samples, shape, pool);
  };
  // One after the other: the pool decodes as much at a time as it can.
  return { train: await load('train'), test: await load('test') };
}

async function decoded(
  files: ImageFiles,
  shape: ImageShape,
  pool: FilePool,
): Promise<ImageDataset> {
  await using prepared = pool.dataset(files, testPreparation(shape, { mode: 'crop' }));
  const { name, classes, labels, length, shared } = prepared;
  const bytes = length * shape[0] * shape[1] * shape[2];
  const images = shared ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
  const indices = Uint32Array.from({ length }, (_, i) => i);
  await prepared.fill({ indices, seed: 0, epoch: 0, images });
  const chosen = Int32Array.from({ length }, (_, i) => labels[i]!);
  return inMemoryDataset({ name, classes, shape, images, labels: chosen });
}

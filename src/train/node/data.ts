import {
  foldOf,
  type HeldOut,
  holdOut,
  type ImageDataset,
  type ImageShape,
  type Normalization,
  type PreparedDataset,
  resizedDataset,
} from '../../data/index.ts';
import {
  type FilePool,
  isFiles,
  type OpenedData,
  type Samples,
  selectSamples,
} from '../../data/node.ts';
import { channelStatistics } from '../../data/statistics.ts';
import { UsageError } from '../../graph/errors.ts';
import { fitOf, testPreparation, trainPreparation } from '../augmentation.ts';
import type { TrainConfig } from '../config.ts';
import { firstOfEach } from '../subset.ts';
import type { Preprocessing } from '../types.ts';

/** Pixels of photographs, when nothing is said: what most published weights were trained with. */
const PHOTO_SIZE = 224;
const DEFAULT_SHARE = 0.2;
const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The shape of what the network is fed with. */
export function inputShape({ shape }: OpenedData, { size }: TrainConfig): ImageShape {
  if (shape === undefined) return [3, size ?? PHOTO_SIZE, size ?? PHOTO_SIZE];
  return size === undefined ? shape : [shape[0], size, size];
}

export interface SplitSamples {
  readonly train: Samples;
  readonly test: Samples;
}

/**
 * The samples that train and those that test them: as the data are divided, or else some held out of
 * the training samples.
 *
 * @param notify told how many are held out
 * @throws UsageError when nothing is left to train or to test with
 */
export async function splitSamples(
  data: OpenedData,
  config: TrainConfig,
  notify: (text: string) => void = () => {},
): Promise<SplitSamples> {
  if (!data.parts.includes('train')) {
    throw new UsageError(
      `data ${config.data}: there are no images to train with, only to test; give the whole dataset`,
    );
  }
  const { folds, fold = 0, valFraction, seed } = config;
  const own = data.parts.includes('val') ? 'val' : data.parts.includes('test') ? 'test' : undefined;
  if (own !== undefined && folds === undefined && valFraction === undefined) {
    const [train, test] = await Promise.all([data.load('train'), data.load(own)]);
    return { train, test };
  }
  const all = await data.load('train');
  const classes = all.classes.length;
  const share = valFraction ?? DEFAULT_SHARE;
  const held: HeldOut =
    folds === undefined
      ? holdOut(all.labels, classes, share, seed)
      : foldOf(all.labels, classes, { folds, fold, seed });
  const part = folds === undefined ? `${share * 100} % of each class` : `fold ${fold} of ${folds}`;
  notify(`${held.test.length} of ${all.length} images are held out for testing (${part})`);
  return { train: selectSamples(all, held.train), test: selectSamples(all, held.test) };
}

/** Whether testing takes some of the training images. */
export const holdsOut = ({ parts }: OpenedData, { folds, valFraction }: TrainConfig): boolean =>
  folds !== undefined || valFraction !== undefined || parts.length === 1;

export interface TrainingData {
  readonly train: ImageDataset | PreparedDataset;
  readonly test: ImageDataset | PreparedDataset;
  readonly preprocessing: Preprocessing;
}

/** Samples as the network's images: those for training augmented, those for testing not. */
export async function trainingData(
  data: OpenedData,
  { train: all, test }: SplitSamples,
  config: TrainConfig,
  pool: FilePool,
): Promise<TrainingData> {
  const { subset } = config;
  const train =
    subset === undefined
      ? all
      : selectSamples(all, firstOfEach(all.labels, all.classes.length, subset));
  const shape = inputShape(data, config);
  const fit = fitOf(config.fit, shape[1]);
  const plain: Preprocessing = isFiles(train) ? { shape, fit } : { shape };
  const normalization = await normalizationOf(config, data, () =>
    channelStatistics(testData(train, plain, pool)),
  );
  const preprocessing = normalization ? { ...plain, normalization } : plain;
  return {
    train: isFiles(train)
      ? pool.dataset(train, trainPreparation(config, shape, fit))
      : testData(train, preprocessing, pool),
    test: testData(test, preprocessing, pool),
    preprocessing,
  };
}

/** Samples as a network sees them in use. */
export function testData(
  samples: Samples,
  { shape, fit }: Preprocessing,
  pool: FilePool,
): ImageDataset | PreparedDataset {
  if (!isFiles(samples)) {
    const same = samples.shape.join() === shape.join();
    return same ? samples : resizedDataset(samples, shape[1]);
  }
  return pool.dataset(samples, testPreparation(shape, fit ?? { mode: 'squash' }));
}

async function normalizationOf(
  { normalize, data }: TrainConfig,
  { shape, normalization }: OpenedData,
  measure: () => Promise<Normalization>,
): Promise<Normalization | undefined> {
  // Pictures in memory are those of benchmarks, which come without.
  const wanted = normalize ?? (shape === undefined ? 'imagenet' : 'none');
  if (typeof wanted !== 'string') return wanted;
  switch (wanted) {
    case 'none':
      return undefined;
    case 'dataset':
      return normalization ?? measure();
    default:
      if (shape === undefined || shape[0] === 3) return IMAGENET;
      throw new UsageError(
        `option normalize: imagenet has three channels, and ${data} has ${shape[0]}; take dataset, or none`,
      );
  }
}

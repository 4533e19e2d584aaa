import type { FilePreparation, ImageShape } from '../data/index.ts';
import type { Transform } from '../image/define-transform.ts';
import type { Size } from '../image/image.ts';
import { type BatchTransform, buildPolicy, type PolicyStep, parsePolicy } from '../image/policy.ts';
import type { FitMode } from '../image/transforms/fit.ts';
import type { TrainConfig } from './config.ts';

/** How images of any shape become the network's. Plain JSON. */
export interface Fit {
  readonly mode: FitMode;
  /** With 'crop': pixels of the shorter side before the edges are cut off. */
  readonly shorterSide?: number | undefined;
}

/** The usual frame: what a network of 224 pixels sees is cut from a picture of 256. */
export const fitOf = (mode: FitMode, size: number): Fit =>
  mode === 'crop' ? { mode, shorterSide: Math.round((size * 256) / 224) } : { mode };

const fitStep = ({ mode, shorterSide }: Fit, [, h, w]: ImageShape): PolicyStep => ({
  name: 'fit',
  options: { size: [h, w], mode, ...(shorterSide === undefined ? {} : { shorterSide }) },
});

/** Of photographs, when nothing is said. */
export const PHOTO_POLICY = 'crop, flip';

/**
 * The steps of a run's augmentation.
 *
 * @param otherwise the policy when nothing is said
 * @throws UsageError for an unknown step, or options that are wrong
 */
export function augmentationSteps(
  { augment, shift, flip }: Pick<TrainConfig, 'augment' | 'shift' | 'flip'>,
  otherwise = '',
): PolicyStep[] {
  const short: PolicyStep[] = [
    ...(shift > 0 ? [{ name: 'randomCrop', options: { padding: shift } }] : []),
    ...(flip > 0 ? [{ name: 'randomHorizontalFlip', options: { p: flip } }] : []),
  ];
  if (augment === undefined) return short.length > 0 ? short : parsePolicy(otherwise);
  return [...short, ...(augment === 'none' ? [] : parsePolicy(augment))];
}

export interface ImageAugmentation {
  /** Absent when there is nothing to do. */
  readonly transform: Transform | undefined;
  /** Mixes the samples of batches. */
  readonly mix: readonly BatchTransform[];
}

/** The augmentation of images that have the network's size already. */
export function imageAugmentation(config: TrainConfig, [, h, w]: ImageShape): ImageAugmentation {
  const { sample, batch } = buildPolicy(augmentationSteps(config), { size: [h, w] });
  return { transform: sample.name === 'identity' ? undefined : sample, mix: batch };
}

/** For testing and use: nothing is drawn, and every pixel is decoded. */
export const testPreparation = (shape: ImageShape, fit: Fit): FilePreparation => ({
  shape,
  steps: [fitStep(fit, shape)],
});

/**
 * For training. Where the policy has a random resized crop, it makes the size and comes first: what
 * follows then has few pixels to work on. Otherwise images are fitted as in testing. Steps that mix
 * batches are not among these: they are `imageAugmentation`'s.
 */
export function trainPreparation(
  config: TrainConfig,
  shape: ImageShape,
  fit: Fit,
): FilePreparation {
  const [, h, w] = shape;
  const all = augmentationSteps(config, PHOTO_POLICY);
  const { batch } = buildPolicy(all, { size: [h, w] });
  const mixing = new Set(batch.map(({ name }) => name));
  const steps = all.filter(({ name }) => !mixing.has(name));
  const crop = steps.find(({ name }) => name === 'randomResizedCrop');
  const first: PolicyStep = crop
    ? { name: crop.name, options: { size: [h, w], ...crop.options } }
    : fitStep(fit, shape);
  return {
    shape,
    steps: [first, ...steps.filter((step) => step !== crop)],
    enough: crop ? enoughForCrop(crop, [h, w]) : [2 * h, 2 * w],
  };
}

/** So large that not even the smallest crop has to be enlarged because the decoder has shrunk it. */
function enoughForCrop({ options }: PolicyStep, [h, w]: Size): Size {
  const [least] = (options.scale as readonly [number, number] | undefined) ?? [0.08];
  return [h / Math.sqrt(least), w / Math.sqrt(least)];
}

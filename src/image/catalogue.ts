import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import type { Transform, TransformSpec } from './define-transform.ts';
import type { OptionSpecs } from './options.ts';
import * as autoAugment from './transforms/auto-augment.ts';
import * as color from './transforms/color.ts';
import { identity } from './transforms/compose.ts';
import * as crop from './transforms/crop.ts';
import * as detection from './transforms/detection.ts';
import * as effects from './transforms/effects.ts';
import { fit } from './transforms/fit.ts';
import * as flip from './transforms/flip.ts';
import * as pad from './transforms/pad.ts';
import * as resize from './transforms/resize.ts';
import * as warp from './transforms/warp.ts';

/** A transform as it was declared, and how to make one. */
export interface CatalogueEntry {
  (options?: Readonly<Record<string, unknown>>): Transform;
  readonly spec: Pick<TransformSpec<OptionSpecs, unknown>, 'name' | 'doc' | 'options'>;
}

const makers = [
  flip.randomHorizontalFlip,
  flip.randomVerticalFlip,
  resize.resize,
  resize.randomResize,
  resize.randomShortestSize,
  resize.scaleJitter,
  fit,
  crop.centerCrop,
  crop.randomCrop,
  crop.randomResizedCrop,
  pad.pad,
  pad.randomZoomOut,
  warp.randomRotation,
  warp.randomAffine,
  warp.randomPerspective,
  warp.elasticTransform,
  color.grayscale,
  color.randomGrayscale,
  color.rgb,
  color.colorJitter,
  color.randomPhotometricDistort,
  color.randomChannelPermutation,
  color.randomAdjustSharpness,
  color.randomAutocontrast,
  color.randomEqualize,
  color.randomInvert,
  color.randomPosterize,
  color.randomSolarize,
  effects.gaussianBlur,
  effects.gaussianNoise,
  effects.jpeg,
  effects.randomErasing,
  autoAugment.autoAugment,
  autoAugment.randAugment,
  autoAugment.trivialAugmentWide,
  autoAugment.augMix,
  detection.randomIoUCrop,
  detection.sanitizeBoundingBoxes,
  detection.clampBoundingBoxes,
  detection.convertBoundingBoxFormat,
  detection.clampKeyPoints,
  detection.sanitizeKeyPoints,
  identity,
] as unknown as readonly CatalogueEntry[];

/** Every transform of one target, by name, in the order of the manual. */
export const transforms: ReadonlyMap<string, CatalogueEntry> = new Map(
  makers.map((maker) => [maker.spec.name, maker]),
);

/**
 * A transform by its name, as a configuration has it.
 *
 * @throws UsageError for an unknown name, or options that are wrong
 */
export function transformByName(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Transform {
  const maker = transforms.get(name);
  if (!maker) {
    throw new UsageError(`no transform "${name}"${didYouMean(name, transforms.keys())}`);
  }
  return maker(options);
}

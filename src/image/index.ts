/**
 * Images and what is known about them (boxes, masks, keypoints, labels), and transforms that change
 * them all together. Runs anywhere; decoding of files is in `node.ts` and `browser/decode.ts`.
 *
 * @module
 */
export {
  clampBoxes,
  clampKeypoints,
  convertBoxes,
  intersectionOverUnion,
  validBoxes,
} from './boxes.ts';
export { type CatalogueEntry, transformByName, transforms } from './catalogue.ts';
export type { DecodedImage, DecodeOptions } from './decode-options.ts';
export {
  type Applied,
  type Drawn,
  defineTransform,
  type SimpleTransform,
  type Transform,
  type TransformMaker,
  type TransformSpec,
} from './define-transform.ts';
export { EXTENSIONS, type ImageFormat, imageFormat } from './format.ts';
export { type Fill, type Image, imageFrom, type Size } from './image.ts';
export { type Interpolation, resample } from './kernels/resample.ts';
export {
  type ChannelStatistics,
  imageFromPlanes,
  linearTransformation,
  normalizeInto,
  type PixelTables,
  pixelTables,
  planesInto,
} from './normalize.ts';
export {
  type BatchTransform,
  buildPolicy,
  type Policy,
  type PolicyStep,
  parsePolicy,
  policyText,
  SHORT_NAMES,
} from './policy.ts';
export {
  augmentationStream,
  type Purpose,
  type RandomStream,
  randomStream,
  type StreamPlace,
} from './random.ts';
export {
  BOX_FORMATS,
  type Boxes,
  type BoxFormat,
  type Keypoints,
  type Mask,
  type Target,
} from './target.ts';
export { augMix, autoAugment, randAugment, trivialAugmentWide } from './transforms/auto-augment.ts';
export { type Batch, cutMix, mixUp, oneHot } from './transforms/batch.ts';
export {
  colorJitter,
  grayscale,
  randomAdjustSharpness,
  randomAutocontrast,
  randomChannelPermutation,
  randomEqualize,
  randomGrayscale,
  randomInvert,
  randomPhotometricDistort,
  randomPosterize,
  randomSolarize,
  rgb,
} from './transforms/color.ts';
export {
  compose,
  describeDrawn,
  identity,
  lambda,
  randomApply,
  randomChoice,
  randomOrder,
} from './transforms/compose.ts';
export {
  centerCrop,
  fiveCrop,
  randomCrop,
  randomResizedCrop,
  tenCrop,
} from './transforms/crop.ts';
export {
  clampBoundingBoxes,
  clampKeyPoints,
  convertBoundingBoxFormat,
  randomIoUCrop,
  sanitizeBoundingBoxes,
  sanitizeKeyPoints,
} from './transforms/detection.ts';
export { gaussianBlur, gaussianNoise, jpeg, randomErasing } from './transforms/effects.ts';
export { FIT_MODES, type FitMode, fit } from './transforms/fit.ts';
export { randomHorizontalFlip, randomVerticalFlip } from './transforms/flip.ts';
export { copyPaste, mosaic } from './transforms/mosaic.ts';
export { pad, randomZoomOut } from './transforms/pad.ts';
export { randomResize, randomShortestSize, resize, scaleJitter } from './transforms/resize.ts';
export {
  elasticTransform,
  randomAffine,
  randomPerspective,
  randomRotation,
} from './transforms/warp.ts';
export { releaseImage, workingCopy } from './workspace.ts';

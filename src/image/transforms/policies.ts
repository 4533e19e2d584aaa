// What the automatic policies are made of: torchvision's spaces (transforms/v2/_auto_augment.py),
// after Cubuk et al. 2019 (AutoAugment) and 2020 (RandAugment), Müller and Hutter 2021
// (TrivialAugment), Hendrycks et al. 2020 (AugMix).

import type { Size } from '../image.ts';
import { adjustSharpness } from '../kernels/blur.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
} from '../kernels/color.ts';
import { type Affine, IDENTITY } from '../matrices.ts';
import { roundHalfEven } from '../numbers.ts';
import { chance, type RandomStream } from '../random.ts';
import type { Target } from '../target.ts';
import { mapPixels } from './color.ts';
import { affineTarget, rotateTarget, type WarpHow } from './warp.ts';

/** One operation at a strength, as it was drawn. */
export interface Operation {
  readonly op: OperationName;
  readonly magnitude: number;
}

const degrees = (slope: number) => (Math.atan(slope) * 180) / Math.PI;

type Act = (target: Target, magnitude: number, how: WarpHow) => Target;

const shear =
  (axis: 0 | 1): Act =>
  (target, slope, how) => {
    const angle = degrees(slope);
    const moved: Affine = { ...IDENTITY, shear: axis === 0 ? [angle, 0] : [0, angle] };
    return affineTarget(target, moved, [0, 0], how);
  };

const translate =
  (axis: 0 | 1): Act =>
  (target, pixels, how) => {
    const shift = Math.trunc(pixels);
    const moved: Affine = { ...IDENTITY, translate: axis === 0 ? [shift, 0] : [0, shift] };
    return affineTarget(target, moved, null, how);
  };

/** What each operation does. Those of colour get their strength as 1 + magnitude. */
const ACTS = {
  identity: (target) => target,
  shearX: shear(0),
  shearY: shear(1),
  translateX: translate(0),
  translateY: translate(1),
  rotate: (target, angle, how) => rotateTarget(target, angle, false, null, how),
  brightness: (target, m) => mapPixels(target, (image) => adjustBrightness(image, 1 + m)),
  color: (target, m) => mapPixels(target, (image) => adjustSaturation(image, 1 + m)),
  contrast: (target, m) => mapPixels(target, (image) => adjustContrast(image, 1 + m)),
  sharpness: (target, m) => mapPixels(target, (image) => adjustSharpness(image, 1 + m)),
  posterize: (target, bits) => mapPixels(target, (image) => posterize(image, bits)),
  solarize: (target, share) => mapPixels(target, (image) => solarize(image, 255 * share)),
  autoContrast: (target) => mapPixels(target, autocontrast),
  equalize: (target) => mapPixels(target, equalize),
  invert: (target) => mapPixels(target, invert),
} satisfies Record<string, Act>;

export type OperationName = keyof typeof ACTS;

export const applyOperation = (
  target: Target,
  { op, magnitude }: Operation,
  how: WarpHow,
): Target => (ACTS[op] as Act)(target, magnitude, how);

/** Strength at `share` 0 … 1 of the scale, for an image of a size; with a random sign or not. */
interface Strength {
  readonly signed: boolean;
  at(share: number, size: Size): number;
}

const signed = (most: number): Strength => ({ signed: true, at: (share) => most * share });
const bits = (from: number, to: number): Strength => ({
  signed: false,
  at: (share) => roundHalfEven(from - (from - to) * share),
});
const plain: Strength = { signed: false, at: () => 0 };
const falling: Strength = { signed: false, at: (share) => 1 - share };

export type Space = Partial<Record<OperationName, Strength>>;

function space(limits: {
  shear: number;
  translate: readonly [x: Strength, y: Strength];
  rotate: number;
  color: number;
  posterize: Strength;
}): Space {
  return {
    shearX: signed(limits.shear),
    shearY: signed(limits.shear),
    translateX: limits.translate[0],
    translateY: limits.translate[1],
    rotate: signed(limits.rotate),
    brightness: signed(limits.color),
    color: signed(limits.color),
    contrast: signed(limits.color),
    sharpness: signed(limits.color),
    posterize: limits.posterize,
    solarize: falling,
    autoContrast: plain,
    equalize: plain,
  };
}

const ofSide = (most: number): readonly [Strength, Strength] => [
  { signed: true, at: (share, [, width]) => most * width * share },
  { signed: true, at: (share, [height]) => most * height * share },
];

const usual = space({
  shear: 0.3,
  translate: ofSide(150 / 331),
  rotate: 30,
  color: 0.9,
  posterize: bits(8, 4),
});

export const AUTO_AUGMENT_SPACE: Space = { ...usual, invert: plain };

export const RAND_AUGMENT_SPACE: Space = { identity: plain, ...usual };

export const TRIVIAL_AUGMENT_SPACE: Space = {
  identity: plain,
  ...space({
    shear: 0.99,
    translate: [signed(32), signed(32)],
    rotate: 135,
    color: 0.99,
    posterize: bits(8, 2),
  }),
};

const augMix = space({
  shear: 0.3,
  translate: ofSide(1 / 3),
  rotate: 30,
  color: 0.9,
  posterize: bits(4, 0),
});

export const AUG_MIX_SPACE: Space = augMix;

const { brightness, color, contrast, sharpness, ...partial } = augMix;

/** Without the operations that AugMix's test corruptions resemble. */
export const AUG_MIX_PARTIAL_SPACE: Space = partial;

/** The operation at bin `index` of `bins`, with a random sign where it has one. */
export function drawOperation(
  random: RandomStream,
  from: Space,
  op: OperationName,
  index: number,
  bins: number,
  size: Size,
): Operation {
  const strength = from[op]!;
  let magnitude = strength.at(bins > 1 ? index / (bins - 1) : 0, size);
  if (strength.signed && chance(random, 0.5)) magnitude = -magnitude;
  return { op, magnitude };
}

/** Any operation of a space, all equally likely. */
export function anyOperation(random: RandomStream, from: Space): OperationName {
  const names = Object.keys(from) as OperationName[];
  return names[random.below(names.length)]!;
}

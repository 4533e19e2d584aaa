import { giveBytes } from '../buffers.ts';
import { defineTransform } from '../define-transform.ts';
import type { Image } from '../image.ts';
import { adjustSharpness } from '../kernels/blur.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  autocontrast,
  equalize,
  grayscale3,
  invert,
  luma,
  permuteChannels,
  posterize,
  repeatChannels,
  solarize,
} from '../kernels/color.ts';
import { choice, integer, number, probability, range, spread } from '../options.ts';
import { chance, permutation, uniformIn } from '../random.ts';
import type { Target } from '../target.ts';

/** The target with its pixels changed and everything else as it is. */
export const mapPixels = (target: Target, change: (image: Image) => Image): Target => ({
  ...target,
  image: change(target.image),
});

/** One image operation after the other; what lies between is forgotten. */
export function chain(image: Image, changes: readonly ((image: Image) => Image)[]): Image {
  let current = image;
  for (const change of changes) {
    const next = change(current);
    if (current !== image && next.data !== current.data) giveBytes(current.data);
    current = next;
  }
  return current;
}

export const grayscale = defineTransform({
  name: 'grayscale',
  doc: 'Makes a colour image grey.',
  options: { numOutputChannels: choice('Channels of the result.', [1, 3], 1) },
  apply: (target, _, { numOutputChannels }) =>
    mapPixels(target, numOutputChannels === 1 ? luma : grayscale3),
});

export const randomGrayscale = defineTransform({
  name: 'randomGrayscale',
  doc: 'Makes a colour image grey, with as many channels as before.',
  options: { p: probability(0.1) },
  apply: (target) =>
    mapPixels(target, (image) => (image.channels === 1 ? image : grayscale3(image))),
});

export const rgb = defineTransform({
  name: 'rgb',
  doc: 'Gives a grey image three equal channels.',
  options: {},
  apply: (target) =>
    mapPixels(target, (image) => (image.channels === 3 ? image : repeatChannels(image))),
});

/** Factors of a colour change; null where there is none. */
interface ColorFactors {
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly saturation: number | null;
  readonly hue: number | null;
}

const COLOR_CHANGES = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

type ColorName = keyof typeof COLOR_CHANGES;

const COLOR_NAMES = Object.keys(COLOR_CHANGES) as ColorName[];

const colorChanges = (factors: ColorFactors, order: readonly ColorName[]) =>
  order.flatMap((name) => {
    const factor = factors[name];
    return factor === null ? [] : [(image: Image) => COLOR_CHANGES[name](image, factor)];
  });

const factor = (what: string) => spread(`${what}: n draws 1 − n … 1 + n.`, null, 1, { min: 0 });

export const colorJitter = defineTransform({
  name: 'colorJitter',
  doc: 'Changes brightness, contrast, saturation and hue in random order.',
  options: {
    brightness: factor('Factors of brightness'),
    contrast: factor('Factors of contrast'),
    saturation: factor('Factors of saturation'),
    hue: spread('Turns of the hue circle: n draws −n … n.', null, 0, { min: -0.5, max: 0.5 }),
  },
  draw(random, _, options): ColorFactors & { order: readonly ColorName[] } {
    const order = permutation(random, 4).map((i) => COLOR_NAMES[i]!);
    const value = (bounds: readonly [number, number] | null) =>
      bounds && uniformIn(random, ...bounds);
    return {
      order,
      brightness: value(options.brightness),
      contrast: value(options.contrast),
      saturation: value(options.saturation),
      hue: value(options.hue),
    };
  },
  apply: (target, factors) =>
    mapPixels(target, (image) => chain(image, colorChanges(factors, factors.order))),
});

export const randomPhotometricDistort = defineTransform({
  name: 'randomPhotometricDistort',
  doc: "SSD's colour changes: each with probability p, contrast before or after saturation and hue.",
  options: {
    brightness: range('Factors of brightness.', [0.875, 1.125], { min: 0 }),
    contrast: range('Factors of contrast.', [0.5, 1.5], { min: 0 }),
    saturation: range('Factors of saturation.', [0.5, 1.5], { min: 0 }),
    hue: range('Turns of the hue circle.', [-0.05, 0.05], { min: -0.5, max: 0.5 }),
    p: number('Probability of each change.', 0.5, { min: 0, max: 1 }),
  },
  draw(random, { image }, options) {
    const value = (bounds: readonly [number, number]) =>
      chance(random, options.p) ? uniformIn(random, ...bounds) : null;
    return {
      brightness: value(options.brightness),
      contrast: value(options.contrast),
      saturation: value(options.saturation),
      hue: value(options.hue),
      contrastBefore: chance(random, 0.5),
      permutation: chance(random, options.p) ? permutation(random, image.channels) : null,
    };
  },
  apply(target, factors) {
    const rest: ColorName[] = ['saturation', 'hue'];
    const order: ColorName[] = factors.contrastBefore
      ? ['brightness', 'contrast', ...rest]
      : ['brightness', ...rest, 'contrast'];
    const changes = colorChanges(factors, order);
    const { permutation } = factors;
    if (permutation) changes.push((image) => permuteChannels(image, permutation));
    return mapPixels(target, (image) => chain(image, changes));
  },
});

export const randomChannelPermutation = defineTransform({
  name: 'randomChannelPermutation',
  doc: 'Exchanges the channels at random.',
  options: {},
  draw: (random, { image }) => ({ permutation: permutation(random, image.channels) }),
  apply: (target, { permutation }) =>
    mapPixels(target, (image) => permuteChannels(image, permutation)),
});

export const randomAdjustSharpness = defineTransform({
  name: 'randomAdjustSharpness',
  doc: 'Blurs or sharpens.',
  options: {
    sharpnessFactor: number('0 blurs, 1 changes nothing, 2 sharpens.', undefined, { min: 0 }),
    p: probability(),
  },
  apply: (target, _, { sharpnessFactor }) =>
    mapPixels(target, (image) => adjustSharpness(image, sharpnessFactor)),
});

export const randomAutocontrast = defineTransform({
  name: 'randomAutocontrast',
  doc: 'Stretches each channel to 0 … 255.',
  options: { p: probability() },
  apply: (target) => mapPixels(target, autocontrast),
});

export const randomEqualize = defineTransform({
  name: 'randomEqualize',
  doc: "Makes each channel's values about equally frequent.",
  options: { p: probability() },
  apply: (target) => mapPixels(target, equalize),
});

export const randomInvert = defineTransform({
  name: 'randomInvert',
  doc: 'Turns the image into its negative.',
  options: { p: probability() },
  apply: (target) => mapPixels(target, invert),
});

export const randomPosterize = defineTransform({
  name: 'randomPosterize',
  doc: 'Keeps the upper bits of each value.',
  options: { bits: integer('Bits to keep.', undefined, { min: 0, max: 8 }), p: probability() },
  apply: (target, _, { bits }) => mapPixels(target, (image) => posterize(image, bits)),
});

export const randomSolarize = defineTransform({
  name: 'randomSolarize',
  doc: 'Turns values from a threshold on into their negative.',
  options: {
    threshold: number('Least value that changes.', undefined, { min: 0, max: 255 }),
    p: probability(),
  },
  apply: (target, _, { threshold }) => mapPixels(target, (image) => solarize(image, threshold)),
});

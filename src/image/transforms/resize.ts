import { UsageError } from '../../graph/errors.ts';
import { mapGeometry } from '../boxes.ts';
import { defineTransform } from '../define-transform.ts';
import type { Size } from '../image.ts';
import { INTERPOLATIONS, type ResampleOptions, resample } from '../kernels/resample.ts';
import {
  boolean,
  choice,
  integer,
  integerOrList,
  MAX_SIDE,
  optionalInteger,
  range,
  shortOrSize,
  size,
} from '../options.ts';
import { integerIn, uniformIn } from '../random.ts';
import type { Target } from '../target.ts';

/** How pixels are made from others, in every transform that resizes. */
export const resampling = {
  interpolation: choice('Filter.', INTERPOLATIONS, 'bilinear'),
  antialias: boolean('Stretch the filter when shrinking, so that every source pixel counts.', true),
};

/** The whole target at height × width. */
export function resizeTarget(target: Target, [height, width]: Size, how: ResampleOptions): Target {
  const { image } = target;
  if (image.height === height && image.width === width) return target;
  const whole = { top: 0, left: 0, height: image.height, width: image.width };
  const [sx, sy] = [width / image.width, height / image.height];
  return mapGeometry(target, {
    image: (x) => resample(x, whole, height, width, how),
    plane: (x) => resample(x, whole, height, width, { ...how, interpolation: 'nearest' }),
    point: (x, y) => [x * sx, y * sy],
    clamp: false,
  });
}

/** The size whose shorter side is `short`, and whose longer one is at most `longest`. */
export function shorterSide(
  [height, width]: Size,
  short: number,
  longest: number | null = null,
): Size {
  const ratio = Math.max(height, width) / Math.min(height, width);
  let [low, high] = [short, Math.trunc(short * ratio)];
  if (longest !== null && high > longest) {
    [low, high] = [Math.max(1, Math.trunc((longest * low) / high)), longest];
  }
  return width <= height ? [high, low] : [low, high];
}

const sizeOf = ({ image }: Target): Size => [image.height, image.width];

/** Both sides times `factor`, at least one pixel. */
const scaled = ([height, width]: Size, factor: number): Size => [
  Math.max(1, Math.trunc(height * factor)),
  Math.max(1, Math.trunc(width * factor)),
];

export const resize = defineTransform({
  name: 'resize',
  doc: 'Resizes to [height, width], or so that the shorter side has a length.',
  options: {
    size: shortOrSize('The shorter side, or [height, width]; null: only maxSize counts.'),
    ...resampling,
    maxSize: optionalInteger('Longest side allowed when only the shorter one is given.', {
      min: 1,
      max: MAX_SIDE,
    }),
  },
  apply(target, _, { size, maxSize, ...how }) {
    const from = sizeOf(target);
    if (size === null) {
      if (maxSize === null) throw new UsageError('resize: without a size, maxSize must be given');
      const [h, w] = from;
      const short = Math.max(1, Math.trunc((maxSize * Math.min(h, w)) / Math.max(h, w)));
      return resizeTarget(target, w <= h ? [maxSize, short] : [short, maxSize], how);
    }
    if (typeof size !== 'number') {
      if (maxSize === null) return resizeTarget(target, size, how);
      throw new UsageError('resize: maxSize goes with a size of one number, the shorter side');
    }
    if (maxSize !== null && maxSize <= size) {
      throw new UsageError(`resize: maxSize must exceed size (they are ${maxSize} and ${size})`);
    }
    return resizeTarget(target, shorterSide(from, size, maxSize), how);
  },
});

export const randomResize = defineTransform({
  name: 'randomResize',
  doc: 'Resizes the shorter side to a random length, minSize … maxSize − 1.',
  options: {
    minSize: integer('Least pixels of the shorter side.', undefined, { min: 1, max: MAX_SIDE }),
    maxSize: integer('One more than the most pixels of the shorter side.', undefined, {
      min: 2,
      max: MAX_SIDE + 1,
    }),
    ...resampling,
  },
  draw: (random, _, { minSize, maxSize }) => ({
    size: integerIn(random, minSize, Math.max(minSize, maxSize - 1)),
  }),
  apply: (target, { size }, how) => resizeTarget(target, shorterSide(sizeOf(target), size), how),
});

export const randomShortestSize = defineTransform({
  name: 'randomShortestSize',
  doc: 'Resizes so that the shorter side has one of some lengths, and the longer stays in bounds.',
  options: {
    minSize: integerOrList('Lengths of the shorter side to choose from.', {
      min: 1,
      max: MAX_SIDE,
    }),
    maxSize: optionalInteger('Longest side allowed.', { min: 1, max: MAX_SIDE }),
    ...resampling,
  },
  draw(random, target, { minSize, maxSize }): { size: Size } {
    const [h, w] = sizeOf(target);
    const short = minSize[random.below(minSize.length)]!;
    const factor = Math.min(short / Math.min(h, w), (maxSize ?? Infinity) / Math.max(h, w));
    return { size: scaled([h, w], factor) };
  },
  apply: (target, { size }, how) => resizeTarget(target, size, how),
});

export const scaleJitter = defineTransform({
  name: 'scaleJitter',
  doc: 'Fits the image into targetSize and scales it by a random factor.',
  options: {
    targetSize: size('Height and width to fit into at factor 1.'),
    scaleRange: range('Factors.', [0.1, 2], { min: 0 }),
    ...resampling,
  },
  draw(random, target, { targetSize, scaleRange }): { size: Size } {
    const [h, w] = sizeOf(target);
    // torchvision pairs the sides crosswise; for the square sizes in use it makes no difference.
    const fit = Math.min(targetSize[1] / h, targetSize[0] / w);
    return { size: scaled([h, w], fit * uniformIn(random, ...scaleRange)) };
  },
  apply: (target, { size }, how) => resizeTarget(target, size, how),
});

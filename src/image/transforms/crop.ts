import { UsageError } from '../../graph/errors.ts';
import { mapGeometry } from '../boxes.ts';
import { defineTransform } from '../define-transform.ts';
import type { Fill, Size } from '../image.ts';
import {
  crop,
  PADDING_MODES,
  type PaddingMode,
  pad as padImage,
  type Sides,
} from '../kernels/edges.ts';
import { type Region, type ResampleOptions, resample } from '../kernels/resample.ts';
import { roundHalfEven } from '../numbers.ts';
import { boolean, choice, fill, padding, range, size } from '../options.ts';
import { integerIn, type RandomStream, uniformIn } from '../random.ts';
import type { Target } from '../target.ts';
import { horizontalFlip, verticalFlip } from './flip.ts';
import { resampling } from './resize.ts';

/** A region of the target, which may reach beyond it. */
export function cropTarget(target: Target, region: Region, fill: Fill = 0): Target {
  const { top, left, height, width } = region;
  const { image } = target;
  if (top === 0 && left === 0 && height === image.height && width === image.width) return target;
  return mapGeometry(target, {
    image: (x) => crop(x, region, fill),
    plane: (x) => crop(x, region, 0),
    point: (x, y) => [x - left, y - top],
  });
}

/**
 * The target with edges added.
 *
 * @throws UsageError when an edge that continues the image would repeat boxes or keypoints
 */
export function padTarget(target: Target, sides: Sides, fill: Fill, mode: PaddingMode): Target {
  if (mode !== 'constant' && (target.boxes || target.keypoints)) {
    throw new UsageError(
      `pad: mode "${mode}" would show objects that no box or keypoint names; use "constant"`,
    );
  }
  return mapGeometry(target, {
    image: (x) => padImage(x, sides, fill, mode),
    plane: (x) => padImage(x, sides, 0, mode),
    point: (x, y) => [x + sides.left, y + sides.top],
  });
}

/** The middle of an image, as torchvision rounds it. */
export function centerRegion([h, w]: Size, [height, width]: Size): Region {
  const start = (all: number, part: number) =>
    // A larger crop has the odd pixel of padding at its end.
    part > all ? -Math.floor((part - all) / 2) : roundHalfEven((all - part) / 2);
  return { top: start(h, height), left: start(w, width), height, width };
}

const sizeOf = ({ image }: Target): Size => [image.height, image.width];

export const centerCrop = defineTransform({
  name: 'centerCrop',
  doc: 'Cuts out the middle; black where it is larger than the image.',
  options: { size: size('Height and width of the result.') },
  apply: (target, _, { size }) => cropTarget(target, centerRegion(sizeOf(target), size)),
});

/**
 * A region with a random share of the area and a random ratio of width to height, or undefined
 * after ten tries that did not fit.
 */
export function randomRegion(
  random: RandomStream,
  [h, w]: Size,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  fits: (height: number, width: number) => boolean,
): Region | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = h * w * uniformIn(random, ...scale);
    const aspect = Math.exp(uniformIn(random, Math.log(ratio[0]), Math.log(ratio[1])));
    const width = Math.round(Math.sqrt(area * aspect));
    const height = Math.round(Math.sqrt(area / aspect));
    if (!fits(height, width)) continue;
    const top = integerIn(random, 0, h - height);
    const left = integerIn(random, 0, w - width);
    return { top, left, height, width };
  }
  return undefined;
}

/** The largest region in the middle whose ratio lies within bounds. */
function fallbackRegion([h, w]: Size, [low, high]: readonly [number, number]): Region {
  let [height, width] = [h, w];
  if (w / h < low) height = Math.max(1, Math.min(h, Math.round(w / low)));
  else if (w / h > high) width = Math.max(1, Math.min(w, Math.round(h * high)));
  return { top: (h - height) >> 1, left: (w - width) >> 1, height, width };
}

/** A region inside of the target, resampled; no copy of the region is made. */
export function resizedCrop(
  target: Target,
  region: Region,
  [height, width]: Size,
  how: ResampleOptions,
): Target {
  const { top, left } = region;
  const [sx, sy] = [width / region.width, height / region.height];
  return mapGeometry(target, {
    image: (x) => resample(x, region, height, width, how),
    plane: (x) => resample(x, region, height, width, { ...how, interpolation: 'nearest' }),
    point: (x, y) => [(x - left) * sx, (y - top) * sy],
  });
}

export const randomResizedCrop = defineTransform({
  name: 'randomResizedCrop',
  doc: 'Cuts out a region of random area and shape, and resizes it.',
  options: {
    size: size('Height and width of the result.'),
    scale: range('Share of the area.', [0.08, 1], { min: 0, max: 1 }),
    ratio: range('Width by height, uniform in its logarithm.', [3 / 4, 4 / 3], { min: 1e-6 }),
    ...resampling,
  },
  draw(random, target, { scale, ratio }): Region {
    const [h, w] = sizeOf(target);
    const fits = (height: number, width: number) =>
      height > 0 && width > 0 && height <= h && width <= w;
    return randomRegion(random, [h, w], scale, ratio, fits) ?? fallbackRegion([h, w], ratio);
  },
  apply: (target, region, { size, ...how }) => resizedCrop(target, region, size, how),
});

export const randomCrop = defineTransform({
  name: 'randomCrop',
  doc: 'Cuts out a region of fixed size at a random place, after padding if asked for.',
  options: {
    size: size('Height and width of the result.'),
    padding: padding('Pixels added first.', null),
    padIfNeeded: boolean('Add as much at either side as a small image lacks.', false),
    fill: fill(),
    paddingMode: choice('How the image continues beyond its edges.', PADDING_MODES, 'constant'),
  },
  draw(random, target, { size, padding, padIfNeeded }) {
    const sides = { left: 0, top: 0, right: 0, bottom: 0 };
    if (padding) [sides.left, sides.top, sides.right, sides.bottom] = padding;
    const [height, width] = size;
    const { image } = target;
    const lacking = (all: number, part: number) => (padIfNeeded ? Math.max(0, part - all) : 0);
    const down = lacking(image.height + sides.top + sides.bottom, height);
    const across = lacking(image.width + sides.left + sides.right, width);
    sides.top += down;
    sides.bottom += down;
    sides.left += across;
    sides.right += across;
    const h = image.height + sides.top + sides.bottom;
    const w = image.width + sides.left + sides.right;
    if (h < height || w < width) {
      throw new UsageError(
        `randomCrop: the crop [${height}, ${width}] exceeds the image [${h}, ${w}]; set padIfNeeded or resize first`,
      );
    }
    const top = integerIn(random, 0, h - height);
    const left = integerIn(random, 0, w - width);
    return { sides, top, left };
  },
  apply(target, { sides, top, left }, { size, fill, paddingMode }) {
    const [height, width] = size;
    if (paddingMode === 'constant') {
      // Cropping fills what lies outside: no need to pad first.
      const region = { top: top - sides.top, left: left - sides.left, height, width };
      return cropTarget(target, region, fill);
    }
    const padded = padTarget(target, sides, fill, paddingMode);
    return cropTarget(padded, { top, left, height, width });
  },
});

/**
 * The four corners and the middle.
 *
 * @throws UsageError when the image is smaller than the crop
 */
export function fiveCrop(target: Target, size: Size): Target[] {
  const [h, w] = sizeOf(target);
  const [height, width] = size;
  if (height > h || width > w) {
    throw new UsageError(`fiveCrop: the crop [${height}, ${width}] exceeds the image [${h}, ${w}]`);
  }
  const corners = [
    [0, 0],
    [0, w - width],
    [h - height, 0],
    [h - height, w - width],
  ] as const;
  return [
    ...corners.map(([top, left]) => ({ top, left, height, width })),
    centerRegion([h, w], size),
  ].map((region) => cropTarget(target, region));
}

/** The five crops, and those of the mirrored image. */
export function tenCrop(target: Target, size: Size, vertical = false): Target[] {
  const mirrored = vertical ? verticalFlip(target) : horizontalFlip(target);
  return [...fiveCrop(target, size), ...fiveCrop(mirrored, size)];
}

import { type GeometryMaps, mapGeometry, type PointMap } from '../boxes.ts';
import { defineTransform } from '../define-transform.ts';
import type { Fill } from '../image.ts';
import { gaussianBlurPlane } from '../kernels/blur.ts';
import { quarterTurns } from '../kernels/edges.ts';
import {
  affineRows,
  type Displacement,
  displacedRows,
  perspectiveRows,
  type RowMap,
  WARP_INTERPOLATIONS,
  type WarpInterpolation,
  warp,
} from '../kernels/warp.ts';
import {
  type Affine,
  affineMap,
  forwardMatrix,
  IDENTITY,
  invertMatrix,
  invertPerspective,
  type Point,
  perspectiveMap,
  perspectiveMatrix,
} from '../matrices.ts';
import { fillSymmetric } from '../noise.ts';
import {
  angles,
  boolean,
  choice,
  fill,
  number,
  optionalList,
  pair,
  probability,
  shears,
} from '../options.ts';
import { integerIn, uniformIn } from '../random.ts';
import type { Target } from '../target.ts';

export interface WarpHow {
  readonly interpolation: WarpInterpolation;
  readonly fill: Fill;
}

const warping = (interpolation: WarpInterpolation) => ({
  interpolation: choice('How pixels between pixels are read.', WARP_INTERPOLATIONS, interpolation),
  fill: fill(),
});

const centre = optionalList('Point that stays, [x, y] in pixels; null: the middle.', [2]);

/** `rows` for the image and its masks, `point` for the rest. */
const maps = (
  height: number,
  width: number,
  rows: RowMap,
  point: PointMap,
  { interpolation, fill }: WarpHow,
): GeometryMaps => ({
  image: (x) => warp(x, height, width, rows, { interpolation, fill }),
  plane: (x) => warp(x, height, width, rows, { interpolation: 'nearest', fill: 0 }),
  point,
});

/** Moves the target by an affine transform about a point (null: the middle). */
export function affineTarget(
  target: Target,
  affine: Affine,
  center: readonly number[] | null,
  how: WarpHow,
): Target {
  const { width, height } = target.image;
  const [cx = width / 2, cy = height / 2] = center ?? [];
  const forward = forwardMatrix(affine, [cx, cy]);
  const rows = affineRows(invertMatrix(forward));
  return mapGeometry(target, maps(height, width, rows, affineMap(forward), how));
}

/** Turns the target counter-clockwise by degrees; `expand` makes room for the corners. */
export function rotateTarget(
  target: Target,
  angle: number,
  expand: boolean,
  center: readonly number[] | null,
  how: WarpHow,
): Target {
  const { width: w, height: h } = target.image;
  const [cx = w / 2, cy = h / 2] = center ?? [];
  const forward = forwardMatrix({ ...IDENTITY, angle: -angle }, [cx, cy]);
  const point = affineMap(forward);
  const turns = (((angle % 360) + 360) % 360) / 90;
  if (center === null && Number.isInteger(turns) && (turns % 2 === 0 || expand || w === h)) {
    const turned = turns % 2 === 0 ? [0, 0] : [(h - w) / 2, (w - h) / 2];
    const shifted: PointMap = (x, y) => {
      const [u, v] = point(x, y);
      return [u + turned[0]!, v + turned[1]!];
    };
    const turn: GeometryMaps['image'] = (x) => quarterTurns(x, turns);
    return turns === 0 ? target : mapGeometry(target, { image: turn, plane: turn, point: shifted });
  }
  if (!expand) {
    return mapGeometry(target, maps(h, w, affineRows(invertMatrix(forward)), point, how));
  }

  const corners = [point(0, 0), point(w, 0), point(w, h), point(0, h)];
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = expandedSize(angle, w, h);
  const inverse = invertMatrix(forward);
  // The middle of the larger canvas shows the middle of the image.
  const [dx, dy] = [(width - w) / 2, (height - h) / 2];
  const [a, b, c, d, e, f] = inverse;
  const rows = affineRows([a, b, c - a * dx - b * dy, d, e, f - d * dx - e * dy]);
  const moved: PointMap = (x, y) => {
    const [u, v] = point(x, y);
    return [u - left, v - top];
  };
  return mapGeometry(target, maps(height, width, rows, moved, how));
}

/** Whole pixels that a rotated image covers, forgiving rounding errors of 1e-4. */
function expandedSize(angle: number, w: number, h: number): [number, number] {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(radians)), Math.abs(Math.sin(radians))];
  const cover = (all: number, half: number) =>
    Math.ceil(truncated(all / 2 + half)) - Math.floor(truncated(all / 2 - half));
  const truncated = (value: number) => Math.trunc(value * 1e4) / 1e4;
  return [cover(w, (w * cos + h * sin) / 2), cover(h, (w * sin + h * cos) / 2)];
}

export const randomRotation = defineTransform({
  name: 'randomRotation',
  doc: 'Turns by a random angle, counter-clockwise for positive ones.',
  options: {
    degrees: angles('Angles.', undefined),
    ...warping('nearest'),
    expand: boolean('Make the image as large as the turned one needs.', false),
    center: centre,
  },
  draw: (random, _, { degrees }) => ({ angle: uniformIn(random, ...degrees) }),
  apply: (target, { angle }, { expand, center, ...how }) =>
    rotateTarget(target, angle, expand, center, how),
});

export const randomAffine = defineTransform({
  name: 'randomAffine',
  doc: 'Turns, moves, scales and shears about a point.',
  options: {
    degrees: angles('Angles, clockwise for positive ones.', undefined),
    translate: optionalList('Largest shift by width and by height.', [2], { min: 0, max: 1 }),
    scale: optionalList('Factors, [low, high].', [2], { min: 1e-6 }),
    shear: shears('Degrees of shear.'),
    ...warping('nearest'),
    center: centre,
  },
  draw(random, { image }, { degrees, translate, scale, shear }): Affine {
    const angle = uniformIn(random, ...degrees);
    const shift = (share: number, side: number) =>
      Math.round(uniformIn(random, -share * side, share * side));
    return {
      angle,
      translate: translate
        ? [shift(translate[0]!, image.width), shift(translate[1]!, image.height)]
        : [0, 0],
      scale: scale ? uniformIn(random, scale[0]!, scale[1]!) : 1,
      shear: shear ? [uniformIn(random, ...shear[0]), uniformIn(random, ...shear[1])] : [0, 0],
    };
  },
  apply: (target, affine, { center, ...how }) => affineTarget(target, affine, center, how),
});

/** The image's corners go to `endpoints`, all clockwise from the upper left. */
export function perspectiveTarget(
  target: Target,
  endpoints: readonly Point[],
  how: WarpHow,
): Target {
  const { width, height } = target.image;
  const [right, bottom] = [width - 1, height - 1];
  const corners: Point[] = [
    [0, 0],
    [right, 0],
    [right, bottom],
    [0, bottom],
  ];
  const inverse = perspectiveMatrix(endpoints, corners);
  if (inverse === undefined) return target;
  const point = perspectiveMap(invertPerspective(inverse));
  return mapGeometry(target, maps(height, width, perspectiveRows(inverse), point, how));
}

export const randomPerspective = defineTransform({
  name: 'randomPerspective',
  doc: 'Moves each corner inwards by a random distance.',
  options: {
    distortionScale: number('Largest shift, in halves of a side.', 0.5, { min: 0, max: 1 }),
    p: probability(),
    ...warping('bilinear'),
  },
  draw(random, { image }, { distortionScale }): { endpoints: Point[] } {
    const { width, height } = image;
    const across = Math.trunc(distortionScale * Math.floor(width / 2));
    const down = Math.trunc(distortionScale * Math.floor(height / 2));
    const left = () => integerIn(random, 0, across);
    const right = () => integerIn(random, width - 1 - across, width - 1);
    const top = () => integerIn(random, 0, down);
    const bottom = () => integerIn(random, height - 1 - down, height - 1);
    return {
      endpoints: [
        [left(), top()],
        [right(), top()],
        [right(), bottom()],
        [left(), bottom()],
      ],
    };
  },
  apply: (target, { endpoints }, how) => perspectiveTarget(target, endpoints, how),
});

/** Smoothed noise: where each pixel of the result looks, relative to itself. */
export function elasticDisplacement(
  width: number,
  height: number,
  alpha: readonly [number, number],
  sigma: readonly [number, number],
  seeds: readonly [number, number],
): Displacement {
  const along = (axis: 0 | 1) => {
    const plane = new Float32Array(width * height);
    fillSymmetric(plane, seeds[axis]);
    if (sigma[axis] > 0) {
      const size = Math.trunc(8 * sigma[axis] + 1) | 1;
      gaussianBlurPlane(plane, width, height, [size, size], sigma);
    }
    return plane.map((value) => (value * alpha[axis]) / 2);
  };
  return { dx: along(0), dy: along(1), width };
}

export function elasticTarget(target: Target, displacement: Displacement, how: WarpHow): Target {
  const { width, height } = target.image;
  const { dx, dy } = displacement;
  const index = (value: number, count: number) =>
    Math.min(count - 1, Math.max(0, Math.floor(value)));
  // To first order the displacement's inverse is its negative.
  const point: PointMap = (x, y) => {
    const at = index(y, height) * width + index(x, width);
    return [x - dx[at]!, y - dy[at]!];
  };
  return mapGeometry(target, maps(height, width, displacedRows(displacement), point, how));
}

export const elasticTransform = defineTransform({
  name: 'elasticTransform',
  doc: 'Shifts every pixel by smooth noise, like looking through water (Simard et al. 2003).',
  options: {
    alpha: pair('Strength along x and y: pixels of shift are alpha / 2 times the noise.', 50, {
      min: 0,
    }),
    sigma: pair('Smoothness of the noise along x and y, in pixels.', 5, { min: 0 }),
    ...warping('bilinear'),
  },
  draw: (random): { seeds: [number, number] } => ({ seeds: [random.uint32(), random.uint32()] }),
  apply(target, { seeds }, { alpha, sigma, ...how }) {
    const { width, height } = target.image;
    return elasticTarget(target, elasticDisplacement(width, height, alpha, sigma, seeds), how);
  },
});

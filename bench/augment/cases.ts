import type { Image } from '../../src/image/image.ts';
import { erase } from '../../src/image/kernels/blend.ts';
import { adjustSharpness, gaussianBlur } from '../../src/image/kernels/blur.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  autocontrast,
  equalize,
  grayscale3,
  invert,
  posterize,
  solarize,
} from '../../src/image/kernels/color.ts';
import { flipHorizontal, flipVertical } from '../../src/image/kernels/edges.ts';
import { jpeg } from '../../src/image/kernels/jpeg.ts';
import { resample } from '../../src/image/kernels/resample.ts';
import type { WarpInterpolation } from '../../src/image/kernels/warp.ts';
import { normalizeInto, pixelTables } from '../../src/image/normalize.ts';
import { chain } from '../../src/image/transforms/color.ts';
import { affineTarget, perspectiveTarget, rotateTarget } from '../../src/image/transforms/warp.ts';

export const SIDE = 512;

/** Undefined when the result is not an image. */
export type Operation = (image: Image) => Image | undefined;

const smooth = { interpolation: 'bilinear', antialias: true } as const;
const whole = { top: 0, left: 0, width: SIDE, height: SIDE };
const region = { top: 60, left: 80, height: 330, width: 300 };
const affine = { angle: 15, translate: [20, 10], scale: 1.1, shear: [5, 3] } as const;
const corners = [
  [20, 30],
  [490, 10],
  [500, 480],
  [15, 500],
] as const;
const tables = pixelTables(3, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
const floats = new Float32Array(3 * SIDE * SIDE);

const warp = (interpolation: WarpInterpolation) => ({ interpolation, fill: 0 });
const rotation =
  (interpolation: WarpInterpolation): Operation =>
  (image) =>
    rotateTarget({ image }, 23, false, null, warp(interpolation)).image;
const shifted =
  (interpolation: WarpInterpolation): Operation =>
  (image) =>
    affineTarget({ image }, affine, null, warp(interpolation)).image;

/** The same operations, by the same names and with the same numbers, as in peer.py. */
export const operations: Readonly<Record<string, Operation>> = {
  flip: flipHorizontal,
  resize: (image) => resample(image, whole, 224, 224, smooth),
  randomResizedCrop: (image) => resample(image, region, 224, 224, smooth),
  normalize(image) {
    normalizeInto(image, tables, floats);
    return undefined;
  },
  colorJitter: (image) =>
    chain(image, [
      (x) => adjustBrightness(x, 1.2),
      (x) => adjustContrast(x, 0.8),
      (x) => adjustSaturation(x, 1.3),
      (x) => adjustHue(x, 0.05),
    ]),
  rotation: rotation('bilinear'),
  affine: shifted('bilinear'),
  perspective: (image) => perspectiveTarget({ image }, corners, warp('bilinear')).image,
  blur: (image) => gaussianBlur(image, [5, 5], [1.2, 1.2]),
  grayscale: grayscale3,
  posterize: (image) => posterize(image, 4),
  equalize,
  erasing: (image) => erase(image, 100, 120, 150, 140, { values: [0, 0, 0] }),
  'rotation nearest': rotation('nearest'),
  'affine nearest': shifted('nearest'),
  'blur 23': (image) => gaussianBlur(image, [23, 23], [1.2, 1.2]),
  'flip vertical': flipVertical,
  brightness: (image) => adjustBrightness(image, 1.2),
  solarize: (image) => solarize(image, 128),
  invert,
  autocontrast,
  sharpness: (image) => adjustSharpness(image, 1.5),
  jpeg: (image) => jpeg(image, 75),
};

/** Those whose mean counts; the others are shown beside them. */
export const REQUIRED = Object.keys(operations).slice(0, 13);

/** Smooth colours with some noise, like a photograph; peer.py makes the same. */
export function picture(): Image {
  const data = new Uint8Array(3 * SIDE * SIDE);
  for (let i = 0, state = 1; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    const wave = 110 + 90 * Math.sin(x / 40 + (i % 3)) * Math.cos(y / 55);
    data[i] = Math.round(wave + ((state >>> 24) / 255) * 40);
  }
  return { data, width: SIDE, height: SIDE, channels: 3 };
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Image } from '../../src/image/image.ts';
import { adjustSharpness, gaussianBlur } from '../../src/image/kernels/blur.ts';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  autocontrast,
  equalize,
  invert,
  luma,
  posterize,
  solarize,
} from '../../src/image/kernels/color.ts';
import { crop, type PaddingMode, pad } from '../../src/image/kernels/edges.ts';
import { jpeg } from '../../src/image/kernels/jpeg.ts';
import { type Interpolation, resample } from '../../src/image/kernels/resample.ts';
import type { WarpInterpolation } from '../../src/image/kernels/warp.ts';
import type { Affine, Point } from '../../src/image/matrices.ts';
import type { Target } from '../../src/image/target.ts';
import { cropTarget, padTarget } from '../../src/image/transforms/crop.ts';
import { horizontalFlip, verticalFlip } from '../../src/image/transforms/flip.ts';
import { resizeTarget } from '../../src/image/transforms/resize.ts';
import {
  affineTarget,
  elasticTarget,
  perspectiveTarget,
  rotateTarget,
} from '../../src/image/transforms/warp.ts';

interface Shown {
  width: number;
  height: number;
  channels: 1 | 3;
  data: string;
}

interface Case extends Affine {
  op: string;
  source: string;
  y?: Shown;
  boxes?: number[][];
  keypoints?: number[][];
  height: number;
  width: number;
  top: number;
  left: number;
  interpolation: Interpolation;
  antialias: boolean;
  expand: boolean;
  endpoints: Point[];
  factor: number;
  bits: number;
  threshold: number;
  quality: number;
  size: [number, number];
  sigma: [number, number];
  sides: [number, number, number, number];
  mode: PaddingMode;
}

const file = new URL('../golden/image/image.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as { image: Shown; cases: Case[] };

const read = ({ data, ...size }: Shown): Image => ({ ...size, data: Buffer.from(data, 'base64') });

const image = read(golden.image);

/** What torchvision's grid sampler fills with is black, and so is ours here. */
const how = (given: Case) => ({
  interpolation: (given.interpolation ?? 'nearest') as WarpInterpolation,
  fill: 0,
});

const sidesOf = ([left, top, right, bottom]: Case['sides']) => ({ left, top, right, bottom });

function wave({ width, height }: Image) {
  const at = (rule: (x: number, y: number) => number) =>
    Float32Array.from({ length: width * height }, (_, i) => rule(i % width, Math.floor(i / width)));
  return { dx: at((_, y) => 2 * Math.sin(y / 3)), dy: at((x) => 1.5 * Math.cos(x / 4)), width };
}

const GEOMETRY: Record<string, (target: Target, given: Case) => Target> = {
  rotate: (x, c) => rotateTarget(x, c.angle, c.expand, null, how(c)),
  affine: (x, c) => affineTarget(x, c, null, how(c)),
  perspective: (x, c) => perspectiveTarget(x, c.endpoints, how(c)),
  elastic: (x, c) => elasticTarget(x, wave(x.image), how(c)),
  resize: (x, c) =>
    resizeTarget(x, [c.height, c.width], { interpolation: 'bilinear', antialias: true }),
  horizontalFlip,
  verticalFlip,
  crop: (x, c) => cropTarget(x, c),
  pad: (x, c) => padTarget(x, sidesOf(c.sides), 0, 'constant'),
};

const PIXELS: Record<string, (x: Image, given: Case) => Image> = {
  resize: (x, c) =>
    resample(x, { top: 0, left: 0, height: x.height, width: x.width }, c.height, c.width, c),
  grayscale: luma,
  brightness: (x, c) => adjustBrightness(x, c.factor),
  contrast: (x, c) => adjustContrast(x, c.factor),
  saturation: (x, c) => adjustSaturation(x, c.factor),
  hue: (x, c) => adjustHue(x, c.factor),
  posterize: (x, c) => posterize(x, c.bits),
  solarize: (x, c) => solarize(x, c.threshold),
  invert,
  autocontrast,
  equalize,
  sharpness: (x, c) => adjustSharpness(x, c.factor),
  blur: (x, c) => gaussianBlur(x, c.size, c.sigma),
  jpeg: (x, c) => jpeg(x, c.quality),
  padded: (x, c) =>
    crop(pad(x, sidesOf(c.sides), 0, c.mode), { top: 0, left: 0, height: 8, width: 8 }),
};

/**
 * Levels that pixels may differ by: none where everything is whole numbers, one where torchvision
 * rounds float32, or Pillow has weights of 22 bits and we of 14.
 */
function tolerance({ op }: Case): number {
  if (['posterize', 'solarize', 'invert', 'equalize', 'padded'].includes(op)) return 0;
  // libjpeg has its own integer cosine transform; four of five values are equal all the same.
  return op === 'jpeg' ? 4 : 1;
}

describe('golden images', () => {
  golden.cases.forEach((given, i) => {
    const { op, source, y, boxes, keypoints, ...rest } = given;
    const { interpolation: how = '', antialias, mode = '' } = rest;
    const plain = antialias === false ? 'no antialias' : '';
    const title = [i, op, how, plain, mode].filter((word) => word !== '').join(' ');
    if (y) {
      it(`${title}: the pixels of ${source}`, () => {
        const got = PIXELS[op] ? PIXELS[op](image, given) : GEOMETRY[op]!({ image }, given).image;
        const want = read(y);
        expect([got.width, got.height, got.channels]).toEqual([
          want.width,
          want.height,
          want.channels,
        ]);
        const differences = Array.from(got.data, (value, j) => Math.abs(value - want.data[j]!));
        expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance(given));
      });
      return;
    }
    it(`${title}: the boxes and keypoints of ${source}`, () => {
      const target = {
        image,
        boxes: {
          format: 'xyxy' as const,
          data: Float64Array.of(2, 3, 9, 12, 10.5, 0, 21, 8.25, 0, 0, 21, 15),
        },
        keypoints: { data: Float64Array.of(2, 3, 11.5, 8.25, 20, 14) },
      };
      const got = GEOMETRY[op]!(target, given);
      boxes!.flat().forEach((value, j) => {
        expect(got.boxes!.data[j]).toBeCloseTo(value, 3);
      });
      keypoints!.flat().forEach((value, j) => {
        expect(got.keypoints!.data[j]).toBeCloseTo(value, 3);
      });
    });
  });
});

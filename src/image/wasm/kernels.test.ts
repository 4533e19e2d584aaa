import { afterEach, describe, expect, it } from 'vitest';
import type { Image } from '../image.ts';
import { gaussianBlur } from '../kernels/blur.ts';
import {
  adjustContrast,
  adjustHue,
  adjustSaturation,
  autocontrast,
  equalize,
  grayscale3,
  invert,
  posterize,
  solarize,
} from '../kernels/color.ts';
import { flipHorizontal, flipVertical } from '../kernels/edges.ts';
import { type Interpolation, resample } from '../kernels/resample.ts';
import type { WarpInterpolation } from '../kernels/warp.ts';
import { normalizeInto, pixelTables } from '../normalize.ts';
import {
  affineTarget,
  elasticDisplacement,
  elasticTarget,
  perspectiveTarget,
  rotateTarget,
} from '../transforms/warp.ts';
import { releaseImage, workingCopy } from '../workspace.ts';
import { KERNELS } from './kernels.ts';
import { compileKernels } from './make.mjs';
import { isResident, useKernels } from './memory.ts';
import { scratch } from './scratch.ts';

afterEach(() => useKernels(true));

function noise(width: number, height: number, seed: number): Image {
  let state = seed;
  const data = Uint8Array.from({ length: 3 * width * height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { data, width, height, channels: 3 };
}

const whole = ({ width, height }: Image) => ({ top: 0, left: 0, width, height });

const resize =
  (height: number, width: number, interpolation: Interpolation, antialias = true) =>
  (x: Image): Image =>
    resample(x, whole(x), height, width, { interpolation, antialias });

const part =
  (height: number, width: number) =>
  (x: Image): Image => {
    const [top, left] = [x.height >> 2, x.width >> 2];
    const region = { top, left, height: x.height - top, width: x.width - left };
    return resample(x, region, height, width, { interpolation: 'bilinear', antialias: true });
  };

const warps = (interpolation: WarpInterpolation): Record<string, (x: Image) => Image> => {
  const how = { interpolation, fill: [200, 100, 50] };
  const affine = { angle: 17, translate: [3, -2], scale: 0.7, shear: [9, 4] } as const;
  return {
    [`rotate ${interpolation}`]: (image) => rotateTarget({ image }, 31, true, null, how).image,
    [`affine ${interpolation}`]: (image) => affineTarget({ image }, affine, null, how).image,
    [`tiny scale ${interpolation}`]: (image) =>
      affineTarget({ image }, { ...affine, scale: 1e-4 }, [0, 0], how).image,
    [`perspective ${interpolation}`]: (image) => {
      const [w, h] = [image.width, image.height];
      const ends = [
        [1, 2],
        [w - 3, 0],
        [w - 1, h - 4],
        [3, h - 1],
      ] as const;
      return perspectiveTarget({ image }, ends, how).image;
    },
    [`elastic ${interpolation}`]: (image) =>
      elasticTarget(
        { image },
        elasticDisplacement(image.width, image.height, [30, 30], [2, 2], [1, 2]),
        how,
      ).image,
  };
};

const OPERATIONS: Record<string, (x: Image) => Image> = {
  flip: flipHorizontal,
  'flip vertical': flipVertical,
  grayscale: grayscale3,
  invert,
  posterize: (x) => posterize(x, 3),
  solarize: (x) => solarize(x, 90),
  equalize,
  autocontrast,
  contrast: (x) => adjustContrast(x, 1.4),
  saturation: (x) => adjustSaturation(x, 1.8),
  'saturation off': (x) => adjustSaturation(x, 0),
  hue: (x) => adjustHue(x, 0.21),
  'hue backwards': (x) => adjustHue(x, -0.4),
  'smaller bilinear': resize(9, 11, 'bilinear'),
  'larger bilinear': resize(70, 90, 'bilinear'),
  'smaller bicubic': resize(10, 90, 'bicubic'),
  'smaller lanczos': resize(8, 8, 'lanczos'),
  'no antialias': resize(8, 9, 'bilinear', false),
  'rows alone': (x) => resize(x.height, 10, 'bilinear')(x),
  'columns alone': (x) => resize(12, x.width, 'box')(x),
  'part of it': part(13, 17),
  blur: (x) => gaussianBlur(x, [9, 5], [2.2, 0.9]),
  'blur barely': (x) => gaussianBlur(x, [3, 3], [0.1, 0.1]),
  ...warps('nearest'),
  ...warps('bilinear'),
};

const SIZES = [
  [16, 12],
  [37, 29],
  [64, 64],
  [101, 50],
  [13, 7],
] as const;

describe('WASM kernels', () => {
  it('blur grey images as JavaScript does', () => {
    const data = noise(40, 30, 3).data.subarray(0, 1200);
    const grey: Image = { data, width: 40, height: 30, channels: 1 };
    const [fast, slow] = [true, false].map((on) => {
      useKernels(on);
      return gaussianBlur(grey, [9, 5], [2.2, 0.9]).data;
    });
    expect(Buffer.compare(fast!, slow!)).toBe(0);
  });

  it('are compiled from the source beside them', async () => {
    const binary = Buffer.from(await compileKernels()).toString('base64');
    expect(KERNELS === binary, 'run `node src/image/wasm/make.mjs`').toBe(true);
  });

  it('are used', () => {
    expect(scratch(10)).toBeDefined();
    useKernels(false);
    expect(scratch(10)).toBeUndefined();
  });

  it('normalise as JavaScript does', () => {
    const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const tables = pixelTables(3, statistics);
    for (const [width, height] of [...SIZES, [200, 150] as const]) {
      const image = noise(width, height, 5);
      const copy = workingCopy(image);
      const results = [image, copy, image].map((each, i) => {
        useKernels(i < 2);
        const result = new Float32Array(3 * width * height + 7);
        normalizeInto(each, tables, result, 7);
        return result;
      }) as [Float32Array, Float32Array, Float32Array];
      releaseImage(copy);
      const [fast, there, slow] = results.map((result) => new Uint8Array(result.buffer));
      expect(Buffer.compare(fast!, slow!)).toBe(0);
      expect(Buffer.compare(there!, slow!)).toBe(0);
      const plane = width * height;
      const errors = results[0].subarray(7).map((value, i) => {
        const [c, at] = [Math.floor(i / plane), i % plane];
        return value - (image.data[3 * at + c]! / 255 - statistics.mean[c]!) / statistics.std[c]!;
      });
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1e-6);
    }
  });

  it.each(Object.keys(OPERATIONS))('give what JavaScript gives: %s', (name) => {
    for (const [i, [width, height]] of SIZES.entries()) {
      const image = noise(width, height, i + 1);
      useKernels(true);
      const fast = OPERATIONS[name]!(image);
      useKernels(false);
      const slow = OPERATIONS[name]!(image);
      expect([fast.width, fast.height, fast.channels]).toEqual([slow.width, slow.height, 3]);
      expect(Buffer.compare(fast.data, slow.data), `${width} × ${height}`).toBe(0);
      useKernels(true);
      const copy = workingCopy(image);
      const there = OPERATIONS[name]!(copy);
      expect(isResident(there.data)).toBe(true);
      expect(Buffer.compare(there.data, slow.data), `${width} × ${height}, there`).toBe(0);
      expect(Buffer.compare(copy.data, image.data)).toBe(0);
      releaseImage(there);
      releaseImage(copy);
    }
  });
});

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
import { flipHorizontal } from '../kernels/edges.ts';
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
import { KERNELS } from './kernels.ts';
import { compileKernels } from './make.mjs';
import { scratch, useKernels } from './scratch.ts';

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
    for (const [width, height] of [...SIZES, [200, 150] as const]) {
      const image = noise(width, height, 5);
      const tables = pixelTables(3, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
      const [fast, slow] = [0, 0].map(() => new Float32Array(3 * width * height + 7));
      useKernels(true);
      normalizeInto(image, tables, fast!, 7);
      useKernels(false);
      normalizeInto(image, tables, slow!, 7);
      expect(Buffer.compare(new Uint8Array(fast!.buffer), new Uint8Array(slow!.buffer))).toBe(0);
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
    }
  });
});

import { UsageError } from '../../graph/errors.ts';
import { defineTransform } from '../define-transform.ts';
import { fillBytes } from '../image.ts';
import { addNoise, erase } from '../kernels/blend.ts';
import { gaussianBlur as blur } from '../kernels/blur.ts';
import { jpeg as compress } from '../kernels/jpeg.ts';
import type { Region } from '../kernels/resample.ts';
import {
  boolean,
  integers,
  kernelSize,
  number,
  pair,
  probability,
  range,
  values,
} from '../options.ts';
import { integerIn, uniformIn } from '../random.ts';
import { mapPixels } from './color.ts';
import { randomRegion } from './crop.ts';

export const gaussianBlur = defineTransform({
  name: 'gaussianBlur',
  doc: 'Blurs with a Gaussian of random width.',
  options: {
    kernelSize: kernelSize('Odd pixels of the kernel, or [x, y].'),
    sigma: pair('Standard deviation in pixels, [low, high].', [0.1, 2], { min: 1e-3 }),
  },
  draw: (random, _, { sigma }) => ({ sigma: uniformIn(random, ...sigma) }),
  apply(target, { sigma }, { kernelSize: size }) {
    const { width, height } = target.image;
    if (width <= size[0] >> 1 || height <= size[1] >> 1) {
      throw new UsageError(
        `gaussianBlur: a kernel of [${size.join(', ')}] needs an image wider and higher than half of it (it is ${width} × ${height}); resize first`,
      );
    }
    return mapPixels(target, (image) => blur(image, size, [sigma, sigma]));
  },
});

export const gaussianNoise = defineTransform({
  name: 'gaussianNoise',
  doc: 'Adds normal noise to every value.',
  options: {
    mean: number('Mean, as a share of 255.', 0, { min: -1, max: 1 }),
    sigma: number('Standard deviation, as a share of 255.', 0.1, { min: 0, max: 10 }),
    clip: boolean('Cut to 0 … 255; otherwise values wrap around.', true),
  },
  draw: (random) => ({ seed: random.uint32() }),
  apply: (target, { seed }, { mean, sigma, clip }) =>
    mapPixels(target, (image) => addNoise(image, mean, sigma, clip, seed)),
});

export const jpeg = defineTransform({
  name: 'jpeg',
  doc: 'What saving as JPEG and loading again does, at a random quality.',
  options: { quality: integers('Quality, or [low, high].', { min: 1, max: 100 }) },
  draw: (random, _, { quality }) => ({ quality: integerIn(random, ...quality) }),
  apply: (target, { quality }) => mapPixels(target, (image) => compress(image, quality)),
});

export const randomErasing = defineTransform({
  name: 'randomErasing',
  doc: 'Covers a rectangle of random area and shape; boxes and masks stay as they are.',
  options: {
    p: probability(),
    scale: range('Share of the area.', [0.02, 0.33], { min: 0, max: 1 }),
    ratio: range('Height by width, uniform in its logarithm.', [0.3, 3.3], { min: 1e-6 }),
    value: values('Colour 0 … 255, one per channel, or "random": normal noise around grey.', 0),
  },
  draw(random, { image }, { scale, ratio, value }): ErasedRegion {
    const { width: w, height: h } = image;
    const fits = (height: number, width: number) => height < h && width < w;
    // torchvision's ratio is height by width here, and width by height when cropping.
    const upright: [number, number] = [1 / ratio[1], 1 / ratio[0]];
    const region = randomRegion(random, [h, w], scale, upright, fits) ?? null;
    return { region, seed: value === 'random' ? random.uint32() : null };
  },
  apply(target, { region, seed }, { value }) {
    if (region === null) return target;
    const { top, left, height, width } = region;
    return mapPixels(target, (image) => {
      const content =
        value === 'random' ? { seed: seed ?? 0 } : { values: fillBytes(value, image.channels) };
      return erase(image, top, left, height, width, content);
    });
  },
});

interface ErasedRegion {
  readonly region: Region | null;
  readonly seed: number | null;
}

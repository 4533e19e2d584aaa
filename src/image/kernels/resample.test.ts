import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Image } from '../image.ts';
import { copyRegion, INTERPOLATIONS, resample } from './resample.ts';

function noise(width: number, height: number, channels: 1 | 3, seed = 1): Image {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    return (Math.imul(i + seed, 2654435761) >>> 24) % 256;
  });
  return { data, width, height, channels };
}

const whole = ({ width, height }: Image) => ({ top: 0, left: 0, width, height });

describe('resample', () => {
  it('keeps one colour one colour at any size, with any filter', () => {
    const side = fc.integer({ min: 1, max: 70 });
    const interpolation = fc.constantFrom(...INTERPOLATIONS);
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        interpolation,
        fc.boolean(),
        (w, h, w2, h2, how, antialias) => {
          const image: Image = {
            data: new Uint8Array(w * h * 3),
            width: w,
            height: h,
            channels: 3,
          };
          for (let i = 0; i < image.data.length; i++) image.data[i] = [255, 0, 77][i % 3]!;
          const { data } = resample(image, whole(image), h2, w2, { interpolation: how, antialias });
          expect(data.length).toBe(w2 * h2 * 3);
          expect(data.every((value, i) => value === [255, 0, 77][i % 3])).toBe(true);
        },
      ),
    );
  });

  it('resizes a region as if it had been cut out first', () => {
    const image = noise(31, 29, 3);
    const region = { top: 4, left: 7, height: 20, width: 13 };
    for (const interpolation of INTERPOLATIONS) {
      const how = { interpolation, antialias: true };
      const cut = copyRegion(image, region);
      const expected = resample(cut, whole(cut), 9, 17, how);
      expect([...resample(image, region, 9, 17, how).data]).toEqual([...expected.data]);
      // One side alone changes, or none.
      for (const [h, w] of [
        [20, 17],
        [9, 13],
        [20, 13],
      ] as const) {
        const side = resample(cut, whole(cut), h, w, how);
        expect([...resample(image, region, h, w, how).data]).toEqual([...side.data]);
      }
    }
  });

  it('treats channels alike', () => {
    const grey = noise(23, 17, 1);
    const colour: Image = { ...grey, channels: 3, data: new Uint8Array(3 * grey.data.length) };
    colour.data.forEach((_, i) => {
      colour.data[i] = grey.data[Math.floor(i / 3)]!;
    });
    for (const interpolation of INTERPOLATIONS) {
      const how = { interpolation, antialias: true };
      const one = resample(grey, whole(grey), 10, 30, how).data;
      const three = resample(colour, whole(colour), 10, 30, how).data;
      expect(Array.from(one, (value) => [value, value, value]).flat()).toEqual([...three]);
    }
  });

  it('averages when it shrinks', () => {
    const stripes: Image = { data: new Uint8Array(64), width: 8, height: 8, channels: 1 };
    stripes.data.forEach((_, i) => {
      stripes.data[i] = i % 2 === 0 ? 255 : 0;
    });
    const { data } = resample(stripes, whole(stripes), 2, 2, {
      interpolation: 'box',
      antialias: true,
    });
    expect([...data]).toEqual([128, 128, 128, 128]);
  });
});

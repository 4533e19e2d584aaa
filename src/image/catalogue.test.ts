import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { transformByName, transforms } from './catalogue.ts';
import type { Drawn } from './define-transform.ts';
import { augmentationStream } from './random.ts';
import type { Target } from './target.ts';

function picture(width: number, height: number, channels: 1 | 3): Target {
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (i * 37 + (i >> 3)) % 256,
  );
  return { image: { data, width, height, channels } };
}

function target(): Target {
  return {
    ...picture(40, 30, 3),
    boxes: {
      format: 'xywh',
      data: Float64Array.of(3, 4, 20, 18, 15.5, 2.25, 10, 20),
      labels: Int32Array.of(1, 2),
    },
    mask: {
      data: Uint8Array.from({ length: 2 * 40 * 30 }, (_, i) => (i % 7 === 0 ? 1 : 0)),
      width: 40,
      height: 30,
      planes: 2,
    },
    keypoints: { data: Float64Array.of(5, 6, 39, 29) },
    label: 3,
  };
}

/** Options of those transforms that need some. */
const OPTIONS: Record<string, Record<string, unknown>> = {
  resize: { size: 20 },
  randomResize: { minSize: 10, maxSize: 50 },
  randomShortestSize: { minSize: [12, 25] },
  scaleJitter: { targetSize: 32 },
  fit: { size: [24, 24] },
  centerCrop: { size: [20, 50] },
  randomCrop: { size: [20, 25] },
  randomResizedCrop: { size: 16 },
  pad: { padding: [1, 2, 3, 4] },
  randomRotation: { degrees: 30 },
  randomAffine: { degrees: 10, translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 5 },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  randomAdjustSharpness: { sharpnessFactor: 2 },
  randomPosterize: { bits: 3 },
  randomSolarize: { threshold: 100 },
  gaussianBlur: { kernelSize: 5 },
  jpeg: { quality: [20, 90] },
  convertBoundingBoxFormat: { format: 'cxcywh' },
};

const CLASSIFICATION_ONLY = ['augMix'];

/** Everything that a transform may change, as plain data. */
const plain = ({ image, boxes, mask, keypoints, label }: Target) => ({
  image: { ...image, data: Buffer.from(image.data).toString('base64') },
  boxes: boxes && { ...boxes, data: [...boxes.data], labels: [...(boxes.labels ?? [])] },
  mask: mask && { ...mask, data: Buffer.from(mask.data).toString('base64') },
  keypoints: keypoints && [...keypoints.data],
  label,
});

describe.each([...transforms.keys()])('%s', (name) => {
  const source = () => (CLASSIFICATION_ONLY.includes(name) ? picture(40, 30, 3) : target());
  const transform = transformByName(name, OPTIONS[name]);

  it('leaves its input as it is, and its parts fit together', () => {
    for (let sample = 0; sample < 12; sample++) {
      const given = source();
      const before = plain(given);
      const { target: got } = transform.run(given, augmentationStream(1, 0, sample));
      expect(plain(given)).toEqual(before);
      const { image, mask, boxes } = got;
      expect(image.data.length).toBe(image.width * image.height * image.channels);
      if (mask) {
        expect([mask.width, mask.height]).toEqual([image.width, image.height]);
        expect(mask.data.length).toBe(mask.planes * image.width * image.height);
      }
      if (boxes) expect(boxes.data.length).toBe(4 * boxes.labels!.length);
      if (boxes) expect(boxes.data.every(Number.isFinite)).toBe(true);
      expect(got.label).toBe(given.label);
    }
  });

  it('does the same for the same seed, epoch and sample, and when replayed from JSON', () => {
    for (let sample = 0; sample < 6; sample++) {
      const first = transform.run(source(), augmentationStream(5, 2, sample));
      const again = transform.run(source(), augmentationStream(5, 2, sample));
      const drawn = JSON.parse(JSON.stringify(first.drawn)) as Drawn;
      const replayed = transform.replay(source(), drawn);
      expect(plain(again.target)).toEqual(plain(first.target));
      expect(plain(replayed)).toEqual(plain(first.target));
    }
  });

  it('takes grey images and single pixels', () => {
    const small = ['gaussianBlur', 'randomCrop', 'randomIoUCrop'];
    expect(() =>
      transform.run(withBoxes(picture(33, 21, 1), name), augmentationStream(2)),
    ).not.toThrow();
    if (!small.includes(name)) {
      for (let sample = 0; sample < 8; sample++) {
        const { target: got } = transform.run(picture(1, 1, 3), augmentationStream(2, 0, sample));
        expect(got.image.data.length).toBeGreaterThan(0);
      }
    }
  });

  it('is documented', () => {
    const { spec } = transforms.get(name)!;
    expect(spec.doc).toMatch(/^[A-Z].*\.$/);
    for (const option of Object.values(spec.options)) {
      expect(option.doc).toMatch(/\.$/);
      expect(option.type).not.toBe('');
    }
  });
});

const withBoxes = (given: Target, name: string): Target =>
  name === 'randomIoUCrop'
    ? { ...given, boxes: { format: 'xyxy', data: Float64Array.of(2, 2, 20, 18) } }
    : given;

describe('options', () => {
  it('are checked, with the way out', () => {
    const bad: [string, Record<string, unknown>, RegExp][] = [
      [
        'randomHorizontalFlip',
        { p: 1.5 },
        /randomHorizontalFlip: p must be a number 0 … 1 \(it is 1.5\)/,
      ],
      ['randomHorizontalFlip', { prob: 1 }, /no option "prob"/],
      ['randomResizedCrop', {}, /size must be given/],
      ['randomResizedCrop', { size: 8, ratio: [2, 1] }, /ratio must be two rising numbers/],
      ['resize', { size: 8, interpolation: 'bilinaer' }, /did you mean "bilinear"/],
      ['gaussianBlur', { kernelSize: 4 }, /odd whole numbers/],
      ['randomPosterize', { bits: 9 }, /bits must be a whole number 0 … 8/],
      ['colorJitter', { hue: 0.7 }, /hue must be/],
      ['pad', { padding: [1, 2, 3] }, /1, 2 or 4 whole numbers/],
      ['randomAffine', { degrees: -5 }, /degrees must be/],
      ['randomFlip', {}, /no transform "randomFlip"/],
    ];
    for (const [name, options, message] of bad) {
      expect(() => transformByName(name, options)).toThrow(UsageError);
      expect(() => transformByName(name, options)).toThrow(message);
    }
  });
});

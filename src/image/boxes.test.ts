import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clampBoxes, convertBoxes, intersectionOverUnion, validBoxes } from './boxes.ts';
import { augmentationStream } from './random.ts';
import { BOX_FORMATS, type Boxes } from './target.ts';
import { randomIoUCrop, sanitizeBoundingBoxes } from './transforms/detection.ts';

const boxes = (format: Boxes['format'], ...data: number[]): Boxes => ({
  format,
  data: Float64Array.from(data),
});

describe('boxes', () => {
  it('convert between formats', () => {
    const corners = boxes('xyxy', 10, 20, 30, 60);
    expect([...convertBoxes(corners, 'xywh').data]).toEqual([10, 20, 20, 40]);
    expect([...convertBoxes(corners, 'cxcywh').data]).toEqual([20, 40, 20, 40]);
  });

  it('come back from any other format', () => {
    const side = fc.double({ min: 0, max: 1000, noNaN: true });
    const format = fc.constantFrom(...BOX_FORMATS);
    fc.assert(
      fc.property(format, format, side, side, side, side, (from, to, ...data) => {
        const there = convertBoxes(boxes(from, ...data), to);
        const back = convertBoxes(there, from).data;
        data.forEach((value, i) => {
          expect(back[i]).toBeCloseTo(value, 9);
        });
      }),
    );
  });

  it('are cut to the image in every format', () => {
    for (const format of BOX_FORMATS) {
      const given = convertBoxes(boxes('xyxy', -5, 2, 50, 8, 60, 60, 70, 70), format);
      const cut = convertBoxes(clampBoxes(given, 40, 10), 'xyxy');
      expect([...cut.data]).toEqual([0, 2, 40, 8, 40, 10, 40, 10]);
    }
  });

  it('are valid in spite of rounding errors at the border, and invalid as NaN', () => {
    const given = boxes(
      'xyxy',
      ...[-1e-9, 0, 10, 10 + 1e-9],
      ...[-0.01, 0, 5, 5],
      ...[1, 1, 1.5, 9],
      ...[Number.NaN, 0, 5, 5],
    );
    expect(validBoxes(given, 10, 10, 1, 1)).toEqual([0]);
  });

  it('overlap by intersection over union', () => {
    const { data } = boxes('xyxy', 0, 0, 2, 2, 5, 5, 6, 6);
    expect(intersectionOverUnion(data, 0, [1, 1, 3, 3])).toBeCloseTo(1 / 7);
    expect(intersectionOverUnion(data, 1, [1, 1, 3, 3])).toBe(0);
  });
});

describe('sanitizeBoundingBoxes', () => {
  it('drops boxes with their labels and mask planes, and cuts rounding errors', () => {
    const { boxes: kept, mask } = sanitizeBoundingBoxes().apply(
      {
        image: { data: new Uint8Array(100), width: 10, height: 10, channels: 1 },
        boxes: {
          ...boxes('xyxy', 0, 0, 0, 0, -1e-8, 2, 8, 9),
          labels: Int32Array.of(4, 5),
        },
        mask: { data: new Uint8Array(200).fill(7, 100), width: 10, height: 10, planes: 2 },
      },
      {},
    );
    expect([...kept!.data]).toEqual([0, 2, 8, 9]);
    expect([...kept!.labels!]).toEqual([5]);
    expect(mask!.planes).toBe(1);
    expect(mask!.data.every((value) => value === 7)).toBe(true);
  });
});

describe('randomIoUCrop', () => {
  it('keeps a box with its middle inside and enough overlap', () => {
    const image = { data: new Uint8Array(100 * 80), width: 100, height: 80, channels: 1 as const };
    const given = { image, boxes: boxes('xyxy', 10, 10, 60, 50, 70, 60, 90, 75) };
    const crop = randomIoUCrop({ samplerOptions: [0.3] });
    for (let sample = 0; sample < 50; sample++) {
      const { region, kept } = crop.draw(augmentationStream(3, 0, sample), given)!;
      const { top, left, height, width } = region!;
      const box = [left, top, left + width, top + height] as const;
      const best = Math.max(...kept.map((i) => intersectionOverUnion(given.boxes.data, i, box)));
      expect(best).toBeGreaterThanOrEqual(0.3);
    }
  });

  it('leaves an image without boxes whole', () => {
    const image = { data: new Uint8Array(100 * 80), width: 100, height: 80, channels: 1 as const };
    const { target } = randomIoUCrop({ samplerOptions: [0.5] }).run(
      { image, boxes: boxes('xyxy') },
      augmentationStream(1),
    );
    expect(target.image).toBe(image);
  });
});

import { describe, expect, it } from 'vitest';
import { augmentationStream } from '../random.ts';
import type { Target } from '../target.ts';
import { copyPaste, mosaic } from './mosaic.ts';

/** A grey picture of one value, with one box, a keypoint and a mask of its class. */
const plain = (value: number, width: number, height: number): Target => ({
  image: { data: new Uint8Array(width * height).fill(value), width, height, channels: 1 },
  boxes: {
    format: 'xyxy',
    data: Float64Array.of(1, 1, width - 1, height - 1),
    labels: Int32Array.of(value),
  },
  keypoints: { data: Float64Array.of(1, 1) },
  mask: { data: new Uint8Array(width * height).fill(value), width, height, planes: 1 },
});

describe('mosaic', () => {
  const tiles = [plain(1, 10, 10), plain(2, 10, 20), plain(3, 20, 10), plain(4, 10, 10)];

  it('puts four images around a point, with boxes cut to their quarters', () => {
    const { image, boxes, mask, keypoints } = mosaic({ size: 20 }).apply(tiles, { x: 15, y: 25 });
    const at = (x: number, y: number) => image.data[y * 40 + x];
    expect([image.width, image.height]).toEqual([40, 40]);
    expect([at(14, 24), at(15, 24), at(14, 25), at(15, 25)]).toEqual([1, 2, 3, 4]);
    expect(at(30, 3)).toBe(114);
    expect([...boxes!.labels!]).toEqual([1, 2, 3, 4]);
    expect([...boxes!.data.subarray(0, 4)]).toEqual([0, 7, 13, 23]);
    expect([...boxes!.data.subarray(12, 16)]).toEqual([17, 27, 33, 40]);
    expect(mask!.data[24 * 40 + 14]).toBe(1);
    expect(keypoints!.data.length).toBe(8);
  });

  it('takes four targets and nothing else', () => {
    const three = tiles.slice(0, 3);
    expect(() => mosaic({ size: 20 }).run(three, augmentationStream(1))).toThrow(/4 targets/);
  });
});

describe('copyPaste', () => {
  it('pastes objects where they cover little', () => {
    const onto = plain(9, 40, 40);
    const from = {
      ...plain(5, 12, 12),
      boxes: {
        format: 'xywh' as const,
        data: Float64Array.of(2, 2, 6, 5),
        labels: Int32Array.of(8),
      },
    };
    for (let sample = 0; sample < 20; sample++) {
      const { target, drawn } = copyPaste({ p: 1, keep: 1 }).run(
        [onto, from],
        augmentationStream(1, 0, sample),
      );
      const pasted = target.image.data.filter((value) => value === 5).length;
      expect((drawn.parameters as { pasted: unknown[] }).pasted).toHaveLength(1);
      expect(pasted).toBe(30);
      expect([...target.boxes!.labels!]).toEqual([9, 8]);
    }
    expect(onto.image.data.every((value) => value === 9)).toBe(true);
  });

  it('leaves an object out that would cover another', () => {
    const onto = plain(9, 10, 10);
    const from = plain(5, 10, 10);
    const { target } = copyPaste({ p: 1, keep: 1, maxOverlap: 0.1 }).run(
      [onto, from],
      augmentationStream(2),
    );
    expect(target).toBe(onto);
  });
});

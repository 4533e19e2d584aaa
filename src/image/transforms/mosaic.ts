// Pictures made of several others, for detection.

import { UsageError } from '../../graph/errors.ts';
import { clampBoxes, convertBoxes, mapBoxes, mapKeypoints, type PointMap } from '../boxes.ts';
import { defineTransformOf } from '../define-transform.ts';
import type { Image, Size } from '../image.ts';
import { crop, filled, paste } from '../kernels/edges.ts';
import { fill, number, probability, range, size } from '../options.ts';
import { chance, integerIn, uniformIn } from '../random.ts';
import type { Boxes, Keypoints, Mask, Target } from '../target.ts';
import { resizeTarget } from './resize.ts';

const SMOOTH = { interpolation: 'bilinear', antialias: true } as const;

/** Boxes of several lists in one, in the first one's format. */
function joinBoxes(lists: readonly Boxes[]): Boxes | undefined {
  const [first] = lists;
  if (!first) return undefined;
  const data = lists.flatMap((boxes) => [...convertBoxes(boxes, first.format).data]);
  const labels = lists.flatMap(({ labels }) => (labels ? [...labels] : []));
  const labelled = labels.length === data.length / 4 && lists.some((boxes) => boxes.labels);
  return {
    format: first.format,
    data: Float64Array.from(data),
    ...(labelled && { labels: Int32Array.from(labels) }),
  };
}

const joinKeypoints = (lists: readonly Keypoints[]): Keypoints | undefined =>
  lists.length === 0
    ? undefined
    : { data: Float64Array.from(lists.flatMap(({ data }) => [...data])) };

/** One corner of a mosaic: the image is scaled, and lies at (left, top) of the canvas. */
interface Tile {
  readonly target: Target;
  readonly left: number;
  readonly top: number;
  /** x1, y1, x2, y2 of the canvas that it may cover. */
  readonly area: readonly [number, number, number, number];
}

export const mosaic = defineTransformOf(
  {
    name: 'mosaic',
    doc: 'Four images around a random point of a canvas twice as large (Bochkovskiy et al. 2020).',
    options: {
      size: size('Height and width that each image is fitted into; the canvas has twice both.'),
      centerRange: range('Where they meet, in halves of the canvas.', [0.5, 1.5], {
        min: 0,
        max: 2,
      }),
      fill: fill(114),
      p: probability(1),
    },
    draw(random, targets: readonly Target[], { size: [h, w], centerRange }) {
      if (targets.length !== 4) {
        throw new UsageError(`mosaic: it takes 4 targets (there are ${targets.length})`);
      }
      return {
        x: Math.trunc(w * uniformIn(random, ...centerRange)),
        y: Math.trunc(h * uniformIn(random, ...centerRange)),
      };
    },
    apply(targets, { x, y }, { size: [h, w], fill }): Target {
      const [width, height] = [2 * w, 2 * h];
      const tiles = targets.map((target, i): Tile => {
        const { image } = target;
        const factor = Math.min(h / image.height, w / image.width);
        const side = (pixels: number) => Math.max(1, Math.round(pixels * factor));
        const fitted = resizeTarget(target, [side(image.height), side(image.width)], SMOOTH);
        const [right, bottom] = [i % 2 === 1, i >= 2];
        return {
          target: fitted,
          left: right ? x : x - fitted.image.width,
          top: bottom ? y : y - fitted.image.height,
          area: [right ? x : 0, bottom ? y : 0, right ? width : x, bottom ? height : y],
        };
      });
      const { channels } = targets[0]!.image;
      const image = filled(width, height, channels, fill);
      for (const { target, left, top } of tiles) {
        if (target.image.channels !== channels) {
          throw new UsageError('mosaic: all images must have as many channels; use rgb first');
        }
        paste(target.image, image, left, top);
      }
      const boxes = joinBoxes(tiles.flatMap(movedBoxes));
      const keypoints = joinKeypoints(
        tiles.flatMap(({ target, left, top }) =>
          target.keypoints ? [mapKeypoints(target.keypoints, shift(left, top))] : [],
        ),
      );
      const mask = joinMasks(tiles, [height, width]);
      return {
        image,
        ...(boxes && { boxes }),
        ...(keypoints && { keypoints }),
        ...(mask && { mask }),
      };
    },
  },
  (targets) => targets[0]!,
);

const shift =
  (left: number, top: number): PointMap =>
  (x, y) => [x + left, y + top];

/** A tile's boxes on the canvas, cut to the tile's quarter. */
function movedBoxes({ target, left, top, area }: Tile): Boxes[] {
  if (!target.boxes) return [];
  const [x1, y1, x2, y2] = area;
  const inQuarter = mapBoxes(target.boxes, shift(left - x1, top - y1));
  return [mapBoxes(clampBoxes(inQuarter, x2 - x1, y2 - y1), shift(x1, y1))];
}

/** Masks on the canvas: those of classes share one plane, those of instances keep theirs. */
function joinMasks(tiles: readonly Tile[], [height, width]: Size): Mask | undefined {
  if (!tiles.every(({ target }) => target.mask)) return undefined;
  const perBox = tiles.some(
    ({ target: { mask, boxes } }) =>
      boxes && mask!.planes === boxes.data.length / 4 && mask!.planes !== 1,
  );
  const planes = perBox ? tiles.reduce((sum, { target }) => sum + target.mask!.planes, 0) : 1;
  const data = new Uint8Array(planes * height * width);
  let plane = 0;
  for (const { target, left, top } of tiles) {
    const { mask } = target;
    for (let p = 0; p < mask!.planes; p++) {
      const canvas = data.subarray(plane * height * width, (plane + 1) * height * width);
      paste(planeOf(mask!, p), { data: canvas, width, height, channels: 1 }, left, top);
      if (perBox) plane++;
    }
  }
  return { data, width, height, planes };
}

const planeOf = ({ data, width, height }: Mask, p: number): Image => ({
  data: data.subarray(p * width * height, (p + 1) * width * height),
  width,
  height,
  channels: 1,
});

/** A box of the second target, pasted with its upper left corner at (left, top). */
interface Pasted {
  readonly index: number;
  readonly left: number;
  readonly top: number;
}

export const copyPaste = defineTransformOf(
  {
    name: 'copyPaste',
    doc: 'Pastes objects of a second target at random places of the first (Ghiasi et al. 2021).',
    options: {
      p: probability(),
      keep: number('Probability that an object is pasted.', 0.5, { min: 0, max: 1 }),
      maxOverlap: number('Largest share of any other box that may be covered.', 0.3, {
        min: 0,
        max: 1,
      }),
    },
    draw(random, [onto, from]: readonly [Target, Target], { keep, maxOverlap }) {
      const pasted: Pasted[] = [];
      if (!from.boxes || !onto.boxes) {
        throw new UsageError('copyPaste: both targets must have boxes');
      }
      const there = [...convertBoxes(onto.boxes, 'xyxy').data];
      const objects = convertBoxes(from.boxes, 'xyxy').data;
      for (let index = 0; index < objects.length / 4; index++) {
        if (!chance(random, keep)) continue;
        const [width, height] = pixelSize(objects, index);
        const [spareX, spareY] = [onto.image.width - width, onto.image.height - height];
        if (width < 1 || height < 1 || spareX < 0 || spareY < 0) continue;
        const left = integerIn(random, 0, spareX);
        const top = integerIn(random, 0, spareY);
        const box = [left, top, left + width, top + height] as const;
        if (mostCovered(there, box) > maxOverlap) continue;
        there.push(...box);
        pasted.push({ index, left, top });
      }
      return { pasted };
    },
    apply([onto, from], { pasted }): Target {
      if (pasted.length === 0 || !from.boxes) return onto;
      const image: Image = { ...onto.image, data: onto.image.data.slice() };
      const objects = convertBoxes(from.boxes, 'xyxy').data;
      const boxes: number[] = [];
      for (const { index, left, top } of pasted) {
        const [width, height] = pixelSize(objects, index);
        const [x, y] = [Math.floor(objects[4 * index]!), Math.floor(objects[4 * index + 1]!)];
        paste(crop(from.image, { top: y, left: x, height, width }), image, left, top);
        boxes.push(left, top, left + width, top + height);
      }
      const labels = from.boxes.labels;
      const added: Boxes = {
        format: 'xyxy',
        data: Float64Array.from(boxes),
        ...(labels && { labels: Int32Array.from(pasted, ({ index }) => labels[index]!) }),
      };
      const all = onto.boxes ? joinBoxes([onto.boxes, added]) : added;
      return { ...onto, image, ...(all && { boxes: all }) };
    },
  },
  ([onto]) => onto,
);

/** Width and height of the whole pixels under a box. */
function pixelSize(corners: Float64Array, i: number): [number, number] {
  const side = (low: number, high: number) => Math.ceil(high) - Math.floor(low);
  return [
    side(corners[4 * i]!, corners[4 * i + 2]!),
    side(corners[4 * i + 1]!, corners[4 * i + 3]!),
  ];
}

/** The largest share of any of the boxes that a box covers. */
function mostCovered(
  corners: readonly number[],
  [x1, y1, x2, y2]: readonly [number, number, number, number],
): number {
  let most = 0;
  for (let i = 0; i < corners.length; i += 4) {
    const [a, b, c, d] = corners.slice(i, i + 4) as [number, number, number, number];
    const w = Math.min(c, x2) - Math.max(a, x1);
    const h = Math.min(d, y2) - Math.max(b, y1);
    if (w > 0 && h > 0) most = Math.max(most, (w * h) / ((c - a) * (d - b)));
  }
  return most;
}

import { UsageError } from '../../graph/errors.ts';
import {
  clampBoxes,
  clampKeypoints as clampPoints,
  convertBoxes,
  intersectionOverUnion,
  pickBoxes,
  pickPlanes,
  validBoxes,
} from '../boxes.ts';
import { defineTransform } from '../define-transform.ts';
import type { Region } from '../kernels/resample.ts';
import { choice, integer, number, optionalList } from '../options.ts';
import { uniformIn } from '../random.ts';
import { BOX_FORMATS, type Boxes, type Target } from '../target.ts';
import { cropTarget } from './crop.ts';

/** A region and the boxes that stay, or nothing when the image stays whole. */
interface IoUCrop {
  readonly region: Region | null;
  readonly kept: readonly number[];
}

const OVERLAPS = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1];
/** Rounds of trials after which an image without any acceptable crop stays whole. */
const MOST_ROUNDS = 100;

export const randomIoUCrop = defineTransform({
  name: 'randomIoUCrop',
  doc: "SSD's crop: overlaps some box by a random least ratio, keeps boxes whose middle is inside.",
  options: {
    minScale: number('Least share of a side.', 0.3, { min: 0, max: 1 }),
    maxScale: number('Largest share of a side.', 1, { min: 0, max: 1 }),
    minAspectRatio: number('Least width by height.', 0.5, { min: 0 }),
    maxAspectRatio: number('Largest width by height.', 2, { min: 0 }),
    samplerOptions: optionalList(
      'Least overlaps to choose from; null: 0 .1 .3 .5 .7 .9 1. One of 1 or more keeps the image whole.',
      Array.from({ length: 32 }, (_, i) => i + 1),
      { min: 0 },
    ),
    trials: integer('Crops tried per least overlap.', 40, { min: 1 }),
  },
  draw(random, target, options): IoUCrop {
    const { boxes, image } = target;
    if (!boxes) throw new UsageError('randomIoUCrop: the target must have boxes');
    const corners = convertBoxes(boxes, 'xyxy').data;
    const overlaps = options.samplerOptions ?? OVERLAPS;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const overlap = overlaps[random.below(overlaps.length)]!;
      if (overlap >= 1) break;
      for (let trial = 0; trial < options.trials; trial++) {
        const width = Math.trunc(
          image.width * uniformIn(random, options.minScale, options.maxScale),
        );
        const height = Math.trunc(
          image.height * uniformIn(random, options.minScale, options.maxScale),
        );
        if (width === 0 || height === 0) continue;
        const ratio = width / height;
        if (ratio < options.minAspectRatio || ratio > options.maxAspectRatio) continue;
        const left = Math.trunc((image.width - width) * random.uniform());
        const top = Math.trunc((image.height - height) * random.uniform());
        const box = [left, top, left + width, top + height] as const;
        const kept = centredIn(corners, box);
        const best = Math.max(...kept.map((i) => intersectionOverUnion(corners, i, box)));
        if (kept.length === 0 || best < overlap) continue;
        return { region: { top, left, height, width }, kept };
      }
    }
    return { region: null, kept: [] };
  },
  apply(target, { region, kept }) {
    if (region === null) return target;
    const cropped = cropTarget(target, region);
    return cropped.boxes ? { ...cropped, boxes: emptied(cropped.boxes, kept) } : cropped;
  },
});

/** The boxes whose middle lies inside of a box. */
function centredIn(
  corners: Float64Array,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
): number[] {
  const inside: number[] = [];
  for (let i = 0; i < corners.length / 4; i++) {
    const x = (corners[4 * i]! + corners[4 * i + 2]!) / 2;
    const y = (corners[4 * i + 1]! + corners[4 * i + 3]!) / 2;
    if (x1 < x && x < x2 && y1 < y && y < y2) inside.push(i);
  }
  return inside;
}

/** The boxes with those not kept set to zero, so that `sanitizeBoundingBoxes` drops them. */
function emptied(boxes: Boxes, kept: readonly number[]): Boxes {
  const data = new Float64Array(boxes.data.length);
  for (const i of kept) data.set(boxes.data.subarray(4 * i, 4 * i + 4), 4 * i);
  return { ...boxes, data };
}

export const sanitizeBoundingBoxes = defineTransform({
  name: 'sanitizeBoundingBoxes',
  doc: 'Drops boxes that are too small or reach outside, with their labels and mask planes.',
  options: {
    minSize: number('Least pixels of a side.', 1, { min: 1 }),
    minArea: number('Least square pixels.', 1, { min: 1 }),
  },
  apply(target, _, { minSize, minArea }) {
    const { boxes, mask, image } = target;
    if (!boxes) return target;
    const count = boxes.data.length / 4;
    const valid = validBoxes(boxes, image.width, image.height, minSize, minArea);
    const clipped = clampBoxes(pickBoxes(boxes, valid), image.width, image.height);
    return {
      ...target,
      boxes: clipped,
      ...(mask && mask.planes === count && { mask: pickPlanes(mask, valid) }),
    };
  },
});

export const clampBoundingBoxes = defineTransform({
  name: 'clampBoundingBoxes',
  doc: 'Cuts boxes to the image.',
  options: {},
  apply: (target) =>
    mapBoxesOf(target, (boxes, { image }) => clampBoxes(boxes, image.width, image.height)),
});

export const convertBoundingBoxFormat = defineTransform({
  name: 'convertBoundingBoxFormat',
  doc: 'Writes boxes in another format.',
  options: { format: choice('How four numbers are a box.', BOX_FORMATS, undefined) },
  apply: (target, _, { format }) => mapBoxesOf(target, (boxes) => convertBoxes(boxes, format)),
});

const mapBoxesOf = (target: Target, change: (boxes: Boxes, target: Target) => Boxes): Target =>
  target.boxes ? { ...target, boxes: change(target.boxes, target) } : target;

export const clampKeyPoints = defineTransform({
  name: 'clampKeyPoints',
  doc: 'Moves keypoints outside of the image to its outermost pixels.',
  options: {},
  apply(target) {
    const { keypoints, image } = target;
    if (!keypoints) return target;
    return { ...target, keypoints: clampPoints(keypoints, image.width, image.height) };
  },
});

export const sanitizeKeyPoints = defineTransform({
  name: 'sanitizeKeyPoints',
  doc: 'Drops keypoints outside of the image.',
  options: {},
  apply(target) {
    const { keypoints, image } = target;
    if (!keypoints) return target;
    const kept: number[] = [];
    for (let i = 0; i < keypoints.data.length; i += 2) {
      const [x, y] = [keypoints.data[i]!, keypoints.data[i + 1]!];
      if (x >= 0 && x < image.width && y >= 0 && y < image.height) kept.push(x, y);
    }
    return { ...target, keypoints: { data: Float64Array.from(kept) } };
  },
});

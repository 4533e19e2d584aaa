// Box and point arithmetic in float64.

import type { Image } from './image.ts';
import type { Boxes, BoxFormat, Keypoints, Mask, Target } from './target.ts';

/** Boxes in another format; the same object when it is theirs already. */
export function convertBoxes(boxes: Boxes, format: BoxFormat): Boxes {
  if (boxes.format === format) return boxes;
  const corners = boxes.format === 'xyxy' ? boxes.data : toCorners(boxes);
  const data = new Float64Array(corners.length);
  for (let i = 0; i < corners.length; i += 4) {
    const [x1, y1, x2, y2] = [corners[i]!, corners[i + 1]!, corners[i + 2]!, corners[i + 3]!];
    if (format === 'xyxy') data.set([x1, y1, x2, y2], i);
    else if (format === 'xywh') data.set([x1, y1, x2 - x1, y2 - y1], i);
    else data.set([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], i);
  }
  return { ...boxes, format, data };
}

function toCorners({ data, format }: Boxes): Float64Array {
  const corners = new Float64Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const [a, b, w, h] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
    const [x, y] = format === 'cxcywh' ? [a - w / 2, b - h / 2] : [a, b];
    corners.set([x, y, x + w, y + h], i);
  }
  return corners;
}

/** Where a point of the image goes. */
export type PointMap = (x: number, y: number) => readonly [number, number];

/** Around each mapped box the smallest upright one, in the boxes' own format. */
export function mapBoxes(boxes: Boxes, map: PointMap): Boxes {
  const { data } = convertBoxes(boxes, 'xyxy');
  const mapped = new Float64Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const [x1, y1, x2, y2] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
    const corners = [map(x1, y1), map(x2, y1), map(x2, y2), map(x1, y2)];
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    mapped.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], i);
  }
  return convertBoxes({ ...boxes, format: 'xyxy', data: mapped }, boxes.format);
}

/** Cuts boxes to 0 … width, 0 … height. One that lies outside keeps no area. */
export function clampBoxes(boxes: Boxes, width: number, height: number): Boxes {
  const corners = convertBoxes(boxes, 'xyxy').data.map((value, i) =>
    Math.min(i % 2 === 0 ? width : height, Math.max(0, value)),
  );
  return convertBoxes({ ...boxes, format: 'xyxy', data: corners }, boxes.format);
}

/** Cuts points to the centres of the outermost pixels. */
export function clampKeypoints({ data }: Keypoints, width: number, height: number): Keypoints {
  return {
    data: data.map((value, i) => Math.min((i % 2 === 0 ? width : height) - 1, Math.max(0, value))),
  };
}

/** Box edges may exceed the image by so many pixels of rounding error. */
const ROUNDING = 1e-6;

/**
 * Which boxes are worth keeping: sides of at least `minSize` pixels, at least `minArea` square
 * pixels, and inside of the image.
 */
export function validBoxes(
  boxes: Boxes,
  width: number,
  height: number,
  minSize: number,
  minArea: number,
): number[] {
  const { data } = convertBoxes(boxes, 'xyxy');
  const valid: number[] = [];
  for (let i = 0; i < data.length; i += 4) {
    const [x1, y1, x2, y2] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
    const inside =
      Math.min(x1, y1) >= -ROUNDING && x2 <= width + ROUNDING && y2 <= height + ROUNDING;
    const [w, h] = [x2 - x1, y2 - y1];
    // Written so that NaN fails.
    if (inside && w >= minSize && h >= minSize && w * h >= minArea) valid.push(i / 4);
  }
  return valid;
}

/** The boxes of the given numbers. */
export function pickBoxes(boxes: Boxes, picked: readonly number[]): Boxes {
  const { data, labels } = boxes;
  return {
    ...boxes,
    data: Float64Array.from(
      { length: 4 * picked.length },
      (_, i) => data[4 * picked[i >> 2]! + (i & 3)]!,
    ),
    ...(labels && { labels: Int32Array.from(picked, (i) => labels[i]!) }),
  };
}

/** The planes of the given numbers. */
export function pickPlanes(mask: Mask, picked: readonly number[]): Mask {
  const plane = mask.width * mask.height;
  const data = new Uint8Array(picked.length * plane);
  picked.forEach((from, to) => {
    data.set(mask.data.subarray(from * plane, (from + 1) * plane), to * plane);
  });
  return { ...mask, data, planes: picked.length };
}

/** Intersection over union of box i of `corners` (xyxy) with a box. */
export function intersectionOverUnion(
  corners: Float64Array,
  i: number,
  box: readonly [number, number, number, number],
): number {
  const [x1, y1, x2, y2] = corners.subarray(4 * i, 4 * i + 4) as unknown as typeof box;
  const w = Math.min(x2, box[2]) - Math.max(x1, box[0]);
  const h = Math.min(y2, box[3]) - Math.max(y1, box[1]);
  if (w <= 0 || h <= 0) return 0;
  const union = (x2 - x1) * (y2 - y1) + (box[2] - box[0]) * (box[3] - box[1]) - w * h;
  return (w * h) / union;
}

/** How a change of geometry treats each part of a target. */
export interface GeometryMaps {
  image(image: Image): Image;
  /** A mask's plane, as a grey image. Class numbers must not be mixed. */
  plane(plane: Image): Image;
  /** Box corners. */
  point: PointMap;
  /** Keypoints, when they move otherwise than box corners. */
  keypoint?: PointMap;
  /** Whether boxes are cut to the new image. Default true. */
  clamp?: boolean;
}

/** The target with all its parts moved. */
export function mapGeometry(target: Target, maps: GeometryMaps): Target {
  const { point, keypoint = point } = maps;
  const image = maps.image(target.image);
  const { width, height } = image;
  const { boxes, mask, keypoints } = target;
  let moved = boxes && mapBoxes(boxes, point);
  if (moved && maps.clamp !== false) moved = clampBoxes(moved, width, height);
  return {
    ...target,
    image,
    ...(moved && { boxes: moved }),
    ...(mask && { mask: mapMask(mask, maps.plane) }),
    ...(keypoints && { keypoints: mapKeypoints(keypoints, keypoint) }),
  };
}

export function mapKeypoints({ data }: Keypoints, map: PointMap): Keypoints {
  const mapped = new Float64Array(data.length);
  for (let i = 0; i < data.length; i += 2) mapped.set(map(data[i]!, data[i + 1]!), i);
  return { data: mapped };
}

function mapMask(mask: Mask, map: GeometryMaps['plane']): Mask {
  const { width, height, planes } = mask;
  const size = width * height;
  const moved = Array.from({ length: planes }, (_, p) =>
    map({ data: mask.data.subarray(p * size, (p + 1) * size), width, height, channels: 1 }),
  );
  if (planes === 0) {
    const empty = map({ data: new Uint8Array(size), width, height, channels: 1 });
    return { data: new Uint8Array(0), width: empty.width, height: empty.height, planes };
  }
  const [first] = moved as [Image, ...Image[]];
  if (planes === 1) return { data: first.data, width: first.width, height: first.height, planes };
  const data = new Uint8Array(planes * first.data.length);
  moved.forEach((plane, p) => {
    data.set(plane.data, p * plane.data.length);
  });
  return { data, width: first.width, height: first.height, planes };
}

import { mapGeometry } from '../boxes.ts';
import { defineTransform } from '../define-transform.ts';
import { flipHorizontal, flipVertical } from '../kernels/edges.ts';
import { probability } from '../options.ts';
import type { Target } from '../target.ts';

/** Mirrors left to right. */
export const horizontalFlip = (target: Target): Target => {
  const { width } = target.image;
  return mapGeometry(target, {
    image: flipHorizontal,
    plane: flipHorizontal,
    point: (x, y) => [width - x, y],
    keypoint: (x, y) => [width - 1 - x, y],
    clamp: false,
  });
};

/** Mirrors top to bottom. */
export const verticalFlip = (target: Target): Target => {
  const { height } = target.image;
  return mapGeometry(target, {
    image: flipVertical,
    plane: flipVertical,
    point: (x, y) => [x, height - y],
    keypoint: (x, y) => [x, height - 1 - y],
    clamp: false,
  });
};

export const randomHorizontalFlip = defineTransform({
  name: 'randomHorizontalFlip',
  doc: 'Mirrors the image left to right.',
  options: { p: probability() },
  apply: horizontalFlip,
});

export const randomVerticalFlip = defineTransform({
  name: 'randomVerticalFlip',
  doc: 'Mirrors the image top to bottom.',
  options: { p: probability() },
  apply: verticalFlip,
});

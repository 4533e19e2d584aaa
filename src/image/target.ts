import type { Image } from './image.ts';

/** How four numbers are a box: corners, corner and size, or centre and size; in pixels. */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh';

export const BOX_FORMATS: readonly BoxFormat[] = ['xyxy', 'xywh', 'cxcywh'];

/** n boxes. Pixel (0, 0) covers 0 … 1 along both axes, so a whole image is 0, 0, w, h. */
export interface Boxes {
  readonly format: BoxFormat;
  /** [n, 4] pixels */
  readonly data: Float64Array;
  /** [n] */
  readonly labels?: Int32Array;
}

/** Planes [n, h, w] of the image's size: one of class numbers, or one per box. */
export interface Mask {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly planes: number;
}

/** n points. Unlike box edges they name pixels: the last column is x = w − 1. */
export interface Keypoints {
  /** [n, 2] pixels: x, y */
  readonly data: Float64Array;
}

/** An image and what is known about it. Whatever moves the pixels moves all of it. */
export interface Target {
  readonly image: Image;
  readonly boxes?: Boxes;
  readonly mask?: Mask;
  readonly keypoints?: Keypoints;
  /** The class, or a probability per class. */
  readonly label?: number | Float32Array;
}

import { FormatError } from '../graph/errors.ts';
import type { IdxArray } from './idx.ts';

export type ImageShape = readonly [c: number, h: number, w: number];

/** What is known of labelled images without looking at them. */
export interface Labelled {
  readonly name: string;
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  /** Number of samples. */
  readonly length: number;
  /** The label of each sample, [length]. Samplers and weights of classes need them. */
  readonly labels?: ArrayLike<number>;
}

/** Labelled images of one size. What the loader needs; where the images live is not its business. */
export interface ImageDataset extends Labelled {
  readonly shape: ImageShape;
  /**
   * Writes the samples `indices` [n] as uint8 `images` [n, c, h, w] and `labels` [n].
   * A dataset that decodes files, here or in worker threads, returns a promise; the arrays are its
   * own until that settles.
   */
  gather(indices: Uint32Array, images: Uint8Array, labels: Int32Array): void | Promise<void>;
}

export interface InMemoryContent {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** uint8 [n, c, h, w] */
  readonly images: Uint8Array;
  /** [n] */
  readonly labels: Uint8Array | Int32Array;
}

export interface InMemoryDataset extends ImageDataset, InMemoryContent {
  readonly labels: Uint8Array | Int32Array;
}

/**
 * Some samples of a dataset in memory, in the order of `indices`; their pixels are copied.
 *
 * @throws FormatError when there are none
 */
export function selectImages(
  { name, classes, shape, images, labels }: InMemoryDataset,
  indices: ArrayLike<number>,
): InMemoryDataset {
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Uint8Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    pixels.set(images.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
  }
  const chosen = Int32Array.from(indices, (index) => labels[index]!);
  return inMemoryDataset({ name, classes, shape, images: pixels, labels: chosen });
}

/**
 * A dataset over arrays in memory, which it does not copy.
 *
 * @throws FormatError when it is empty, when images and labels differ in number, or when a label
 * is not the index of a class
 */
export function inMemoryDataset(content: InMemoryContent): InMemoryDataset {
  const { name, classes, shape, images, labels } = content;
  const size = shape[0] * shape[1] * shape[2];
  const { length } = labels;
  if (length === 0 || size === 0) {
    throw new FormatError(
      `dataset ${name}: it must hold at least one sample (labels [${length}], images of shape [${shape.join(', ')}]); check that the files are the right ones`,
    );
  }
  if (images.length !== length * size) {
    throw new FormatError(
      `dataset ${name}: there must be one label per image (${images.length / size} images, ${length} labels); take both files from the same split of the same dataset`,
    );
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrong >= 0) {
    throw new FormatError(
      `dataset ${name}: labels must lie in 0 … ${classes.length - 1}, label ${wrong} is ${labels[wrong]}; take the labels of this dataset, or name all of its classes`,
    );
  }
  return {
    name,
    classes,
    shape,
    images,
    labels,
    length,
    gather(indices, into, intoLabels) {
      for (let i = 0; i < indices.length; i++) {
        const start = indices[i]! * size;
        into.set(images.subarray(start, start + size), i * size);
        intoLabels[i] = labels[indices[i]!]!;
      }
    },
  };
}

/**
 * A dataset from two IDX arrays: images uint8 [n, h, w] or [n, c, h, w], and labels [n].
 *
 * @throws FormatError when the arrays have other ranks or types, and as `inMemoryDataset`
 */
export function datasetFromIdx(
  name: string,
  classes: readonly string[],
  images: IdxArray,
  labels: IdxArray,
): InMemoryDataset {
  const { shape, data } = images;
  if (!(data instanceof Uint8Array) || (shape.length !== 3 && shape.length !== 4)) {
    throw new FormatError(
      `dataset ${name}: images must be uint8 [n, h, w] or [n, c, h, w] (they are ${data instanceof Uint8Array ? 'uint8' : 'int32'} [${shape.join(', ')}]); check that image and label files are not swapped`,
    );
  }
  if (labels.shape.length !== 1) {
    throw new FormatError(
      `dataset ${name}: labels must have shape [n] (it is [${labels.shape.join(', ')}]); check that image and label files are not swapped`,
    );
  }
  const [c, h, w] = shape.length === 4 ? shape.slice(1) : [1, ...shape.slice(1)];
  return inMemoryDataset({
    name,
    classes,
    shape: [c!, h!, w!],
    images: data,
    labels: labels.data,
  });
}

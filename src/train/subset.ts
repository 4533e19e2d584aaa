import { type ImageDataset, type InMemoryDataset, inMemoryDataset } from '../data/index.ts';

/** The first `n` samples of each class, in the dataset's order. */
export function firstOfEachClass(dataset: InMemoryDataset, n: number): ImageDataset {
  const { shape, images, labels, classes } = dataset;
  const size = shape[0] * shape[1] * shape[2];
  const left = new Array<number>(classes.length).fill(n);
  const kept: number[] = [];
  labels.forEach((label, i) => {
    if (left[label]! > 0) {
      left[label]!--;
      kept.push(i);
    }
  });
  const pixels = new Uint8Array(kept.length * size);
  kept.forEach((from, i) => {
    pixels.set(images.subarray(from * size, (from + 1) * size), i * size);
  });
  return inMemoryDataset({
    name: `${dataset.name} (first ${n} of each class)`,
    classes,
    shape,
    images: pixels,
    labels: Int32Array.from(kept, (i) => labels[i]!),
  });
}

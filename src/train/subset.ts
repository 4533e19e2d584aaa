import { type InMemoryDataset, selectImages } from '../data/index.ts';

/** Which samples are the first `n` of their class, in the dataset's order. */
export function firstOfEach(labels: ArrayLike<number>, classes: number, n: number): number[] {
  const left = new Array<number>(classes).fill(n);
  return Array.from(labels, (_, i) => i).filter((i) => left[labels[i]!]!-- > 0);
}

/** The first `n` samples of each class, in the dataset's order. */
export function firstOfEachClass(dataset: InMemoryDataset, n: number): InMemoryDataset {
  const { name, labels, classes } = dataset;
  return {
    ...selectImages(dataset, firstOfEach(labels, classes.length, n)),
    name: `${name} (first ${n} of each class)`,
  };
}

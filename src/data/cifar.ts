// The binary versions of CIFAR-10 and CIFAR-100: records of a label byte (two in CIFAR-100, the coarse
// one first) and 32 × 32 pixels, all red, then all green, then all blue.

import { FormatError } from '../graph/errors.ts';
import { type InMemoryDataset, inMemoryDataset } from './dataset.ts';
import type { Normalization } from './normalize.ts';

const PIXELS = 3 * 32 * 32;

export interface CifarKind {
  readonly title: string;
  readonly labelBytes: 1 | 2;
  readonly classes: number;
  /** Statistics of the training images. */
  readonly normalization: Normalization;
  /** What the files are called; the training data of CIFAR-10 are in up to five. */
  readonly trainFiles: readonly string[];
  readonly testFile: string;
  /** Names of classes, one a line. */
  readonly namesFile: string;
}

export const CIFAR_10: CifarKind = {
  title: 'CIFAR-10',
  labelBytes: 1,
  classes: 10,
  normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  trainFiles: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  testFile: 'test_batch.bin',
  namesFile: 'batches.meta.txt',
};

export const CIFAR_100: CifarKind = {
  title: 'CIFAR-100',
  labelBytes: 2,
  classes: 100,
  normalization: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  trainFiles: ['train.bin'],
  testFile: 'test.bin',
  namesFile: 'fine_label_names.txt',
};

/** Which of the two has files of so many bytes. No file that is published fits both. */
export const cifarKindOf = (bytes: number): CifarKind | undefined =>
  [CIFAR_10, CIFAR_100].find((kind) => bytes > 0 && bytes % (kind.labelBytes + PIXELS) === 0);

/**
 * The samples of some files, in order.
 *
 * @throws FormatError naming the file, when it does not hold whole records, or labels out of range
 */
export function readCifar(
  name: string,
  kind: CifarKind,
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  classes: readonly string[],
): InMemoryDataset {
  const record = kind.labelBytes + PIXELS;
  for (const { path, bytes } of files) {
    if (bytes.length === 0 || bytes.length % record !== 0) {
      throw new FormatError(
        `${path}: a ${kind.title} file holds records of ${record} bytes (it has ${bytes.length} bytes, ${bytes.length % record} too many); get a fresh copy`,
      );
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let sample = 0;
  for (const { path, bytes } of files) {
    for (let at = 0; at < bytes.length; at += record, sample++) {
      const label = bytes[at + kind.labelBytes - 1]!;
      if (label >= classes.length) {
        throw new FormatError(
          `${path}: labels of ${kind.title} lie in 0 … ${classes.length - 1} (record ${at / record} has ${label}); get a fresh copy`,
        );
      }
      labels[sample] = label;
      images.set(bytes.subarray(at + kind.labelBytes, at + record), sample * PIXELS);
    }
  }
  return inMemoryDataset({ name, classes, shape: [3, 32, 32], images, labels });
}

import type { Part } from '../data/list.ts';
import { emptyHashes, type Hashes } from './perceptual-hash.ts';
import type { Problem } from './problems.ts';

/** An image of a dataset, whether it can be read or not. */
export interface CheckedSample {
  /** Relative to the dataset's folder, with `/` between folders; of arrays: the part and a number. */
  readonly path: string;
  readonly label: string;
  readonly part: Part | undefined;
}

/** What has been found out about n samples. */
export interface Facts {
  readonly samples: readonly CheckedSample[];
  /** [n] pixels; 0 where the image cannot be decoded. */
  readonly widths: Uint32Array;
  readonly heights: Uint32Array;
  /** [n] what the content is, whatever the name says; '' where that is not known. */
  readonly formats: string[];
  /** [n] equal for equal content; '' where it could not be read. */
  readonly digests: string[];
  readonly hashes: Hashes;
  /** Of single files. */
  readonly problems: Problem[];
}

export const emptyFacts = (samples: readonly CheckedSample[]): Facts => ({
  samples,
  widths: new Uint32Array(samples.length),
  heights: new Uint32Array(samples.length),
  formats: Array.from(samples, () => ''),
  digests: Array.from(samples, () => ''),
  hashes: emptyHashes(samples.length),
  problems: [],
});

export const isDecoded = ({ widths }: Facts, i: number): boolean => widths[i]! > 0;

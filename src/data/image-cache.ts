import type { Image } from '../image/image.ts';
import type { TargetDataset } from './prepared.ts';

/** Room for decoded pictures, which threads and datasets share. */
export interface CacheMemory {
  /** [2] int32: units in use, and 1 when a picture has found no room. */
  readonly used: SharedArrayBuffer;
  readonly chunks: readonly SharedArrayBuffer[];
}

/** Pictures begin at multiples of so many bytes, so that 2³¹ units are enough for anything. */
const UNIT = 64;
/** Typed arrays have limits; a picture lies in one chunk. */
const CHUNK_UNITS = 2 ** 22;

/** States of a sample. Once there, a picture stays as it is. */
const EMPTY = 0;
const BEING_WRITTEN = 1;
const THERE = 2;

/** Room for up to `bytes` of pictures. Pages that are never written cost no memory. */
export function cacheMemory(bytes: number): CacheMemory {
  const chunkBytes = CHUNK_UNITS * UNIT;
  const chunks: SharedArrayBuffer[] = [];
  for (let left = bytes; left >= UNIT; left -= chunkBytes) {
    chunks.push(new SharedArrayBuffer(Math.floor(Math.min(left, chunkBytes) / UNIT) * UNIT));
  }
  return { used: new SharedArrayBuffer(8), chunks };
}

/** Where the pictures of a dataset lie. [samples, 4] int32: state, first unit, width, height. */
export const cacheIndex = (samples: number): SharedArrayBuffer =>
  new SharedArrayBuffer(samples * 16);

/**
 * The dataset with its decoded images kept in `memory`, first come, first kept, until that is full.
 * Any number of threads may share memory and index. Only for datasets whose targets are an image and
 * its label.
 */
export function cachedImages(
  dataset: TargetDataset,
  { used, chunks }: CacheMemory,
  index: SharedArrayBuffer,
  channels: 1 | 3,
): TargetDataset {
  const table = new Int32Array(index);
  const top = new Int32Array(used, 0, 1);
  const full = new Int32Array(used, 4, 1);

  const kept = (sample: number): Image | undefined => {
    const row = 4 * sample;
    if (Atomics.load(table, row) !== THERE) return undefined;
    const [, unit, width, height] = table.subarray(row, row + 4) as unknown as number[];
    const length = width! * height! * channels;
    const start = (unit! % CHUNK_UNITS) * UNIT;
    const data = new Uint8Array(chunks[Math.floor(unit! / CHUNK_UNITS)]!, start, length);
    return { data, width: width!, height: height!, channels };
  };

  const isFull = () => Atomics.load(full, 0) === 1;

  /** The first unit of so many, or undefined when no room is left. */
  const reserve = (bytes: number): number | undefined => {
    const units = Math.ceil(bytes / UNIT);
    for (;;) {
      const before = Atomics.load(top, 0);
      const chunk = Math.floor(before / CHUNK_UNITS);
      const straddles = (before % CHUNK_UNITS) + units > CHUNK_UNITS;
      const start = straddles ? (chunk + 1) * CHUNK_UNITS : before;
      const memory = chunks[Math.floor(start / CHUNK_UNITS)];
      if (!memory || ((start % CHUNK_UNITS) + units) * UNIT > memory.byteLength) {
        Atomics.store(full, 0, 1);
        return undefined;
      }
      if (Atomics.compareExchange(top, 0, before, start + units) === before) return start;
    }
  };

  const keep = (sample: number, { data, width, height }: Image): void => {
    const row = 4 * sample;
    // Another thread may be at it.
    if (Atomics.compareExchange(table, row, EMPTY, BEING_WRITTEN) !== EMPTY) return;
    const unit = reserve(data.length);
    if (unit === undefined) return;
    const memory = chunks[Math.floor(unit / CHUNK_UNITS)]!;
    new Uint8Array(memory, (unit % CHUNK_UNITS) * UNIT, data.length).set(data);
    table.set([unit, width, height], row + 1);
    Atomics.store(table, row, THERE);
  };

  return {
    ...dataset,
    async load(sample, part) {
      const image = kept(sample);
      if (image) return { image, label: dataset.labels[sample]! };
      // A part of a picture is of no use to the next epoch.
      if (isFull()) return dataset.load(sample, part);
      const target = await dataset.load(sample);
      if (target.image.channels === channels) keep(sample, target.image);
      return target;
    },
  };
}

import { UsageError } from '../graph/errors.ts';
import type { ImageView, Transform } from './augment.ts';
import type { ImageDataset } from './dataset.ts';
import { type Normalization, pixelTables } from './normalize.ts';
import { type Job, prefetched } from './prefetch.ts';
import { sampleStream } from './random.ts';
import { naturalOrder, shuffledOrder } from './sampler.ts';

/** What the images of a batch are: scaled (and normalised) float32, or the raw uint8. */
export type Pixels = 'float32' | 'uint8';

type PixelArray<P extends Pixels> = P extends 'uint8' ? Uint8Array : Float32Array;

export interface LoaderOptions<P extends Pixels = 'float32'> {
  /** Samples per batch. */
  readonly batchSize: number;
  /** A new order in every epoch; otherwise the dataset's own. Default false. */
  readonly shuffle?: boolean;
  /** Decides the order and the augmentation. Default 0. */
  readonly seed?: number;
  /**
   * What happens to the samples that do not fill a batch: a shorter batch ('keep', the default), none
   * ('drop'), or a full-sized batch whose rest has zeros for images and labels ('pad').
   */
  readonly lastBatch?: 'keep' | 'drop' | 'pad';
  /** Default 'float32': x / 255, then `normalize`. */
  readonly pixels?: P;
  /** Mean and standard deviation per channel, of pixels scaled to 0 … 1. */
  readonly normalize?: Normalization;
  /** Applied in order to each uint8 image before it is scaled. */
  readonly transforms?: readonly Transform[];
  /** Batches to prepare ahead while the caller is busy elsewhere. Default 1. */
  readonly prefetch?: number;
}

/** Its arrays are reused: they hold until the next batch is asked for. */
export interface Batch<P extends Pixels = 'float32'> {
  /** [n, c, h, w] */
  readonly images: PixelArray<P>;
  /** [n] */
  readonly labels: Int32Array;
  /** [count]: where the samples stand in the dataset. */
  readonly indices: Uint32Array;
  /** The shape of `images`. */
  readonly shape: readonly [n: number, c: number, h: number, w: number];
  /** True samples; less than n only in a padded batch. */
  readonly count: number;
  readonly epoch: number;
  /** The batch's number in its epoch. */
  readonly index: number;
}

export interface Loader<P extends Pixels = 'float32'> {
  /** Batches per epoch. */
  readonly batches: number;
  /** True samples per epoch. */
  readonly samples: number;
  /**
   * The batches of an epoch, from batch number `from` on (to resume in the middle).
   *
   * @throws UsageError when `epoch` or `from` is not a whole number or `from` exceeds `batches`
   */
  epoch(epoch: number, from?: number): AsyncGenerator<Batch<P>, void, undefined>;
}

interface Slot {
  readonly indices: Uint32Array;
  readonly labels: Int32Array;
  readonly bytes: Uint8Array;
  /** Each image of `bytes`; empty when nothing transforms them. */
  readonly views: readonly ImageView[];
  /** Empty when the caller wants bytes. */
  readonly floats: Float32Array;
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`loader: ${name} must be a whole number >= ${least} (it is ${value})`);
  }
}

/**
 * Batches of a dataset, epoch by epoch. The content of a batch depends on the dataset, the batch
 * size, the seed, the epoch and the batch's number only; that of a sample not even on the batch size.
 *
 * @throws UsageError for options that are out of range or contradict each other
 */
export function loader<P extends Pixels = 'float32'>(
  dataset: ImageDataset,
  options: LoaderOptions<P>,
): Loader<P> {
  const { batchSize, shuffle = false, seed = 0, lastBatch = 'keep', prefetch = 1 } = options;
  const { normalize, transforms = [] } = options;
  const raw = options.pixels === 'uint8';
  requireWhole('batchSize', batchSize, 1);
  requireWhole('prefetch', prefetch, 0);
  if (raw && normalize) {
    throw new UsageError('loader: uint8 pixels cannot be normalized; ask for float32 pixels');
  }
  if (lastBatch === 'drop' && dataset.length < batchSize) {
    throw new UsageError(
      `loader: batchSize ${batchSize} exceeds the ${dataset.length} samples of ${dataset.name}, and lastBatch 'drop' leaves no batch; use a smaller batchSize`,
    );
  }

  const [c, h, w] = dataset.shape;
  const plane = h * w;
  const size = c * plane;
  const whole = Math.floor(dataset.length / batchSize);
  const batches = lastBatch === 'drop' ? whole : Math.ceil(dataset.length / batchSize);
  const samples = lastBatch === 'drop' ? whole * batchSize : dataset.length;
  const tables = pixelTables(c, normalize);
  const random = sampleStream(seed, 'augmentation');
  const pool: Slot[] = [];

  function newSlot(): Slot {
    const bytes = new Uint8Array(batchSize * size);
    return {
      indices: new Uint32Array(batchSize),
      labels: new Int32Array(batchSize),
      bytes,
      views: Array.from({ length: transforms.length > 0 ? batchSize : 0 }, (_, i) => ({
        data: bytes.subarray(i * size, (i + 1) * size),
        shape: dataset.shape,
      })),
      floats: new Float32Array(raw ? 0 : batchSize * size),
    };
  }

  function scale(bytes: Uint8Array, floats: Float32Array, count: number): void {
    for (let at = 0, p = 0; p < count * c; p++) {
      const table = tables[p % c]!;
      for (const end = at + plane; at < end; at++) floats[at] = table[bytes[at]!]!;
    }
  }

  async function fill(slot: Slot, order: Uint32Array, epoch: number, index: number) {
    const { bytes, views, floats, labels } = slot;
    const start = index * batchSize;
    const count = Math.min(batchSize, samples - start);
    const n = lastBatch === 'pad' ? batchSize : count;
    const indices = count === batchSize ? slot.indices : slot.indices.subarray(0, count);
    indices.set(order.subarray(start, start + count));
    await dataset.gather(indices, bytes, labels);

    for (let i = 0; i < Math.min(count, views.length); i++) {
      random.moveTo(epoch, indices[i]!);
      for (const transform of transforms) transform(views[i]!, random);
    }
    if (!raw) scale(bytes, floats, count);
    const images = raw ? bytes : floats;
    images.fill(0, count * size, n * size);
    labels.fill(0, count, n);
    return {
      images: (n === batchSize ? images : images.subarray(0, n * size)) as PixelArray<P>,
      labels: n === batchSize ? labels : labels.subarray(0, n),
      indices,
      shape: [n, c, h, w] as const,
      count,
      epoch,
      index,
    };
  }

  function job(order: Uint32Array, epoch: number, index: number): Job<Batch<P>> {
    let slot: Slot | undefined;
    return {
      start() {
        slot = pool.pop() ?? newSlot();
        return fill(slot, order, epoch, index);
      },
      release() {
        if (slot) pool.push(slot);
      },
    };
  }

  return {
    batches,
    samples,
    epoch(epoch, from = 0) {
      requireWhole('epoch', epoch, 0);
      requireWhole('from', from, 0);
      if (from > batches) {
        throw new UsageError(
          `loader: cannot start epoch ${epoch} at batch ${from}: it has ${batches} batches; resume with the batchSize of the interrupted run`,
        );
      }
      const order = shuffle
        ? shuffledOrder(dataset.length, seed, epoch)
        : naturalOrder(dataset.length);
      return prefetched(from, batches, prefetch, (index) => job(order, epoch, index));
    },
  };
}

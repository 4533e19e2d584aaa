import { UsageError } from '../graph/errors.ts';
import type { Transform } from '../image/define-transform.ts';
import type { BatchTransform } from '../image/policy.ts';
import { randomStream } from '../image/random.ts';
import { oneHot } from '../image/transforms/batch.ts';
import type { ImageDataset } from './dataset.ts';
import type { Normalization } from './normalize.ts';
import { type Job, prefetched } from './prefetch.ts';
import type { PreparedDataset } from './prepared.ts';
import { rowsOfImages, rowsOfPrepared } from './rows.ts';
import { naturalOrder, repeatsIn, type Sampler, shuffledOrder } from './sampler.ts';

/** What the images of a batch are: scaled (and normalised) float32, or the raw uint8. */
export type Pixels = 'float32' | 'uint8';

type PixelArray<P extends Pixels> = P extends 'uint8' ? Uint8Array : Float32Array;

export interface LoaderOptions<P extends Pixels = 'float32'> {
  /** Samples per batch. */
  readonly batchSize: number;
  /** A new order in every epoch; otherwise the dataset's own. Default false. */
  readonly shuffle?: boolean;
  /** Instead of `shuffle`: which samples an epoch has, in which order. Always as many as there are. */
  readonly sampler?: Sampler | undefined;
  /** Decides the order, the augmentation and the mixing. Default 0. */
  readonly seed?: number;
  /**
   * What happens to the samples that do not fill a batch: a shorter batch ('keep', the default), none
   * ('drop'), or a full-sized batch whose rest has zeros for images and labels ('pad').
   */
  readonly lastBatch?: 'keep' | 'drop' | 'pad';
  /** Default 'float32': x / 255, then `normalize`. */
  readonly pixels?: P;
  /** Mean and standard deviation per channel, of pixels scaled to 0 … 1. */
  readonly normalize?: Normalization | undefined;
  /** Applied to each uint8 image before it is scaled. Not for datasets that are prepared. */
  readonly transform?: Transform | undefined;
  /** Mixes the samples of a batch; of several, one is drawn for each batch. */
  readonly mix?: readonly BatchTransform[];
  /** Batches to prepare ahead while the caller is busy elsewhere. Default 1. */
  readonly prefetch?: number;
}

/** Its arrays are reused: they hold until the next batch is asked for. */
export interface Batch<P extends Pixels = 'float32'> {
  /** [n, c, h, w] */
  readonly images: PixelArray<P>;
  /** [n]; before mixing. */
  readonly labels: Int32Array;
  /** [n, classes]: probabilities, where samples have been mixed. */
  readonly targets?: Float32Array;
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

interface Slot<P extends Pixels> {
  readonly indices: Uint32Array;
  readonly labels: Int32Array;
  readonly images: PixelArray<P>;
}

/** What an epoch has to go through. */
interface Plan {
  readonly epoch: number;
  readonly order: Uint32Array;
  readonly repeats: Uint32Array | undefined;
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`loader: ${name} must be a whole number >= ${least} (it is ${value})`);
  }
}

/**
 * Batches of a dataset, epoch by epoch. The content of a batch depends on the dataset, the batch
 * size, the seed, the epoch and the batch's number only; that of a sample, before mixing, not even
 * on the batch size.
 *
 * @throws UsageError for options that are out of range or contradict each other
 */
export function loader<P extends Pixels = 'float32'>(
  dataset: ImageDataset | PreparedDataset,
  options: LoaderOptions<P>,
): Loader<P> {
  const { batchSize, shuffle = false, seed = 0, lastBatch = 'keep', prefetch = 1 } = options;
  const { normalize, transform, mix = [], sampler } = options;
  const raw = options.pixels === 'uint8';
  requireWhole('batchSize', batchSize, 1);
  requireWhole('prefetch', prefetch, 0);
  requireWhole('seed', seed, 0);
  if (raw && normalize) {
    throw new UsageError('loader: uint8 pixels cannot be normalized; ask for float32 pixels');
  }
  const isPrepared = 'fill' in dataset;
  if (isPrepared && transform) {
    throw new UsageError(
      `loader: ${dataset.name} is prepared already; give the transform to its preparation`,
    );
  }
  if (lastBatch === 'drop' && dataset.length < batchSize) {
    throw new UsageError(
      `loader: batchSize ${batchSize} exceeds the ${dataset.length} samples of ${dataset.name}, and lastBatch 'drop' leaves no batch; use a smaller batchSize`,
    );
  }

  const [c, h, w] = dataset.shape;
  const size = c * h * w;
  const whole = Math.floor(dataset.length / batchSize);
  const batches = lastBatch === 'drop' ? whole : Math.ceil(dataset.length / batchSize);
  const samples = lastBatch === 'drop' ? whole * batchSize : dataset.length;
  const fillRows = isPrepared
    ? rowsOfPrepared(dataset)
    : rowsOfImages(dataset, transform, normalize);
  const pool: Slot<P>[] = [];

  function newSlot(): Slot<P> {
    const bytes = batchSize * size * (raw ? 1 : 4);
    const buffer =
      isPrepared && dataset.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    return {
      indices: new Uint32Array(batchSize),
      labels: new Int32Array(batchSize),
      images: (raw ? new Uint8Array(buffer) : new Float32Array(buffer)) as PixelArray<P>,
    };
  }

  async function fill(slot: Slot<P>, plan: Plan, index: number): Promise<Batch<P>> {
    const { images, labels } = slot;
    const { epoch, order, repeats } = plan;
    const start = index * batchSize;
    const count = Math.min(batchSize, samples - start);
    const n = lastBatch === 'pad' ? batchSize : count;
    const indices = count === batchSize ? slot.indices : slot.indices.subarray(0, count);
    indices.set(order.subarray(start, start + count));
    const again = repeats?.slice(start, start + count);
    await fillRows({ indices, repeats: again, seed, epoch, images, normalize }, labels);
    images.fill(0, count * size, n * size);
    labels.fill(0, count, n);
    const batch = {
      images: (n === batchSize ? images : images.subarray(0, n * size)) as PixelArray<P>,
      labels: n === batchSize ? labels : labels.subarray(0, n),
      indices,
      shape: [n, c, h, w] as const,
      count,
      epoch,
      index,
    };
    return mix.length === 0 ? batch : { ...batch, targets: mixed(batch) };
  }

  /** Mixes the images of a batch in place. */
  function mixed({ images, labels, shape, epoch, index }: Batch<P>): Float32Array {
    const random = randomStream(seed, 'mixing', { epoch, sample: index });
    const chosen = mix[mix.length === 1 ? 0 : random.below(mix.length)]!;
    const targets = oneHot(labels, dataset.classes.length);
    return chosen.run({ images, shape, labels: targets }, random).target.labels;
  }

  function job(plan: Plan, index: number): Job<Batch<P>> {
    let slot: Slot<P> | undefined;
    return {
      start() {
        slot = pool.pop() ?? newSlot();
        return fill(slot, plan, index);
      },
      release() {
        if (slot) pool.push(slot);
      },
    };
  }

  const orderOf = (epoch: number): Uint32Array => {
    if (sampler) return sampler(epoch);
    return shuffle ? shuffledOrder(dataset.length, seed, epoch) : naturalOrder(dataset.length);
  };

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
      const order = orderOf(epoch);
      const repeats = sampler && repeatsIn(order, dataset.length);
      const plan = { epoch, order, repeats };
      return prefetched(from, batches, prefetch, (index) => job(plan, index));
    },
  };
}

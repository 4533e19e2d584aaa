import { UsageError } from '../graph/errors.ts';
import type { SimpleTransform, Transform } from '../image/define-transform.ts';
import type { Image, Size } from '../image/image.ts';
import type { Region } from '../image/kernels/resample.ts';
import { normalizeInto, type PixelTables, pixelTables, planesInto } from '../image/normalize.ts';
import type { PolicyStep } from '../image/policy.ts';
import { randomStream } from '../image/random.ts';
import type { Target } from '../image/target.ts';
import { releaseImage, workingCopy } from '../image/workspace.ts';
import type { ImageShape, Labelled } from './dataset.ts';
import type { Normalization } from './normalize.ts';

/** Labelled images of any size, decoded one at a time, with whatever else is known about them. */
export interface TargetDataset extends Labelled {
  readonly labels: ArrayLike<number>;
  /**
   * Sample number `index`. Its arrays are not changed, and may be used again.
   *
   * @param part told the size of the image, says which part of it is wanted: the image may end below
   * that, and pixels beside it may have any value. Called once or not at all
   * @throws FormatError naming the file, when it cannot be decoded
   */
  load(index: number, part?: (size: Size) => Region): Target | Promise<Target>;
}

/** Samples that are wanted, and where they are to be written. */
export interface FillRequest {
  /** Samples [n], for the first n rows of `images`. */
  readonly indices: Uint32Array;
  /** [n]: how often each has come before in this epoch; never, when absent. */
  readonly repeats?: Uint32Array | undefined;
  readonly seed: number;
  readonly epoch: number;
  /** [rows, c, h, w]: scaled to 0 … 1 and normalised, or bytes. */
  readonly images: Float32Array | Uint8Array;
  /** Of the floats. */
  readonly normalize?: Normalization | undefined;
}

/** Labelled images that are decoded, cut and augmented on their way into a batch. */
export interface PreparedDataset extends Labelled, AsyncDisposable {
  readonly labels: ArrayLike<number>;
  /** Of the prepared images. */
  readonly shape: ImageShape;
  /** Whether other threads write into `images`, so that its memory must be shared. */
  readonly shared: boolean;
  /** The arrays of the request are its own until it is done. */
  fill(request: FillRequest): Promise<void>;
}

export interface Preparation {
  readonly shape: ImageShape;
  /** A crop that comes first, always: what it leaves out need not be decoded. */
  readonly crop?: SimpleTransform<Region> | undefined;
  /** Makes images [h, w, c] of the shape's size of whatever is loaded, or of what the crop gives. */
  readonly transform: Transform;
}

/** How files become images of one shape. Plain JSON, so that worker threads get it too. */
export interface FilePreparation {
  readonly shape: ImageShape;
  /** Of one image; the last one gives it the shape's size. */
  readonly steps: readonly PolicyStep[];
  /** [height, width] that a decoder may shrink to. */
  readonly enough?: Size;
}

/** Samples that are decoded at the same time. */
const AT_ONCE = 4;

/**
 * A dataset that is prepared in this thread. Each image's randomness comes from (seed, epoch, sample)
 * and from how often the sample came before: it is the same picture wherever and whenever it is made.
 */
export function preparedDataset(dataset: TargetDataset, preparation: Preparation): PreparedDataset {
  const write = rowWriter(dataset, preparation);
  const { name, classes, labels, length } = dataset;
  return {
    ...{ name, classes, labels, length },
    shape: preparation.shape,
    shared: false,
    async fill(request) {
      let next = 0;
      const lane = async () => {
        while (next < request.indices.length) await write(request, next++);
      };
      const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
      // All of them must have come to rest: the arrays are the caller's again.
      const failed = lanes.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async [Symbol.asyncDispose]() {},
  };
}

const NOTHING = new Uint8Array(0);

/** Prepares one row of a request. */
export type RowWriter = (request: FillRequest, row: number) => Promise<void>;

export function rowWriter(dataset: TargetDataset, preparation: Preparation): RowWriter {
  const { shape, crop, transform } = preparation;
  const put = imageWriter(dataset.name, shape);
  return async (request, row) => {
    const { indices, repeats, seed, epoch } = request;
    const sample = indices[row]!;
    const place = { epoch, sample, repeat: repeats?.[row] ?? 0 };
    const random = randomStream(seed, 'augmentation', place);
    let region: Region | undefined;
    const drawRegion = ([height, width]: Size): Region => {
      const whole = { data: NOTHING, height, width, channels: 3 as const };
      region = crop!.draw(random, { image: whole })!;
      return region;
    };
    const loaded = await dataset.load(sample, crop && drawRegion);
    if (crop && !region) drawRegion([loaded.image.height, loaded.image.width]);
    // Where the kernels work, so that nothing is copied between steps. All of it happens at once: no
    // other image takes the room before this one is handed back.
    const image = workingCopy(loaded.image);
    try {
      const whole = { ...loaded, image };
      const cut = region ? crop!.apply(whole, region) : whole;
      const { target } = transform.run(cut, random);
      put(target.image, request, row);
      if (target.image.data !== image.data) releaseImage(target.image);
      if (![image, target.image].some(({ data }) => data === cut.image.data)) {
        releaseImage(cut.image);
      }
    } finally {
      releaseImage(image);
    }
  };
}

/** Writes images into rows of a request. */
function imageWriter(name: string, shape: ImageShape) {
  const [channels, height, width] = shape;
  const size = channels * height * width;
  const tablesFor = rememberedTables(channels);
  return (image: Image, { images, normalize }: FillRequest, row: number): void => {
    if (image.width !== width || image.height !== height || image.channels !== channels) {
      throw new UsageError(
        `${name}: images come out of the augmentation with ${image.channels} channels of ${image.height} × ${image.width}, and the network takes ${channels} of ${height} × ${width}; leave size out of its steps`,
      );
    }
    if (images instanceof Uint8Array) planesInto(image, images, row * size);
    else normalizeInto(image, tablesFor(normalize), images, row * size);
  };
}

/** Tables of the statistics that were asked for last. */
function rememberedTables(channels: number): (statistics?: Normalization) => PixelTables {
  let last: { readonly key: string; readonly tables: PixelTables } | undefined;
  return (statistics) => {
    const key = JSON.stringify(statistics ?? null);
    if (last?.key !== key) last = { key, tables: pixelTables(channels, statistics) };
    return last.tables;
  };
}

import type { Drawn } from './define-transform.ts';
import type { Image, Size } from './image.ts';
import { resample } from './kernels/resample.ts';
import { imageFromPlanes, planesInto } from './normalize.ts';
import type { Policy } from './policy.ts';
import { augmentationStream, randomStream } from './random.ts';
import type { Target } from './target.ts';
import { oneHot } from './transforms/batch.ts';

export interface PolicySample {
  /** Which of the targets it is made of. */
  readonly source: number;
  readonly target: Target;
  readonly drawn: Drawn;
}

export interface PolicyPreview {
  readonly samples: readonly PolicySample[];
  /** What the step drew that mixed the samples, once for all of them. */
  readonly mixed?: Drawn;
  /** The part of each source in each sample [samples, sources], when they are mixed. */
  readonly shares?: Float32Array;
}

const smooth = { interpolation: 'bilinear', antialias: true } as const;

/** An image at another size. */
export const resizedTo = (image: Image, [height, width]: Size): Image =>
  image.height === height && image.width === width
    ? image
    : resample(image, { top: 0, left: 0, ...imageSize(image) }, height, width, smooth);

const imageSize = ({ width, height }: Image) => ({ width, height });

/**
 * What a policy makes of some targets, in turn: target i of n in epoch e gives sample e · n + i, from
 * the random numbers that training gives to sample i in epoch e. Of several steps that mix, one is
 * drawn.
 *
 * @param size of the samples when they are mixed, which takes samples of one size
 */
export function previewPolicy(
  { sample, batch }: Policy,
  targets: readonly Target[],
  { count, seed, size }: { readonly count: number; readonly seed: number; readonly size: Size },
): PolicyPreview {
  const n = targets.length;
  const samples = Array.from({ length: count }, (_, i): PolicySample => {
    const random = augmentationStream(seed, Math.floor(i / n), i % n);
    return { source: i % n, ...sample.run(targets[i % n]!, random) };
  });
  if (batch.length === 0) return { samples };

  const [height, width] = size;
  const channels = samples.some(({ target }) => target.image.channels === 3) ? 3 : 1;
  const length = channels * height * width;
  const images = new Uint8Array(count * length);
  samples.forEach(({ target }, i) => {
    const image = resizedTo(target.image, size);
    const plane = height * width;
    if (image.channels === channels) planesInto(image, images, i * length);
    else for (let c = 0; c < channels; c++) images.set(image.data, i * length + c * plane);
  });
  const labels = oneHot(
    samples.map(({ source }) => source),
    n,
  );
  const random = randomStream(seed, 'mixing');
  const step = batch[batch.length === 1 ? 0 : random.below(batch.length)]!;
  const shape = [count, channels, height, width] as const;
  const mixed = step.run({ images, shape, labels }, random).drawn;
  return {
    samples: samples.map(({ source, drawn }, i) => {
      const planes = images.subarray(i * length, (i + 1) * length);
      return { source, drawn, target: { image: imageFromPlanes(planes, width, height, channels) } };
    }),
    mixed,
    shares: labels,
  };
}

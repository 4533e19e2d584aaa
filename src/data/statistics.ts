import type { ImageDataset } from './dataset.ts';
import { loader } from './loader.ts';
import type { Normalization } from './normalize.ts';
import type { PreparedDataset } from './prepared.ts';

/**
 * Mean and standard deviation of each channel over a dataset's pixels, scaled to 0 … 1 and rounded to
 * four digits: of at most `most` samples, drawn by `seed`.
 */
export async function channelStatistics(
  dataset: ImageDataset | PreparedDataset,
  most = 2048,
  seed = 0,
): Promise<Normalization> {
  const [channels] = dataset.shape;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  const batches = loader(dataset, { batchSize: 64, pixels: 'uint8', shuffle: true, seed });
  for await (const { images, shape, index } of batches.epoch(0)) {
    const plane = shape[2] * shape[3];
    for (let at = 0, p = 0; at < images.length; p++) {
      let [sum, square] = [0, 0];
      for (const end = at + plane; at < end; at++) {
        const value = images[at]!;
        sum += value;
        square += value * value;
      }
      sums[p % channels]! += sum;
      squares[p % channels]! += square;
    }
    count += shape[0] * plane;
    if ((index + 1) * 64 >= most) break;
  }
  const rounded = (value: number) => Number((value / 255).toFixed(4));
  const means = sums.map((sum) => sum / count);
  const deviations = squares.map((square, c) => Math.sqrt(square / count - means[c]! ** 2));
  return {
    mean: Array.from(means, rounded),
    // A channel of one colour has nothing to be divided by.
    std: Array.from(deviations, (value) => rounded(value) || 1),
  };
}

import { UsageError } from '../graph/errors.ts';

/** Mean and standard deviation per channel, of pixels scaled to 0 … 1. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * One table per channel that maps a byte to (byte / 255 − mean) / std, or to byte / 255 without
 * `normalization`. Every step is rounded to float32, as torchvision's ToTensor and Normalize do.
 *
 * @throws UsageError unless there is one finite mean and one finite std > 0 per channel
 */
export function pixelTables(channels: number, normalization?: Normalization): Float32Array[] {
  const { mean, std } = normalization ?? {
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
  };
  const usable = mean.every(Number.isFinite) && std.every((s) => Number.isFinite(s) && s > 0);
  if (mean.length !== channels || std.length !== channels || !usable) {
    throw new UsageError(
      `normalize: there must be a finite mean and a std > 0 for each of the ${channels} channels (mean is [${mean.join(', ')}], std is [${std.join(', ')}])`,
    );
  }
  const f32 = Math.fround;
  return mean.map((m, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) =>
      f32(f32(f32(byte / 255) - f32(m)) / f32(std[channel]!)),
    ),
  );
}

import { UsageError } from '../graph/errors.ts';
import type { Image } from './image.ts';
import { isResident } from './wasm/memory.ts';
import { scratch } from './wasm/scratch.ts';

/** Per channel, of pixels scaled to 0 … 1. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What normalising needs, made once. */
export interface PixelTables {
  /** (x / 255 − mean) / std of each byte, per channel, as x · factor + shift in float32. */
  readonly tables: readonly Float32Array[];
  /** Per channel 1 / (255 · std), then −mean / std, as bytes of float32. */
  readonly factors: Uint8Array;
}

/**
 * @throws UsageError unless mean and std have one number per channel and no std is 0
 */
export function pixelTables(channels: number, statistics?: ChannelStatistics): PixelTables {
  const { mean = Array(channels).fill(0), std = Array(channels).fill(1) } = statistics ?? {};
  if (mean.length !== channels || std.length !== channels || std.some((s) => !(s > 0))) {
    throw new UsageError(
      `normalize: mean and std must have one number per channel, and std be > 0 (mean [${mean.join(', ')}], std [${std.join(', ')}], ${channels} channels)`,
    );
  }
  const factors = Float32Array.from([
    ...std.map((s) => 1 / (255 * s)),
    ...mean.map((m, c) => -m / std[c]!),
  ]);
  const tables = Array.from({ length: channels }, (_, c) =>
    Float32Array.from(
      { length: 256 },
      (_, value) => Math.fround(value * factors[c]!) + factors[channels + c]!,
    ),
  );
  return { tables, factors: new Uint8Array(factors.buffer) };
}

/** Pixels normalised at a time, so that they stay in the cache. */
const CHUNK = 2048;

/**
 * Writes an image [h, w, c] as planes [c, h, w] of floats into a batch, at number `offset` of `into`.
 * A grey image fills three planes when there are three tables.
 */
export function normalizeInto(
  { data: x, width, height, channels }: Image,
  { tables, factors }: PixelTables,
  into: Float32Array,
  offset = 0,
): void {
  const plane = width * height;
  if (channels !== 1 && channels !== tables.length) {
    throw new UsageError(
      `normalize: the image has ${channels} channels, and there are statistics of ${tables.length}`,
    );
  }
  if (channels === 1) {
    tables.forEach((table, c) => {
      const to = offset + c * plane;
      for (let i = 0; i < plane; i++) into[to + i] = table[x[i]!]!;
    });
    return;
  }
  const room = scratch(3 * CHUNK, factors.length, 4 * CHUNK, 4 * CHUNK, 4 * CHUNK);
  if (room) {
    const [copyAt, factorsAt, ...planes] = room.at as [number, number, number, number, number];
    room.bytes.set(factors, factorsAt);
    const views = planes.map((at) => new Float32Array(room.bytes.buffer, at, CHUNK));
    const stays = isResident(x);
    for (let start = 0; start < plane; start += CHUNK) {
      const n = Math.min(CHUNK, plane - start);
      if (!stays) room.bytes.set(x.subarray(3 * start, 3 * (start + n)), copyAt);
      const from = stays ? x.byteOffset + 3 * start : copyAt;
      room.kernels.normalize(from, n, factorsAt, ...planes);
      views.forEach((view, c) => {
        into.set(n < CHUNK ? view.subarray(0, n) : view, offset + c * plane + start);
      });
    }
    return;
  }
  const [r, g, b] = tables as [Float32Array, Float32Array, Float32Array];
  const green = offset + plane;
  const blue = green + plane;
  for (let i = 0, j = 0; i < plane; i++, j += 3) {
    into[offset + i] = r[x[j]!]!;
    into[green + i] = g[x[j + 1]!]!;
    into[blue + i] = b[x[j + 2]!]!;
  }
}

/** Writes an image [h, w, c] as planes [c, h, w] of bytes. */
export function planesInto(
  { data: x, width, height, channels }: Image,
  into: Uint8Array,
  offset = 0,
): void {
  if (channels === 1) {
    into.set(x, offset);
    return;
  }
  const plane = width * height;
  const green = offset + plane;
  const blue = green + plane;
  for (let i = 0, j = 0; i < plane; i++, j += 3) {
    into[offset + i] = x[j]!;
    into[green + i] = x[j + 1]!;
    into[blue + i] = x[j + 2]!;
  }
}

/**
 * The image of planes [c, h, w] of bytes.
 */
export function imageFromPlanes(
  planes: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3,
): Image {
  const plane = width * height;
  const data = new Uint8Array(plane * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, j = c; i < plane; i++, j += channels) data[j] = planes[c * plane + i]!;
  }
  return { data, width, height, channels };
}

/** y = (x − mean) · matrix, both vectors of n floats, matrix [n, n]: whitening and the like. */
export function linearTransformation(
  x: Float32Array,
  matrix: Float32Array,
  mean: Float32Array,
): Float32Array {
  const n = x.length;
  if (mean.length !== n || matrix.length !== n * n) {
    throw new UsageError(
      `linearTransformation: for ${n} values mean must have ${n} numbers and matrix ${n} × ${n} (they have ${mean.length} and ${matrix.length})`,
    );
  }
  const y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const value = x[i]! - mean[i]!;
    for (let j = 0; j < n; j++) y[j]! += value * matrix[i * n + j]!;
  }
  return y;
}

import { UsageError } from '../graph/errors.ts';

/**
 * uint8 pixels [h, w, c], channels interleaved, RGB or grey. Interleaved because decoders give it,
 * and because whatever gathers pixels (resizing, rotating, warping) then finds the channels of a
 * pixel side by side; the final `normalizeInto` writes planes.
 */
export interface Image {
  readonly data: Uint8Array;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** One value for every channel, or one per channel; 0 … 255. */
export type Fill = number | readonly number[];

/**
 * An image over `data`, which it does not copy.
 *
 * @throws UsageError unless `data` holds height × width × channels bytes
 */
export function imageFrom(
  data: Uint8Array,
  width: number,
  height: number,
  channels: number,
): Image {
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`image: channels must be 1 (grey) or 3 (RGB) (it is ${channels})`);
  }
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new UsageError(`image: width and height must be whole and >= 1 (${width} × ${height})`);
  }
  if (data.length !== width * height * channels) {
    throw new UsageError(
      `image: ${width} × ${height} pixels of ${channels} channels take ${width * height * channels} bytes (there are ${data.length})`,
    );
  }
  return { data, width, height, channels };
}

/**
 * The fill for each channel, rounded to a byte.
 *
 * @throws UsageError when it has neither one value nor one per channel
 */
export function fillBytes(fill: Fill, channels: number): readonly number[] {
  const values = typeof fill === 'number' ? [fill] : fill;
  if (values.length !== 1 && values.length !== channels) {
    throw new UsageError(
      `fill must have 1 value or one per channel (it has ${values.length}, the image ${channels} channels)`,
    );
  }
  const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
  return Array.from({ length: channels }, (_, c) => byte(values[c % values.length]!));
}

// What saving as JPEG and loading again does to pixels: YCbCr, chroma at half size, 8×8 DCT,
// quantisation, and back (ITU-T T.81, annexes A and K; JFIF 1.02). Entropy coding loses nothing, so
// it is left out. Scaled integers as in the Independent JPEG Group's "islow" transform are replaced
// by floating-point ones: values differ by a level here and there.

import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';

// T.81, tables K.1 and K.2.
// biome-ignore format: a table
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
// biome-ignore format: a table
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/** The Independent JPEG Group's scale from quality 1 … 100 to quantisation steps. */
function steps(table: readonly number[], quality: number): Float32Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return Float32Array.from(table, (step) =>
    Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))),
  );
}

/** Row u of the orthonormal DCT-II of 8 values. */
const COSINES = Float32Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** A plane whose sides are multiples of 8. */
interface Plane {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

const half = new Float32Array(64);
const block = new Float32Array(64);

/** Transforms the lines of `from` by 8 × 8 coefficients and transposes: twice is both axes. */
function transform(from: Float32Array, to: Float32Array, inverse: boolean): void {
  for (let line = 0; line < 8; line++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) {
        sum += (inverse ? COSINES[x * 8 + u]! : COSINES[u * 8 + x]!) * from[line * 8 + x]!;
      }
      to[u * 8 + line] = sum;
    }
  }
}

/** Quantises a plane of 0 … 255 block by block, in place. */
function quantise({ data, width, height }: Plane, step: Float32Array): void {
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const start = top * width + left;
      for (let i = 0; i < 64; i++) block[i] = data[start + (i >> 3) * width + (i & 7)]! - 128;
      transform(block, half, false);
      transform(half, block, false);
      for (let i = 0; i < 64; i++) block[i] = Math.round(block[i]! / step[i]!) * step[i]!;
      transform(block, half, true);
      transform(half, block, true);
      for (let i = 0; i < 64; i++) {
        const value = Math.round(block[i]! + 128);
        data[start + (i >> 3) * width + (i & 7)] = Math.min(255, Math.max(0, value));
      }
    }
  }
}

const upTo = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** A plane with sides rounded up; `pixel` gives its values, edges repeat the last. */
function plane(
  width: number,
  height: number,
  multiple: number,
  pixel: (row: number, column: number) => number,
): Plane {
  const wide = upTo(width, multiple);
  const high = upTo(height, multiple);
  const data = new Float32Array(wide * high);
  for (let i = 0; i < high; i++) {
    const row = Math.min(i, height - 1);
    for (let j = 0; j < wide; j++) data[i * wide + j] = pixel(row, Math.min(j, width - 1));
  }
  return { data, width: wide, height: high };
}

/** Mean of 2 × 2 pixels; ties go down and up in turn, so that no plane becomes brighter. */
function halve({ data, width, height }: Plane): Plane {
  const [w, h] = [width >> 1, height >> 1];
  const small = new Float32Array(w * h);
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const at = 2 * i * width + 2 * j;
      const sum = data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]!;
      small[i * w + j] = Math.floor((sum + 1 + (j & 1)) / 4);
    }
  }
  return { data: small, width: w, height: h };
}

/**
 * The value at full size: ¾ of the nearer pixel and ¼ of the farther along each axis, as decoders
 * smooth chroma ("fancy upsampling").
 */
function upsampled({ data, width }: Plane, rows: number, columns: number, i: number, j: number) {
  const row = i >> 1;
  const column = j >> 1;
  const row2 = Math.min(rows - 1, Math.max(0, row + (i & 1 ? 1 : -1)));
  const column2 = Math.min(columns - 1, Math.max(0, column + (j & 1 ? 1 : -1)));
  const near = 3 * data[row * width + column]! + data[row2 * width + column]!;
  const far = 3 * data[row * width + column2]! + data[row2 * width + column2]!;
  return Math.floor((3 * near + far + (j & 1 ? 7 : 8)) / 16);
}

/** The image after saving it as JPEG at quality 1 … 100 and loading it again. */
export function jpeg(image: Image, quality: number): Image {
  const { data: x, width, height, channels } = image;
  const luminance = steps(LUMINANCE, quality);
  const y = takeBytes(x.length, x);
  if (channels === 1) {
    const grey = plane(width, height, 8, (row, column) => x[row * width + column]!);
    quantise(grey, luminance);
    for (let i = 0; i < height; i++) {
      y.set(grey.data.subarray(i * grey.width, i * grey.width + width), i * width);
    }
    return { data: y, width, height, channels };
  }

  const mix =
    (r: number, g: number, b: number, offset: number) => (row: number, column: number) => {
      const at = (row * width + column) * 3;
      return Math.round(r * x[at]! + g * x[at + 1]! + b * x[at + 2]! + offset);
    };
  const luma = plane(width, height, 16, mix(0.299, 0.587, 0.114, 0));
  const blue = halve(plane(width, height, 16, mix(-0.168735892, -0.331264108, 0.5, 128)));
  const red = halve(plane(width, height, 16, mix(0.5, -0.418687589, -0.081312411, 128)));
  const chrominance = steps(CHROMINANCE, quality);
  quantise(luma, luminance);
  quantise(blue, chrominance);
  quantise(red, chrominance);

  const rows = (height + 1) >> 1;
  const columns = (width + 1) >> 1;
  const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
  for (let i = 0, to = 0; i < height; i++) {
    for (let j = 0; j < width; j++, to += 3) {
      const brightness = luma.data[i * luma.width + j]!;
      const cb = upsampled(blue, rows, columns, i, j) - 128;
      const cr = upsampled(red, rows, columns, i, j) - 128;
      y[to] = byte(brightness + 1.402 * cr);
      y[to + 1] = byte(brightness - 0.344136286 * cb - 0.714136286 * cr);
      y[to + 2] = byte(brightness + 1.772 * cb);
    }
  }
  return { data: y, width, height, channels };
}

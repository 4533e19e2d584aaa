// AssemblyScript. The loops over pixels that plain JavaScript cannot run fast: 128-bit SIMD over one
// scratch memory. Every kernel has a twin in TypeScript (src/image/kernels) with equal results.
// Addresses are bytes; kernels may read and write up to 64 bytes beyond the end of their arrays.
// `node src/image/wasm/make.mjs` compiles this file into kernels.ts.

/** Mirrors rows of RGB, five pixels at a time. */
export function flip(x: usize, y: usize, width: i32, height: i32): void {
  const row = width * 3;
  const blocks = (width / 5) * 15;
  for (let i = 0; i < height; i++) {
    let to = y + i * row;
    let from = x + (i + 1) * row;
    for (const end = to + blocks; to < end; to += 15) {
      from -= 15;
      const v = v128.load(from);
      // The sixteenth byte is overwritten by what comes next.
      v128.store(to, i8x16.shuffle(v, v, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, 15));
    }
    for (const end = y + (i + 1) * row; to < end; to += 3) {
      from -= 3;
      store<u8>(to, load<u8>(from));
      store<u8>(to + 1, load<u8>(from + 1));
      store<u8>(to + 2, load<u8>(from + 2));
    }
  }
}

/** y = (x & mask) ^ flip, for each byte. */
export function maskBits(x: usize, y: usize, n: i32, mask: i32, flip: i32): void {
  const keep = i8x16.splat(<i8>mask);
  const turn = i8x16.splat(<i8>flip);
  for (let i = 0; i < n; i += 32) {
    v128.store(y + i, v128.xor(v128.and(v128.load(x + i), keep), turn));
    v128.store(y + i + 16, v128.xor(v128.and(v128.load(x + i + 16), keep), turn));
  }
}

// @ts-ignore: decorator
@inline
function luma(v: v128, redGreen: v128, blue: v128): v128 {
  const a = i16x8.extend_low_i8x16_u(
    i8x16.shuffle(v, v, 0, 1, 3, 4, 6, 7, 9, 10, 0, 0, 0, 0, 0, 0, 0, 0));
  const b = i16x8.extend_low_i8x16_u(
    i8x16.shuffle(v, v, 2, 2, 5, 5, 8, 8, 11, 11, 0, 0, 0, 0, 0, 0, 0, 0));
  return i32x4.shr_u(i32x4.add(i32x4.dot_i16x8_s(a, redGreen), i32x4.dot_i16x8_s(b, blue)), 15);
}

/** Brightness of RGB pixels, three times; weights × 2¹⁵. */
export function grayscale(x: usize, y: usize, n: i32, red: i32, green: i32, blue: i32): void {
  const redGreen = i32x4.splat(red | (green << 16));
  const onlyBlue = i32x4.splat(blue);
  for (let i = 0; i < n; i += 12) {
    const grey = luma(v128.load(x + i), redGreen, onlyBlue);
    v128.store(y + i, i8x16.shuffle(grey, grey, 0, 0, 0, 4, 4, 4, 8, 8, 8, 12, 12, 12, 0, 0, 0, 0));
  }
}

/** The sum of the brightness of n / 3 pixels; n is a multiple of 12. */
export function sumLuma(x: usize, n: i32, red: i32, green: i32, blue: i32): i32 {
  const redGreen = i32x4.splat(red | (green << 16));
  const onlyBlue = i32x4.splat(blue);
  let sum = i32x4.splat(0);
  for (let i = 0; i < n; i += 12) {
    sum = i32x4.add(sum, luma(v128.load(x + i), redGreen, onlyBlue));
  }
  return (
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3)
  );
}

/** Blends RGB with its brightness: (own · x + other · brightness) >> 15. */
export function saturate(
  x: usize, y: usize, n: i32, red: i32, green: i32, blue: i32, own: i32, other: i32,
): void {
  const none = i8x16.splat(0);
  const redGreen = i32x4.splat(red | (green << 16));
  const onlyBlue = i32x4.splat(blue);
  const keep = i32x4.splat(own);
  const rest = i32x4.splat(other);
  for (let i = 0; i < n; i += 12) {
    const v = v128.load(x + i);
    const grey = i32x4.mul(luma(v, redGreen, onlyBlue), rest);
    const a = i8x16.shuffle(v, none, 0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16);
    const b = i8x16.shuffle(v, none, 4, 16, 16, 16, 5, 16, 16, 16, 6, 16, 16, 16, 7, 16, 16, 16);
    const c = i8x16.shuffle(v, none, 8, 16, 16, 16, 9, 16, 16, 16, 10, 16, 16, 16, 11, 16, 16, 16);
    const p = i8x16.shuffle(grey, grey, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7);
    const q = i8x16.shuffle(grey, grey, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11);
    const r = i8x16.shuffle(grey, grey, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
    const d = i32x4.shr_s(i32x4.add(i32x4.mul(a, keep), p), 15);
    const e = i32x4.shr_s(i32x4.add(i32x4.mul(b, keep), q), 15);
    const f = i32x4.shr_s(i32x4.add(i32x4.mul(c, keep), r), 15);
    const low = i16x8.narrow_i32x4_s(d, e);
    const high = i16x8.narrow_i32x4_s(f, f);
    v128.store(y + i, i8x16.narrow_i16x8_u(low, high));
  }
}

// @ts-ignore: decorator
@inline
function hueChannel(hue: v128, offset: f32, max: v128, range: v128, toByte: v128): v128 {
  const six = f32x4.splat(6);
  const sum = f32x4.add(hue, f32x4.splat(offset));
  const k = f32x4.sub(sum, v128.and(f32x4.ge(sum, six), six));
  const slope = f32x4.min(f32x4.min(k, f32x4.sub(f32x4.splat(4), k)), f32x4.splat(1));
  const share = f32x4.max(slope, f32x4.splat(0));
  const value = f32x4.mul(f32x4.sub(max, f32x4.mul(range, share)), toByte);
  return i32x4.trunc_sat_f32x4_s(value);
}

/** Turns the hue of RGB by `turn` sixths of the circle, 0 … 6. */
export function turnHue(x: usize, y: usize, n: i32, turn: f32, scale: f32): void {
  const none = i8x16.splat(0);
  const six = f32x4.splat(6);
  const one = f32x4.splat(1);
  const toByte = f32x4.splat(scale);
  const fromRed = f32x4.splat(turn + 6);
  const fromGreen = f32x4.splat(turn + 2);
  const fromBlue = f32x4.splat(turn + 4);
  for (let i = 0; i < n; i += 12) {
    const v = v128.load(x + i);
    const r = f32x4.convert_i32x4_s(
      i8x16.shuffle(v, none, 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16));
    const g = f32x4.convert_i32x4_s(
      i8x16.shuffle(v, none, 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16));
    const b = f32x4.convert_i32x4_s(
      i8x16.shuffle(v, none, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16));
    const max = f32x4.pmax(f32x4.pmax(r, g), b);
    const range = f32x4.sub(max, f32x4.pmin(f32x4.pmin(r, g), b));
    const isRed = f32x4.eq(max, r);
    const isGreen = f32x4.eq(max, g);
    const difference = v128.bitselect(
      f32x4.sub(g, b), v128.bitselect(f32x4.sub(b, r), f32x4.sub(r, g), isGreen), isRed);
    const base = v128.bitselect(fromRed, v128.bitselect(fromGreen, fromBlue, isGreen), isRed);
    // Grey has no range, and a difference of 0: any divisor will do.
    const divisor = f32x4.pmax(range, one);
    let hue = f32x4.add(f32x4.div(difference, divisor), base);
    hue = f32x4.sub(hue, v128.and(f32x4.ge(hue, six), six));
    hue = f32x4.sub(hue, v128.and(f32x4.ge(hue, six), six));
    const red = hueChannel(hue, 5, max, range, toByte);
    const green = hueChannel(hue, 3, max, range, toByte);
    const blue = hueChannel(hue, 1, max, range, toByte);
    // r0 g0 b0 r1 g1 b1 … from three lists of four.
    const redGreen = i16x8.narrow_i32x4_s(red, green);
    const blueBlue = i16x8.narrow_i32x4_s(blue, blue);
    const all = i8x16.narrow_i16x8_u(redGreen, blueBlue);
    v128.store(y + i, i8x16.shuffle(all, all, 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 0, 0, 0, 0));
  }
}

// @ts-ignore: decorator
@inline
function count(table: usize, value: u32): void {
  const place = table + (value << 2);
  store<u32>(place, load<u32>(place) + 1);
}

/** Adds to six tables of 256 counts, of r g b r g b …; n is a multiple of 12. */
export function histogram(x: usize, n: i32, tables: usize): void {
  for (let i = 0; i < n; i += 12) {
    const a = load<u32>(x + i);
    const b = load<u32>(x + i + 4);
    const c = load<u32>(x + i + 8);
    count(tables, a & 255);
    count(tables + 1024, (a >> 8) & 255);
    count(tables + 2048, (a >> 16) & 255);
    count(tables + 3072, a >> 24);
    count(tables + 4096, b & 255);
    count(tables + 5120, (b >> 8) & 255);
    count(tables, (b >> 16) & 255);
    count(tables + 1024, b >> 24);
    count(tables + 2048, c & 255);
    count(tables + 3072, (c >> 8) & 255);
    count(tables + 4096, (c >> 16) & 255);
    count(tables + 5120, c >> 24);
  }
}

/** y = table[x], with three tables of 256 bytes in turn. */
export function lookup(x: usize, y: usize, n: i32, tables: usize): void {
  for (let i = 0; i < n; i += 12) {
    const a = load<u32>(x + i);
    const b = load<u32>(x + i + 4);
    const c = load<u32>(x + i + 8);
    const p = load<u8>(tables + (a & 255));
    const q = load<u8>(tables + 256 + ((a >> 8) & 255));
    const r = load<u8>(tables + 512 + ((a >> 16) & 255));
    const s = load<u8>(tables + (a >> 24));
    store<u32>(y + i, <u32>p | (<u32>q << 8) | (<u32>r << 16) | (<u32>s << 24));
    const t = load<u8>(tables + 256 + (b & 255));
    const u = load<u8>(tables + 512 + ((b >> 8) & 255));
    const v = load<u8>(tables + ((b >> 16) & 255));
    const w = load<u8>(tables + 256 + (b >> 24));
    store<u32>(y + i + 4, <u32>t | (<u32>u << 8) | (<u32>v << 16) | (<u32>w << 24));
    const j = load<u8>(tables + 512 + (c & 255));
    const k = load<u8>(tables + ((c >> 8) & 255));
    const l = load<u8>(tables + 256 + ((c >> 16) & 255));
    const m = load<u8>(tables + 512 + (c >> 24));
    store<u32>(y + i + 8, <u32>j | (<u32>k << 8) | (<u32>l << 16) | (<u32>m << 24));
  }
}

/** Two RGB pixels as int16 r r g g b b. */
// @ts-ignore: decorator
@inline
function pairs(v: v128): v128 {
  return i16x8.extend_low_i8x16_u(
    i8x16.shuffle(v, v, 0, 3, 1, 4, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

/**
 * Resamples rows of RGB. `weights` [width, taps] are int16, taps even, `first` the byte of
 * each pixel's first tap.
 */
export function resampleRows(
  x: usize, stride: i32, rows: i32, width: i32,
  first: usize, weights: usize, taps: i32, shift: i32, y: usize,
): void {
  const half = i32x4.splat(1 << (shift - 1));
  for (let i = 0; i < rows; i++) {
    let weight = weights;
    let to = y + i * width * 3;
    const row = x + i * stride;
    for (let j = 0; j < width; j++, to += 3) {
      let from = row + load<i32>(first + 4 * j);
      let sum = half;
      let k = 0;
      for (; k + 4 <= taps; k += 4, from += 12, weight += 8) {
        const v = v128.load(from);
        const near = v128.load32_splat(weight);
        const far = v128.load32_splat(weight + 4);
        const a = pairs(v);
        const b = i16x8.extend_low_i8x16_u(
          i8x16.shuffle(v, v, 6, 9, 7, 10, 8, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        sum = i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(a, near), i32x4.dot_i16x8_s(b, far)));
      }
      if (k < taps) {
        const v = v128.load64_zero(from);
        const a = pairs(v);
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(a, v128.load32_splat(weight)));
        weight += 4;
      }
      sum = i32x4.shr_s(sum, shift);
      const narrow = i16x8.narrow_i32x4_s(sum, sum);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    }
  }
}

/** Resamples columns. `weights` [height, taps] are int16, taps even, `first` the byte of the first tap. */
export function resampleColumns(
  x: usize, stride: i32, row: i32, height: i32,
  first: usize, weights: usize, taps: i32, shift: i32, y: usize,
): void {
  const half = i32x4.splat(1 << (shift - 1));
  for (let i = 0; i < height; i++) {
    const start = x + load<i32>(first + 4 * i);
    const to = y + i * row;
    for (let j = 0; j < row; j += 16) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let from = start + j;
      let weight = weights + i * taps * 2;
      for (let k = 0; k < taps; k += 2, from += 2 * stride, weight += 4) {
        const u = v128.load(from);
        const v = v128.load(from + stride);
        const w = v128.load32_splat(weight);
        const low = i8x16.shuffle(u, v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const high = i8x16.shuffle(u, v, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(low), w));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(low), w));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(high), w));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(high), w));
      }
      const left = i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift));
      const right = i16x8.narrow_i32x4_s(i32x4.shr_s(c, shift), i32x4.shr_s(d, shift));
      v128.store(to + j, i8x16.narrow_i16x8_u(left, right));
    }
  }
}

/** Fixed-point coordinates x, x + dx, …, shifted right. */
function stepped(xs: usize, n: i32, x: i32, dx: i32, shift: i32): void {
  let value = i32x4.add(i32x4.splat(x), i32x4.mul(i32x4.splat(dx), i32x4(0, 1, 2, 3)));
  const step = i32x4.splat(4 * dx);
  for (let i = 0; i < n; i += 4) {
    v128.store(xs + 4 * i, i32x4.shr_s(value, shift));
    value = i32x4.add(value, step);
  }
}

/**
 * Fixed-point coordinates ((a · x + c) / (g · x + k) − ½) · one, and the same with d and f, at
 * x = ½, 1½, …; what lies beyond ±limit, or nowhere, becomes −limit.
 */
function projected(
  xs: usize, ys: usize, n: i32, a: f64, c: f64, d: f64, f: f64, g: f64, k: f64, one: f64, limit: f64,
): void {
  const half = 0.5 * one;
  for (let i = 0; i < n; i++) {
    const x = <f64>i + 0.5;
    const scale = one / (g * x + k);
    const u = (a * x + c) * scale - half;
    const v = (d * x + f) * scale - half;
    store<i32>(xs + 4 * i, <i32>(u > -limit && u < limit ? floor<f64>(u + 0.5) : -limit));
    store<i32>(ys + 4 * i, <i32>(v > -limit && v < limit ? floor<f64>(v + 0.5) : -limit));
  }
}

/** RGB pixels at the nearest of coordinates on a line (20 bits of fraction, ½ added). */
function nearestLine(
  x: usize, w: i32, h: i32, column: i32, row: i32, right: i32, down: i32, n: i32, fill: i32, y: usize,
): void {
  for (const end = y + 3 * n; y < end; y += 3, column += right, row += down) {
    const i = row >> 20;
    const j = column >> 20;
    const inside = <u32>j < <u32>w && <u32>i < <u32>h;
    store<i32>(y, inside ? load<i32>(x + (i * w + j) * 3) : fill);
  }
}

/** RGB pixels at the nearest of fixed-point coordinates (11 bits of fraction). */
export function nearestRow(
  x: usize, w: i32, h: i32, xs: usize, ys: usize, n: i32, fill: i32, y: usize,
): void {
  for (let i = 0; i < n; i++, y += 3) {
    const column = (load<i32>(xs + 4 * i) + 1024) >> 11;
    const row = (load<i32>(ys + 4 * i) + 1024) >> 11;
    const inside = <u32>column < <u32>w && <u32>row < <u32>h;
    store<i32>(y, inside ? load<i32>(x + (row * w + column) * 3) : fill);
  }
}

// @ts-ignore: decorator
@inline
function blend(a: i32, b: i32, c: i32, d: i32, right: i32, low: i32): u8 {
  const upper = a * (2048 - right) + b * right;
  const lower = c * (2048 - right) + d * right;
  return <u8>((upper * (2048 - low) + lower * low + (1 << 21)) >> 22);
}

/** RGB pixels between those around fixed-point coordinates (11 bits of fraction). */
export function bilinearRow(
  x: usize, w: i32, h: i32, xs: usize, ys: usize, n: i32, fill: i32, y: usize,
): void {
  const round = i32x4.splat(1 << 21);
  const stride = w * 3;
  for (let i = 0; i < n; i++, y += 3) {
    const fx = load<i32>(xs + 4 * i);
    const fy = load<i32>(ys + 4 * i);
    const column = fx >> 11;
    const row = fy >> 11;
    const right = fx & 2047;
    const low = fy & 2047;
    const from = x + row * stride + column * 3;
    if (<u32>column < <u32>(w - 1) && <u32>row < <u32>(h - 1)) {
      const across = i32x4.splat((2048 - right) | (right << 16));
      const u = v128.load64_zero(from);
      const v = v128.load64_zero(from + stride);
      const upper = i32x4.mul(i32x4.dot_i16x8_s(pairs(u), across), i32x4.splat(2048 - low));
      const lower = i32x4.mul(i32x4.dot_i16x8_s(pairs(v), across), i32x4.splat(low));
      const sum = i32x4.shr_u(i32x4.add(i32x4.add(upper, lower), round), 22);
      const bytes = i8x16.shuffle(sum, sum, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      v128.store32_lane(y, bytes, 0);
    } else if (column >= -1 && column < w && row >= -1 && row < h) {
      const left = column >= 0;
      const far = column + 1 < w;
      const up = row >= 0;
      const down = row + 1 < h;
      for (let c = 0; c < 3; c++) {
        const other = (fill >> (8 * c)) & 255;
        const a = up && left ? <i32>load<u8>(from + c) : other;
        const b = up && far ? <i32>load<u8>(from + 3 + c) : other;
        const d = down && left ? <i32>load<u8>(from + stride + c) : other;
        const e = down && far ? <i32>load<u8>(from + stride + 3 + c) : other;
        store<u8>(y + c, blend(a, b, d, e, right, low));
      }
    } else {
      store<i32>(y, fill);
    }
  }
}

// A call from JavaScript costs as much as hundreds of pixels, so these take all rows at once.

/** An affine map of the whole image: see affineRows. `xs` and `ys` have room for a row. */
export function warpLines(
  x: usize, w: i32, h: i32, fill: i32, y: usize, height: i32, width: i32, xs: usize, ys: usize,
  bilinear: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64,
): void {
  const one: f64 = 1048576;
  const dx = <i32>floor<f64>(a * one + 0.5);
  const dy = <i32>floor<f64>(d * one + 0.5);
  for (let row = 0; row < height; row++, y += 3 * width) {
    const middle = <f64>row + 0.5;
    const x0 = <i32>floor<f64>((a * 0.5 + b * middle + c - 0.5) * one + 0.5) + 256;
    const y0 = <i32>floor<f64>((d * 0.5 + e * middle + f - 0.5) * one + 0.5) + 256;
    if (bilinear) {
      stepped(xs, width, x0, dx, 9);
      stepped(ys, width, y0, dy, 9);
      bilinearRow(x, w, h, xs, ys, width, fill, y);
    } else {
      nearestLine(x, w, h, x0 + 524288, y0 + 524288, dx, dy, width, fill, y);
    }
  }
}

/** A perspective map of the whole image: see perspectiveRows. */
export function warpProjected(
  x: usize, w: i32, h: i32, fill: i32, y: usize, height: i32, width: i32, xs: usize, ys: usize,
  bilinear: i32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64, k: f64,
): void {
  for (let row = 0; row < height; row++, y += 3 * width) {
    const middle = <f64>row + 0.5;
    projected(xs, ys, width, a, b * middle + c, d, e * middle + f, g, k * middle + 1, 2048, 1073741824);
    if (bilinear) bilinearRow(x, w, h, xs, ys, width, fill, y);
    else nearestRow(x, w, h, xs, ys, width, fill, y);
  }
}

// Blurring: `places` are pairs of byte offsets, `weights` int32. Each sum takes weights[0] times the
// first place, and weights[k] times both places of pair k.

/** From bytes to uint16. */
function blurBytes(
  x: usize, n: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  const start = i32x4.splat(1 << (shift - 1));
  const first = x + load<i32>(places);
  const own = i16x8.splat(<i16>load<i32>(weights));
  for (let j = 0; j < n; j += 8) {
    const centre = v128.load8x8_u(first + j);
    let low = i32x4.add(start, i32x4.extmul_low_i16x8_u(centre, own));
    let high = i32x4.add(start, i32x4.extmul_high_i16x8_u(centre, own));
    for (let k = 1; k < count; k++) {
      const a = v128.load8x8_u(x + load<i32>(places + 8 * k) + j);
      const b = v128.load8x8_u(x + load<i32>(places + 8 * k + 4) + j);
      const weight = i16x8.splat(<i16>load<i32>(weights + 4 * k));
      const both = i16x8.add(a, b);
      low = i32x4.add(low, i32x4.extmul_low_i16x8_u(both, weight));
      high = i32x4.add(high, i32x4.extmul_high_i16x8_u(both, weight));
    }
    const sum = i16x8.narrow_i32x4_u(i32x4.shr_u(low, shift), i32x4.shr_u(high, shift));
    v128.store(y + 2 * j, sum);
  }
}

/** From uint16, at most 2¹⁵, to bytes. */
function blurWords(
  x: usize, n: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  const start = i32x4.splat(1 << (shift - 1));
  const first = x + load<i32>(places);
  const own = i16x8.splat(<i16>load<i32>(weights));
  for (let j = 0; j < n; j += 8) {
    const centre = v128.load(first + 2 * j);
    let low = i32x4.add(start, i32x4.extmul_low_i16x8_u(centre, own));
    let high = i32x4.add(start, i32x4.extmul_high_i16x8_u(centre, own));
    for (let k = 1; k < count; k++) {
      const a = v128.load(x + load<i32>(places + 8 * k) + 2 * j);
      const b = v128.load(x + load<i32>(places + 8 * k + 4) + 2 * j);
      const weight = i16x8.splat(<i16>load<i32>(weights + 4 * k));
      const both = i16x8.add(a, b);
      low = i32x4.add(low, i32x4.extmul_low_i16x8_u(both, weight));
      high = i32x4.add(high, i32x4.extmul_high_i16x8_u(both, weight));
    }
    const sum = i16x8.narrow_i32x4_u(i32x4.shr_u(low, shift), i32x4.shr_u(high, shift));
    v128.store64_lane(y + j, i8x16.narrow_i16x8_u(sum, sum), 0);
  }
}

/**
 * n pixels of RGB as three planes of float32: (x · scale − mean) / std. `statistics` holds scale and
 * three means and stds as float32.
 */
export function normalize(x: usize, n: i32, statistics: usize, red: usize, green: usize, blue: usize): void {
  const none = i8x16.splat(0);
  const scale = v128.load32_splat(statistics);
  const m0 = v128.load32_splat(statistics + 4);
  const m1 = v128.load32_splat(statistics + 8);
  const m2 = v128.load32_splat(statistics + 12);
  const s0 = v128.load32_splat(statistics + 16);
  const s1 = v128.load32_splat(statistics + 20);
  const s2 = v128.load32_splat(statistics + 24);
  for (let i = 0; i < n; i += 4, x += 12) {
    const v = v128.load(x);
    const r = i8x16.shuffle(v, none, 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16);
    const g = i8x16.shuffle(v, none, 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16);
    const b = i8x16.shuffle(v, none, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16);
    const p = f32x4.mul(f32x4.convert_i32x4_s(r), scale);
    const q = f32x4.mul(f32x4.convert_i32x4_s(g), scale);
    const t = f32x4.mul(f32x4.convert_i32x4_s(b), scale);
    v128.store(red + 4 * i, f32x4.div(f32x4.sub(p, m0), s0));
    v128.store(green + 4 * i, f32x4.div(f32x4.sub(q, m1), s1));
    v128.store(blue + 4 * i, f32x4.div(f32x4.sub(t, m2), s2));
  }
}

/** All rows [rows, n] of uint16, each with its own `count` pairs of places. */
export function blurColumns(
  x: usize, n: i32, rows: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  for (let i = 0; i < rows; i++, places += 8 * count, y += n) {
    blurWords(x, n, places, weights, count, shift, y);
  }
}

/** All rows [rows, n] of bytes, `pitch` apart, to uint16. */
export function blurRows(
  x: usize, pitch: i32, n: i32, rows: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  for (let i = 0; i < rows; i++, x += pitch, y += 2 * n) {
    blurBytes(x, n, places, weights, count, shift, y);
  }
}

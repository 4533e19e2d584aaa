// AssemblyScript. The loops over pixels that plain JavaScript cannot run fast: 128-bit SIMD over one
// memory. Every kernel has a twin in TypeScript (src/image/kernels) with equal results.
// Addresses are bytes; kernels may read and write up to 64 bytes beyond the end of their arrays.
// `node src/image/wasm/make.mjs` compiles this file into kernels.ts.
//
// Bytes are rearranged by `swizzle`, where V8 makes one instruction of it, and not by `shuffle`: for
// most patterns it builds a constant each time. −1 gives a zero.

// The first 32 KiB belong to the kernels. Tables at fixed places spare an addition a byte.
const HELD: usize = 0x3000;
/** Three tables of 256 bytes, for `lookup`. */
export const TABLES: usize = 0x4000;
/** Twelve tables of 256 counts, from `histogram`. */
export const COUNTS: usize = 0x4400;

/**
 * The same vector, but V8 keeps it in a register: constants, and copies of one number to all lanes,
 * it makes anew in every round of a loop.
 */
// @ts-ignore: decorator
@inline
function hold(slot: usize, v: v128): v128 {
  v128.store(HELD + 16 * slot, v);
  return v128.load(HELD + 16 * slot);
}

/** Mirrors rows of RGB, five pixels at a time. */
export function flip(x: usize, y: usize, width: i32, height: i32): void {
  const row = width * 3;
  const many = ((width - 1) / 20) * 60;
  const most = ((width - 1) / 5) * 15;
  const order = i8x16(15, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2);
  for (let i = 0; i < height; i++, x += row) {
    let from = x;
    y += row;
    let to = y;
    // Each store begins a byte too early; the next one puts that right, the last ones have none.
    for (const end = x + many; from < end; from += 60) {
      to -= 60;
      v128.store(to, i8x16.swizzle(v128.load(from), order), 44);
      v128.store(to, i8x16.swizzle(v128.load(from, 15), order), 29);
      v128.store(to, i8x16.swizzle(v128.load(from, 30), order), 14);
      v128.store(to - 1, i8x16.swizzle(v128.load(from, 45), order));
    }
    for (const end = x + most; from < end; from += 15) {
      to -= 15;
      v128.store(to - 1, i8x16.swizzle(v128.load(from), order));
    }
    for (const end = x + row; from < end; from += 3) {
      to -= 3;
      store<u8>(to, load<u8>(from));
      store<u8>(to, load<u8>(from, 1), 1);
      store<u8>(to, load<u8>(from, 2), 2);
    }
  }
}

/** Rows of `row` bytes in reverse order. */
export function flipRows(x: usize, y: usize, row: i32, height: i32): void {
  x += row * height;
  for (let i = 0; i < height; i++, y += row) {
    x -= row;
    for (let j: usize = 0; j < <usize>row; j += 64) {
      v128.store(y + j, v128.load(x + j));
      v128.store(y + j, v128.load(x + j, 16), 16);
      v128.store(y + j, v128.load(x + j, 32), 32);
      v128.store(y + j, v128.load(x + j, 48), 48);
    }
  }
}

/** y = (x & mask) ^ flip, for each byte. */
export function maskBits(x: usize, y: usize, n: i32, mask: i32, flip: i32): void {
  const keep = i8x16.splat(<i8>mask);
  const turn = i8x16.splat(<i8>flip);
  for (const end = x + n; x < end; x += 64, y += 64) {
    v128.store(y, v128.xor(v128.and(v128.load(x), keep), turn));
    v128.store(y, v128.xor(v128.and(v128.load(x, 16), keep), turn), 16);
    v128.store(y, v128.xor(v128.and(v128.load(x, 32), keep), turn), 32);
    v128.store(y, v128.xor(v128.and(v128.load(x, 48), keep), turn), 48);
  }
}

// @ts-ignore: decorator
@inline
function redGreens(): v128 {
  return hold(0, i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
}

// @ts-ignore: decorator
@inline
function blues(): v128 {
  return hold(1, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
}

/** Brightness of four pixels: weights × 2¹⁵, green's in the upper half of `redGreen`. */
// @ts-ignore: decorator
@inline
function luma(v: v128, toRedGreen: v128, toBlue: v128, redGreen: v128, blue: v128): v128 {
  const a = i32x4.dot_i16x8_s(i8x16.swizzle(v, toRedGreen), redGreen);
  return i32x4.shr_u(i32x4.add(a, i32x4.dot_i16x8_s(i8x16.swizzle(v, toBlue), blue)), 15);
}

/** Brightness of RGB pixels, three times; weights × 2¹⁵. */
export function grayscale(x: usize, y: usize, n: i32, red: i32, green: i32, blue: i32): void {
  const redGreen = hold(7, i32x4.splat(red | (green << 16)));
  const onlyBlue = hold(8, i32x4.splat(blue));
  const m = redGreens();
  const k = blues();
  const first = hold(2, i8x16(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5));
  const second = hold(3, i8x16(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10));
  const third = hold(4, i8x16(10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15));
  for (const end = x + n; x < end; x += 48, y += 48) {
    const a = luma(v128.load(x), m, k, redGreen, onlyBlue);
    const b = luma(v128.load(x, 12), m, k, redGreen, onlyBlue);
    const c = luma(v128.load(x, 24), m, k, redGreen, onlyBlue);
    const d = luma(v128.load(x, 36), m, k, redGreen, onlyBlue);
    const grey = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
    v128.store(y, i8x16.swizzle(grey, first));
    v128.store(y, i8x16.swizzle(grey, second), 16);
    v128.store(y, i8x16.swizzle(grey, third), 32);
  }
}
/** The sum of the brightness of n / 3 pixels; n is a multiple of 12. */
export function sumLuma(x: usize, n: i32, red: i32, green: i32, blue: i32): i32 {
  const redGreen = hold(7, i32x4.splat(red | (green << 16)));
  const onlyBlue = hold(8, i32x4.splat(blue));
  const m = redGreens();
  const k = blues();
  let sum = i32x4.splat(0);
  for (const end = x + n; x < end; x += 12) {
    sum = i32x4.add(sum, luma(v128.load(x), m, k, redGreen, onlyBlue));
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
  const redGreen = hold(7, i32x4.splat(red | (green << 16)));
  const onlyBlue = hold(8, i32x4.splat(blue));
  const m = redGreens();
  const k = blues();
  const first = hold(2, i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1));
  const second = hold(3, i8x16(4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1, -1));
  const third = hold(4, i8x16(8, -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1));
  const keep = hold(5, i32x4.splat(own));
  const rest = hold(6, i32x4.splat(other));
  for (const end = x + n; x < end; x += 12, y += 12) {
    const v = v128.load(x);
    const grey = i32x4.mul(luma(v, m, k, redGreen, onlyBlue), rest);
    const p = i8x16.shuffle(grey, grey, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7);
    const q = i8x16.shuffle(grey, grey, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11);
    const r = i8x16.shuffle(grey, grey, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
    const d = i32x4.shr_s(i32x4.add(i32x4.mul(i8x16.swizzle(v, first), keep), p), 15);
    const e = i32x4.shr_s(i32x4.add(i32x4.mul(i8x16.swizzle(v, second), keep), q), 15);
    const f = i32x4.shr_s(i32x4.add(i32x4.mul(i8x16.swizzle(v, third), keep), r), 15);
    v128.store(y, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(d, e), i16x8.narrow_i32x4_s(f, f)));
  }
}

/** One channel of four pixels as int32. */
// @ts-ignore: decorator
@inline
function reds(): v128 {
  return hold(9, i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1));
}

// @ts-ignore: decorator
@inline
function greens(): v128 {
  return hold(10, i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1));
}

// @ts-ignore: decorator
@inline
function hueChannel(k: v128, max: v128, range: v128, four: v128, one: v128, none: v128, toByte: v128): v128 {
  const slope = f32x4.pmin(f32x4.pmin(k, f32x4.sub(four, k)), one);
  const share = f32x4.pmax(slope, none);
  return i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.sub(max, f32x4.mul(range, share)), toByte));
}

// @ts-ignore: decorator
@inline
function belowSix(x: v128, six: v128): v128 {
  return f32x4.sub(x, v128.and(f32x4.ge(x, six), six));
}

/** Turns the hue of RGB by `turn` sixths of the circle, 0 … 6. */
export function turnHue(x: usize, y: usize, n: i32, turn: f32, scale: f32): void {
  const toReds = reds();
  const toGreens = greens();
  const toBlues = blues();
  // r0 g0 b0 r1 g1 b1 … from three lists of four.
  const weave = hold(11, i8x16(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1));
  const none = hold(12, f32x4.splat(0));
  const one = hold(13, f32x4.splat(1));
  const three = hold(14, f32x4.splat(3));
  const four = hold(15, f32x4.splat(4));
  const five = hold(16, f32x4.splat(5));
  const six = hold(17, f32x4.splat(6));
  const toByte = hold(18, f32x4.splat(scale));
  const fromRed = hold(19, f32x4.splat(turn + 6));
  const fromGreen = hold(20, f32x4.splat(turn + 2));
  const fromBlue = hold(21, f32x4.splat(turn + 4));
  for (const end = x + n; x < end; x += 12, y += 12) {
    const v = v128.load(x);
    const r = f32x4.convert_i32x4_s(i8x16.swizzle(v, toReds));
    const g = f32x4.convert_i32x4_s(i8x16.swizzle(v, toGreens));
    const b = f32x4.convert_i32x4_s(i8x16.swizzle(v, toBlues));
    const max = f32x4.pmax(f32x4.pmax(r, g), b);
    const range = f32x4.sub(max, f32x4.pmin(f32x4.pmin(r, g), b));
    const isRed = f32x4.eq(max, r);
    const isGreen = f32x4.eq(max, g);
    const difference = v128.bitselect(
      f32x4.sub(g, b), v128.bitselect(f32x4.sub(b, r), f32x4.sub(r, g), isGreen), isRed);
    const base = v128.bitselect(fromRed, v128.bitselect(fromGreen, fromBlue, isGreen), isRed);
    // Grey has no range, and a difference of 0: any divisor will do.
    const hue = belowSix(
      belowSix(f32x4.add(f32x4.div(difference, f32x4.pmax(range, one)), base), six), six);
    const red = hueChannel(belowSix(f32x4.add(hue, five), six), max, range, four, one, none, toByte);
    const green = hueChannel(belowSix(f32x4.add(hue, three), six), max, range, four, one, none, toByte);
    const blue = hueChannel(belowSix(f32x4.add(hue, one), six), max, range, four, one, none, toByte);
    const all = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(red, green), i16x8.narrow_i32x4_s(blue, blue));
    v128.store(y, i8x16.swizzle(all, weave));
  }
}

/** y = table[x], with the three tables in turn. */
export function lookup(x: usize, y: usize, n: i32): void {
  for (const end = x + n; x < end; x += 24, y += 24) {
    const a = load<u64>(x, 0);
    const b = load<u64>(x, 8);
    const c = load<u64>(x, 16);
    store<u8>(y, load<u8>(<usize>(a & 255), TABLES));
    store<u8>(y, load<u8>(<usize>((a >> 8) & 255), TABLES + 256), 1);
    store<u8>(y, load<u8>(<usize>((a >> 16) & 255), TABLES + 512), 2);
    store<u8>(y, load<u8>(<usize>((a >> 24) & 255), TABLES), 3);
    store<u8>(y, load<u8>(<usize>((a >> 32) & 255), TABLES + 256), 4);
    store<u8>(y, load<u8>(<usize>((a >> 40) & 255), TABLES + 512), 5);
    store<u8>(y, load<u8>(<usize>((a >> 48) & 255), TABLES), 6);
    store<u8>(y, load<u8>(<usize>(a >> 56), TABLES + 256), 7);
    store<u8>(y, load<u8>(<usize>(b & 255), TABLES + 512), 8);
    store<u8>(y, load<u8>(<usize>((b >> 8) & 255), TABLES), 9);
    store<u8>(y, load<u8>(<usize>((b >> 16) & 255), TABLES + 256), 10);
    store<u8>(y, load<u8>(<usize>((b >> 24) & 255), TABLES + 512), 11);
    store<u8>(y, load<u8>(<usize>((b >> 32) & 255), TABLES), 12);
    store<u8>(y, load<u8>(<usize>((b >> 40) & 255), TABLES + 256), 13);
    store<u8>(y, load<u8>(<usize>((b >> 48) & 255), TABLES + 512), 14);
    store<u8>(y, load<u8>(<usize>(b >> 56), TABLES), 15);
    store<u8>(y, load<u8>(<usize>(c & 255), TABLES + 256), 16);
    store<u8>(y, load<u8>(<usize>((c >> 8) & 255), TABLES + 512), 17);
    store<u8>(y, load<u8>(<usize>((c >> 16) & 255), TABLES), 18);
    store<u8>(y, load<u8>(<usize>((c >> 24) & 255), TABLES + 256), 19);
    store<u8>(y, load<u8>(<usize>((c >> 32) & 255), TABLES + 512), 20);
    store<u8>(y, load<u8>(<usize>((c >> 40) & 255), TABLES), 21);
    store<u8>(y, load<u8>(<usize>((c >> 48) & 255), TABLES + 256), 22);
    store<u8>(y, load<u8>(<usize>(c >> 56), TABLES + 512), 23);
  }
}

/** Adds to the twelve tables of counts, of r g b r g b …; n is a multiple of 12. */
export function histogram(x: usize, n: i32): void {
  for (const end = x + n; x < end; x += 12) {
    const a = <usize>load<u8>(x, 0) << 2;
    const b = <usize>load<u8>(x, 1) << 2;
    const c = <usize>load<u8>(x, 2) << 2;
    const d = <usize>load<u8>(x, 3) << 2;
    const e = <usize>load<u8>(x, 4) << 2;
    const f = <usize>load<u8>(x, 5) << 2;
    const g = <usize>load<u8>(x, 6) << 2;
    const h = <usize>load<u8>(x, 7) << 2;
    const i = <usize>load<u8>(x, 8) << 2;
    const j = <usize>load<u8>(x, 9) << 2;
    const k = <usize>load<u8>(x, 10) << 2;
    const l = <usize>load<u8>(x, 11) << 2;
    store<u32>(a, load<u32>(a, COUNTS) + 1, COUNTS);
    store<u32>(b, load<u32>(b, COUNTS + 1024) + 1, COUNTS + 1024);
    store<u32>(c, load<u32>(c, COUNTS + 2048) + 1, COUNTS + 2048);
    store<u32>(d, load<u32>(d, COUNTS + 3072) + 1, COUNTS + 3072);
    store<u32>(e, load<u32>(e, COUNTS + 4096) + 1, COUNTS + 4096);
    store<u32>(f, load<u32>(f, COUNTS + 5120) + 1, COUNTS + 5120);
    store<u32>(g, load<u32>(g, COUNTS + 6144) + 1, COUNTS + 6144);
    store<u32>(h, load<u32>(h, COUNTS + 7168) + 1, COUNTS + 7168);
    store<u32>(i, load<u32>(i, COUNTS + 8192) + 1, COUNTS + 8192);
    store<u32>(j, load<u32>(j, COUNTS + 9216) + 1, COUNTS + 9216);
    store<u32>(k, load<u32>(k, COUNTS + 10240) + 1, COUNTS + 10240);
    store<u32>(l, load<u32>(l, COUNTS + 11264) + 1, COUNTS + 11264);
  }
}

// @ts-ignore: decorator
@inline
function four(v: v128, pair: v128, near: v128, next: v128, far: v128): v128 {
  const a = i32x4.dot_i16x8_s(i8x16.swizzle(v, pair), near);
  return i32x4.add(a, i32x4.dot_i16x8_s(i8x16.swizzle(v, next), far));
}

/**
 * Resamples rows of RGB, to rows `pitch` bytes apart, one more than they need at least. `weights`
 * [width, taps] are int16, taps even, `first` the byte of each pixel's first tap.
 */
export function resampleRows(
  x: usize, stride: i32, rows: i32, width: i32,
  first: usize, weights: usize, taps: i32, shift: i32, y: usize, pitch: i32,
): void {
  const half = hold(0, i32x4.splat(1 << (shift - 1)));
  // r r g g b b as int16 of two pixels, and of the next two.
  const pair = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const next = i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  // Four rows at a time share their weights; the last rows again where there are fewer.
  for (let i = 0; i < rows; i += 4) {
    const i1 = min(i + 1, rows - 1);
    const i2 = min(i + 2, rows - 1);
    const i3 = min(i + 3, rows - 1);
    const x0 = x + i * stride;
    const s1 = (i1 - i) * stride;
    const s2 = (i2 - i) * stride;
    const s3 = (i3 - i) * stride;
    let to0 = y + i * pitch;
    let to1 = y + i1 * pitch;
    let to2 = y + i2 * pitch;
    let to3 = y + i3 * pitch;
    let weight = weights;
    for (let j = 0; j < width; j++) {
      let from = x0 + load<i32>(first + 4 * j);
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let k = taps;
      for (; k >= 4; k -= 4, from += 12, weight += 8) {
        const near = v128.load32_splat(weight);
        const far = v128.load32_splat(weight, 4);
        const p = v128.load(from);
        const q = v128.load(from + s1);
        const r = v128.load(from + s2);
        const s = v128.load(from + s3);
        a = i32x4.add(a, four(p, pair, near, next, far));
        b = i32x4.add(b, four(q, pair, near, next, far));
        c = i32x4.add(c, four(r, pair, near, next, far));
        d = i32x4.add(d, four(s, pair, near, next, far));
      }
      if (k > 0) {
        const near = v128.load32_splat(weight);
        a = i32x4.add(a, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from), pair), near));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from + s1), pair), near));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from + s2), pair), near));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from + s3), pair), near));
        weight += 4;
      }
      const upper = i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift));
      const lower = i16x8.narrow_i32x4_s(i32x4.shr_s(c, shift), i32x4.shr_s(d, shift));
      const all = i8x16.narrow_i16x8_u(upper, lower);
      // The fourth byte is overwritten by what comes next.
      v128.store32_lane(to0, all, 0);
      v128.store32_lane(to1, all, 1);
      v128.store32_lane(to2, all, 2);
      v128.store32_lane(to3, all, 3);
      to0 += 3;
      to1 += 3;
      to2 += 3;
      to3 += 3;
    }
  }
}

/** Lanes of both in turn: u0 v0 u1 v1 …, of the lower halves. */
// @ts-ignore: decorator
@inline
function low(u: v128, v: v128): v128 {
  return i8x16.shuffle(u, v, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

// @ts-ignore: decorator
@inline
function high(u: v128, v: v128): v128 {
  return i8x16.shuffle(u, v, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

/** Resamples columns. `weights` [height, taps] are int16, taps even, `first` the byte of the first tap. */
export function resampleColumns(
  x: usize, stride: i32, row: i32, height: i32,
  first: usize, weights: usize, taps: i32, shift: i32, y: usize,
): void {
  const half = hold(0, i32x4.splat(1 << (shift - 1)));
  for (let i = 0; i < height; i++, weights += 2 * taps, y += row) {
    const start = x + load<i32>(first + 4 * i);
    const stop = weights + 2 * taps;
    for (let j = 0; j < row; j += 16) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let from = start + j;
      for (let weight = weights; weight < stop; weight += 4, from += 2 * stride) {
        const w = v128.load32_splat(weight);
        const u = v128.load8x8_u(from);
        const v = v128.load8x8_u(from + stride);
        const p = v128.load8x8_u(from, 8);
        const q = v128.load8x8_u(from + stride, 8);
        a = i32x4.add(a, i32x4.dot_i16x8_s(low(u, v), w));
        b = i32x4.add(b, i32x4.dot_i16x8_s(high(u, v), w));
        c = i32x4.add(c, i32x4.dot_i16x8_s(low(p, q), w));
        d = i32x4.add(d, i32x4.dot_i16x8_s(high(p, q), w));
      }
      const left = i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift));
      const right = i16x8.narrow_i32x4_s(i32x4.shr_s(c, shift), i32x4.shr_s(d, shift));
      v128.store(y + j, i8x16.narrow_i16x8_u(left, right));
    }
  }
}

/** Fixed-point coordinates x, x + dx, …, shifted right. */
function stepped(xs: usize, n: i32, x: i32, dx: i32, shift: i32): void {
  let value = i32x4.add(i32x4.splat(x), i32x4.mul(i32x4.splat(dx), i32x4(0, 1, 2, 3)));
  const step = hold(0, i32x4.splat(4 * dx));
  for (let i = 0; i < n; i += 4) {
    v128.store(xs + 4 * i, i32x4.shr_s(value, shift));
    value = i32x4.add(value, step);
  }
}

/** u between −limit and limit, as an integer in the lower half of each lane. */
// @ts-ignore: decorator
@inline
function rounded(u: v128, least: v128, most: v128, magic: v128): v128 {
  // Where u is no number, the first operands stay.
  return f64x2.add(f64x2.pmin(most, f64x2.pmax(least, u)), magic);
}

/** The lower halves of lanes. */
// @ts-ignore: decorator
@inline
function halves(u: v128, v: v128): v128 {
  return i8x16.shuffle(u, v, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

// @ts-ignore: decorator
@inline
function along(x: v128, scale: v128, a: v128, c: v128, half: v128): v128 {
  return f64x2.sub(f64x2.mul(f64x2.add(f64x2.mul(a, x), c), scale), half);
}

/**
 * Fixed-point coordinates ((a · x + c) / (g · x + k) − ½) · one, and the same with d and f, at
 * x = ½, 1½, …, rounded half to even and cut to ±limit; what lies nowhere becomes −limit.
 */
function projected(
  xs: usize, ys: usize, n: i32, a: f64, c: f64, d: f64, f: f64, g: f64, k: f64, one: f64, limit: f64,
): void {
  const half = hold(0, f64x2.splat(0.5 * one));
  const unit = hold(1, f64x2.splat(one));
  const two = hold(2, f64x2.splat(2));
  const most = hold(3, f64x2.splat(limit));
  const least = hold(4, f64x2.splat(-limit));
  const a2 = hold(5, f64x2.splat(a));
  const c2 = hold(6, f64x2.splat(c));
  const d2 = hold(7, f64x2.splat(d));
  const f2 = hold(8, f64x2.splat(f));
  const g2 = hold(9, f64x2.splat(g));
  const k2 = hold(10, f64x2.splat(k));
  // 1.5 · 2⁵²: adding it leaves no bits for a fraction.
  const magic = hold(11, f64x2.splat(6755399441055744));
  let x = f64x2(0.5, 1.5);
  for (let i = 0; i < n; i += 4, xs += 16, ys += 16) {
    const s = f64x2.div(unit, f64x2.add(f64x2.mul(g2, x), k2));
    const u = rounded(along(x, s, a2, c2, half), least, most, magic);
    const v = rounded(along(x, s, d2, f2, half), least, most, magic);
    x = f64x2.add(x, two);
    const t = f64x2.div(unit, f64x2.add(f64x2.mul(g2, x), k2));
    const p = rounded(along(x, t, a2, c2, half), least, most, magic);
    const q = rounded(along(x, t, d2, f2, half), least, most, magic);
    x = f64x2.add(x, two);
    v128.store(xs, halves(u, p));
    v128.store(ys, halves(v, q));
  }
}

/** Four RGB pixels of an image, or what lies at `nowhere` in place of those outside. */
// @ts-ignore: decorator
@inline
function nearestFour(
  column: v128, row: v128, w: v128, h: v128, stride: v128, base: v128, nowhere: v128, y: usize,
): void {
  const isInside = v128.and(i32x4.lt_u(column, w), i32x4.lt_u(row, h));
  const triple = i32x4.add(i32x4.add(column, column), column);
  const there = i32x4.add(base, i32x4.add(i32x4.mul(row, stride), triple));
  const from = v128.bitselect(there, nowhere, isInside);
  // The fourth bytes are overwritten by what comes next.
  store<i32>(y, load<i32>(i32x4.extract_lane(from, 0)));
  store<i32>(y, load<i32>(i32x4.extract_lane(from, 1)), 3);
  store<i32>(y, load<i32>(i32x4.extract_lane(from, 2)), 6);
  store<i32>(y, load<i32>(i32x4.extract_lane(from, 3)), 9);
}

/** The place of a colour. */
function placeOf(fill: i32): i32 {
  store<i32>(HELD, fill);
  return <i32>HELD;
}

/** RGB pixels at the nearest of coordinates on a line (20 bits of fraction, ½ added). */
function nearestLine(
  x: usize, w: i32, h: i32, column: i32, row: i32, right: i32, down: i32, n: i32, fill: i32, y: usize,
): void {
  const nowhere = hold(1, i32x4.splat(placeOf(fill)));
  const columns = hold(2, i32x4.splat(w));
  const rows = hold(3, i32x4.splat(h));
  const stride = hold(4, i32x4.splat(3 * w));
  const base = hold(5, i32x4.splat(<i32>x));
  const rightFour = hold(6, i32x4.splat(4 * right));
  const downFour = hold(7, i32x4.splat(4 * down));
  const lanes = i32x4(0, 1, 2, 3);
  let j = i32x4.add(i32x4.splat(column), i32x4.mul(i32x4.splat(right), lanes));
  let i = i32x4.add(i32x4.splat(row), i32x4.mul(i32x4.splat(down), lanes));
  for (const end = y + 3 * n; y < end; y += 12) {
    nearestFour(i32x4.shr_s(j, 20), i32x4.shr_s(i, 20), columns, rows, stride, base, nowhere, y);
    j = i32x4.add(j, rightFour);
    i = i32x4.add(i, downFour);
  }
}

/** RGB pixels at the nearest of fixed-point coordinates (11 bits of fraction). */
export function nearestRow(
  x: usize, w: i32, h: i32, xs: usize, ys: usize, n: i32, fill: i32, y: usize,
): void {
  const nowhere = hold(1, i32x4.splat(placeOf(fill)));
  const columns = hold(2, i32x4.splat(w));
  const rows = hold(3, i32x4.splat(h));
  const stride = hold(4, i32x4.splat(3 * w));
  const base = hold(5, i32x4.splat(<i32>x));
  const half = hold(6, i32x4.splat(1024));
  for (const end = y + 3 * n; y < end; y += 12, xs += 16, ys += 16) {
    const column = i32x4.shr_s(i32x4.add(v128.load(xs), half), 11);
    const row = i32x4.shr_s(i32x4.add(v128.load(ys), half), 11);
    nearestFour(column, row, columns, rows, stride, base, nowhere, y);
  }
}

// @ts-ignore: decorator
@inline
function blend(a: i32, b: i32, c: i32, d: i32, right: i32, low: i32): u8 {
  const upper = a * (2048 - right) + b * right;
  const lower = c * (2048 - right) + d * right;
  return <u8>((upper * (2048 - low) + lower * low + (1 << 21)) >> 22);
}

/** An RGB pixel with neighbours outside of the image. */
function borderPixel(x: usize, w: i32, h: i32, fx: i32, fy: i32, fill: i32, y: usize): void {
  const column = fx >> 11;
  const row = fy >> 11;
  if (column < -1 || column >= w || row < -1 || row >= h) {
    store<i32>(y, fill);
    return;
  }
  const stride = w * 3;
  const from = x + row * stride + column * 3;
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
    store<u8>(y + c, blend(a, b, d, e, fx & 2047, fy & 2047));
  }
}

/** One pixel from the four around it; `across` has both weights of columns, `below` that of the lower row. */
// @ts-ignore: decorator
@inline
function between(from: usize, stride: i32, pair: v128, across: v128, below: v128, round: v128): v128 {
  const upper = i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from), pair), across);
  const lower = i32x4.dot_i16x8_s(i8x16.swizzle(v128.load64_zero(from + stride), pair), across);
  const sum = i32x4.add(i32x4.shl(upper, 11), i32x4.mul(i32x4.sub(lower, upper), below));
  return i32x4.shr_u(i32x4.add(sum, round), 22);
}

/** Whether all four have no neighbour among 0 … last. */
// @ts-ignore: decorator
@inline
function isOutside(at: v128, last: v128): bool {
  return i32x4.all_true(v128.or(i32x4.lt_s(at, i32x4.splat(-1)), i32x4.gt_s(at, last)));
}

// @ts-ignore: decorator
@inline
function lane0(v: v128): v128 {
  return i8x16.shuffle(v, v, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
}

// @ts-ignore: decorator
@inline
function lane1(v: v128): v128 {
  return i8x16.shuffle(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
}

// @ts-ignore: decorator
@inline
function lane2(v: v128): v128 {
  return i8x16.shuffle(v, v, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
}

// @ts-ignore: decorator
@inline
function lane3(v: v128): v128 {
  return i8x16.shuffle(v, v, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
}

/** RGB pixels between those around fixed-point coordinates (11 bits of fraction). */
export function bilinearRow(
  x: usize, w: i32, h: i32, xs: usize, ys: usize, n: i32, fill: i32, y: usize,
): void {
  const stride = w * 3;
  const round = hold(0, i32x4.splat(1 << 21));
  const one = hold(1, i32x4.splat(2048));
  const fraction = hold(2, i32x4.splat(2047));
  const columns = hold(3, i32x4.splat(w - 1));
  const rows = hold(4, i32x4.splat(h - 1));
  const strides = hold(5, i32x4.splat(stride));
  const base = hold(6, i32x4.splat(<i32>x));
  const filling = hold(7, i32x4.splat(fill));
  const pair = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const pack = i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  let i = 0;
  for (; i + 4 <= n; i += 4, y += 12) {
    const fx = v128.load(xs + 4 * i);
    const fy = v128.load(ys + 4 * i);
    const column = i32x4.shr_s(fx, 11);
    const row = i32x4.shr_s(fy, 11);
    const isInside = v128.and(i32x4.lt_u(column, columns), i32x4.lt_u(row, rows));
    if (i32x4.all_true(isInside)) {
      const right = v128.and(fx, fraction);
      const below = v128.and(fy, fraction);
      const across = v128.or(i32x4.sub(one, right), i32x4.shl(right, 16));
      const triple = i32x4.add(i32x4.add(column, column), column);
      const from = i32x4.add(base, i32x4.add(i32x4.mul(row, strides), triple));
      const a = between(
        i32x4.extract_lane(from, 0), stride, pair, lane0(across), lane0(below), round);
      const b = between(
        i32x4.extract_lane(from, 1), stride, pair, lane1(across), lane1(below), round);
      const c = between(
        i32x4.extract_lane(from, 2), stride, pair, lane2(across), lane2(below), round);
      const d = between(
        i32x4.extract_lane(from, 3), stride, pair, lane3(across), lane3(below), round);
      const all = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
      v128.store(y, i8x16.swizzle(all, pack));
    } else if (isOutside(column, columns) || isOutside(row, rows)) {
      v128.store(y, i8x16.swizzle(filling, pack));
    } else {
      for (let k = i; k < i + 4; k++) {
        borderPixel(x, w, h, load<i32>(xs + 4 * k), load<i32>(ys + 4 * k), fill, y + 3 * (k - i));
      }
    }
  }
  for (; i < n; i++, y += 3) {
    borderPixel(x, w, h, load<i32>(xs + 4 * i), load<i32>(ys + 4 * i), fill, y);
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

// Blurring: `places` are pairs of byte offsets, `weights` int16, an even number of either. Each sum
// takes weights[0] times the first place, and weights[k] times both places of pair k; two weights at
// a time, so that sums of both places must fit 15 bits.

// @ts-ignore: decorator
@inline
function bothBytes(x: usize, place: usize): v128 {
  return i16x8.add(
    v128.load8x8_u(x + load<i32>(place)), v128.load8x8_u(x + load<i32>(place, 4)));
}

/** From bytes to int16. */
function blurBytes(
  x: usize, n: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  const start = hold(0, i32x4.splat(1 << (shift - 1)));
  const first = load<i32>(places);
  const end = places + 8 * count;
  for (const last = x + n; x < last; x += 8, y += 16) {
    let weight = weights;
    let w = v128.load32_splat(weight);
    let a = v128.load8x8_u(x + first);
    let b = bothBytes(x, places + 8);
    let p = i32x4.add(start, i32x4.dot_i16x8_s(low(a, b), w));
    let q = i32x4.add(start, i32x4.dot_i16x8_s(high(a, b), w));
    for (let place = places + 16; place < end; place += 16) {
      weight += 4;
      w = v128.load32_splat(weight);
      a = bothBytes(x, place);
      b = bothBytes(x, place + 8);
      p = i32x4.add(p, i32x4.dot_i16x8_s(low(a, b), w));
      q = i32x4.add(q, i32x4.dot_i16x8_s(high(a, b), w));
    }
    v128.store(y, i16x8.narrow_i32x4_s(i32x4.shr_s(p, shift), i32x4.shr_s(q, shift)));
  }
}

// @ts-ignore: decorator
@inline
function bothWords(x: usize, place: usize): v128 {
  return i16x8.add(v128.load(x + load<i32>(place)), v128.load(x + load<i32>(place, 4)));
}

/** From int16 to bytes. */
function blurWords(
  x: usize, n: i32, places: usize, weights: usize, count: i32, shift: i32, y: usize,
): void {
  const start = hold(0, i32x4.splat(1 << (shift - 1)));
  const first = load<i32>(places);
  const end = places + 8 * count;
  for (const last = y + n; y < last; x += 16, y += 8) {
    let weight = weights;
    let w = v128.load32_splat(weight);
    let a = v128.load(x + first);
    let b = bothWords(x, places + 8);
    let p = i32x4.add(start, i32x4.dot_i16x8_s(low(a, b), w));
    let q = i32x4.add(start, i32x4.dot_i16x8_s(high(a, b), w));
    for (let place = places + 16; place < end; place += 16) {
      weight += 4;
      w = v128.load32_splat(weight);
      a = bothWords(x, place);
      b = bothWords(x, place + 8);
      p = i32x4.add(p, i32x4.dot_i16x8_s(low(a, b), w));
      q = i32x4.add(q, i32x4.dot_i16x8_s(high(a, b), w));
    }
    const words = i16x8.narrow_i32x4_s(i32x4.shr_s(p, shift), i32x4.shr_s(q, shift));
    v128.store64_lane(y, i8x16.narrow_i16x8_u(words, words), 0);
  }
}

/**
 * n pixels of RGB as three planes of float32: x · factor + shift. `numbers` holds three factors and
 * three shifts as float32.
 */
export function normalize(x: usize, n: i32, numbers: usize, red: usize, green: usize, blue: usize): void {
  const toReds = reds();
  const toGreens = greens();
  const toBlues = blues();
  const a = v128.load32_splat(numbers);
  const b = v128.load32_splat(numbers, 4);
  const c = v128.load32_splat(numbers, 8);
  const d = v128.load32_splat(numbers, 12);
  const e = v128.load32_splat(numbers, 16);
  const f = v128.load32_splat(numbers, 20);
  for (const end = x + 3 * n; x < end; x += 12, red += 16, green += 16, blue += 16) {
    const v = v128.load(x);
    v128.store(red, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(v, toReds)), a), d));
    v128.store(green, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(v, toGreens)), b), e));
    v128.store(blue, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i8x16.swizzle(v, toBlues)), c), f));
  }
}

/** The index mirrored about the first and last of `count`. */
// @ts-ignore: decorator
@inline
function mirror(i: i32, count: i32): i32 {
  const j = abs(i);
  return j < count ? j : 2 * count - 2 - j;
}

/**
 * Rows of pixels of some channels, mirrored beyond their ends, to int16. Of `count` weights the last
 * are zero from number `taps` on; `places` has room for as many pairs, `line` for a row with taps − 1
 * pixels at either end.
 */
export function blurRows(
  x: usize, width: i32, channels: i32, rows: i32, line: usize,
  places: usize, weights: usize, taps: i32, count: i32, shift: i32, y: usize,
): void {
  const n = channels * width;
  const margin = channels * (taps - 1);
  for (let k = 0; k < count; k++) {
    const offset = k < taps ? channels * k : 0;
    store<i32>(places + 8 * k, margin - offset);
    store<i32>(places + 8 * k, margin + offset, 4);
  }
  const to = line + margin;
  for (let i = 0; i < rows; i++, x += n, y += 2 * n) {
    for (let j = 0; j < n; j += 32) {
      v128.store(to + j, v128.load(x + j));
      v128.store(to + j, v128.load(x + j, 16), 16);
    }
    for (let k = 1; k < taps; k++) {
      const left = to + channels * mirror(-k, width);
      const right = to + channels * mirror(width - 1 + k, width);
      for (let c = 0; c < channels; c++) {
        store<u8>(to - channels * k + c, load<u8>(left + c));
        store<u8>(to + channels * (width - 1 + k) + c, load<u8>(right + c));
      }
    }
    blurBytes(line, n, places, weights, count, shift, y);
  }
}

/** Columns of rows [rows, n] of int16, mirrored likewise, to bytes. */
export function blurColumns(
  x: usize, n: i32, rows: i32,
  places: usize, weights: usize, taps: i32, count: i32, shift: i32, y: usize,
): void {
  for (let i = 0; i < rows; i++, y += n) {
    for (let k = 0; k < count; k++) {
      const offset = k < taps ? k : 0;
      store<i32>(places + 8 * k, 2 * n * mirror(i - offset, rows));
      store<i32>(places + 8 * k, 2 * n * mirror(i + offset, rows), 4);
    }
    blurWords(x, n, places, weights, count, shift, y);
  }
}

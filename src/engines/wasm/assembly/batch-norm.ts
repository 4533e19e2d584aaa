import { storeFirst, words } from './lanes';
import { plainSum, rowProducts, rowSquares, rowSum } from './row-sums';
import { ceilDiv, madd, shareStart } from './simd';

// Batch normalisation of x [n, c, size], size > 1 (batch-norm-rows.ts has [n, c]). Statistics are taken over groups of
// images small enough to stay in the cache for both passes, then merged in a fixed order (Chan, Golub and LeVeque 1983,
// "Algorithms for computing the sample variance", eq. 2.1). A unit of work is one channel of one group of images; it leaves
// two doubles in `partials` [c, groups, 2].

/** Leaves each unit's sum and its sum of squares about its own mean. */
export function batchNormPartials(
  x: usize, partials: usize, n: i32, c: i32, size: i32, images: i32, thread: i32, threads: i32,
): void {
  const groups = ceilDiv(n, images);
  const end = shareStart(c * groups, thread + 1, threads);
  for (let unit = shareStart(c * groups, thread, threads); unit < end; unit++) {
    const channel = unit / groups;
    const first = (unit - channel * groups) * images;
    const last = min(n, first + images);
    let sum: f64 = 0;
    for (let i = first; i < last; i++) sum += rowSum(x + words((i * c + channel) * size), size);
    const count = <f64>(last - first) * <f64>size;
    const centre = <f32>(sum / count);
    let squares: f64 = 0;
    for (let i = first; i < last; i++) {
      squares += rowSquares(x + words((i * c + channel) * size), size, centre);
    }
    // About the exact mean instead of the rounded one.
    const slip = sum / count - <f64>centre;
    const partial = partials + ((<usize>unit) << 4);
    store<f64>(partial, sum);
    store<f64>(partial, squares - count * slip * slip, 8);
  }
}

export function batchNormStatistics(
  partials: usize, mean: usize, variance: usize, n: i32, c: i32, size: i32, images: i32,
  thread: i32, threads: i32,
): void {
  const groups = ceilDiv(n, images);
  const end = shareStart(c, thread + 1, threads);
  for (let channel = shareStart(c, thread, threads); channel < end; channel++) {
    let count: f64 = 0;
    let centre: f64 = 0;
    let squares: f64 = 0;
    for (let group = 0; group < groups; group++) {
      const partial = partials + ((<usize>(channel * groups + group)) << 4);
      const own = <f64>min(images, n - group * images) * <f64>size;
      const way = load<f64>(partial) / own - centre;
      const total = count + own;
      centre += (way * own) / total;
      squares += load<f64>(partial, 8) + (way * way * count * own) / total;
      count = total;
    }
    store<f32>(mean + words(channel), <f32>centre);
    store<f32>(variance + words(channel), <f32>(squares / count));
  }
}

/** y = (x − mean) / √(variance + ε) · weight + bias; y may be x. */
export function batchNormApply(
  x: usize, mean: usize, variance: usize, weight: usize, bias: usize, y: usize,
  n: i32, c: i32, size: i32, epsilon: f32, thread: i32, threads: i32,
): void {
  const end = shareStart(n * c, thread + 1, threads);
  for (let plane = shareStart(n * c, thread, threads); plane < end; plane++) {
    const channel = words(plane % c);
    const scale = load<f32>(weight + channel) / sqrt<f32>(load<f32>(variance + channel) + epsilon);
    normalizePlane(
      x + words(plane * size), y + words(plane * size), size,
      load<f32>(mean + channel), scale, load<f32>(bias + channel),
    );
  }
}

function normalizePlane(
  x: usize, y: usize, count: i32, mean: f32, scale: f32, shift: f32,
): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(scale);
  const b = f32x4.splat(shift);
  for (; count >= 8; count -= 8) {
    const v0 = madd(f32x4.sub(v128.load(x), m), s, b);
    const v1 = madd(f32x4.sub(v128.load(x, 16), m), s, b);
    v128.store(y, v0);
    v128.store(y, v1, 16);
    x += 32;
    y += 32;
  }
  for (; count > 0; count -= 4) {
    storeFirst(y, madd(f32x4.sub(v128.load(x), m), s, b), count);
    x += 16;
    y += 16;
  }
}

/** Leaves each unit's Σ dy and Σ dy·(x − mean). */
export function batchNormGradPartials(
  dy: usize, x: usize, mean: usize, partials: usize, n: i32, c: i32, size: i32, images: i32,
  thread: i32, threads: i32,
): void {
  const groups = ceilDiv(n, images);
  const end = shareStart(c * groups, thread + 1, threads);
  for (let unit = shareStart(c * groups, thread, threads); unit < end; unit++) {
    const channel = unit / groups;
    const first = (unit - channel * groups) * images;
    const last = min(n, first + images);
    const centre = load<f32>(mean + words(channel));
    let sum: f64 = 0;
    let products: f64 = 0;
    for (let i = first; i < last; i++) {
      const at = words((i * c + channel) * size);
      products += rowProducts(dy + at, x + at, size, centre);
      sum += plainSum;
    }
    const partial = partials + ((<usize>unit) << 4);
    store<f64>(partial, sum);
    store<f64>(partial, products, 8);
  }
}

/** Gradients of weight and bias, and in the first partial of each channel: mean dy, and mean dy·(x − mean) / variance. */
export function batchNormGradStatistics(
  partials: usize, variance: usize, dweight: usize, dbias: usize,
  n: i32, c: i32, size: i32, images: i32, epsilon: f64, thread: i32, threads: i32,
): void {
  const groups = ceilDiv(n, images);
  const end = shareStart(c, thread + 1, threads);
  const count = <f64>n * <f64>size;
  for (let channel = shareStart(c, thread, threads); channel < end; channel++) {
    const own = partials + ((<usize>(channel * groups)) << 4);
    let sum: f64 = 0;
    let products: f64 = 0;
    for (let group = 0; group < groups; group++) {
      const partial = own + ((<usize>group) << 4);
      sum += load<f64>(partial);
      products += load<f64>(partial, 8);
    }
    const spread = <f64>load<f32>(variance + words(channel)) + epsilon;
    store<f32>(dweight + words(channel), <f32>(products / sqrt<f64>(spread)));
    store<f32>(dbias + words(channel), <f32>sum);
    store<f64>(own, sum / count);
    store<f64>(own, products / (count * spread), 8);
  }
}

/** dx = weight / √(variance + ε) · (dy − mean dy − (x − mean)·(mean dy·(x − mean)) / variance); dx may be dy. */
export function batchNormGradApply(
  dy: usize, x: usize, mean: usize, variance: usize, weight: usize, partials: usize, dx: usize,
  n: i32, c: i32, size: i32, images: i32, epsilon: f32, thread: i32, threads: i32,
): void {
  const groups = ceilDiv(n, images);
  const end = shareStart(n * c, thread + 1, threads);
  for (let plane = shareStart(n * c, thread, threads); plane < end; plane++) {
    const channel = plane % c;
    const at = words(channel);
    const partial = partials + ((<usize>(channel * groups)) << 4);
    const scale = load<f32>(weight + at) / sqrt<f32>(load<f32>(variance + at) + epsilon);
    const offset = words(plane * size);
    gradPlane(
      dy + offset, x + offset, dx + offset, size,
      scale, <f32>load<f64>(partial), load<f32>(mean + at), -<f32>load<f64>(partial, 8),
    );
  }
}

function gradPlane(
  dy: usize, x: usize, dx: usize, count: i32, scale: f32, meanDy: f32, mean: f32, slope: f32,
): void {
  const s = f32x4.splat(scale);
  const d = f32x4.splat(meanDy);
  const m = f32x4.splat(mean);
  const k = f32x4.splat(slope);
  for (; count > 0; count -= 4) {
    const centred = f32x4.sub(v128.load(dy), d);
    const v = f32x4.mul(s, madd(f32x4.sub(v128.load(x), m), k, centred));
    storeFirst(dx, v, count);
    dy += 16;
    x += 16;
    dx += 16;
  }
}

/** y = x·scale + shift, one of each per channel; y may be x. */
export function channelAffine(
  x: usize, scale: usize, shift: usize, y: usize, n: i32, c: i32, size: i32, thread: i32, threads: i32,
): void {
  const end = shareStart(n * c, thread + 1, threads);
  for (let plane = shareStart(n * c, thread, threads); plane < end; plane++) {
    const channel = words(plane % c);
    const offset = words(plane * size);
    normalizePlane(
      x + offset, y + offset, size, 0, load<f32>(scale + channel), load<f32>(shift + channel),
    );
  }
}

import { interleave4 } from './pack-matrix';
import { activate, NONE } from './simd-math';

/**
 * Transposes `images` rows of `count` numbers, `imageBytes` apart, to dst [count, lanes] with `step` bytes between
 * vectors; lanes (4 or 8) beyond `images` are zero.
 */
export function packLanes(
  dst: usize, step: i32, src: usize, imageBytes: i32, images: i32, lanes: i32, count: i32,
): void {
  for (let lane = 0; lane < lanes; lane += 4) {
    const to = dst + (lane << 2);
    const from = src + lane * imageBytes;
    if (images - lane >= 4) {
      interleave4(to, step, from, imageBytes, count);
    } else {
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < 4; k++) {
          store<f32>(to + i * step + (k << 2), lane + k < images ? load<f32>(from + k * imageBytes + (i << 2)) : 0);
        }
      }
    }
  }
}

/**
 * The way back for 8 lanes: dst[image][pixel] = activation(src[pixel][image] + bias + residual[image][pixel]), with
 * `step` bytes between pixels of src and `imageBytes` between images. bias and residual may be 0.
 */
export function unpackLanes(
  dst: usize, imageBytes: i32, src: usize, step: i32, pixels: i32, images: i32,
  bias: usize, residual: usize, activation: i32,
): void {
  const b = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  let pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
    for (let lane = 0; lane < images; lane += 4) {
      const at = src + (lane << 2);
      const p0 = v128.load(at);
      const p1 = v128.load(at + step);
      const p2 = v128.load(at + 2 * step);
      const p3 = v128.load(at + 3 * step);
      const low01 = v128.shuffle<f32>(p0, p1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(p0, p1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(p2, p3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(p2, p3, 2, 6, 3, 7);
      const offset = lane * imageBytes + (pixel << 2);
      const image0 = v128.shuffle<f64>(low01, low23, 0, 2);
      const image1 = v128.shuffle<f64>(low01, low23, 1, 3);
      const image2 = v128.shuffle<f64>(high01, high23, 0, 2);
      const image3 = v128.shuffle<f64>(high01, high23, 1, 3);
      finish(dst, residual, offset, image0, b, activation);
      if (lane + 1 < images) finish(dst, residual, offset + imageBytes, image1, b, activation);
      if (lane + 2 < images) finish(dst, residual, offset + 2 * imageBytes, image2, b, activation);
      if (lane + 3 < images) finish(dst, residual, offset + 3 * imageBytes, image3, b, activation);
    }
    src += 4 * step;
  }
  for (; pixel < pixels; pixel++) {
    for (let lane = 0; lane < images; lane++) {
      const offset = lane * imageBytes + (pixel << 2);
      let v = f32x4.add(v128.load32_splat(src + (lane << 2)), b);
      if (residual) v = f32x4.add(v, v128.load32_splat(residual + offset));
      store<f32>(dst + offset, f32x4.extract_lane(activate(v, activation), 0));
    }
    src += step;
  }
}

// @ts-expect-error: decorator
@inline
function finish(dst: usize, residual: usize, offset: i32, v: v128, bias: v128, activation: i32): void {
  v = f32x4.add(v, bias);
  if (residual) v = f32x4.add(v, v128.load(residual + offset));
  v128.store(dst + offset, activation == NONE ? v : activate(v, activation));
}

import * as shape from './conv-shape';
import { madd, ceilDiv, roundUp, shareStart } from './simd';
import { activate, NONE } from './simd-math';

// One input channel per group: there is nothing to share between output channels, so a plane is copied once with its padding
// and every tap then is a whole-vector load. With stride s the copy deals the columns out to s planes (phases), which makes
// the loads contiguous again.

/** Columns computed together. */
const ROW_UNIT: i32 = 16;

export function isDepthwise(): bool {
  return shape.groupIn == 1 && shape.groups > 1;
}

// The padded plane of x, per phase of columns.
function forwardWidth(): i32 {
  return ((shape.kernelW - 1) * shape.dilationW) / shape.strideW + roundUp(shape.outWidth, ROW_UNIT);
}

function forwardHeight(): i32 {
  return (shape.outHeight - 1) * shape.strideH + (shape.kernelH - 1) * shape.dilationH + 1;
}

/** Bytes of one padded plane of x. */
export function depthwisePlaneBytes(): i32 {
  return (shape.strideW * forwardWidth() * forwardHeight()) << 2;
}

export function depthwiseSliceBytes(): i32 {
  return roundUp(depthwisePlaneBytes() + (roundUp(shape.outWidth, ROW_UNIT) << 2) + shape.taps * 8, 64);
}

/** Copies a plane of x into the zeroed, padded buffer. */
export function packDepthwisePlane(buffer: usize, x: usize): void {
  const stride = shape.strideW;
  const pitch = forwardWidth();
  const rows = min(shape.height, forwardHeight() - shape.padTop);
  const cols = min(shape.width, stride * pitch - shape.padLeft);
  for (let row = 0; row < rows; row++) {
    const from = x + ((row * shape.width) << 2);
    const line = buffer + (((row + shape.padTop) * pitch) << 2);
    if (stride == 1) {
      if (cols > 0) memory.copy(line + (shape.padLeft << 2), from, cols << 2);
      continue;
    }
    for (let phase = 0; phase < stride; phase++) {
      const first = (phase - (shape.padLeft % stride) + stride) % stride;
      let to = line + ((phase * forwardHeight() * pitch + (first + shape.padLeft) / stride) << 2);
      for (let col = first; col < cols; col += stride) {
        store<f32>(to, load<f32>(from + (col << 2)));
        to += 4;
      }
    }
  }
}

/** Byte offset in the buffer of the tap (i, j) for output pixel (0, 0). */
export function depthwiseTapOffset(i: i32, j: i32): i32 {
  const col = j * shape.dilationW;
  const phase = col % shape.strideW;
  return ((phase * forwardHeight() + i * shape.dilationH) * forwardWidth() + col / shape.strideW) << 2;
}

/** Byte offset of an output row's pixels in the buffer. */
// @ts-expect-error: decorator
@inline
export function depthwiseRowOffset(row: i32): i32 {
  return (row * shape.strideH * forwardWidth()) << 2;
}

/** Forward pass over this thread's planes of y. */
export function depthwise(
  x: usize, weight: usize, bias: usize, residual: usize, y: usize, slice: usize, activation: i32, thread: i32, threads: i32,
): void {
  const sums = slice + depthwisePlaneBytes();
  const list = sums + (roundUp(shape.outWidth, ROW_UNIT) << 2);
  const planeIn = (shape.height * shape.width) << 2;
  const rowBytes = shape.outWidth << 2;
  const planes = shape.images * shape.outChannels;
  memory.fill(slice, 0, depthwisePlaneBytes());
  const end = shareStart(planes, thread + 1, threads);
  for (let plane = shareStart(planes, thread, threads); plane < end; plane++) {
    const image = plane / shape.outChannels;
    const out = plane - image * shape.outChannels;
    packDepthwisePlane(slice, x + (image * shape.channels + out / shape.groupOut) * planeIn);
    let tap = list;
    for (let i = 0; i < shape.kernelH; i++) {
      for (let j = 0; j < shape.kernelW; j++) {
        store<i32>(tap, depthwiseTapOffset(i, j));
        store<f32>(tap, load<f32>(weight + ((out * shape.taps + i * shape.kernelW + j) << 2)), 4);
        tap += 8;
      }
    }
    for (let row = 0; row < shape.outHeight; row++) {
      const offset = (plane * shape.outHeight + row) * rowBytes;
      sumTaps(sums, slice + depthwiseRowOffset(row), list, shape.taps, shape.outWidth);
      storeRow(y + offset, 4, sums, shape.outWidth, bias ? bias + (out << 2) : 0, residual ? residual + offset : 0, activation);
    }
  }
}

// The gradient of the input reads padded planes of dy, one for each output channel of the group; each phase of dx meets its
// own taps (see conv2d-input-grad.ts).

function gradientTop(): i32 {
  return max(0, ceilDiv((shape.kernelH - 1) * shape.dilationH - shape.padTop, shape.strideH));
}

function gradientLeft(): i32 {
  return max(0, ceilDiv((shape.kernelW - 1) * shape.dilationW - shape.padLeft, shape.strideW));
}

function gradientHeight(): i32 {
  return gradientTop() + ceilDiv(shape.height, shape.strideH) + (shape.strideH - 1 + shape.padTop) / shape.strideH;
}

function gradientWidth(): i32 {
  const cols = roundUp(ceilDiv(shape.width, shape.strideW), ROW_UNIT);
  return gradientLeft() + cols + (shape.strideW - 1 + shape.padLeft) / shape.strideW;
}

function gradientBytes(): i32 {
  return (shape.groupOut * gradientHeight() * gradientWidth()) << 2;
}

export function depthwiseInputSliceBytes(): i32 {
  return roundUp(gradientBytes() + (roundUp(shape.width, ROW_UNIT) << 2) + shape.groupOut * shape.taps * 8, 64);
}

/** dx for this thread's planes. */
export function depthwiseInputGrad(dy: usize, weight: usize, dx: usize, slice: usize, thread: i32, threads: i32): void {
  const sums = slice + gradientBytes();
  const list = sums + (roundUp(shape.width, ROW_UNIT) << 2);
  const planeIn = (shape.outHeight * shape.outWidth) << 2;
  const pitch = gradientWidth();
  const planes = shape.images * shape.channels;
  memory.fill(slice, 0, gradientBytes());
  const end = shareStart(planes, thread + 1, threads);
  for (let plane = shareStart(planes, thread, threads); plane < end; plane++) {
    const channel = plane % shape.channels;
    const first = channel * shape.groupOut;
    packGradientPlanes(slice, dy + plane * shape.groupOut * planeIn);
    for (let phaseH = 0; phaseH < shape.strideH; phaseH++) {
      for (let phaseW = 0; phaseW < shape.strideW; phaseW++) {
        const taps = listGradientTaps(list, weight + ((first * shape.taps) << 2), phaseH, phaseW);
        const cols = ceilDiv(shape.width - phaseW, shape.strideW);
        for (let row = phaseH, r = 0; cols > 0 && row < shape.height; row += shape.strideH, r++) {
          sumTaps(sums, slice + ((r * pitch) << 2), list, taps, cols);
          const at = dx + (((plane * shape.height + row) * shape.width + phaseW) << 2);
          storeRow(at, shape.strideW << 2, sums, cols, 0, 0, NONE);
        }
      }
    }
  }
}

function packGradientPlanes(buffer: usize, dy: usize): void {
  const pitch = gradientWidth();
  const rows = min(shape.outHeight, gradientHeight() - gradientTop());
  const cols = min(shape.outWidth, pitch - gradientLeft());
  for (let plane = 0; plane < shape.groupOut; plane++) {
    for (let row = 0; row < rows; row++) {
      const to = ((plane * gradientHeight() + row + gradientTop()) * pitch + gradientLeft()) << 2;
      memory.copy(buffer + to, dy + (((plane * shape.outHeight + row) * shape.outWidth) << 2), cols << 2);
    }
  }
}

function listGradientTaps(list: usize, weight: usize, phaseH: i32, phaseW: i32): i32 {
  let count = 0;
  for (let i = 0; i < shape.kernelH; i++) {
    const dh = phaseH + shape.padTop - i * shape.dilationH;
    if (dh % shape.strideH) continue;
    for (let j = 0; j < shape.kernelW; j++) {
      const dw = phaseW + shape.padLeft - j * shape.dilationW;
      if (dw % shape.strideW) continue;
      const offset = (gradientTop() + dh / shape.strideH) * gradientWidth() + gradientLeft() + dw / shape.strideW;
      for (let plane = 0; plane < shape.groupOut; plane++) {
        const at = list + (count << 3);
        store<i32>(at, (plane * gradientHeight() * gradientWidth() + offset) << 2);
        store<f32>(at, load<f32>(weight + ((plane * shape.taps + i * shape.kernelW + j) << 2)), 4);
        count++;
      }
    }
  }
  return count;
}

/** sums [cols, rounded up to 16] = Σ weight · source[col + offset] over a list of (byte offset, weight). */
function sumTaps(sums: usize, source: usize, list: usize, taps: i32, cols: i32): void {
  for (let col = 0; col < cols; col += ROW_UNIT) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let tap = list;
    for (let i = taps; i > 0; i--) {
      const at = source + load<i32>(tap);
      const w = v128.load32_splat(tap, 4);
      s0 = madd(v128.load(at), w, s0);
      s1 = madd(v128.load(at, 16), w, s1);
      s2 = madd(v128.load(at, 32), w, s2);
      s3 = madd(v128.load(at, 48), w, s3);
      tap += 8;
    }
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    v128.store(sums, s2, 32);
    v128.store(sums, s3, 48);
    sums += 64;
    source += 64;
  }
}

/** Writes a row of sums, `step` bytes between columns; residual only with contiguous columns. */
function storeRow(dst: usize, step: i32, sums: usize, cols: i32, bias: usize, residual: usize, activation: i32): void {
  const b = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  let col = 0;
  if (step == 4) {
    for (; col + 4 <= cols; col += 4) {
      const at = col << 2;
      let v = f32x4.add(v128.load(sums + at), b);
      if (residual) v = f32x4.add(v, v128.load(residual + at));
      v128.store(dst + at, activation == NONE ? v : activate(v, activation));
    }
  }
  for (; col < cols; col++) {
    let v = f32x4.add(v128.load32_splat(sums + (col << 2)), b);
    if (residual) v = f32x4.add(v, v128.load32_splat(residual + (col << 2)));
    store<f32>(dst + col * step, f32x4.extract_lane(activation == NONE ? v : activate(v, activation), 0));
  }
}

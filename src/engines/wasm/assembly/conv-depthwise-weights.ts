import {
  depthwisePlaneBytes, depthwiseRowOffset, depthwiseTapOffset, packDepthwisePlane,
} from './conv-depthwise';
import * as shape from './conv-shape';
import { madd, roundUp, shareStart, sumLanes } from './simd';

/** Columns multiplied together; rows of dy are padded with zeros to a multiple. */
const ROW_UNIT: i32 = 8;

function gradientBytes(): i32 {
  return (roundUp(shape.outWidth, ROW_UNIT) * shape.outHeight) << 2;
}

export function depthwiseWeightSliceBytes(): i32 {
  return roundUp(depthwisePlaneBytes() + gradientBytes(), 64);
}

/** dw of this thread's output channels: complete, no partial sums. */
export function depthwiseWeightGrad(x: usize, dy: usize, dw: usize, slice: usize, thread: i32, threads: i32): void {
  const gradient = slice + depthwisePlaneBytes();
  const planeIn = (shape.height * shape.width) << 2;
  const planeOut = (shape.outHeight * shape.outWidth) << 2;
  const pitch = roundUp(shape.outWidth, ROW_UNIT) << 2;
  memory.fill(slice, 0, depthwisePlaneBytes() + gradientBytes());
  const end = shareStart(shape.outChannels, thread + 1, threads);
  for (let out = shareStart(shape.outChannels, thread, threads); out < end; out++) {
    const sums = dw + ((out * shape.taps) << 2);
    memory.fill(sums, 0, shape.taps << 2);
    for (let image = 0; image < shape.images; image++) {
      packDepthwisePlane(slice, x + (image * shape.channels + out / shape.groupOut) * planeIn);
      const from = dy + (image * shape.outChannels + out) * planeOut;
      for (let row = 0; row < shape.outHeight; row++) {
        memory.copy(gradient + row * pitch, from + ((row * shape.outWidth) << 2), shape.outWidth << 2);
      }
      addPlane(sums, slice, gradient);
    }
  }
}

function addPlane(sums: usize, source: usize, gradient: usize): void {
  for (let i = 0; i < shape.kernelH; i++) {
    for (let j = 0; j < shape.kernelW; j += 2) {
      const pair = j + 1 < shape.kernelW;
      const x0 = source + depthwiseTapOffset(i, j);
      const x1 = source + depthwiseTapOffset(i, pair ? j + 1 : j);
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let t0 = f32x4.splat(0);
      let t1 = f32x4.splat(0);
      let d = gradient;
      for (let row = 0; row < shape.outHeight; row++) {
        let p0 = x0 + depthwiseRowOffset(row);
        let p1 = x1 + depthwiseRowOffset(row);
        for (let col = shape.outWidth; col > 0; col -= ROW_UNIT) {
          const d0 = v128.load(d);
          const d1 = v128.load(d, 16);
          s0 = madd(d0, v128.load(p0), s0);
          t0 = madd(d0, v128.load(p1), t0);
          s1 = madd(d1, v128.load(p0, 16), s1);
          t1 = madd(d1, v128.load(p1, 16), t1);
          d += 32;
          p0 += 32;
          p1 += 32;
        }
      }
      const at = sums + ((i * shape.kernelW + j) << 2);
      store<f32>(at, load<f32>(at) + sumLanes(f32x4.add(s0, s1)));
      if (pair) store<f32>(at, load<f32>(at, 4) + sumLanes(f32x4.add(t0, t1)), 4);
    }
  }
}

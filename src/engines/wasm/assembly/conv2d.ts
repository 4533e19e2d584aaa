import { depthwise, depthwiseSliceBytes, isDepthwise } from './conv-depthwise';
import { convolveGrid, convolveGridBytes } from './conv-gemm';
import { convolveLanes, laneSliceBytes, laneWeightBytes, packLaneWeights, setLanes, suitsLanes } from './conv-lanes';
import * as shape from './conv-shape';
import { setDestination, setGrid, setSource, setTaps } from './pack-patches';
import { packedWeightBytes, packWeights } from './pack-weights';
import { roundUp } from './simd';

/** Scratch bytes of `conv2d`: the packed weights, then a slice for each thread. */
export function conv2dScratch(
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32, strideH: i32, strideW: i32,
  padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32, threads: i32,
): usize {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  return <usize>weightBytes() * groups + <usize>sliceBytes() * threads;
}

/** Many small images with few channels take the path whose lanes are images. */
function byLanes(): bool {
  setLanes(
    shape.outChannels, shape.channels, shape.height, shape.width, shape.outHeight, shape.outWidth,
    shape.kernelH, shape.kernelW, shape.strideH, shape.strideW, shape.padTop, shape.padLeft,
    shape.dilationH, shape.dilationW,
  );
  return shape.groups == 1 && suitsLanes(shape.images);
}

function weightBytes(): i32 {
  if (isDepthwise()) return 0;
  if (byLanes()) return laneWeightBytes();
  return roundUp(packedWeightBytes(shape.groupOut, shape.groupIn, shape.taps), 64);
}

function sliceBytes(): i32 {
  if (isDepthwise()) return depthwiseSliceBytes();
  if (byLanes()) return laneSliceBytes();
  return roundUp(shape.taps * 8, 64) + convolveGridBytes(shape.groupOut, shape.groupIn, shape.taps);
}

/** Packs the weights [o, c / groups, kh, kw] into the scratch for the call of `conv2d` that follows. */
export function conv2dPack(
  weight: usize, scratch: usize, n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32, thread: i32,
  threads: i32,
): void {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  if (isDepthwise()) return;
  if (byLanes()) {
    packLaneWeights(scratch, weight, shape.channels * shape.taps, shape.taps, false, thread, threads);
    return;
  }
  const perGroup = (shape.groupOut * shape.groupIn * shape.taps) << 2;
  for (let group = 0; group < groups; group++) {
    packWeights(
      scratch + group * weightBytes(), weight + group * perGroup, shape.groupOut, shape.groupIn, shape.taps, thread,
      threads,
    );
  }
}

/**
 * y [n, o, oh, ow] = activation(conv(x [n, c, h, w], weight) + bias [o] + residual [n, o, oh, ow]), zero padding; rows and
 * columns beyond the given ones are padding too as far as oh and ow reach. bias and residual may be 0.
 */
export function conv2d(
  x: usize, weight: usize, bias: usize, residual: usize, y: usize, scratch: usize, n: i32, c: i32, h: i32, w: i32,
  o: i32, kh: i32, kw: i32, oh: i32, ow: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32,
  dilationW: i32, groups: i32, activation: i32, thread: i32, threads: i32,
): void {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  const slice = scratch + weightBytes() * groups + thread * sliceBytes();
  if (isDepthwise()) {
    depthwise(x, weight, bias, residual, y, slice, activation, thread, threads);
    return;
  }
  if (byLanes()) {
    convolveLanes(x, scratch, bias, residual, y, slice, n, activation, thread, threads);
    return;
  }
  shape.listTaps(slice);
  setGrid(n, shape.outHeight, shape.outWidth);
  setSource(c, shape.height, shape.width, strideH, strideW);
  setDestination(o, shape.outHeight, shape.outWidth, 1, 1, 0, 0);
  setTaps(shape.taps, slice);
  const srcPlane = (h * w) << 2;
  const dstPlane = (oh * ow) << 2;
  for (let group = 0; group < groups; group++) {
    const first = group * shape.groupOut;
    convolveGrid(
      scratch + group * weightBytes(), x + group * shape.groupIn * srcPlane, srcPlane, y + first * dstPlane,
      dstPlane, bias ? bias + (first << 2) : 0, residual ? residual + first * dstPlane : 0, activation,
      shape.groupOut, shape.groupIn, shape.taps, slice + roundUp(shape.taps * 8, 64), thread, threads,
    );
  }
}

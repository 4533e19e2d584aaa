import { depthwiseInputGrad, depthwiseInputSliceBytes, isDepthwise } from './conv-depthwise';
import { convolveGrid, convolveGridBytes } from './conv-gemm';
import { convolveLanes, laneSliceBytes, laneWeightBytes, packLaneWeights, setLanes, suitsLanes } from './conv-lanes';
import * as shape from './conv-shape';
import { setDestination, setGrid, setSource, setTaps } from './pack-patches';
import { packedWeightBytes, packWeightsTransposed } from './pack-weights';
import { ceilDiv, roundUp } from './simd';

// With stride s the rows of dx fall into s classes (phases) by their remainder, and each row meets only the taps of its own
// class: every phase is a dense stride-1 convolution of dy with a part of the kernel, so no zeros are multiplied.

/** Scratch bytes of `conv2dInputGrad`: the packed weights, then a slice for each thread. */
export function conv2dInputGradScratch(
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32, strideH: i32, strideW: i32,
  padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32, threads: i32,
): usize {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  return <usize>weightBytes() * groups + <usize>sliceBytes() * threads;
}

function phaseBytes(taps: i32): i32 {
  return roundUp(packedWeightBytes(shape.groupIn, shape.groupOut, taps), 64);
}

/** Many small images with few channels take the path whose lanes are images: a convolution of dy with mirrored kernels. */
function byLanes(): bool {
  setLanes(
    shape.channels, shape.outChannels, shape.outHeight, shape.outWidth, shape.height, shape.width,
    shape.kernelH, shape.kernelW, 1, 1,
    (shape.kernelH - 1) * shape.dilationH - shape.padTop, (shape.kernelW - 1) * shape.dilationW - shape.padLeft,
    shape.dilationH, shape.dilationW,
  );
  return shape.groups == 1 && shape.strideH == 1 && shape.strideW == 1 && suitsLanes(shape.images);
}

/** Packed weights of one group, all phases. */
function weightBytes(): i32 {
  if (isDepthwise()) return 0;
  if (byLanes()) return laneWeightBytes();
  let bytes = 0;
  for (let phaseH = 0; phaseH < shape.strideH; phaseH++) {
    for (let phaseW = 0; phaseW < shape.strideW; phaseW++) {
      bytes += phaseBytes(
        tapCount(phaseH, shape.padTop, shape.kernelH, shape.dilationH, shape.strideH) *
          tapCount(phaseW, shape.padLeft, shape.kernelW, shape.dilationW, shape.strideW),
      );
    }
  }
  return bytes;
}

function tapCount(phase: i32, pad: i32, kernel: i32, dilation: i32, stride: i32): i32 {
  let count = 0;
  for (let tap = 0; tap < kernel; tap++) count += i32((phase + pad - tap * dilation) % stride == 0);
  return count;
}

function listBytes(): i32 {
  return roundUp(shape.taps * 12, 64);
}

function sliceBytes(): i32 {
  if (isDepthwise()) return depthwiseInputSliceBytes();
  if (byLanes()) return laneSliceBytes();
  const mostTaps = shape.kernelH * shape.kernelW;
  return listBytes() + convolveGridBytes(shape.groupIn, shape.groupOut, mostTaps);
}

/** Lists a phase's taps: (row, column) offsets into dy at `list`, then their places in the kernel at `index`. */
function listTaps(phaseH: i32, phaseW: i32, list: usize, index: usize): i32 {
  let count = 0;
  for (let i = 0; i < shape.kernelH; i++) {
    const dh = phaseH + shape.padTop - i * shape.dilationH;
    if (dh % shape.strideH) continue;
    for (let j = 0; j < shape.kernelW; j++) {
      const dw = phaseW + shape.padLeft - j * shape.dilationW;
      if (dw % shape.strideW) continue;
      store<i32>(list + (count << 3), dh / shape.strideH);
      store<i32>(list + (count << 3), dw / shape.strideW, 4);
      store<i32>(index + (count << 2), i * shape.kernelW + j);
      count++;
    }
  }
  return count;
}

/** Packs the weights [o, c / groups, kh, kw] into the scratch for the call of `conv2dInputGrad` that follows. */
export function conv2dInputGradPack(
  weight: usize, scratch: usize, n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32, thread: i32,
  threads: i32,
): void {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  if (isDepthwise()) return;
  if (byLanes()) {
    packLaneWeights(scratch, weight, shape.taps, shape.channels * shape.taps, true, thread, threads);
    return;
  }
  const list = scratch + weightBytes() * groups + thread * sliceBytes();
  const index = list + shape.taps * 8;
  const perGroup = (shape.groupOut * shape.groupIn * shape.taps) << 2;
  for (let group = 0; group < groups; group++) {
    let dst = scratch + group * weightBytes();
    for (let phaseH = 0; phaseH < strideH; phaseH++) {
      for (let phaseW = 0; phaseW < strideW; phaseW++) {
        const taps = listTaps(phaseH, phaseW, list, index);
        if (taps > 0) {
          packWeightsTransposed(
            dst, weight + group * perGroup, shape.groupIn, shape.groupOut, taps, index, shape.taps, thread, threads,
          );
        }
        dst += phaseBytes(taps);
      }
    }
  }
}

/** dx [n, c, h, w] from dy [n, o, oh, ow] and the weights packed before. */
export function conv2dInputGrad(
  dy: usize, weight: usize, dx: usize, scratch: usize, n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32,
  oh: i32, ow: i32, strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32,
  groups: i32, thread: i32, threads: i32,
): void {
  shape.setShape(
    n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups,
  );
  const slice = scratch + weightBytes() * groups + thread * sliceBytes();
  if (isDepthwise()) {
    depthwiseInputGrad(dy, weight, dx, slice, thread, threads);
    return;
  }
  if (byLanes()) {
    convolveLanes(dy, scratch, 0, 0, dx, slice, n, 0, thread, threads);
    return;
  }
  const srcPlane = (oh * ow) << 2;
  const dstPlane = (h * w) << 2;
  let packed = scratch;
  for (let group = 0; group < groups; group++) {
    for (let phaseH = 0; phaseH < strideH; phaseH++) {
      for (let phaseW = 0; phaseW < strideW; phaseW++) {
        const taps = listTaps(phaseH, phaseW, slice, slice + shape.taps * 8);
        const rows = ceilDiv(shape.height - phaseH, strideH);
        const cols = ceilDiv(shape.width - phaseW, strideW);
        if (rows > 0 && cols > 0) {
          setGrid(n, rows, cols);
          setSource(o, shape.outHeight, shape.outWidth, 1, 1);
          setDestination(c, shape.height, shape.width, strideH, strideW, phaseH, phaseW);
          setTaps(taps, slice);
          convolveGrid(
            packed, dy + group * shape.groupOut * srcPlane, srcPlane, dx + group * shape.groupIn * dstPlane,
            dstPlane, 0, 0, 0, shape.groupIn, shape.groupOut, taps, slice + listBytes(), thread, threads,
          );
        }
        packed += phaseBytes(taps);
      }
    }
  }
}

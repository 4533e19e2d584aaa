import { isDepthwise } from './conv-depthwise';
import { depthwiseWeightGrad, depthwiseWeightSliceBytes } from './conv-depthwise-weights';
import * as plan from './conv-gemm-weights';
import {
  lanePartialBytes, laneWeightGrad, laneWeightReduce, laneWeightSliceBytes, suitsLaneWeights,
} from './conv-lanes-weights';
import * as shape from './conv-shape';
import { setDestination, setGrid, setSource, setTaps } from './pack-patches';
import { roundUp, shareStart } from './simd';

/** Scratch bytes of `conv2dWeightGrad`: the partial sums, then a slice for each thread. */
export function conv2dWeightGradScratch(
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32, threads: i32,
): usize {
  shape.setShape(n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups);
  return <usize>partialBytes() + <usize>sliceBytes() * threads;
}

function partialBytes(): i32 {
  if (isDepthwise()) return depthwiseBytes();
  if (suitsLaneWeights()) return lanePartialBytes();
  return plan.splits() * groupsBytes();
}

function depthwiseBytes(): i32 {
  return roundUp((shape.outChannels * shape.taps) << 2, 64);
}

function groupsBytes(): i32 {
  return shape.groups * plan.blocks() * plan.blockBytes();
}

function sliceBytes(): i32 {
  if (isDepthwise()) return depthwiseWeightSliceBytes();
  if (suitsLaneWeights()) return laneWeightSliceBytes();
  return roundUp(shape.taps * 8, 64) + plan.weightGradPartBytes();
}

/** Partial sums of the gradient of the weights from x [n, c, h, w] and dy [n, o, oh, ow]; `conv2dWeightGradReduce` ends it. */
export function conv2dWeightGrad(
  x: usize, dy: usize, scratch: usize,
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32,
  thread: i32, threads: i32,
): void {
  shape.setShape(n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups);
  const slice = scratch + partialBytes() + thread * sliceBytes();
  if (isDepthwise()) {
    depthwiseWeightGrad(x, dy, scratch, slice, thread, threads);
    return;
  }
  if (suitsLaneWeights()) {
    laneWeightGrad(x, dy, scratch, slice, thread, threads);
    return;
  }
  shape.listTaps(slice);
  setGrid(n, shape.outHeight, shape.outWidth);
  setSource(c, shape.height, shape.width, strideH, strideW);
  setDestination(o, shape.outHeight, shape.outWidth, 1, 1, 0, 0);
  setTaps(shape.taps, slice);
  const own = slice + roundUp(shape.taps * 8, 64);
  const blocks = plan.blocks();
  const perSplit = groups * blocks;
  const units = plan.splits() * perSplit;
  const end = shareStart(units, thread + 1, threads);
  for (let unit = shareStart(units, thread, threads); unit < end; ) {
    const split = unit / perSplit;
    const group = (unit - split * perSplit) / blocks;
    const block = unit % blocks;
    const count = min(blocks - block, end - unit);
    plan.weightGradPart(
      x + ((group * shape.groupIn * h * w) << 2), dy + ((group * shape.groupOut * oh * ow) << 2),
      scratch + unit * plan.blockBytes(), split, block, count, own,
    );
    unit += count;
  }
}

/** dw [o, c / groups, kh, kw]: the partial sums added in order. */
export function conv2dWeightGradReduce(
  dw: usize, scratch: usize,
  n: i32, c: i32, h: i32, w: i32, o: i32, kh: i32, kw: i32, oh: i32, ow: i32,
  strideH: i32, strideW: i32, padTop: i32, padLeft: i32, dilationH: i32, dilationW: i32, groups: i32,
  thread: i32, threads: i32,
): void {
  shape.setShape(n, c, h, w, o, kh, kw, oh, ow, strideH, strideW, padTop, padLeft, dilationH, dilationW, groups);
  if (isDepthwise()) {
    const from = shareStart(o, thread, threads) * shape.taps;
    const to = shareStart(o, thread + 1, threads) * shape.taps;
    memory.copy(dw + (from << 2), scratch + (from << 2), (to - from) << 2);
    return;
  }
  if (suitsLaneWeights()) {
    laneWeightReduce(dw, scratch, thread, threads);
    return;
  }
  const blocks = plan.blocks();
  const units = groups * blocks;
  const end = shareStart(units, thread + 1, threads);
  for (let unit = shareStart(units, thread, threads); unit < end; unit++) {
    const group = unit / blocks;
    plan.reduceBlock(
      dw + ((group * shape.groupOut * shape.groupIn * shape.taps) << 2),
      scratch + unit * plan.blockBytes(), groupsBytes(), unit - group * blocks,
    );
  }
}

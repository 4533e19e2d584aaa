import type { Instruction, ValueId } from '../../../graph/index.ts';
import { type PrimitiveName, primitives } from '../../../ops/primitives.ts';
import type { Draft } from '../steps.ts';

/*
 * Sixteen images side by side in a vector (native/kernels/lanes.h). oneDNN's layouts fill vectors
 * with channels, 16 at a time; with 6 of them five eighths of the work and of the memory are padding.
 */

/** Images in a vector. */
const LANES = 16;
/** Weights of the largest kernel. */
const TAPS = 64;

/**
 * Whether a convolution, or a gradient of one, is computed in lanes: few channels, which oneDNN would
 * pad, and nothing that the kernels lack.
 */
export function suitsLanes(draft: Draft, { op, inputs, outputs, attrs }: Instruction): boolean {
  const [a, b] = inputs as readonly [ValueId, ValueId];
  const [result] = outputs as readonly [ValueId];
  // x, w → y; dy, w → dx; x, dy → dw.
  const [image, weights] = op === 'conv2dWeightGrad' ? [a, result] : [a, b];
  if (draft.types[image]!.dtype !== 'float32') return false;
  const [n] = draft.shape(image) as readonly [number];
  const [o, c, kh, kw] = draft.shape(weights) as readonly [number, number, number, number];
  const { stride, dilation, groups, padding } = attrs as {
    readonly stride: readonly number[];
    readonly dilation: readonly number[];
    readonly groups: number;
    readonly padding: readonly [number, number, number, number];
  };
  const [top, left, bottom, right] = padding;
  const isPlain = [...stride, ...dilation, groups].every((each) => each === 1);
  const hasAdjoint = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  return n % LANES === 0 && kh * kw <= TAPS && isPlain && hasAdjoint && isThin(c, o);
}

/** Up to 16 channels on either side, with padding in oneDNN's blocks on one of them. */
const isThin = (c: number, o: number): boolean =>
  c <= 16 && o <= 16 && (o % 16 !== 0 || (c > 3 && c % 16 !== 0));

/** Codes of activations whose gradient follows from their result (native/ops/lane-pool.cc). */
const gates: Readonly<Record<string, number>> = { reluGrad: 1, sigmoidGrad: 2, tanhGrad: 3 };

/** avgPool2dGrad whose result lies in lanes, and the gradient of the activation before the pooling. */
export function lanePoolingGrad(draft: Draft): void {
  const inLanes = laneValues(draft);
  for (const grad of draft.instructions) {
    if (grad.op !== 'avgPool2dGrad' || draft.isCovered(grad)) continue;
    const [dy] = grad.inputs;
    const [dx] = grad.outputs as readonly [ValueId];
    if (!inLanes.has(dx)) continue;
    const next = draft.onlyConsumer(dx);
    const gate =
      next !== undefined && next.inputs[1] === dx && !draft.isCovered(next) ? next : undefined;
    const code = gate === undefined ? 0 : (gates[gate.op] ?? 0);
    const attrs = [...draft.encode(grad), code];
    const covered = code === 0 ? [grad] : [grad, gate!];
    draft.fuse(covered, {
      op: 'laneAvgPoolGrad',
      inputs: code === 0 ? [dy] : [dy, gate!.inputs[0]],
      outputs: covered.at(-1)!.outputs,
      attrs,
    });
  }
}

/** Ops, besides those of one element each, whose images keep the layout that they came in. */
const keepers: readonly string[] = [
  'avgPool2d',
  'avgPool2dGrad',
  'batchNormGrad',
  'batchNormTrain',
  'maxPool2dGrad',
  'maxPool2dWithIndex',
];

const keepsLayout = ({ op }: Instruction): boolean =>
  keepers.includes(op) || primitives[op as PrimitiveName]?.scalar !== undefined;

/** What a convolution in lanes reads and writes, and whatever is connected to that by keepers. */
function laneValues(draft: Draft): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  const queue: ValueId[] = [];
  const add = (ids: readonly (ValueId | undefined)[]) => {
    for (const id of ids) {
      if (draft.producer(id) === undefined || draft.shape(id!).length !== 4 || found.has(id!))
        continue;
      found.add(id!);
      queue.push(id!);
    }
  };
  for (const each of draft.instructions) {
    if (!each.op.startsWith('conv2d') || !suitsLanes(draft, each)) continue;
    const { op, inputs, outputs } = each;
    add(op === 'conv2dWeightGrad' ? inputs : [inputs[0], ...outputs]);
  }
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const each of [draft.producer(id), ...draft.consumers(id)]) {
      if (each !== undefined && keepsLayout(each)) add([...each.inputs, ...each.outputs]);
    }
  }
  return found;
}

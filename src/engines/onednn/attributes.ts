import type { Shape } from '../../graph/index.ts';
import type { AttrsOf, PrimitiveName } from '../../ops/primitives.ts';

/** Attributes as the native plan has them: numbers in a fixed order, which native/ops states. */
type Encoder<K extends PrimitiveName> = (
  attrs: AttrsOf<K>,
  shapes: readonly (Shape | undefined)[],
) => readonly number[];

/** One for every primitive: a forgotten op does not compile. */
type Encoders = { readonly [K in PrimitiveName]: Encoder<K> };

const none = (): readonly number[] => [];
const window = (a: AttrsOf<'conv2d'>) => [...a.stride, ...a.padding, ...a.dilation, a.groups];
const pool = (a: AttrsOf<'maxPool2dWithIndex'>) => [...a.kernel, ...a.stride, ...a.padding];
const average = (a: AttrsOf<'avgPool2d'>) => [...pool(a), Number(a.countIncludePad)];
const axis = (a: { readonly axis: number }) => [a.axis];
const reduction = (
  { axes }: { readonly axes: readonly number[] },
  [shape]: readonly (Shape | undefined)[],
) => shape!.map((_, i) => Number(axes.includes(i)));

export const encoders: Encoders = {
  abs: none,
  adamUpdate: (a) => [a.beta1, a.beta2, a.epsilon, a.weightDecay, Number(a.decoupled)],
  add: none,
  addN: none,
  argmax: axis,
  avgPool2d: average,
  avgPool2dGrad: average,
  // The last: no ReLU.
  batchNormGrad: (a) => [a.epsilon, 0],
  batchNormTrain: (a) => [a.epsilon, 0],
  broadcastTo: none,
  cast: none,
  channelAffine: none,
  concat: axis,
  // The last three: no activation, no training, the direct algorithm.
  conv2d: (a) => [...window(a), 0, 0, 0],
  conv2dInputGrad: (a) => [...window(a), 0],
  conv2dWeightGrad: (a) => [...window(a), 0],
  div: none,
  elu: (a) => [a.alpha],
  eluGrad: (a) => [a.alpha],
  equal: none,
  exp: none,
  gather: axis,
  gelu: none,
  geluGrad: none,
  greater: none,
  greaterEqual: none,
  hardswish: none,
  hardswishGrad: none,
  leakyRelu: (a) => [a.slope],
  leakyReluGrad: (a) => [a.slope],
  lerp: none,
  less: none,
  lessEqual: none,
  log: none,
  logSoftmax: axis,
  logSoftmaxGrad: axis,
  matmul: (a) => [Number(a.transposeA), Number(a.transposeB), 0],
  max: reduction,
  maxPool2dGrad: pool,
  maxPool2dWithIndex: pool,
  maximum: none,
  min: reduction,
  minimum: none,
  momentumUpdate: (a) => [a.momentum, a.dampening, Number(a.nesterov), a.weightDecay],
  mul: none,
  neg: none,
  oneHot: none,
  pad: (a) => [a.value, ...a.before.flatMap((before, i) => [before, a.interior[i]!])],
  pow: (a) => [a.exponent],
  randomDrop: (a) => [a.rate, a.stream],
  relu: none,
  relu6: none,
  relu6Grad: none,
  reluGrad: none,
  reshape: none,
  rmspropUpdate: (a) => [a.alpha, a.epsilon, a.momentum, Number(a.centered), a.weightDecay],
  rsqrt: none,
  scatterAdd: axis,
  select: none,
  sgdUpdate: (a) => [a.weightDecay],
  sigmoid: none,
  sigmoidGrad: none,
  silu: none,
  siluGrad: none,
  slice: (a) => a.start.flatMap((start, i) => [start, a.step[i]!]),
  softmax: axis,
  softmaxGrad: axis,
  sqrt: none,
  standardize: (a) => [a.epsilon],
  standardizeGrad: none,
  sub: none,
  sum: reduction,
  tanh: none,
  tanhGrad: none,
  topK: none,
  transpose: (a) => a.axes,
};

import type { Draft } from '../steps.ts';
import { addRelu, affineRelu, reluGradOfSum } from './activation.ts';
import { convAlone, convBias, convInputGrad, convResidual, convWeightGrad } from './convolution.ts';
import { lanePoolingGrad } from './lanes.ts';
import { linear, linearGrads } from './linear.ts';
import { batchNormRelu } from './normalization.ts';
import { maxPooling, reluGradUnderPooling } from './pooling.ts';

/** Replaces what it recognises in a draft by fused steps. */
export interface Pattern {
  readonly name: string;
  readonly apply: (draft: Draft) => void;
}

/** In order of preference: what an earlier one has taken, a later one leaves alone. */
export const patterns: readonly Pattern[] = [
  { name: 'batchNorm + relu', apply: batchNormRelu },
  { name: 'relu gradient before the gradient of maxPool', apply: reluGradUnderPooling },
  { name: 'maxPool and its gradient', apply: maxPooling },
  { name: 'conv2d + bias? + residual + activation?', apply: convResidual },
  { name: 'conv2d + bias? + activation?', apply: convBias },
  { name: 'conv2d', apply: convAlone },
  { name: 'conv2dInputGrad', apply: convInputGrad },
  { name: 'conv2dWeightGrad + bias gradient?', apply: convWeightGrad },
  { name: 'avgPool2dGrad + activation gradient?, in lanes', apply: lanePoolingGrad },
  { name: 'linear + bias? + activation?', apply: linear },
  { name: 'gradients of linear', apply: linearGrads },
  { name: 'add + relu', apply: addRelu },
  { name: 'channelAffine + relu', apply: affineRelu },
  { name: 'relu gradient of a sum', apply: reluGradOfSum },
];

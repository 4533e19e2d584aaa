import type { Instruction } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';

/** Attributes of a batch norm with a ReLU after it. */
const withRelu = (draft: Draft, norm: Instruction): number[] => [
  ...draft.encode(norm).slice(0, -1),
  1,
];

/**
 * batchNormTrain and the ReLU after it in one step; reluGrad and batchNormGrad in another, which
 * needs no activation: it computes from x and the bias where the ReLU cut.
 */
export function batchNormRelu(draft: Draft): void {
  for (const norm of draft.instructions) {
    if (norm.op !== 'batchNormTrain') continue;
    const [x, , bias] = norm.inputs as readonly [number, number, number];
    const [y, mean, variance] = norm.outputs as readonly [number, number, number];
    const relu = draft.onlyConsumer(y);
    if (relu?.op !== 'relu') continue;
    const [activation] = relu.outputs as readonly [number];
    draft.fuse([norm, relu], {
      op: 'batchNormTrain',
      inputs: norm.inputs,
      outputs: [activation, mean, variance],
      attrs: withRelu(draft, norm),
    });
    const pair = gradientOf(draft, activation, x, mean);
    if (pair === undefined) continue;
    const [reluGrad, normGrad] = pair;
    const [, ...others] = normGrad.inputs;
    draft.fuse([reluGrad, normGrad], {
      op: 'batchNormGrad',
      inputs: [reluGrad.inputs[1], ...others, bias],
      outputs: normGrad.outputs,
      attrs: withRelu(draft, normGrad),
    });
  }
}

function gradientOf(
  draft: Draft,
  activation: number,
  x: number,
  mean: number,
): readonly [Instruction, Instruction] | undefined {
  for (const reluGrad of draft.consumers(activation)) {
    if (reluGrad.op !== 'reluGrad' || reluGrad.inputs[0] !== activation) continue;
    const normGrad = draft.onlyConsumer(reluGrad.outputs[0]!);
    if (normGrad?.op !== 'batchNormGrad') continue;
    const [dy, source, from] = normGrad.inputs;
    if (dy === reluGrad.outputs[0] && source === x && from === mean) return [reluGrad, normGrad];
  }
  return undefined;
}

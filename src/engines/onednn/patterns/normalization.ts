import type { Instruction } from '../../../graph/index.ts';
import type { Draft } from '../steps.ts';

/**
 * batchNormTrain and the ReLU after it in one pass, which remembers where it cut; reluGrad and
 * batchNormGrad in another, which reads that instead of the activation.
 */
export function batchNormRelu(draft: Draft): void {
  for (const norm of draft.instructions) {
    if (norm.op !== 'batchNormTrain') continue;
    const [x] = norm.inputs as readonly [number];
    const [y, mean, variance] = norm.outputs as readonly [number, number, number];
    const relu = draft.onlyConsumer(y);
    if (relu?.op !== 'relu') continue;
    const [activation] = relu.outputs as readonly [number];
    const workspace = draft.addValue({ shape: draft.shape(y), dtype: 'uint8' });
    draft.fuse([norm, relu], {
      op: 'batchNormTrain',
      inputs: norm.inputs,
      outputs: [activation, mean, variance, workspace],
      attrs: draft.encode(norm),
    });
    const pair = gradientOf(draft, activation, x, mean);
    if (pair === undefined) continue;
    const [reluGrad, normGrad] = pair;
    const [, ...others] = normGrad.inputs;
    draft.fuse([reluGrad, normGrad], {
      op: 'batchNormGrad',
      inputs: [reluGrad.inputs[1], ...others, workspace],
      outputs: normGrad.outputs,
      attrs: draft.encode(normGrad),
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

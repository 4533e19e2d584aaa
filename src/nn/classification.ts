import type { Tensor } from '../graph/index.ts';
import { sum } from '../ops/index.ts';
import { type CrossEntropyOptions, crossEntropy } from './losses.ts';
import { correct } from './metrics.ts';

type Labelled = { readonly y: Tensor };

/**
 * What a classifier is trained and judged by: `loss` and `metrics` for `trainStep`, `outputs` for
 * `evaluationStep`. Logits are [n, k], and `y` holds classes [n] or probabilities [n, k].
 */
export const classification = (options: Omit<CrossEntropyOptions, 'reduction'> = {}) => ({
  /** Mean cross-entropy: []. */
  loss: (logits: Tensor, { y }: Labelled) => crossEntropy(logits, y, options),
  /** Number of right answers: []. */
  metrics: (logits: Tensor, { y }: Labelled) => ({ correct: sum(correct(logits, y)) }),
  /** Cross-entropy without smoothing and weights, and whether the answer is right: [n] each. */
  outputs: (logits: Tensor, { y }: Labelled) => ({
    loss: crossEntropy(logits, y, { reduction: 'none' }),
    correct: correct(logits, y),
  }),
});

import { didYouMean, type Tensor, UsageError } from '../graph/index.ts';
import { batchNorm, groupNorm, identity } from '../nn/index.ts';
import { elu, gelu, hardswish, leakyRelu, relu, relu6, sigmoid, silu, tanh } from '../ops/index.ts';

export type Activation = (x: Tensor) => Tensor;

/** Makes a normalisation of [n, channels, h, w]; `scale` is what its weight starts at. */
export type Norm = (
  channels: number,
  options?: { readonly scale?: number },
) => (x: Tensor) => Tensor;

/** Values of the option `activation`. */
export const activations: Readonly<Record<string, Activation>> = {
  relu,
  relu6,
  leakyRelu,
  elu,
  gelu,
  silu,
  hardswish,
  sigmoid,
  tanh,
};

/** Values of the option `norm`; `group` makes 32 groups, or one where the channels don't divide so. */
export const norms: Readonly<Record<string, Norm>> = {
  batch: batchNorm,
  group: (channels, options) => groupNorm(channels % 32 === 0 ? 32 : 1, channels, options),
  none: () => identity,
};

/**
 * What a word means as the value of an option.
 *
 * @throws UsageError for a word that is not in the table, with the closest one
 */
export function choose<T>(option: string, table: Readonly<Record<string, T>>, word: string): T {
  const words = Object.keys(table);
  if (words.includes(word)) return table[word]!;
  throw new UsageError(
    `option ${option}: there is no "${word}"${didYouMean(word, words)}; there are ${words.join(', ')}`,
  );
}

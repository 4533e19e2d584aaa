import { type Tensor, UsageError } from '../graph/index.ts';
import { type Match, matches } from '../nn/index.ts';

/** Parameters that are trained differently from the rest. */
export interface ParameterGroup {
  readonly match: Match;
  /** Multiplies the learning rate; 1 by default. */
  readonly lrScale?: number | undefined;
  /** Instead of the optimiser's. */
  readonly weightDecay?: number | undefined;
  /** Leaves these parameters as they are; running statistics go on changing all the same. */
  readonly frozen?: boolean | undefined;
}

/** No weight decay on biases and on what normalisation layers learn. */
export const noDecayOnNorm: ParameterGroup = {
  match: (_name, { shape }) => shape.length < 2,
  weightDecay: 0,
};

/** Leaves alone what matches. */
export const freeze = (match: Match): ParameterGroup => ({ match, frozen: true });

/** The group of a parameter: the first that matches, or one that changes nothing. */
export const groupOf = (
  groups: readonly ParameterGroup[],
  name: string,
  tensor: Tensor,
): Omit<ParameterGroup, 'match'> => groups.find(({ match }) => matches(match, name, tensor)) ?? {};

/**
 * Checks that every pattern picks something.
 *
 * @throws UsageError when one matches no name, which most likely is a slip
 */
export function checkGroups(
  groups: readonly ParameterGroup[],
  parameters: ReadonlyMap<string, Tensor>,
): void {
  for (const { match } of groups) {
    const used = [...parameters].some(([name, tensor]) => matches(match, name, tensor));
    if (used || typeof match === 'function') continue;
    const names = [...parameters.keys()];
    const shown = names.length > 8 ? [...names.slice(0, 8), '…'] : names;
    throw new UsageError(
      `parameter group ${match}: no parameter has such a name; there are ${shown.join(', ')}`,
    );
  }
}

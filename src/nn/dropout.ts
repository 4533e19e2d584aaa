import { shapeError } from '../graph/index.ts';
import { dropout as dropoutOp } from '../ops/index.ts';
import { layer } from './layer.ts';

/** Zeroes elements with probability `rate`, in [0, 1), while training (Srivastava et al. 2014). */
export function dropout(rate = 0.5) {
  if (!(rate >= 0 && rate < 1)) throw shapeError('dropout', 'rate must lie in [0, 1)', { rate });
  return layer('dropout', {}, (_l, x) => dropoutOp(x, { rate }));
}

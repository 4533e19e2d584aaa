import { kept, recomputed } from '../graph/index.ts';
import { isLayer } from './layer.ts';

/** Calls a function, or a layer in whatever way, inside `around`. Keys stay those of the layer. */
function wrapped<A, Y>(part: (x: A) => Y, around: <T>(body: () => T) => T): typeof part {
  const call = (x: A) => around(() => part(x));
  if (!isLayer(part)) return call;
  const { forward, parts } = part as typeof part & { forward: typeof part; parts: object };
  Object.defineProperty(call, 'name', { value: part.name });
  return Object.assign(call, { parts, forward: (x: A) => around(() => forward(x)) });
}

/**
 * A layer or function whose inner values training does not keep, but computes again on the way back
 * (Chen et al. 2016, "Training deep nets with sublinear memory cost"): less memory for more time, and
 * the same numbers. Its input and its result are kept, and what `keep` marks inside it; whatever the
 * function reads beside its argument counts as input.
 */
export const recompute = <F extends (x: never) => unknown>(part: F): F =>
  wrapped(part, recomputed) as F;

/** A layer or function whose values are kept although it is part of a `recompute`: worth the memory. */
export const keep = <F extends (x: never) => unknown>(part: F): F => wrapped(part, kept) as F;

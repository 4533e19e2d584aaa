import {
  type DType,
  invariant,
  type NumberArray,
  normalStream,
  randomStream,
  seedKey,
  sizeOf,
  type Tensor,
  variableAttrs,
} from '../graph/index.ts';
import { constant, type Distribution, distributionFor, type Initializer } from './initializers.ts';
import { isWeight, type Match, type Model, matches, namedVariables } from './parameters.ts';

export interface InitialRule {
  readonly match: Match;
  readonly initial: Initializer;
}

export interface InitialOptions {
  /** Replaces the start of all weights with two axes or more; biases and norms keep theirs. */
  readonly scheme?: Initializer | undefined;
  /** Replaces the start of what they match; the first that matches wins, before `scheme`. */
  readonly overrides?: readonly InitialRule[] | undefined;
}

/**
 * Starting values of every variable of a model, by name. The numbers of an array depend on the seed
 * and on its own name only: adding a layer leaves the others as they were.
 *
 * @param options.seed whole number from 0 to 2⁵³ − 1
 * @throws UsageError for a seed out of range, or an initialiser that does not fit a shape
 */
export function initialize(
  model: Model,
  { seed, scheme, overrides = [] }: InitialOptions & { readonly seed: number },
): Map<string, NumberArray> {
  const rules: readonly InitialRule[] =
    scheme === undefined ? overrides : [...overrides, { match: isWeight, initial: scheme }];
  const values = new Map<string, NumberArray>();
  for (const [name, tensor] of namedVariables(model)) {
    const rule = rules.find(({ match }) => matches(match, name, tensor));
    const own = variableAttrs(tensor).initial as Initializer | number;
    const initial = rule?.initial ?? (typeof own === 'number' ? constant(own) : own);
    values.set(name, initialArray(initial, name, tensor, seed));
  }
  return values;
}

/** Starting values of one variable. */
function initialArray(
  initial: Initializer,
  name: string,
  { shape, dtype }: Tensor,
  seed: number,
): NumberArray {
  const array = newArray(dtype, sizeOf(shape));
  const distribution = distributionFor(initial, shape);
  if (distribution.type === 'constant') return array.fill(distribution.value);
  const draw = sampler(distribution, randomStream(seedKey(seed), ...hash(name)));
  for (let i = 0; i < array.length; i++) array[i] = draw();
  return array;
}

function sampler(
  distribution: Exclude<Distribution, { readonly type: 'constant' }>,
  next: () => number,
): () => number {
  if (distribution.type === 'uniform') {
    const { low, high } = distribution;
    return () => low + (high - low) * next();
  }
  const standard = normalStream(next);
  const { mean, std } = distribution;
  if (distribution.type === 'normal') return () => mean + std * standard();
  const { low, high } = distribution;
  return () => {
    for (;;) {
      const value = mean + std * standard();
      if (value >= low && value <= high) return value;
    }
  };
}

/** Zeros of an element type, `length` of them. */
export function newArray(dtype: DType, length: number): NumberArray {
  invariant(dtype !== 'bfloat16', 'variables are never bfloat16');
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
}

/** Two 32-bit hashes of a name: FNV-1a, with two offsets. */
function hash(name: string): [number, number] {
  let [a, b] = [0x811c9dc5, 0x050c5d1f];
  for (let i = 0; i < name.length; i++) {
    a = Math.imul(a ^ name.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ name.charCodeAt(i), 0x01000193) ^ (b >>> 15);
  }
  return [a >>> 0, b >>> 0];
}

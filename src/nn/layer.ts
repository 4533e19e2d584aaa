import { isTensor, scoped, type Tensor } from '../graph/index.ts';

/** What a part of a layer may be: a layer, a parameter, or a plain function such as `relu`. */
export type Part = Tensor | ((x: Tensor) => unknown);
/** Parts by name; `undefined` stands for a part that this layer does without. */
export type Parts = Readonly<Record<string, Part | undefined>>;

/**
 * A function of one tensor with named parts. It holds no numbers: its parameters are variables of
 * the graph, and their values live elsewhere, by name.
 */
export interface Layer<P extends Parts = Parts, Y = Tensor> {
  (x: Tensor): Y;
  readonly parts: P;
  /** The layer without its own name in the path: its parent names it by the part's key. */
  readonly forward: (x: Tensor) => Y;
}

/** Parts as a layer's function sees them: parameters as tensors, everything else to be called. */
export type Bound<P extends Parts> = { readonly [K in keyof P]: BoundPart<P[K]> };
type BoundPart<T> = T extends Tensor | undefined
  ? T
  : T extends (x: Tensor) => infer Y
    ? (x: Tensor) => Y
    : never;

export const isLayer = (value: unknown): value is Layer =>
  typeof value === 'function' && 'parts' in value && 'forward' in value;

/**
 * Makes a layer. `forward` gets the parts and the input; calling a part inside it puts the part's
 * key into the path that errors and profiles show.
 */
export function layer<const P extends Parts, Y = Tensor>(
  name: string,
  parts: P,
  forward: (l: Bound<P>, x: Tensor) => Y,
): Layer<P, Y> {
  const bound = Object.fromEntries(
    Object.entries(parts).map(([key, part]) => [key, bind(key, part)]),
  ) as Bound<P>;
  const inner = (x: Tensor): Y => forward(bound, x);
  const outer = (x: Tensor): Y => scoped(name, () => inner(x));
  Object.defineProperty(outer, 'name', { value: name });
  return Object.assign(outer, { parts, forward: inner });
}

function bind(key: string, part: Part | undefined): Part | undefined {
  if (part === undefined || isTensor(part)) return part;
  const call = isLayer(part) ? part.forward : part;
  return (x: Tensor) => scoped(key, () => call(x));
}

/** Applies functions one after the other: layers, ops and plain functions alike. */
export const pipe = (x: Tensor, ...functions: readonly ((x: Tensor) => Tensor)[]): Tensor =>
  functions.reduce((value, f) => f(value), x);

/** A layer that applies its parts one after the other; their keys are "0", "1", and so on. */
export const sequential = (...parts: readonly ((x: Tensor) => Tensor)[]) =>
  layer('sequential', Object.fromEntries(parts.map((part, i) => [String(i), part])), (l, x) =>
    pipe(x, ...Object.values(l)),
  );

/** Gives back what it gets; holds nothing. */
export const identity = (x: Tensor): Tensor => x;

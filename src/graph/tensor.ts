import type { Op } from './define-op.ts';

/** Element types. Comparisons give `bool`, one byte an element. */
export type DType = 'float32' | 'bfloat16' | 'int32' | 'uint8' | 'bool';

/** Sizes of the axes, outermost first; `[]` is a scalar. Tensors are dense and row-major. */
export type Shape = readonly number[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value of the graph: one output of a node. It has a type, and no numbers until it is run. */
export interface Tensor extends TensorType {
  readonly node: Node;
  /** Which output of the node. */
  readonly index: number;
}

export type AttrValue =
  | number
  | boolean
  | string
  | undefined
  | readonly number[]
  | NumberArray
  | object;
export type Attrs = Readonly<Record<string, AttrValue>>;

/** A stretch of a graph whose values are computed again for the way back: see `recomputed`. */
export interface Segment {
  readonly id: symbol;
  /** Whether what is computed here is kept all the same. */
  readonly kept: boolean;
}

/** Where in a model a node stands. */
export interface Scope {
  /** Enclosing layers, outermost first: `['resnet18', 'layer2', '0', 'conv1']`. */
  readonly path: readonly string[];
  readonly segment?: Segment | undefined;
  /** Is not computed before this is, and is another node than one that may be computed earlier. */
  readonly after?: Tensor | undefined;
}

/** One application of an op. `inputs` has `undefined` where an optional input was left out. */
export interface Node extends Scope {
  readonly op: Op;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attrs: Attrs;
  readonly outputs: readonly Tensor[];
}

export type NumberArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array;

/** What ops accept: numbers become scalar constants of the other operands' dtype. */
export type TensorLike = Tensor | number;

export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'node' in value && 'dtype' in value;

/** Creates a node and its outputs. */
export function createNode(
  op: Op,
  inputs: readonly (Tensor | undefined)[],
  attrs: Attrs,
  types: readonly TensorType[],
  { path, segment, after }: Scope,
): Node {
  const outputs: Tensor[] = [];
  const node: Node = { op, inputs, attrs, outputs, path, segment, after };
  for (const { shape, dtype } of types) {
    outputs.push({ node, index: outputs.length, shape, dtype });
  }
  return node;
}

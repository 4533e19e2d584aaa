import type { Op } from './define-op.ts';
import { shapeError, sizeOf } from './shapes.ts';
import {
  createNode,
  type DType,
  type NumberArray,
  type Shape,
  type Tensor,
  type TensorType,
} from './tensor.ts';

const leaf = (name: string, doc: string): Op => ({
  name,
  doc,
  inputs: [],
  defaults: {},
  samples: [],
  kind: 'leaf',
  apply: () => {
    throw new Error(`${name} is a leaf and cannot be applied`);
  },
});

const inputOp = leaf('input', 'A value fed at each run.');
const variableOp = leaf('variable', 'A value that the engine keeps between runs.');
const constantOp = leaf('constant', 'A value known when the graph is built.');

const make = (op: Op, attrs: object, type: TensorType): Tensor =>
  createNode(op, [], attrs as Tensor['node']['attrs'], [type], { path: [] }).outputs[0]!;

const checkShape = (op: string, shape: Shape): void => {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw shapeError(op, 'sizes must be whole numbers, 0 or more', { shape });
  }
};

/** A value that each run is fed with, by name. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  checkShape('input', shape);
  return make(inputOp, { name }, { shape, dtype });
}

export interface VariableAttrs {
  /** Its name outside any model; parts of models get theirs from the parts that hold them. */
  readonly name?: string;
  /** Whether an optimiser changes it. Running statistics and counters are not trainable. */
  readonly trainable: boolean;
  /** How it starts; what this means is up to whoever initialises (see nn/initialize). */
  readonly initial: unknown;
}

/** A value that lives in the engine between runs: a parameter, a statistic, a counter. */
export function variable(shape: Shape, attrs: VariableAttrs, dtype: DType = 'float32'): Tensor {
  checkShape('variable', shape);
  return make(variableOp, attrs, { shape, dtype });
}

export interface ConstantAttrs {
  /** All elements in order, or one number for all of them. */
  readonly data: number | NumberArray;
}

/** A value known now. A single number fills the whole shape. */
export function constant(
  data: number | NumberArray,
  shape: Shape = typeof data === 'number' ? [] : [data.length],
  dtype: DType = 'float32',
): Tensor {
  checkShape('constant', shape);
  if (typeof data !== 'number' && data.length !== sizeOf(shape)) {
    throw shapeError('constant', 'the shape must hold all elements', {
      shape,
      length: data.length,
    });
  }
  return make(constantOp, { data }, { shape, dtype });
}

export const isInput = (tensor: Tensor): boolean => tensor.node.op === inputOp;
export const isVariable = (tensor: Tensor): boolean => tensor.node.op === variableOp;
export const isConstant = (tensor: Tensor): boolean => tensor.node.op === constantOp;

export const inputName = (tensor: Tensor): string => tensor.node.attrs.name as string;
export const variableAttrs = (tensor: Tensor): VariableAttrs =>
  tensor.node.attrs as unknown as VariableAttrs;
export const constantData = (tensor: Tensor): number | NumberArray =>
  tensor.node.attrs.data as number | NumberArray;

/** The number that fills a constant, when it is one. */
export const splat = (tensor: Tensor): number | undefined => {
  if (!isConstant(tensor)) return undefined;
  const data = constantData(tensor);
  return typeof data === 'number' ? data : data.length === 1 ? data[0] : undefined;
};

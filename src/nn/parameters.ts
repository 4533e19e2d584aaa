import {
  type DType,
  isTensor,
  isVariable,
  type Shape,
  sizeOf,
  type Tensor,
  variable,
  variableAttrs,
} from '../graph/index.ts';
import type { Initializer } from './initializers.ts';
import { isLayer, type Part } from './layer.ts';

/** A variable that optimisers change. */
export const parameter = (shape: Shape, initial: Initializer): Tensor =>
  variable(shape, { trainable: true, initial });

/** A variable that the network itself changes while it trains, such as a running mean. */
export const state = (shape: Shape, initial: Initializer, dtype: DType = 'float32'): Tensor =>
  variable(shape, { trainable: false, initial }, dtype);

/** A layer, or a plain function, which holds nothing. */
export type Model = (x: Tensor) => unknown;

export const isTrainable = (tensor: Tensor): boolean => variableAttrs(tensor).trainable;

/**
 * Every variable of a model under its name: the keys of the parts that lead to it, as in
 * `layer2.0.downsample.0.weight`. A tensor that two parts share is listed once, under its first name.
 */
export function namedVariables(model: Model): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const seen = new Set<Part>();
  const visit = (part: Part | undefined, path: readonly string[]): void => {
    if (part === undefined || seen.has(part)) return;
    if (isTensor(part)) {
      seen.add(part);
      if (isVariable(part)) found.set(path.join('.'), part);
    } else if (isLayer(part)) {
      seen.add(part);
      for (const [key, child] of Object.entries(part.parts)) visit(child, [...path, key]);
    }
  };
  visit(model, []);
  return found;
}

const filtered = (model: Model, trainable: boolean): Map<string, Tensor> =>
  new Map([...namedVariables(model)].filter(([, tensor]) => isTrainable(tensor) === trainable));

/** What optimisers change, by name. */
export const namedParameters = (model: Model): Map<string, Tensor> => filtered(model, true);
/** What the network changes itself (running statistics, counters), by name. */
export const namedStates = (model: Model): Map<string, Tensor> => filtered(model, false);

/** Number of trainable numbers. */
export const parameterCount = (model: Model): number =>
  [...namedParameters(model).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Picks variables: by their name, or by a rule. */
export type Match = RegExp | ((name: string, tensor: Tensor) => boolean);

export const matches = (match: Match, name: string, tensor: Tensor): boolean =>
  typeof match === 'function' ? match(name, tensor) : name.search(match) !== -1;

/** Weights of convolutions and linear layers: trainable, with two axes or more. */
export const isWeight = (_name: string, tensor: Tensor): boolean =>
  isTrainable(tensor) && tensor.shape.length >= 2;

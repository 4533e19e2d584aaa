import {
  type NumberArray,
  type Program,
  sizeOf,
  type Tensor,
  type TensorType,
  UsageError,
  variable,
} from '../graph/index.ts';
import { newArray } from '../nn/index.ts';

/** A variable that programs share, and how it starts. */
export interface ProgramVariable extends TensorType {
  readonly name: string;
  /** As the model's weight of this name; otherwise it starts at 0 (and `seed` as the seed). */
  readonly weight: string | undefined;
}

/** A variable that belongs to no model, starts at 0 and is named outright. */
export const auxiliary = (name: string, { shape, dtype }: TensorType): Tensor =>
  variable(shape, { name, trainable: false, initial: 0 }, dtype);

/** Name of the running average of a variable. */
export const averageName = (name: string): string => `average/${name}`;

/** All variables of a model, and what else the programs keep. */
export function collectVariables(
  model: ReadonlyMap<string, Tensor>,
  averaged: readonly string[],
  programs: readonly Program[],
): ProgramVariable[] {
  const weights = new Map([...model.keys()].map((name) => [name, name]));
  for (const name of averaged) weights.set(averageName(name), name);
  const found = new Map<string, ProgramVariable>();
  const list = (name: string, { shape, dtype }: TensorType) =>
    found.set(name, { name, shape, dtype, weight: weights.get(name) });
  for (const [name, tensor] of model) list(name, tensor);
  for (const { variables, types } of programs) {
    for (const { name, id } of variables) list(name, types[id]!);
  }
  return [...found.values()];
}

/**
 * Starting values of variables: what an engine's `createVariables` takes. `weights` are those of
 * `initialize`, or loaded ones.
 *
 * @throws UsageError when a weight is missing or of another size
 */
export function startingValues(
  variables: readonly ProgramVariable[],
  weights: ReadonlyMap<string, NumberArray>,
  seed: number,
): Record<string, NumberArray> {
  const start = ({ name, shape, dtype, weight }: ProgramVariable): NumberArray => {
    const size = sizeOf(shape);
    if (weight === undefined) return newArray(dtype, size).fill(name === 'seed' ? seed : 0);
    const value = weights.get(weight);
    if (value?.length !== size) {
      throw new UsageError(
        `variable ${name}: needs ${size} numbers under "${weight}" (there are ${value?.length ?? 'none'}); initialise or load weights of this model`,
      );
    }
    return value.slice();
  };
  return Object.fromEntries(variables.map((entry) => [entry.name, start(entry)]));
}
